//! JSON pointers that a comparison leaves out, and that an apply leaves to others.

use flux_object::Object;
use serde_json::Value;

/// Removes what the pointer points at. What is not a pointer, or points nowhere, changes nothing.
pub fn remove(value: &mut Value, pointer: &str) {
    let Some(path) = pointer.strip_prefix('/') else {
        return;
    };
    let keys: Vec<String> = path
        .split('/')
        .map(|key| key.replace("~1", "/").replace("~0", "~"))
        .collect();
    let Some((last, parents)) = keys.split_last() else {
        return;
    };
    let mut parent = value;
    for key in parents {
        let next = match parent {
            Value::Object(map) => map.get_mut(key),
            Value::Array(list) => index(list.len(), key).and_then(|at| list.get_mut(at)),
            _ => None,
        };
        let Some(next) = next else { return };
        parent = next;
    }
    match parent {
        Value::Object(map) => {
            map.remove(last);
        }
        Value::Array(list) => {
            if let Some(at) = index(list.len(), last) {
                list.remove(at);
            }
        }
        _ => {}
    }
}

/// The desired object with the ignored fields as they are in the cluster (KUS-APL-016): a field that another manager
/// applies is left out, any other is taken over with its live value. Fields that the object does not state, or the cluster
/// does not have, stay as they are.
#[must_use]
pub fn settle(desired: &Object, live: &Object, paths: &[String], field_manager: &str) -> Object {
    let mut payload = desired.as_value();
    let live_value = live.as_value();
    for path in paths {
        let (Some(wanted), Some(present)) = (payload.pointer(path), live_value.pointer(path))
        else {
            continue;
        };
        if wanted == present {
            continue;
        }
        if applied_by_another(live, path, field_manager) {
            remove(&mut payload, path);
        } else if let Some(slot) = payload.pointer_mut(path) {
            *slot = present.clone();
        }
    }
    // Only fields below the identity can be named by rules that make sense; a broken one leaves the object as desired.
    Object::from_value(payload).unwrap_or_else(|_| desired.clone())
}

/// Whether the Apply entry of another manager holds the field.
fn applied_by_another(live: &Object, path: &str, field_manager: &str) -> bool {
    let value = live.as_value();
    live.get_list(&["metadata", "managedFields"])
        .iter()
        .filter(|entry| entry["operation"] == "Apply" && entry["manager"] != field_manager)
        .any(|entry| holds(&entry["fieldsV1"], &value, path))
}

fn holds(fields: &Value, value: &Value, path: &str) -> bool {
    let Some(path) = path.strip_prefix('/') else {
        return false;
    };
    let (mut fields, mut value) = (fields, value);
    for key in path.split('/') {
        // An empty set is a leaf: everything below belongs to it.
        if fields.as_object().is_some_and(serde_json::Map::is_empty) {
            return true;
        }
        let key = key.replace("~1", "/").replace("~0", "~");
        let below = match value {
            Value::Object(_) => fields.get(format!("f:{key}")),
            Value::Array(list) => {
                index(list.len(), &key).and_then(|at| entry_of(fields, &list[at]))
            }
            _ => None,
        };
        let Some(below) = below else { return false };
        fields = below;
        value = match value {
            Value::Array(list) => match index(list.len(), &key) {
                Some(at) => &list[at],
                None => return false,
            },
            _ => &value[&key],
        };
    }
    true
}

/// The field set of a list item: by its merge keys, or by its value.
fn entry_of<'a>(fields: &'a Value, item: &Value) -> Option<&'a Value> {
    fields.as_object()?.iter().find_map(|(path, below)| {
        let found = if let Some(keys) = path.strip_prefix("k:") {
            let keys: serde_json::Map<String, Value> = serde_json::from_str(keys).ok()?;
            keys.iter().all(|(key, value)| item.get(key) == Some(value))
        } else {
            let text = path.strip_prefix("v:")?;
            serde_json::from_str::<Value>(text).ok()? == *item
        };
        found.then_some(below)
    })
}

/// A position in a list; negative ones count from its end.
fn index(length: usize, key: &str) -> Option<usize> {
    let at = match key.strip_prefix('-') {
        Some(back) => length.checked_sub(back.parse().ok()?)?,
        None => key.parse().ok()?,
    };
    (at < length).then_some(at)
}
