//! `vars`: the older way to copy a field of one object into texts of others.

use std::collections::BTreeMap;
use std::sync::Arc;

use flux_yaml::{Kind, Node, Tag};

use crate::error::{BuildError, Result};
use crate::id::{Gvk, ResId};
use crate::resmap::ResMap;
use crate::spec::{Create, FieldSpec, apply_all};

/// One variable: its name and the field it stands for.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Var {
    pub(crate) name: String,
    pub(crate) id: (String, String, String, String, String),
    pub(crate) field: String,
}

impl Var {
    pub(crate) fn of_node(node: &Node) -> Self {
        let text = |path: &[&str]| node.text_at(path).unwrap_or_default().to_owned();
        let (mut group, mut version) = (text(&["objref", "group"]), text(&["objref", "version"]));
        let api_version = text(&["objref", "apiVersion"]);
        if !api_version.is_empty() {
            let (g, v) = crate::id::split_api_version(&api_version);
            (group, version) = (g.to_owned(), v.to_owned());
        }
        let field = text(&["fieldref", "fieldpath"]);
        Self {
            name: text(&["name"]),
            id: (
                group,
                version,
                text(&["objref", "kind"]),
                text(&["objref", "name"]),
                text(&["objref", "namespace"]),
            ),
            field: if field.is_empty() {
                "metadata.name".to_owned()
            } else {
                field
            },
        }
    }
}

/// Marks the object that each variable reads from.
pub(crate) fn bind(map: &mut ResMap, vars: &[Var]) -> Result<()> {
    for var in vars {
        let (group, version, kind, name, namespace) = &var.id;
        let target = ResId::new(Gvk::new(group, version, kind), name, namespace);
        let exact = !namespace.is_empty() || target.cluster_scoped;
        let matches: Vec<usize> = (0..map.list().len())
            .filter(|at| {
                map.list()[*at].all_ids().iter().any(|id| {
                    id.name == target.name
                        && id.gvk == target.gvk
                        && (!exact || id.effective_namespace() == target.effective_namespace())
                })
            })
            .collect();
        match matches.as_slice() {
            [] => {}
            [at] => map.change_at(*at, |r| r.vars.push(Arc::from(var.name.as_str()))),
            _ => {
                return Err(BuildError::new(format!(
                    "found {} resId matches for var {} (unable to disambiguate)",
                    matches.len(),
                    var.name
                )));
            }
        }
    }
    Ok(())
}

/// Puts the values of all variables where `$(NAME)` stands.
pub(crate) fn replace_vars(map: &mut ResMap, vars: &[Var], specs: &[FieldSpec]) -> Result<()> {
    let mut values = BTreeMap::new();
    for var in vars {
        let source = map
            .list()
            .iter()
            .find(|r| r.vars.iter().any(|name| **name == *var.name))
            .ok_or_else(|| {
                BuildError::new(format!(
                    "var '{}' cannot be mapped to a field in the set of known resources",
                    var.name
                ))
            })?;
        let value = crate::replace::lookup_plain(source.node(), &var.field).ok_or_else(|| {
            BuildError::new(format!(
                "field specified in var '{}' not found in corresponding resource: {}",
                var.name, var.field
            ))
        })?;
        values.insert(var.name.clone(), value);
    }
    if values.is_empty() {
        return Ok(());
    }
    for resource in map.list_mut() {
        let mut set = |field: &mut Node| set_texts(field, &values);
        resource
            .edit(|node| apply_all(node, specs, Create::Never, &mut set))
            .map_err(|e| e.at(&resource.file, flux_yaml::Span::default()))?;
    }
    Ok(())
}

fn set_texts(field: &mut Node, values: &BTreeMap<String, Node>) -> Result<()> {
    match field.kind() {
        Kind::Scalar => set_text(field, values),
        Kind::Map => {
            for entry in field
                .as_map_mut()
                .into_iter()
                .flat_map(|map| map.iter_mut())
            {
                set_text(&mut entry.value, values);
            }
        }
        Kind::Seq => {
            for item in field.as_seq_mut().into_iter().flatten() {
                if !item.is_string() {
                    return Err(
                        BuildError::new("invalid value type expect a string").span_only(item.span)
                    );
                }
                set_text(item, values);
            }
            return Ok(());
        }
    }
    Ok(())
}

fn set_text(field: &mut Node, values: &BTreeMap<String, Node>) {
    let Some(text) = field.as_str().filter(|text| text.contains('$')) else {
        return;
    };
    *field = expand(text, values).at(field.span);
}

/// Replaces `$(NAME)`; `$$` is one dollar. A text that is nothing but one reference takes the type of the value.
fn expand(text: &str, values: &BTreeMap<String, Node>) -> Node {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        out.push_str(&rest[..at]);
        let tail = &rest[at + 1..];
        if let Some(after) = tail.strip_prefix('$') {
            out.push('$');
            rest = after;
            continue;
        }
        let closed = tail.strip_prefix('(').and_then(|inner| {
            inner
                .find(')')
                .map(|end| (&inner[..end], &inner[end + 1..]))
        });
        let Some((name, after)) = closed else {
            out.push('$');
            rest = tail;
            continue;
        };
        match values.get(name) {
            Some(value) if value.tag != Tag::Str && out.is_empty() && after.is_empty() => {
                return value.clone();
            }
            Some(value) => out.push_str(value.text().unwrap_or_default()),
            None => {
                out.push_str("$(");
                out.push_str(name);
                out.push(')');
            }
        }
        rest = after;
    }
    out.push_str(rest);
    Node::string(out)
}
