//! One object on its way through a build, with everything that must be remembered about it.

use std::sync::Arc;

use flux_yaml::{Map, Node, Span};

use crate::error::Result;
use crate::id::{Gvk, ResId};

/// What a generator does when its object exists already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Behavior {
    #[default]
    Unspecified,
    Create,
    Replace,
    Merge,
}

impl Behavior {
    pub(crate) fn parse(text: &str) -> Self {
        match text {
            "create" => Self::Create,
            "replace" => Self::Replace,
            "merge" => Self::Merge,
            _ => Self::Unspecified,
        }
    }

    pub(crate) fn text(self) -> &'static str {
        match self {
            Self::Unspecified => "unspecified",
            Self::Create => "create",
            Self::Replace => "replace",
            Self::Merge => "merge",
        }
    }
}

/// A name the object had earlier in the build.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Previous {
    pub(crate) namespace: Arc<str>,
    pub(crate) name: Arc<str>,
    pub(crate) kind: Arc<str>,
}

/// An object and its history.
#[derive(Debug, Clone)]
pub(crate) struct Resource {
    node: Node,
    id: ResId,
    pub(crate) file: Arc<str>,
    pub(crate) previous: Vec<Previous>,
    pub(crate) prefixes: Vec<Arc<str>>,
    pub(crate) suffixes: Vec<Arc<str>>,
    pub(crate) needs_hash: bool,
    pub(crate) behavior: Behavior,
    pub(crate) allow_name_change: bool,
    pub(crate) allow_kind_change: bool,
    pub(crate) vars: Vec<Arc<str>>,
}

const INTERNAL: &str = "internal.config.kubernetes.io/";

impl Resource {
    pub(crate) fn new(node: Node, file: Arc<str>) -> Self {
        let id = ResId::of_node(&node);
        let mut resource = Self {
            node,
            id,
            file,
            previous: Vec::new(),
            prefixes: Vec::new(),
            suffixes: Vec::new(),
            needs_hash: false,
            behavior: Behavior::default(),
            allow_name_change: false,
            allow_kind_change: false,
            vars: Vec::new(),
        };
        resource.take_internal_annotations();
        resource
    }

    pub(crate) fn node(&self) -> &Node {
        &self.node
    }

    /// Changes the node; the id follows.
    pub(crate) fn edit<T>(&mut self, change: impl FnOnce(&mut Node) -> T) -> T {
        let result = change(&mut self.node);
        if !self.id.is_of(&self.node) {
            self.id = ResId::of_node(&self.node);
        }
        result
    }

    pub(crate) fn id(&self) -> &ResId {
        &self.id
    }

    pub(crate) fn gvk(&self) -> &Gvk {
        &self.id.gvk
    }

    /// The names it had before, oldest first. Group and version are always the present ones.
    pub(crate) fn previous_ids(&self) -> impl Iterator<Item = ResId> {
        self.previous.iter().map(|p| {
            let gvk = Gvk {
                kind: Arc::clone(&p.kind),
                ..self.id.gvk.clone()
            };
            ResId::new(gvk, &p.name, &p.namespace)
        })
    }

    /// The name it came with.
    pub(crate) fn original_id(&self) -> ResId {
        self.previous_ids()
            .next()
            .unwrap_or_else(|| self.id.clone())
    }

    /// Previous ids, then the present one.
    pub(crate) fn all_ids(&self) -> Vec<ResId> {
        let mut ids: Vec<ResId> = self.previous_ids().collect();
        ids.push(self.id.clone());
        ids
    }

    pub(crate) fn store_previous_id(&mut self) {
        self.previous.push(Previous {
            namespace: self.id.effective_namespace().into(),
            name: Arc::clone(&self.id.name),
            kind: Arc::clone(&self.id.gvk.kind),
        });
    }

    pub(crate) fn is_empty(&self) -> bool {
        is_nil_or_empty(&self.node)
    }

    pub(crate) fn annotation(&self, key: &str) -> Option<&str> {
        self.node.text_at(&["metadata", "annotations", key])
    }

    pub(crate) fn labels(&self) -> Vec<(&str, &str)> {
        text_entries(self.node.get_path(&["metadata", "labels"]))
    }

    pub(crate) fn annotations(&self) -> Vec<(&str, &str)> {
        text_entries(self.node.get_path(&["metadata", "annotations"]))
    }

    pub(crate) fn set_annotation(&mut self, key: &str, value: &str) {
        self.edit(|node| set_metadata_entry(node, "annotations", key, value));
    }

    pub(crate) fn remove_annotation(&mut self, key: &str) {
        let present = self
            .node
            .get_path(&["metadata", "annotations", key])
            .is_some();
        if present {
            self.edit(|node| {
                let Some(metadata) = node.get_mut("metadata") else {
                    return;
                };
                let Some(annotations) = metadata.get_mut("annotations") else {
                    return;
                };
                annotations.remove(key);
                if annotations.is_empty_collection() {
                    metadata.remove("annotations");
                }
            });
        }
    }

    /// Two objects whose names were changed by the same layers, seen from the top.
    pub(crate) fn same_affixes(&self, other: &Self, allow_empty: bool) -> bool {
        let same = |a: &[Arc<str>], b: &[Arc<str>]| {
            (allow_empty && (a.is_empty() || b.is_empty())) || same_ending(a, b)
        };
        same(&self.prefixes, &other.prefixes) && same(&self.suffixes, &other.suffixes)
    }

    /// Takes over name, labels and history from the object that this one stands in for.
    pub(crate) fn take_metadata_from(&mut self, other: &Self) {
        let labels = other.node.get_path(&["metadata", "labels"]).cloned();
        let annotations = other.node.get_path(&["metadata", "annotations"]).cloned();
        let (name, namespace) = (other.id.name.clone(), other.id.namespace.clone());
        self.edit(|node| {
            merge_under(node, "labels", labels);
            merge_under(node, "annotations", annotations);
            if let Some(metadata) = metadata_mut(node) {
                metadata.set("name", Node::string(name));
                if namespace.is_empty() {
                    metadata.remove("namespace");
                } else {
                    metadata.set("namespace", Node::string(namespace));
                }
            }
        });
        // Parity: a hash is added only where both want one; all other history is that of the older object.
        self.needs_hash &= other.needs_hash;
        self.behavior = other.behavior;
        self.previous.clone_from(&other.previous);
        self.prefixes.clone_from(&other.prefixes);
        self.suffixes.clone_from(&other.suffixes);
        self.vars.clone_from(&other.vars);
    }

    /// Adds the entries of `data` (or `binaryData`) that only the other object has.
    pub(crate) fn merge_data_from(&mut self, other: &Self, field: &str) {
        let Some(theirs) = other.node.get(field).and_then(Node::as_map).cloned() else {
            return;
        };
        self.edit(|node| {
            let mut merged = theirs;
            for entry in node.get(field).and_then(Node::as_map).into_iter().flatten() {
                merged.set(entry.key.text().unwrap_or_default(), entry.value.clone());
            }
            node.set(field, Node::map(merged));
        });
    }

    /// Parity: files may carry the annotations by which kustomize remembers things; they take effect and vanish.
    fn take_internal_annotations(&mut self) {
        let Some(annotations) = self.node.get_path(&["metadata", "annotations"]) else {
            return;
        };
        let Some(map) = annotations.as_map() else {
            return;
        };
        let internal: Vec<(String, String)> = map
            .iter()
            .filter_map(|e| {
                let key = e.key.text()?.strip_prefix(INTERNAL)?;
                Some((key.to_owned(), e.value.text()?.to_owned()))
            })
            .collect();
        if internal.is_empty() {
            return;
        }
        let list = |name: &str| -> Vec<Arc<str>> {
            internal
                .iter()
                .find(|(key, _)| key == name)
                .map(|(_, value)| value.split(',').map(Arc::from).collect())
                .unwrap_or_default()
        };
        let on = |name: &str| internal.iter().any(|(k, v)| k == name && v == "enabled");
        let (names, spaces, kinds) = (
            list("previousNames"),
            list("previousNamespaces"),
            list("previousKinds"),
        );
        for ((name, namespace), kind) in names.into_iter().zip(spaces).zip(kinds) {
            self.previous.push(Previous {
                namespace,
                name,
                kind,
            });
        }
        self.prefixes = list("prefixes");
        self.suffixes = list("suffixes");
        self.needs_hash = on("needsHashSuffix");
        self.allow_name_change = on("allowNameChange");
        self.allow_kind_change = on("allowKindChange");
        if let Some((_, text)) = internal.iter().find(|(k, _)| k == "generatorBehavior") {
            self.behavior = Behavior::parse(text);
        }
    }

    /// The node as it is printed: without what only the build needed.
    ///
    /// # Errors
    /// A text that upstream's writer cannot write.
    pub(crate) fn finish(&mut self) -> Result<()> {
        // Parity: removing annotations from a list without metadata leaves metadata behind.
        if self.node.get("metadata").is_none() {
            self.node.set("metadata", Node::empty_map());
        }
        self.finish_annotations();
        if let Some(settled) = crate::settle::settle(&self.node, false)
            .map_err(|e| e.at(&self.file, Span::default()).object(&self.id))?
        {
            self.node = settled;
        }
        Ok(())
    }

    fn finish_annotations(&mut self) {
        let Some(map) = self
            .node
            .get_path(&["metadata", "annotations"])
            .and_then(Node::as_map)
            .filter(|map| !map.is_empty())
        else {
            return;
        };
        let settled = map.iter().all(|e| {
            let key = e.key.text().unwrap_or_default();
            e.value.is_string() && Node::resolved_key(key).is_string() && !is_build_annotation(key)
        });
        if settled {
            return;
        }
        // Parity: writing the annotations back turns every value into a string, and takes the quotes from keys,
        // which makes those that read as numbers or truth words unprintable.
        let kept: Map = map
            .iter()
            .filter_map(|e| {
                let key = e.key.text()?;
                let value = if e.value.is_null() {
                    ""
                } else {
                    e.value.text()?
                };
                (!is_build_annotation(key)).then(|| {
                    (
                        Node::resolved_key(key).at(e.key.span),
                        Node::string(value).at(e.value.span),
                    )
                })
            })
            .collect();
        self.edit(|node| {
            let Some(metadata) = node.get_mut("metadata") else {
                return;
            };
            if kept.is_empty() {
                metadata.remove("annotations");
            } else {
                metadata.set("annotations", Node::map(kept));
            }
        });
    }
}

/// Whether an annotation is one by which kustomize remembers things.
fn is_build_annotation(key: &str) -> bool {
    const LEGACY: [&str; 3] = [
        "config.kubernetes.io/path",
        "config.kubernetes.io/index",
        "config.k8s.io/id",
    ];
    const KNOWN: [&str; 16] = [
        "previousKinds",
        "previousNames",
        "previousNamespaces",
        "prefixes",
        "suffixes",
        "allowNameChange",
        "allowKindChange",
        "refBy",
        "generatorBehavior",
        "needsHashSuffix",
        "helm-generated",
        "path",
        "index",
        "seqindent",
        "id",
        "annotations-migration-resource-id",
    ];
    LEGACY.contains(&key)
        || key
            .strip_prefix(INTERNAL)
            .is_some_and(|rest| KNOWN.contains(&rest))
}

/// Null, or a collection or text with nothing in it.
pub(crate) fn is_nil_or_empty(node: &Node) -> bool {
    node.is_null() || node.is_empty_collection() || node.text().is_some_and(str::is_empty)
}

fn same_ending(a: &[Arc<str>], b: &[Arc<str>]) -> bool {
    let (short, long) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    if short.is_empty() {
        return long.is_empty();
    }
    long.ends_with(short)
}

fn text_entries(node: Option<&Node>) -> Vec<(&str, &str)> {
    node.and_then(Node::as_map)
        .into_iter()
        .flatten()
        .filter_map(|e| Some((e.key.text()?, e.value.text()?)))
        .collect()
}

/// `metadata` as a mapping, made where it is missing.
pub(crate) fn metadata_mut(node: &mut Node) -> Option<&mut Node> {
    if node.get("metadata").is_none_or(Node::is_null) {
        node.set("metadata", Node::empty_map());
    }
    node.get_mut("metadata")
}

/// Sets `metadata.<field>.<key>` to a string.
pub(crate) fn set_metadata_entry(node: &mut Node, field: &str, key: &str, value: &str) {
    set_metadata_node(node, field, Node::string(key), value);
}

/// The same with a key of any type.
pub(crate) fn set_metadata_node(node: &mut Node, field: &str, key: Node, value: &str) {
    if let Some(metadata) = metadata_mut(node) {
        if metadata.get(field).is_none_or(Node::is_null) {
            metadata.set(field, Node::empty_map());
        }
        if let Some(map) = metadata.get_mut(field).and_then(Node::as_map_mut) {
            let text = key.text().unwrap_or_default();
            match map.get_mut(text) {
                Some(present) => *present = Node::string(value),
                None => map.push(key, Node::string(value)),
            }
        }
    }
}

fn merge_under(node: &mut Node, field: &str, theirs: Option<Node>) {
    let Some(mut merged) = theirs.filter(|n| n.as_map().is_some_and(|m| !m.is_empty())) else {
        return;
    };
    let ours = node.get_path(&["metadata", field]).and_then(Node::as_map);
    for entry in ours.into_iter().flatten() {
        merged.set(entry.key.text().unwrap_or_default(), entry.value.clone());
    }
    if let Some(metadata) = metadata_mut(node) {
        metadata.set(field, merged);
    }
}
