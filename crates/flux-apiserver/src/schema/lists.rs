//! Uniqueness of the items of sets and keyed lists.

use serde_json::{Map, Value};

use super::error::FieldError;
use super::node::{ListKind, Node};

/// Adds an error for every item that an earlier one equals.
pub(super) fn check(value: &Value, old: Option<&Value>, node: &Node, path: &str, errors: &mut Vec<FieldError>) {
    if old == Some(value) {
        return;
    }
    match value {
        Value::Array(items) => {
            repeated(items, &node.list, path, errors);
            if let Some(below) = node.items.as_deref() {
                for (index, item) in items.iter().enumerate() {
                    let old = counterpart(item, old, &node.list);
                    check(item, old, below, &format!("{path}[{index}]"), errors);
                }
            }
        }
        Value::Object(fields) => {
            for (name, value) in fields {
                let old = old.and_then(|old| old.get(name));
                if let Some(below) = node.properties.get(name) {
                    check(value, old, below, &child(path, name), errors);
                } else if let Some(below) = node.field(name) {
                    check(value, old, below, &format!("{path}[{name}]"), errors);
                }
            }
        }
        _ => {}
    }
}

/// The item of the old list that an item is the successor of. Only keyed lists tell.
pub(super) fn counterpart<'a>(item: &Value, old: Option<&'a Value>, kind: &ListKind) -> Option<&'a Value> {
    let ListKind::Map(keys) = kind else { return None };
    let wanted = key_of(item, keys)?;
    old?.as_array()?.iter().find(|old| key_of(old, keys).as_ref() == Some(&wanted))
}

/// A field path with one more field.
pub(super) fn child(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

fn repeated(items: &[Value], kind: &ListKind, path: &str, errors: &mut Vec<FieldError>) {
    let identities: Vec<Option<Value>> = match kind {
        ListKind::Atomic => return,
        ListKind::Set => items.iter().map(|item| Some(item.clone())).collect(),
        ListKind::Map(keys) => items.iter().map(|item| key_of(item, keys).map(Value::Object)).collect(),
    };
    for (index, identity) in identities.iter().enumerate() {
        if let Some(identity) = identity
            && identities[..index].iter().flatten().any(|earlier| earlier == identity)
        {
            errors.push(FieldError::duplicate(&format!("{path}[{index}]"), identity));
        }
    }
}

fn key_of(item: &Value, keys: &[String]) -> Option<Map<String, Value>> {
    let fields = item.as_object()?;
    let mut identity = Map::new();
    for key in keys {
        if let Some(value) = fields.get(key) {
            identity.insert(key.clone(), value.clone());
        }
    }
    Some(identity)
}
