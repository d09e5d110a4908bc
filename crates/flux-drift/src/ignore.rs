//! JSON pointers that a comparison leaves out.

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

/// A position in a list; negative ones count from its end.
fn index(length: usize, key: &str) -> Option<usize> {
    let at = match key.strip_prefix('-') {
        Some(back) => length.checked_sub(back.parse().ok()?)?,
        None => key.parse().ok()?,
    };
    (at < length).then_some(at)
}
