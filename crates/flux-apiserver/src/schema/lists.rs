//! Lists whose items have an identity: uniqueness, and which item is the successor of which.

use serde_json::{Map, Value};

use super::error::FieldError;
use super::node::{ListKind, Node};

/// Adds an error for every value that occurs more than once, at its second place.
pub(super) fn check(value: &Value, node: &Node, path: &str, errors: &mut Vec<FieldError>) {
    match value {
        Value::Array(items) => {
            repeated(items, &node.list, path, errors);
            if let Some(below) = node.items.as_deref() {
                for (index, item) in items.iter().enumerate() {
                    check(item, below, &format!("{path}[{index}]"), errors);
                }
            }
        }
        Value::Object(fields) => {
            for (name, value) in fields {
                if let Some(below) = node.properties.get(name) {
                    check(value, below, &child(path, name), errors);
                } else if let Some(below) = node.field(name) {
                    check(value, below, &format!("{path}[{name}]"), errors);
                }
            }
        }
        _ => {}
    }
}

/// The item of the old list that an item is the successor of. Only keyed lists tell.
pub(super) fn counterpart<'a>(
    item: &Value,
    old: Option<&'a Value>,
    kind: &ListKind,
) -> Option<&'a Value> {
    let ListKind::Map(keys) = kind else {
        return None;
    };
    let wanted = key_of(item, keys);
    let complete = wanted.len() == keys.len();
    old?.as_array()?
        .iter()
        .find(|old| complete && key_of(old, keys) == wanted)
}

/// Whether a value is what it was, as far as the schema can tell: what it does not describe counts as changed, and the
/// order of a keyed list is of no account.
pub(super) fn is_same(value: &Value, old: Option<&Value>, node: &Node) -> bool {
    let Some(old) = old else { return false };
    match (value, old) {
        (Value::Object(fields), Value::Object(before)) => {
            fields.len() == before.len()
                && fields.iter().all(|(name, value)| {
                    node.field(name)
                        .is_some_and(|below| is_same(value, before.get(name), below))
                })
        }
        (Value::Array(items), Value::Array(before)) => match (&node.list, node.items.as_deref()) {
            (ListKind::Map(_), Some(below)) => {
                items.len() == before.len()
                    && items
                        .iter()
                        .all(|item| is_same(item, counterpart(item, Some(old), &node.list), below))
            }
            _ => items == before,
        },
        _ => value == old,
    }
}

/// A field path with one more field.
pub(super) fn child(path: &str, name: &str) -> String {
    if path.is_empty() {
        name.to_owned()
    } else {
        format!("{path}.{name}")
    }
}

fn repeated(items: &[Value], kind: &ListKind, path: &str, errors: &mut Vec<FieldError>) {
    let identities: Vec<Value> = match kind {
        ListKind::Atomic => return,
        ListKind::Set => items.to_vec(),
        ListKind::Map(keys) => {
            if let Some(odd) = items
                .iter()
                .position(|item| !item.is_object() && !item.is_null())
            {
                let why = "must be an object for an array of list-type map";
                errors.push(FieldError::invalid(
                    &format!("{path}[{odd}]"),
                    &items[odd],
                    why,
                ));
                return;
            }
            items
                .iter()
                .map(|item| Value::Object(key_of(item, keys)))
                .collect()
        }
    };
    for (index, identity) in identities.iter().enumerate() {
        if identities[..index]
            .iter()
            .filter(|earlier| *earlier == identity)
            .count()
            == 1
        {
            errors.push(FieldError::duplicate(&format!("{path}[{index}]"), identity));
        }
    }
}

/// The fields that identify an item, as far as it has them.
fn key_of(item: &Value, keys: &[String]) -> Map<String, Value> {
    let present = |key: &String| Some((key.clone(), item.get(key)?.clone()));
    keys.iter().filter_map(present).collect()
}
