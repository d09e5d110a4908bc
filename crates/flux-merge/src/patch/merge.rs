//! JSON merge patch, RFC 7386.
//!
//! Parity: unlike the RFC, the server also removes `null` from objects within the lists of a patch,
//! except where such a list replaces an object.

use serde_json::{Map, Value};

/// Applies a merge patch: objects merge, `null` removes, everything else replaces.
pub fn merge_patch(target: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        let was_object = target.is_object();
        *target = patch.clone();
        if !was_object {
            prune_lists(target);
        }
        return;
    };
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    let Value::Object(target) = target else {
        return;
    };
    for (name, change) in patch {
        if change.is_null() {
            target.remove(name);
        } else {
            merge_patch(target.entry(name.clone()).or_insert(Value::Null), change);
        }
    }
}

fn prune_lists(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|_, value| !value.is_null());
            fields.values_mut().for_each(prune_lists);
        }
        Value::Array(items) => items.iter_mut().for_each(prune_lists),
        _ => {}
    }
}
