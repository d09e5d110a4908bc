//! Objects as the command line makes and prints them.

use serde_json::{Value, json};

use crate::cli::Fail;
use crate::cli::command::Call;
use crate::root::namespace;
use crate::say;

/// The start of an object of a kind: type, name, namespace, labels of `--label`.
pub(crate) fn object(
    call: &Call,
    api_version: &str,
    kind: &str,
    name: &str,
) -> Result<Value, Fail> {
    let mut metadata = json!({"name": name});
    let namespace = namespace(call);
    if !namespace.is_empty() {
        metadata["namespace"] = namespace.into();
    }
    let labels = labels(call)?;
    if !labels.is_null() {
        metadata["labels"] = labels;
    }
    Ok(json!({"apiVersion": api_version, "kind": kind, "metadata": metadata, "spec": {}}))
}

/// Sets a field below `spec`, by dotted path, unless the value is empty.
pub(crate) fn set(object: &mut Value, path: &str, value: impl Into<Value>) {
    let value = value.into();
    let empty = match &value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Bool(on) => !on,
        Value::Object(fields) => fields.is_empty(),
        Value::Number(_) => false,
    };
    if !empty {
        let mut at = &mut object["spec"];
        for part in path.split('.') {
            at = &mut at[part];
        }
        *at = value;
    }
}

/// Prints an object for `--export`.
pub(crate) fn export(object: &Value) -> Result<(), Fail> {
    let text = flux_yaml::to_yaml_string(object).map_err(|error| Fail::plain(error.to_string()))?;
    say::data(&format!("---\n{text}"));
    Ok(())
}

/// The name of the object to make: a DNS label of at least two characters, as upstream's rule has it.
pub(crate) fn name(call: &Call) -> Result<&str, Fail> {
    let name = call.arg(0).ok_or_else(|| Fail::plain("name is required"))?;
    let alphanumeric = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit();
    let bytes = name.as_bytes();
    let good = (2..=63).contains(&bytes.len())
        && bytes.iter().all(|&c| alphanumeric(c) || c == b'-')
        && bytes.first().copied().is_some_and(alphanumeric)
        && bytes.last().copied().is_some_and(alphanumeric);
    if good {
        return Ok(name);
    }
    Err(Fail::plain(format!(
        "name '{name}' is invalid, it should adhere to standard defined in RFC 1123, \
         the name can only contain alphanumeric characters or '-'"
    )))
}

const NAME_RULE: &str = "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end \
     with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is \
     '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
const VALUE_RULE: &str = "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or \
     '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex \
     used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";

/// The labels of `--label`, or null.
fn labels(call: &Call) -> Result<Value, Fail> {
    let mut labels = serde_json::Map::new();
    for text in call.flags.list("label") {
        let parts: Vec<&str> = text.split('=').collect();
        let [key, value] = parts.as_slice() else {
            return Err(Fail::plain(format!(
                "invalid label format '{text}', must be key=value"
            )));
        };
        if !label_name(key.rsplit_once('/').map_or(*key, |(_, name)| name)) {
            return Err(Fail::plain(format!("invalid label '{key}': [{NAME_RULE}]")));
        }
        if !value.is_empty() && !label_name(value) {
            return Err(Fail::plain(format!(
                "invalid label value '{value}': [{VALUE_RULE}]"
            )));
        }
        labels.insert((*key).to_owned(), json!(value));
    }
    Ok(if labels.is_empty() {
        Value::Null
    } else {
        Value::Object(labels)
    })
}

fn label_name(text: &str) -> bool {
    let inner = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    text.len() <= 63
        && text.chars().all(inner)
        && text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.ends_with(|c: char| c.is_ascii_alphanumeric())
}
