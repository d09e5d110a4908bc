//! The fields of a Flux Kustomization that become fields of a kustomization file (KUS-GEN-006 to 008).

use flux_yaml::Node;
use serde_json::Value;

use crate::error::{BuildError, Result};

/// The part of a spec that changes the build.
#[derive(Debug, Clone, Default)]
pub struct Overlay {
    target_namespace: Option<String>,
    name_prefix: Option<String>,
    name_suffix: Option<String>,
    patches: Vec<Node>,
    merge_patches: Vec<Node>,
    json_patches: Vec<Node>,
    components: Vec<String>,
    ignore_missing_components: bool,
    images: Vec<Node>,
    build_metadata: Vec<String>,
}

impl Overlay {
    /// Reads a spec in its JSON form. Fields that have no part in a build are not looked at.
    ///
    /// # Errors
    /// A field of the wrong type, named as `.spec.<field>`.
    pub fn from_spec(spec: &Value) -> Result<Self> {
        let patches = list(spec, "patches", "patches")?
            .iter()
            .map(|p| Ok(patch(&p["target"], text_of(p, "patch")?)))
            .collect::<Result<_>>()?;
        let json_patches = list(spec, "patchesJson6902", "patchesJson6902")?
            .iter()
            .map(|p| patch(&p["target"], ordered_operations(&p["patch"])))
            .collect();
        Ok(Self {
            target_namespace: text(spec, "targetNamespace")?,
            name_prefix: text(spec, "namePrefix")?,
            name_suffix: text(spec, "nameSuffix")?,
            patches,
            merge_patches: list(spec, "patchesStrategicMerge", "patchesStrategicMerge")?
                .iter()
                .map(|p| Node::string(p.to_string()))
                .collect(),
            json_patches,
            components: texts(spec, "components")?,
            ignore_missing_components: spec["ignoreMissingComponents"] == true,
            images: list(spec, "images", "images")?
                .iter()
                .map(Node::from_json)
                .collect(),
            build_metadata: texts(spec, "buildMetadata")?,
        })
    }

    /// Lays the fields over a kustomization file. `exists` tells whether a component is there.
    pub(super) fn apply(&self, node: &mut Node, exists: impl Fn(&str) -> bool) -> Result<()> {
        let texts = [
            ("namespace", &self.target_namespace),
            ("namePrefix", &self.name_prefix),
            ("nameSuffix", &self.name_suffix),
        ];
        for (field, value) in texts {
            if let Some(value) = value {
                node.set(field, Node::string(value.as_str()));
            }
        }
        append(node, "patches", self.patches.clone());
        for component in &self.components {
            if !is_local(component) {
                return Err(BuildError::new(format!(
                    "component path '{component}' must be local and relative"
                )));
            }
            if !self.ignore_missing_components || exists(component) {
                append(node, "components", vec![Node::string(component.as_str())]);
            }
        }
        append(node, "patchesStrategicMerge", self.merge_patches.clone());
        append(node, "patchesJson6902", self.json_patches.clone());
        for image in &self.images {
            set_image(node, image);
        }
        if !self.build_metadata.is_empty() {
            let names = self
                .build_metadata
                .iter()
                .map(|name| Node::string(name.as_str()));
            node.set("buildMetadata", Node::seq(names.collect()));
        }
        Ok(())
    }
}

fn append(node: &mut Node, field: &str, mut items: Vec<Node>) {
    if items.is_empty() {
        return;
    }
    match node.get_mut(field).and_then(Node::as_seq_mut) {
        Some(present) => present.append(&mut items),
        None => {
            node.set(field, Node::seq(items));
        }
    }
}

/// Tag and digest are replaced together, where either is stated (KUS-GEN-007).
fn set_image(node: &mut Node, image: &Node) {
    let text = |key: &str| image.text_at(&[key]).unwrap_or_default();
    let mut wanted = Node::empty_map();
    for key in ["name", "newName", "newTag", "digest"] {
        wanted.set(key, Node::string(text(key)));
    }
    let images = node.get_mut("images").and_then(Node::as_seq_mut);
    let present = images
        .into_iter()
        .flatten()
        .find(|entry| entry.text_at(&["name"]).unwrap_or_default() == text("name"));
    let Some(present) = present else {
        append(node, "images", vec![wanted]);
        return;
    };
    if !text("newName").is_empty() {
        present.set("newName", Node::string(text("newName")));
    }
    if !text("newTag").is_empty() || !text("digest").is_empty() {
        present.set("newTag", Node::string(text("newTag")));
        present.set("digest", Node::string(text("digest")));
    }
}

fn patch(target: &Value, text: String) -> Node {
    let mut patch = Node::empty_map();
    patch.set("patch", Node::string(text));
    if target.is_object() {
        patch.set("target", Node::from_json(target));
    }
    patch
}

/// The operations as the Go structure writes them: `op`, `path`, `from`, `value`, without what is empty.
fn ordered_operations(operations: &Value) -> String {
    let items: Vec<String> = operations
        .as_array()
        .into_iter()
        .flatten()
        .map(|operation| {
            let fields: Vec<String> = ["op", "path", "from", "value"]
                .iter()
                .filter(|key| !operation[**key].is_null() && operation[**key] != "")
                .map(|key| format!("\"{key}\":{}", operation[*key]))
                .collect();
            format!("{{{}}}", fields.join(","))
        })
        .collect();
    format!("[{}]", items.join(","))
}

fn wrong(field: &str, value: &Value, want: &str) -> BuildError {
    let (shown, kind) = match value {
        Value::String(text) => (text.clone(), "string"),
        Value::Bool(value) => (value.to_string(), "bool"),
        Value::Number(number) => (number.to_string(), "number"),
        Value::Array(_) => (value.to_string(), "[]interface {}"),
        _ => (value.to_string(), "map[string]interface {}"),
    };
    BuildError::new(format!(
        ".spec.{field} accessor error: {shown} is of the type {kind}, expected {want}"
    ))
}

fn text(spec: &Value, field: &str) -> Result<Option<String>> {
    match &spec[field] {
        Value::Null => Ok(None),
        Value::String(text) => Ok(Some(text.clone())),
        other => Err(wrong(field, other, "string")),
    }
}

fn text_of(value: &Value, field: &str) -> Result<String> {
    match &value[field] {
        Value::Null => Ok(String::new()),
        Value::String(text) => Ok(text.clone()),
        other => Err(wrong(field, other, "string")),
    }
}

fn list<'s>(spec: &'s Value, field: &str, what: &str) -> Result<&'s [Value]> {
    match &spec[field] {
        Value::Null => Ok(&[]),
        Value::Array(items) => Ok(items),
        other => Err(wrong(field, other, "[]interface{}").wrap(format!("unable to get {what}"))),
    }
}

fn texts(spec: &Value, field: &str) -> Result<Vec<String>> {
    list(spec, field, field)?
        .iter()
        .map(|item| match item {
            Value::String(text) => Ok(text.clone()),
            other => Err(wrong(field, other, "string").wrap(format!("unable to get {field}"))),
        })
        .collect()
}

/// Whether a path stays in the tree (KUS-GEN-008).
fn is_local(path: &str) -> bool {
    const REMOTE: [&str; 8] = [
        "git::",
        "gh:",
        "ssh://",
        "https://",
        "http://",
        "git@",
        "github.com:",
        "github.com/",
    ];
    let lower = path.to_ascii_lowercase();
    let remote = REMOTE
        .iter()
        .any(|prefix| lower.len() > prefix.len() && lower.starts_with(prefix));
    let below = lower.strip_prefix("file://").unwrap_or(&lower);
    !remote && !path.starts_with('/') && !below.starts_with('/')
}
