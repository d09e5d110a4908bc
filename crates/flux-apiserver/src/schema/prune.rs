//! Dropping what the schema does not know.

use std::fmt::Write as _;

use serde_json::{Map, Value};

use super::node::{Additional, Node};

/// The fields that every object has; the schema of an embedded object need not state them.
const OBJECT_FIELDS: [&str; 3] = ["apiVersion", "kind", "metadata"];

/// Removes unknown fields and returns their paths, sorted.
pub(super) fn prune(object: &mut Value, root: &Node) -> Vec<String> {
    let mut pruning = Pruning {
        path: String::new(),
        unknown: Vec::new(),
    };
    if root.preserve_unknown {
        pruning.keep(object, root, true);
    } else {
        pruning.drop_unknown(object, Some(root), true);
    }
    pruning.unknown.sort();
    pruning.unknown
}

struct Pruning {
    path: String,
    unknown: Vec<String>,
}

impl Pruning {
    fn value(&mut self, value: &mut Value, node: Option<&Node>) {
        match node {
            Some(node) if node.preserve_unknown => self.keep(value, node, node.embedded),
            _ => self.drop_unknown(value, node, node.is_some_and(|node| node.embedded)),
        }
    }

    fn drop_unknown(&mut self, value: &mut Value, node: Option<&Node>, is_object: bool) {
        match value {
            Value::Object(fields) => self.fields(fields, node, is_object),
            Value::Array(items) => {
                let below = node.and_then(|node| node.items.as_deref());
                for (index, item) in items.iter_mut().enumerate() {
                    self.at_index(index, |pruning| pruning.value(item, below));
                }
            }
            _ => {}
        }
    }

    fn fields(&mut self, fields: &mut Map<String, Value>, node: Option<&Node>, is_object: bool) {
        let mut unknown = Vec::new();
        for (name, value) in fields.iter_mut() {
            if is_object && OBJECT_FIELDS.contains(&name.as_str()) {
                continue;
            }
            let below = node.and_then(|node| node.field(name));
            let known = below.is_some()
                || node.is_some_and(|node| matches!(node.additional, Additional::Any));
            if known {
                self.at_key(name, |pruning| pruning.value(value, below));
            } else {
                unknown.push(name.clone());
            }
        }
        for name in unknown {
            fields.remove(&name);
            self.at_key(&name, |pruning| pruning.unknown.push(pruning.path.clone()));
        }
    }

    /// Inside a node that preserves unknown fields, the known ones are still pruned by their own schema.
    fn keep(&mut self, value: &mut Value, node: &Node, is_object: bool) {
        match value {
            Value::Object(fields) => {
                for (name, value) in fields.iter_mut() {
                    if is_object && OBJECT_FIELDS.contains(&name.as_str()) {
                        continue;
                    }
                    if let Some(below) = node.field(name) {
                        self.at_key(name, |pruning| pruning.value(value, Some(below)));
                    }
                }
            }
            Value::Array(items) => {
                if let Some(below) = node.items.as_deref() {
                    for (index, item) in items.iter_mut().enumerate() {
                        self.at_index(index, |pruning| pruning.value(item, Some(below)));
                    }
                }
            }
            _ => {}
        }
    }

    fn at_key(&mut self, name: &str, act: impl FnOnce(&mut Self)) {
        let length = self.path.len();
        if length > 0 {
            self.path.push('.');
        }
        self.path.push_str(name);
        act(self);
        self.path.truncate(length);
    }

    fn at_index(&mut self, index: usize, act: impl FnOnce(&mut Self)) {
        let length = self.path.len();
        // Writing to a string cannot fail.
        let _ = write!(self.path, "[{index}]");
        act(self);
        self.path.truncate(length);
    }
}
