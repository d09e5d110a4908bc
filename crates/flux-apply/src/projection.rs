//! The part of a live object that our last apply holds, cut out along its managed fields.
//!
//! Where it equals what we would apply, an apply changes nothing: every desired leaf is there with its value, and none that
//! we own is missing from the desired object. Values that the API server writes differently (quantities, defaults inside
//! owned maps) make the two differ, and then the API server is asked.

use flux_object::Object;
use serde_json::{Map, Value};

/// The owned part, with the identity that every apply states; `None` where the fields cannot be followed.
pub(crate) fn owned(live: &Object, fields: &Value) -> Option<Value> {
    let mut out = project(&live.as_value(), fields)?;
    let map = out.as_object_mut()?;
    map.insert("apiVersion".to_owned(), live.api_version().into());
    map.insert("kind".to_owned(), live.kind().into());
    let metadata = map
        .entry("metadata")
        .or_insert_with(|| Value::Object(Map::new()))
        .as_object_mut()?;
    metadata.insert("name".to_owned(), live.name().into());
    if !live.namespace().is_empty() {
        metadata.insert("namespace".to_owned(), live.namespace().into());
    }
    Some(out)
}

/// `value` reduced to the leaves that `fields` (the format `FieldsV1`) names.
fn project(value: &Value, fields: &Value) -> Option<Value> {
    let fields = fields.as_object()?;
    if fields.is_empty() {
        return Some(value.clone());
    }
    match value {
        Value::Object(map) => {
            let mut out = Map::new();
            for (path, below) in fields.iter().filter(|(path, _)| *path != ".") {
                let key = path.strip_prefix("f:")?;
                // What we own and is not there has been taken away: not equal to anything desired.
                out.insert(key.to_owned(), project(map.get(key)?, below)?);
            }
            Some(Value::Object(out))
        }
        Value::Array(items) => list(items, fields),
        _ => None,
    }
}

/// Items are kept in the order of the live list.
fn list(items: &[Value], fields: &Map<String, Value>) -> Option<Value> {
    let mut kept: Vec<(usize, Value)> = Vec::new();
    for (path, below) in fields.iter().filter(|(path, _)| *path != ".") {
        let (at, item) = if let Some(keys) = path.strip_prefix("k:") {
            let keys: Map<String, Value> = serde_json::from_str(keys).ok()?;
            let at = items
                .iter()
                .position(|item| keys.iter().all(|(key, value)| item.get(key) == Some(value)))?;
            (at, project(&items[at], below)?)
        } else {
            let text = path.strip_prefix("v:")?;
            let value: Value = serde_json::from_str(text).ok()?;
            (items.iter().position(|item| *item == value)?, value)
        };
        kept.push((at, item));
    }
    kept.sort_by_key(|(at, _)| *at);
    Some(Value::Array(
        kept.into_iter().map(|(_, item)| item).collect(),
    ))
}

#[cfg(test)]
mod tests {
    use super::owned;
    use flux_object::Object;
    use serde_json::{Value, json};

    fn cut(spec: &Value, fields: &Value) -> Option<Value> {
        let live = Object::from_value(json!({
            "apiVersion": "v1", "kind": "X", "metadata": {"name": "a", "uid": "u"}, "spec": spec,
        }))
        .expect("an object");
        owned(&live, &json!({"f:spec": fields})).map(|value| value["spec"].clone())
    }

    #[test]
    fn only_owned_leaves_are_kept() {
        let spec = json!({"a": 1, "b": {"c": 2, "d": 3}, "e": {}});
        let fields = json!({"f:a": {}, "f:b": {"f:d": {}}, "f:e": {}});
        assert_eq!(
            cut(&spec, &fields),
            Some(json!({"a": 1, "b": {"d": 3}, "e": {}}))
        );
    }

    #[test]
    fn list_items_are_found_by_their_keys_and_values() {
        let spec = json!({
            "ports": [{"port": 1, "protocol": "TCP", "nodePort": 7}, {"port": 2, "protocol": "TCP"}],
            "set": ["x", "y"],
        });
        let fields = json!({
            "f:ports": {"k:{\"port\":1,\"protocol\":\"TCP\"}": {".": {}, "f:port": {}, "f:protocol": {}}},
            "f:set": {"v:\"y\"": {}},
        });
        assert_eq!(
            cut(&spec, &fields),
            Some(json!({"ports": [{"port": 1, "protocol": "TCP"}], "set": ["y"]}))
        );
    }

    #[test]
    fn an_owned_field_that_is_gone_proves_nothing() {
        assert_eq!(cut(&json!({"a": 1}), &json!({"f:b": {}})), None);
    }
}
