//! Filling in what the schema states as default.

use serde_json::Value;

use super::node::{Additional, Node};

/// Drops nulls where the schema allows none and has no default for them.
pub(super) fn drop_nulls(value: &mut Value, node: &Node) {
    match value {
        Value::Object(fields) => {
            fields.retain(|name, value| {
                !(value.is_null()
                    && node
                        .field(name)
                        .is_some_and(|below| !below.nullable && below.default.is_none()))
            });
            for (name, value) in fields.iter_mut() {
                if let Some(below) = node.field(name) {
                    drop_nulls(value, below);
                }
            }
        }
        Value::Array(items) => {
            if let Some(below) = node.items.as_deref() {
                for item in items {
                    drop_nulls(item, below);
                }
            }
        }
        _ => {}
    }
}

/// Sets absent fields, and nulls where none are allowed, to their defaults; works into the defaults too.
pub(super) fn fill(value: &mut Value, node: &Node) {
    match value {
        Value::Object(fields) => {
            for (name, below) in &node.properties {
                let Some(default) = &below.default else {
                    continue;
                };
                let absent = match fields.get(name) {
                    None => true,
                    Some(present) => present.is_null() && !below.nullable,
                };
                if absent {
                    fields.insert(name.clone(), default.clone());
                }
            }
            for (name, value) in fields.iter_mut() {
                if let Some(below) = node.properties.get(name) {
                    fill(value, below);
                } else if let Additional::Schema(below) = &node.additional {
                    replace_null(value, below);
                    fill(value, below);
                }
            }
        }
        Value::Array(items) => {
            if let Some(below) = node.items.as_deref() {
                for item in items {
                    replace_null(item, below);
                    fill(item, below);
                }
            }
        }
        _ => {}
    }
}

fn replace_null(value: &mut Value, node: &Node) {
    if value.is_null()
        && !node.nullable
        && let Some(default) = &node.default
    {
        *value = default.clone();
    }
}
