//! Objects inside of objects (`x-kubernetes-embedded-resource`): they have a version and a kind.

use std::sync::LazyLock;

use regex::Regex;
use serde_json::{Map, Value};

use super::error::FieldError;
use super::lists::child;
use super::node::Node;

/// Adds an error for every embedded object without a proper version and kind.
pub(super) fn check(value: &Value, node: &Node, path: &str, errors: &mut Vec<FieldError>) {
    match value {
        Value::Object(fields) => {
            if node.embedded {
                header(fields, path, errors);
            }
            for (name, value) in fields {
                if let Some(below) = node.properties.get(name) {
                    check(value, below, &child(path, name), errors);
                } else if let Some(below) = node.field(name) {
                    check(value, below, &format!("{path}[{name}]"), errors);
                }
            }
        }
        Value::Array(items) => {
            if let Some(below) = node.items.as_deref() {
                for (index, item) in items.iter().enumerate() {
                    check(item, below, &format!("{path}[{index}]"), errors);
                }
            }
        }
        _ => {}
    }
}

fn header(fields: &Map<String, Value>, path: &str, errors: &mut Vec<FieldError>) {
    for name in ["apiVersion", "kind"] {
        let at = child(path, name);
        let why = match fields.get(name) {
            None => {
                errors.push(FieldError::required(&at, ""));
                continue;
            }
            Some(Value::String(text)) if text.is_empty() => "must not be empty".to_owned(),
            Some(Value::String(text)) if name == "apiVersion" => {
                if text.matches('/').count() < 2 {
                    continue;
                }
                format!("unexpected GroupVersion string: {text}")
            }
            Some(Value::String(text)) => {
                if is_kind(text) {
                    continue;
                }
                "may have mixed case, but should otherwise match: a DNS-1035 label must consist of lower case \
                 alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric \
                 character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')"
                    .to_owned()
            }
            Some(_) => "must be a string".to_owned(),
        };
        let value = fields.get(name).unwrap_or(&Value::Null);
        errors.push(FieldError::invalid(&at, value, &why));
    }
}

fn is_kind(text: &str) -> bool {
    static KIND: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new("(?i)^[a-z]([-a-z0-9]*[a-z0-9])?$").ok());
    text.len() <= 63 && KIND.as_ref().is_some_and(|kind| kind.is_match(text))
}
