//! From a derived JSON schema to the structural form of a custom resource definition.

use serde_json::{Map, Value};

/// The key under which a type states a default of the wire format. The plain `default` is what a Rust type reads in
/// place of an absent field, which is no business of the API server.
const DEFAULT: &str = "x-flux-default";

/// Keys that mean nothing to the API server, or that only mirror the Rust type.
const DROPPED: [&str; 4] = ["$schema", "title", "default", "writeOnly"];

/// Brings a schema without references into structural form: one type per node, no unions, no null.
pub(super) fn normalize(schema: Value) -> Value {
    let Value::Object(mut node) = schema else {
        // `true`: anything.
        return Value::Object(Map::new());
    };
    let own_description = node.remove("description");
    absorb_alternatives(&mut node);
    for key in DROPPED {
        node.remove(key);
    }
    if let Some(description) = own_description {
        node.insert("description".to_owned(), one_line(description));
    }
    single_type(&mut node);
    plain_numbers(&mut node);
    if let Some(default) = node.remove(DEFAULT) {
        node.insert("default".to_owned(), default);
    }
    if let Some(Value::Object(properties)) = node.get_mut("properties") {
        for property in properties.values_mut() {
            *property = normalize(property.take());
        }
    }
    for key in ["items", "additionalProperties"] {
        if let Some(child) = node.get_mut(key)
            && child.is_object()
        {
            *child = normalize(child.take());
        }
    }
    if let Some(Value::Array(required)) = node.get_mut("required") {
        required.sort_by(|a, b| a.as_str().cmp(&b.as_str()));
    }
    Value::Object(node)
}

/// `anyOf [T, null]` becomes `T`; `oneOf` constants become an enumeration.
fn absorb_alternatives(node: &mut Map<String, Value>) {
    for key in ["anyOf", "oneOf"] {
        let Some(Value::Array(mut alternatives)) = node.remove(key) else {
            continue;
        };
        alternatives.retain(|one| one.get("type").and_then(Value::as_str) != Some("null"));
        if alternatives.len() == 1 {
            if let Some(Value::Object(one)) = alternatives.pop() {
                for (key, value) in one {
                    node.entry(key).or_insert(value);
                }
            }
            continue;
        }
        let words: Vec<Value> = alternatives
            .iter_mut()
            .flat_map(|one| match one.get_mut("enum").map(Value::take) {
                Some(Value::Array(words)) => words,
                _ => one.get_mut("const").map(Value::take).into_iter().collect(),
            })
            .collect();
        node.insert("enum".to_owned(), Value::Array(words));
        node.insert("type".to_owned(), "string".into());
    }
    if let Some(word) = node.remove("const") {
        node.insert("enum".to_owned(), Value::Array(vec![word]));
    }
}

/// `[T, null]` becomes `T`, in types and enumerations.
fn single_type(node: &mut Map<String, Value>) {
    if let Some(Value::Array(types)) = node.get_mut("type") {
        types.retain(|one| one.as_str() != Some("null"));
        if let Some(first) = types.first().cloned() {
            node.insert("type".to_owned(), first);
        }
    }
    if let Some(Value::Array(words)) = node.get_mut("enum") {
        words.retain(|word| !word.is_null());
    }
}

/// Bounds are whole numbers, and a 64-bit integer has no bounds of its own.
fn plain_numbers(node: &mut Map<String, Value>) {
    for key in ["minimum", "maximum"] {
        if let Some(bound) = node.get(key).and_then(Value::as_f64)
            && let Some(whole) = whole(bound)
        {
            node.insert(key.to_owned(), whole.into());
        }
    }
}

/// A float without a fraction as an integer.
fn whole(number: f64) -> Option<i64> {
    let text = format!("{number:.0}");
    (number.fract() == 0.0).then(|| text.parse().ok()).flatten()
}

/// Documentation wraps where the source does; a description does not.
fn one_line(description: Value) -> Value {
    match description {
        Value::String(text) => text.replace('\n', " ").into(),
        other => other,
    }
}
