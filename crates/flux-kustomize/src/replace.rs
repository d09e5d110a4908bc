//! Replacements: a value of one object copied into fields of others.

use flux_gocompat::regexp::Regexp;
use flux_yaml::{Kind, Map, Node, Span, Tag};

use crate::error::{BuildError, Result};
use crate::id::ResId;
use crate::patch::{Selector, exact_id};
use crate::resmap::ResMap;
use crate::resource::{Resource, is_nil_or_empty};
use crate::spec::split_smart;

/// How a value is cut out of, or put into, a text.
#[derive(Debug, Clone, Default)]
struct FieldOptions {
    delimiter: String,
    index: i64,
    create: bool,
}

#[derive(Debug)]
struct Target {
    select: Option<Selector>,
    reject: Vec<Selector>,
    paths: Vec<String>,
    options: FieldOptions,
    span: Span,
}

#[derive(Debug)]
enum Source {
    Value(String),
    Field {
        id: ResId,
        path: String,
        options: FieldOptions,
    },
}

/// One replacement.
#[derive(Debug)]
pub(crate) struct Replacement {
    source: Source,
    targets: Vec<Target>,
    span: Span,
}

const DEFAULT_PATH: &str = "metadata.name";

impl Replacement {
    pub(crate) fn of_node(node: &Node) -> Result<Self> {
        let fail = |text: &str| Err(BuildError::new(text).span_only(node.span));
        let source = match (node.get("sourceValue"), node.get("source")) {
            (Some(_), Some(_)) => {
                return fail("value and resource selectors are mutually exclusive");
            }
            (Some(value), None) => Source::Value(value.text().unwrap_or_default().to_owned()),
            (None, Some(source)) => Source::Field {
                id: exact_id(source),
                path: match source.text_at(&["fieldPath"]).unwrap_or_default() {
                    "" => DEFAULT_PATH.to_owned(),
                    path => path.to_owned(),
                },
                options: options(source),
            },
            (None, None) => {
                return fail("replacements must specify a source and at least one target");
            }
        };
        let Some(targets) = node.get("targets").and_then(Node::as_seq) else {
            return fail("replacements must specify a source and at least one target");
        };
        Ok(Self {
            source,
            targets: targets.iter().map(target).collect::<Result<_>>()?,
            span: node.span,
        })
    }
}

fn options(node: &Node) -> FieldOptions {
    let text = |key: &str| node.text_at(&["options", key]).unwrap_or_default();
    FieldOptions {
        delimiter: text("delimiter").to_owned(),
        index: text("index").parse().unwrap_or(0),
        create: text("create") == "true",
    }
}

fn target(node: &Node) -> Result<Target> {
    let rejects = node
        .get("reject")
        .and_then(Node::as_seq)
        .unwrap_or_default();
    let paths: Vec<String> = node
        .get("fieldPaths")
        .and_then(Node::as_seq)
        .unwrap_or_default()
        .iter()
        .map(|n| n.text().unwrap_or_default().to_owned())
        .collect();
    Ok(Target {
        select: node.get("select").map(Selector::of_node).transpose()?,
        reject: rejects
            .iter()
            .map(Selector::of_node)
            .collect::<Result<_>>()?,
        paths: if paths.is_empty() {
            vec![DEFAULT_PATH.to_owned()]
        } else {
            paths
        },
        options: options(node),
        span: node.span,
    })
}

/// Carries out replacements, one after the other. `file` is where they stand.
pub(crate) fn replace(map: &mut ResMap, replacements: &[Replacement], file: &str) -> Result<()> {
    for replacement in replacements {
        let value =
            value_of(map.list(), &replacement.source).map_err(|e| e.at(file, replacement.span))?;
        for target in &replacement.targets {
            set_targets(map, target, &value).map_err(|e| e.at(file, target.span))?;
        }
    }
    Ok(())
}

fn selected_by(id: &ResId, selector: &ResId) -> bool {
    let gvk = &selector.gvk;
    (selector.name.is_empty() || selector.name == id.name)
        && (selector.namespace.is_empty()
            || selector.effective_namespace() == id.effective_namespace())
        && id.gvk.is_selected(&gvk.group, &gvk.version, &gvk.kind)
}

fn value_of(list: &[Resource], source: &Source) -> Result<Node> {
    let (id, path, options) = match source {
        Source::Value(text) => return Ok(Node::resolved(text)),
        Source::Field { id, path, options } => (id, path, options),
    };
    let mut chosen = list
        .iter()
        .filter(|r| r.all_ids().iter().any(|theirs| selected_by(theirs, id)));
    let source = match (chosen.next(), chosen.next()) {
        (None, _) => return Err(BuildError::new(format!("nothing selected by {id}"))),
        (Some(_), Some(_)) => {
            return Err(BuildError::new(format!(
                "multiple matches for selector {id}"
            )));
        }
        (Some(one), None) => one,
    };
    let found = lookup(source.node(), &split_smart(path))
        .map_err(|e| e.wrap("error looking up replacement source"))?;
    let Some(value) = found.filter(|n| !is_nil_or_empty(n)) else {
        return Err(BuildError::new(format!(
            "fieldPath `{path}` is missing for replacement source {id}"
        ))
        .object(source.id()));
    };
    if options.delimiter.is_empty() {
        return Ok(value.clone());
    }
    let Some(text) = value.text() else {
        return Err(BuildError::new(
            "delimiter option can only be used with scalar nodes",
        ));
    };
    let part = usize::try_from(options.index)
        .ok()
        .and_then(|index| text.split(&options.delimiter).nth(index))
        .ok_or_else(|| {
            BuildError::new(format!(
                "options.index {} is out of bounds for value {text}",
                options.index
            ))
        })?;
    let mut cut = value.clone();
    cut.set_text(part, value.tag);
    Ok(cut)
}

fn list_key(part: &str) -> Option<(&str, &str)> {
    part.strip_prefix('[')?.strip_suffix(']')?.split_once('=')
}

/// Follows a path; `[name=x]` finds an item, a number counts, `-` is the last.
fn lookup<'n>(node: &'n Node, path: &[String]) -> Result<Option<&'n Node>> {
    let mut at = node;
    for part in path {
        let next = match at.as_seq() {
            Some(items) => match (list_key(part), part.parse::<usize>()) {
                (Some(("", value)), _) => items.iter().find(|item| item.text() == Some(value)),
                (Some((key, value)), _) => items
                    .iter()
                    .find(|item| item.get(key).and_then(Node::text) == Some(value)),
                (None, Ok(index)) => items.get(index),
                (None, Err(_)) if part == "-" => items.last(),
                (None, Err(_)) => {
                    return Err(BuildError::new(format!(
                        "wrong node kind: expected MappingNode but was SequenceNode at '{part}'"
                    )));
                }
            },
            None => at.get(part),
        };
        match next.filter(|n| !n.is_null()) {
            Some(found) => at = found,
            None => return Ok(None),
        }
    }
    Ok(Some(at))
}

/// The node at a path such as `spec.ports[0].port`, for variables.
pub(crate) fn lookup_plain(node: &Node, path: &str) -> Option<Node> {
    let mut parts = Vec::new();
    for part in split_smart(path) {
        match part.split_once('[') {
            Some((name, index)) if index.ends_with(']') && !index.contains('=') => {
                if !name.is_empty() {
                    parts.push(name.to_owned());
                }
                parts.push(index.trim_end_matches(']').to_owned());
            }
            _ => parts.push(part),
        }
    }
    lookup(node, &parts).ok().flatten().cloned()
}

fn set_targets(map: &mut ResMap, target: &Target, value: &Node) -> Result<()> {
    let Some(select) = &target.select else {
        return Err(BuildError::new("target must specify resources to select"));
    };
    for at in 0..map.list().len() {
        let resource = &map.list()[at];
        let ids = resource.all_ids();
        if !select.matches_metadata(resource)? {
            continue;
        }
        let mut rejected = false;
        for reject in &target.reject {
            rejected |= reject.has_label_parts() && reject.matches_metadata(resource)?;
            rejected |= !reject.names_nothing() && ids.iter().any(|id| reject.matches_id(id));
        }
        if rejected || !ids.iter().any(|id| select.matches_id(id)) {
            continue;
        }
        let id = resource.id().clone();
        map.change_at(at, |resource| {
            resource.edit(|node| copy_into(node, target, value))
        })
        .map_err(|e| e.object(id))?;
    }
    Ok(())
}

fn copy_into(node: &mut Node, target: &Target, value: &Node) -> Result<()> {
    for path in &target.paths {
        let parts = split_smart(path);
        if into_structured(node, &parts, &target.options, value)? {
            continue;
        }
        let fail = |error: Option<BuildError>| {
            let what = if target.options.create {
                "find or create"
            } else {
                "find"
            };
            let text = format!("unable to {what} field {path:?} in replacement target");
            match error {
                Some(error) => error.wrap(text),
                None => BuildError::new(text),
            }
        };
        let create = target.options.create.then(|| value.kind());
        let mut set = |field: &mut Node| set_field(field, &target.options, value);
        let count = visit(node, &parts, create, &mut set).map_err(|e| {
            if e.text().starts_with("delimiter") {
                e
            } else {
                fail(Some(e))
            }
        })?;
        if count == 0 {
            return Err(fail(None));
        }
    }
    Ok(())
}

fn set_field(field: &mut Node, options: &FieldOptions, value: &Node) -> Result<()> {
    let mut value = value.clone();
    if !options.delimiter.is_empty() {
        let Some(before) = field.text() else {
            return Err(BuildError::new(
                "delimiter option can only be used with scalar nodes",
            ));
        };
        let text = value.text().unwrap_or_default().to_owned();
        let mut parts: Vec<String> = before
            .split(&options.delimiter)
            .map(str::to_owned)
            .collect();
        match usize::try_from(options.index) {
            Err(_) => parts.insert(0, text),
            Ok(index) if index >= parts.len() => parts.push(text),
            Ok(index) => parts[index] = text,
        }
        let tag = value.tag;
        value.set_text(parts.join(&options.delimiter), tag);
    }
    if field.kind() == Kind::Scalar {
        let text = value.text().unwrap_or_default();
        // Parity: the field keeps its type, so a word put where a number stood fails when the object is printed.
        if field.tag == Tag::Null {
            *field = Node::resolved(text).at(field.span);
        } else {
            field.set_text(text, field.tag);
        }
    } else {
        *field = value.at(field.span);
    }
    Ok(())
}

/// A field made for a path: what the next part of the path, or the value, needs.
fn made_for(next: Option<&String>, leaf: Kind) -> Node {
    match next {
        None => match leaf {
            Kind::Scalar => Node::scalar("", Tag::Null),
            Kind::Seq => Node::seq(Vec::new()),
            Kind::Map => Node::empty_map(),
        },
        Some(part) if list_key(part).is_some() || part.parse::<usize>().is_ok() => {
            Node::seq(Vec::new())
        }
        Some(_) => Node::empty_map(),
    }
}

type Set<'a> = dyn FnMut(&mut Node) -> Result<()> + 'a;

/// Changes every field that a path leads to; says how many there were.
pub(crate) fn visit(
    node: &mut Node,
    path: &[String],
    create: Option<Kind>,
    set: &mut Set<'_>,
) -> Result<usize> {
    let Some((part, rest)) = path.split_first() else {
        set(node)?;
        return Ok(1);
    };
    if let Ok(index) = part.parse::<usize>()
        && node.kind() == Kind::Seq
    {
        return visit_index(node, index, rest, (create, set));
    }
    if let Some((key, pattern)) = list_key(part) {
        return visit_matching(node, (key, pattern), rest, (create, set));
    }
    if part == "*" {
        let mut count = 0;
        let Some(items) = node.as_seq_mut() else {
            return Err(BuildError::new(
                "wrong node kind: expected SequenceNode at '*'",
            ));
        };
        for item in items {
            count += visit(item, rest, create, set)?;
        }
        return Ok(count);
    }
    if node.kind() != Kind::Map {
        return Err(BuildError::new(format!(
            "wrong node kind: expected MappingNode at '{part}'"
        )));
    }
    if node.get(part).is_none() {
        match create {
            None => return Ok(0),
            Some(leaf) => {
                node.set(part, made_for(rest.first(), leaf));
            }
        }
    }
    match node.get_mut(part) {
        Some(field) if field.kind() == Kind::Scalar && !rest.is_empty() && !field.is_null() => {
            Ok(0)
        }
        Some(field) if field.is_null() && !rest.is_empty() => match create {
            None => Ok(0),
            Some(leaf) => {
                *field = made_for(rest.first(), leaf);
                visit(field, rest, create, set)
            }
        },
        Some(field) => visit(field, rest, create, set),
        None => Ok(0),
    }
}

fn visit_index(
    node: &mut Node,
    index: usize,
    rest: &[String],
    (create, set): (Option<Kind>, &mut Set<'_>),
) -> Result<usize> {
    let items = node
        .as_seq_mut()
        .ok_or_else(|| BuildError::new("wrong node kind: expected SequenceNode"))?;
    if let (Some(leaf), true) = (create, items.len() == index) {
        items.push(made_for(rest.first(), leaf));
    }
    let count = items.len();
    match items.get_mut(index) {
        Some(item) => visit(item, rest, create, set),
        None => Err(BuildError::new(format!(
            "index {index} specified but only {count} elements found"
        ))),
    }
}

fn visit_matching(
    node: &mut Node,
    (key, pattern): (&str, &str),
    rest: &[String],
    (create, set): (Option<Kind>, &mut Set<'_>),
) -> Result<usize> {
    let expression = Regexp::new(pattern).map_err(|why| BuildError::new(why.to_string()))?;
    let Some(items) = node.as_seq_mut() else {
        return Err(BuildError::new(format!(
            "wrong node kind: expected SequenceNode at '[{key}={pattern}]'"
        )));
    };
    let matches = |item: &Node| {
        let field = if key.is_empty() {
            Some(item)
        } else {
            item.get(key)
        };
        field
            .and_then(Node::text)
            .is_some_and(|text| expression.is_match(text))
    };
    let mut count = 0;
    for item in items.iter_mut().filter(|item| matches(item)) {
        count += visit(item, if key.is_empty() { &[] } else { rest }, create, set)?;
    }
    if count > 0 || create.is_none() {
        return Ok(count);
    }
    let mut item = if key.is_empty() {
        Node::resolved(pattern)
    } else {
        let mut map = Map::default();
        map.push(Node::string(key), Node::resolved(pattern));
        Node::map(map)
    };
    let count = visit(&mut item, rest, create, set)?;
    items.push(item);
    Ok(count)
}

/// Tries the path as one that continues inside a text which is itself YAML or JSON.
fn into_structured(
    node: &mut Node,
    path: &[String],
    options: &FieldOptions,
    value: &Node,
) -> Result<bool> {
    let outer = (1..path.len()).find(|end| {
        matches!(lookup(node, &path[..*end]), Ok(Some(field)) if field.kind() == Kind::Scalar)
    });
    let Some(outer) = outer else { return Ok(false) };
    let Ok(Some(field)) = lookup(node, &path[..outer]) else {
        return Ok(false);
    };
    let text = field.text().unwrap_or_default().to_owned();
    let Ok(Some(mut inner)) =
        flux_yaml::parse_first(text.as_bytes(), &flux_yaml::ReadOptions::objects())
    else {
        return Ok(false);
    };
    let create = options.create.then(|| value.kind());
    // Parity: inside a text the delimiter is not looked at.
    let plain = FieldOptions::default();
    let mut set = |field: &mut Node| set_field(field, &plain, value);
    if !matches!(visit(&mut inner, &path[outer..], create, &mut set), Ok(count) if count > 0) {
        return Ok(false);
    }
    let Ok(written) = structured_text(&inner, &text) else {
        return Ok(false);
    };
    let mut store = |field: &mut Node| {
        field.set_text(written.as_str(), field.tag);
        Ok(())
    };
    visit(node, &path[..outer], None, &mut store)?;
    Ok(true)
}

fn structured_text(inner: &Node, before: &str) -> Result<String> {
    let fail = |e: flux_yaml::YamlError| BuildError::new(e.to_string());
    if !before.trim_start().starts_with(['{', '[']) {
        return Ok(inner.to_yaml_in_order().map_err(fail)?.trim().to_owned());
    }
    let json = inner.to_json().map_err(fail)?;
    let text = if before.contains('\n') && before.contains("  ") {
        serde_json::to_string_pretty(&json)
    } else {
        serde_json::to_string(&json)
    };
    text.map_err(|e| BuildError::new(e.to_string()))
}
