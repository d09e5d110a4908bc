//! Patches: which objects (`select`), strategic merge (`merge`), JSON 6902 (`json`).

mod json;
mod merge;
mod select;

use std::collections::HashSet;
use std::sync::Arc;

use flux_yaml::{Node, ReadOptions, Span, parse_first};

use crate::error::{BuildError, Result};
use crate::id::{Gvk, ResId};
use crate::load::Loader;
use crate::read;
use crate::resmap::ResMap;
use crate::resource::Resource;
use crate::schema::Schemas;

pub(crate) use select::Selector;

/// What a patch does.
#[derive(Debug)]
enum Body {
    Merge(Vec<Resource>),
    Json(Vec<json::Operation>),
    /// Nothing, such as a text of comments only.
    Empty,
}

/// A patch with its target, ready to apply.
#[derive(Debug)]
pub(crate) struct Patch {
    body: Body,
    target: Option<Selector>,
    shown: String,
    place: (Arc<str>, Span),
}

impl Patch {
    /// An entry of `patches` (or the configuration of a `PatchTransformer`). `file` is where the entry stands.
    pub(crate) fn of_node(node: &Node, loader: &Loader<'_>, file: &Arc<str>) -> Result<Self> {
        let text = node.text_at(&["patch"]).unwrap_or_default().trim();
        let path = node.text_at(&["path"]).unwrap_or_default();
        let place = (Arc::clone(file), node.span);
        let configure = |error: BuildError| {
            error
                .wrap("trouble configuring builtin PatchTransformer")
                .at(file, node.span)
        };
        let (content, shown, source) = match (text.is_empty(), path.is_empty()) {
            (true, true) => {
                return Err(configure(BuildError::new(
                    "must specify one of patch and path",
                )));
            }
            (false, false) => {
                return Err(configure(BuildError::new(
                    "patch and path can't be set at the same time",
                )));
            }
            (false, true) => (
                text.as_bytes().to_vec(),
                format!("[patch: {text:?}]"),
                Arc::clone(file),
            ),
            (true, false) => {
                let content = loader.read(path).map_err(|e| {
                    configure(e.wrap(format!("failed to get the patch file from path({path})")))
                })?;
                (content, format!("[path: {path:?}]"), loader.shown(path))
            }
        };
        let option = |name: &str| {
            node.get_path(&["options", name])
                .is_some_and(|n| n.text() == Some("true"))
        };
        let allow = (option("allowNameChange"), option("allowKindChange"));
        let body = Self::parse(&content, &shown, &source, allow).map_err(configure)?;
        let target = match node.get("target") {
            Some(target) => Some(Selector::of_node(target).map_err(|e| e.at(file, target.span))?),
            None => None,
        };
        Ok(Self {
            body,
            target,
            shown,
            place,
        })
    }

    fn parse(
        content: &[u8],
        shown: &str,
        file: &Arc<str>,
        (allow_name, allow_kind): (bool, bool),
    ) -> Result<Body> {
        let merges = read::nodes(content);
        let operations = json::parse(content);
        match (merges, operations) {
            (Ok(nodes), Ok(operations)) if !nodes.is_empty() && !operations.is_empty() => {
                Err(BuildError::new(format!(
                    "illegally qualifies as both an SM and JSON patch: {shown}"
                )))
            }
            (Ok(nodes), _) if nodes.is_empty() => Ok(Body::Empty),
            (Ok(nodes), _) => Ok(Body::Merge(
                nodes
                    .into_iter()
                    .map(|node| {
                        let mut patch = Resource::new(node, Arc::clone(file));
                        patch.allow_name_change |= allow_name;
                        patch.allow_kind_change |= allow_kind;
                        patch
                    })
                    .collect(),
            )),
            (Err(_), Ok(operations)) => Ok(Body::Json(operations)),
            (Err(merge), Err(_)) => Err(BuildError::new(format!(
                "unable to parse SM or JSON patch from {shown}: {}",
                merge.text()
            ))
            .at(file, merge.span())),
        }
    }

    /// A JSON patch given by operations, with a required target.
    pub(crate) fn of_json(
        content: &[u8],
        target: Option<Selector>,
        shown: String,
        place: (Arc<str>, Span),
    ) -> Result<Self> {
        Ok(Self {
            body: Body::Json(json::parse(content)?),
            target,
            shown,
            place,
        })
    }

    /// A strategic merge patch that says itself what it is for.
    pub(crate) fn of_objects(patches: Vec<Resource>) -> Self {
        let place = patches
            .first()
            .map_or((Arc::from(""), Span::default()), |p| {
                (Arc::clone(&p.file), p.node().span)
            });
        Self {
            body: Body::Merge(patches),
            target: None,
            shown: String::new(),
            place,
        }
    }

    /// Applies the patch to a set of objects.
    pub(crate) fn apply(&self, map: &mut ResMap, schemas: &Schemas) -> Result<()> {
        match &self.body {
            Body::Empty => Ok(()),
            Body::Merge(patches) => self.apply_merge(map, patches, schemas),
            Body::Json(operations) => self.apply_json(map, operations),
        }
        .map_err(|e| e.at(&self.place.0, self.place.1))
    }

    fn apply_merge(&self, map: &mut ResMap, patches: &[Resource], schemas: &Schemas) -> Result<()> {
        let Some(target) = &self.target else {
            for patch in patches {
                let id = patch.original_id();
                let at = map.one_by_any_id(&id).map_err(|e| {
                    e.wrap(format!(
                        "no resource matches strategic merge patch \"{id}\""
                    ))
                    .at(&patch.file, patch.node().span)
                    .object(&id)
                })?;
                map.change_at(at, |r| apply_one(r, patch, schemas))?;
            }
            map.drop_empty();
            return Ok(());
        };
        let [patch] = patches else {
            return Err(BuildError::new(format!(
                "Multiple Strategic-Merge Patches in one `patches` entry is not allowed to set \
                 `patches.target` field: {}",
                self.shown
            )));
        };
        let chosen: HashSet<_> = target
            .select(map.list())?
            .into_iter()
            .map(|at| map.list()[at].id().key())
            .collect();
        for at in 0..map.list().len() {
            let resource = &map.list()[at];
            if !chosen.contains(&resource.id().key()) {
                continue;
            }
            let mut patch = patch.clone();
            let kind = patch.gvk().kind.clone();
            let api_version = resource.gvk().api_version();
            patch.edit(|node| {
                node.set("apiVersion", Node::string(api_version));
                node.set("kind", Node::string(kind));
            });
            map.change_at(at, |r| apply_one(r, &patch, schemas))?;
        }
        map.drop_empty();
        // Two objects that were told apart by what the patch changed are refused.
        let list = std::mem::take(map.list_mut());
        *map = ResMap::of(list)?;
        Ok(())
    }

    fn apply_json(&self, map: &mut ResMap, operations: &[json::Operation]) -> Result<()> {
        let Some(target) = &self.target else {
            return Err(BuildError::new(format!(
                "must specify a target for JSON patch {}",
                self.shown
            )));
        };
        for at in target.select(map.list())? {
            map.change_at(at, |resource| {
                let id = resource.id().clone();
                resource.store_previous_id();
                resource
                    .edit(|node| json::apply(node, operations).map(|()| tidy_annotations(node)))
                    .map_err(|e| e.object(id))
            })?;
        }
        Ok(())
    }

    /// Applies a JSON patch to the object at a place.
    pub(crate) fn apply_at(&self, map: &mut ResMap, at: usize) -> Result<()> {
        let Body::Json(operations) = &self.body else {
            return Ok(());
        };
        map.change_at(at, |resource| {
            let id = resource.id().clone();
            resource.store_previous_id();
            resource
                .edit(|node| json::apply(node, operations))
                .map_err(|e| e.at(&self.place.0, self.place.1).object(id))
        })
    }
}

/// Parity: after a JSON patch the annotations are written anew, which drops what is no mapping or empty.
fn tidy_annotations(node: &mut Node) {
    let Some(annotations) = node.get_path(&["metadata", "annotations"]) else {
        return;
    };
    if annotations.as_map().is_none_or(flux_yaml::Map::is_empty)
        && let Some(metadata) = node.get_mut("metadata")
    {
        metadata.remove("annotations");
    }
}

/// Applies one strategic merge patch to one object.
fn apply_one(resource: &mut Resource, patch: &Resource, schemas: &Schemas) -> Result<()> {
    let before = resource.id().clone();
    if patch.allow_name_change || patch.allow_kind_change {
        resource.store_previous_id();
    }
    let (keep_name, keep_kind) = (!patch.allow_name_change, !patch.allow_kind_change);
    resource
        .edit(|node| -> Result<()> {
            let merged = merge::merge(node, patch.node(), schemas)?;
            *node = merged.unwrap_or_else(Node::empty_map);
            if crate::resource::is_nil_or_empty(node) {
                return Ok(());
            }
            restore(node, &before, keep_name, keep_kind);
            Ok(())
        })
        .map_err(|e| e.at(&patch.file, patch.node().span).object(&before))
}

fn restore(node: &mut Node, before: &ResId, keep_name: bool, keep_kind: bool) {
    let differs =
        |node: &Node, path: &[&str], text: &str| node.text_at(path).unwrap_or_default() != text;
    if keep_kind && differs(node, &["kind"], &before.gvk.kind) {
        node.set("kind", Node::string(&*before.gvk.kind));
    }
    let name = keep_name && differs(node, &["metadata", "name"], &before.name);
    let namespace = differs(node, &["metadata", "namespace"], &before.namespace);
    if (name || namespace)
        && let Some(metadata) = crate::resource::metadata_mut(node)
    {
        if name {
            metadata.set("name", Node::string(&*before.name));
        }
        if namespace && before.namespace.is_empty() {
            metadata.remove("namespace");
        } else if namespace {
            metadata.set("namespace", Node::string(&*before.namespace));
        }
    }
}

/// The object id that an entry of `patchesJson6902` names.
pub(crate) fn exact_id(target: &Node) -> ResId {
    let text = |key: &str| target.text_at(&[key]).unwrap_or_default();
    ResId::new(
        Gvk::new(text("group"), text("version"), text("kind")),
        text("name"),
        text("namespace"),
    )
}

/// The first document of a text as values, for embedded configuration.
pub(crate) fn parse_values(content: &[u8]) -> Result<Option<Node>> {
    parse_first(content, &ReadOptions::values())
        .map_err(|e| BuildError::new(format!("yaml: {}", e.go_text())).span_only(e.span()))
}
