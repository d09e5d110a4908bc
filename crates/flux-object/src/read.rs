//! From text to objects and back: multi-document YAML, or a stream of JSON.
//!
//! Reading follows fluxcd/pkg/ssa: `List` kinds are opened, what has no `apiVersion` or no name is left out, and so is
//! the configuration of kustomize.

use flux_yaml::{ReadOptions, YamlError, parse_documents_with, to_yaml_string};
use serde_json::Value;

use crate::{Object, ObjectError, stage};

/// Why a text does not hold objects.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The text is neither YAML nor JSON.
    #[error("error converting YAML to JSON")]
    Yaml(#[source] YamlError),
    /// A document is no object.
    #[error("document {number} is not a Kubernetes object")]
    Document {
        /// 1-based number of the document.
        number: usize,
        /// What it lacks.
        #[source]
        source: ObjectError,
    },
}

/// Reads every object of a text.
///
/// # Errors
/// When the text does not parse, or a document is not a map with a `kind`.
pub fn objects(text: &[u8]) -> Result<Vec<Object>, ReadError> {
    let mut found = Vec::new();
    for (index, mut document) in documents(text)?.into_iter().enumerate() {
        if document.is_null() {
            continue;
        }
        let number = index + 1;
        round_large_numbers(&mut document);
        collect(document, number, &mut found)?;
    }
    Ok(found)
}

/// Writes objects as YAML; each is followed by a `---` line.
///
/// # Errors
/// When an object holds a value that YAML cannot.
pub fn print(objects: &[Object]) -> Result<String, YamlError> {
    let mut out = String::new();
    for object in objects {
        out.push_str(&to_yaml_string(&object.as_value())?);
        out.push_str("---\n");
    }
    Ok(out)
}

fn documents(text: &[u8]) -> Result<Vec<Value>, ReadError> {
    if text.trim_ascii_start().first() == Some(&b'{') {
        let stream: Result<Vec<Value>, _> = serde_json::Deserializer::from_slice(text)
            .into_iter()
            .collect();
        // A flow mapping also begins with a brace, so that what is not JSON may still be YAML.
        if let Ok(values) = stream {
            return Ok(values);
        }
    }
    parse_documents_with(text, &ReadOptions::values())
        .and_then(|nodes| nodes.iter().map(flux_yaml::Node::to_json).collect())
        .map_err(ReadError::Yaml)
}

fn collect(document: Value, number: usize, found: &mut Vec<Object>) -> Result<(), ReadError> {
    let fail = |source| ReadError::Document { number, source };
    let Value::Object(mut map) = document else {
        return Err(fail(ObjectError::NotAMap));
    };
    let kind = map.get("kind").and_then(Value::as_str).unwrap_or_default();
    if kind.is_empty() {
        return Err(fail(ObjectError::Missing("kind")));
    }
    if kind.ends_with("List")
        && let Some(Value::Array(items)) = map.get_mut("items").map(Value::take)
    {
        return items
            .into_iter()
            .try_for_each(|item| collect(item, number, found));
    }
    // Parity: without an apiVersion a document is left out silently.
    if let Ok(object) = Object::from_map(map)
        && stage::is_kubernetes_object(&object)
    {
        found.push(object);
    }
    Ok(())
}

/// Rounds whole numbers that do not fit 64 bits with a sign to what a double holds, as Go's decoder does.
fn round_large_numbers(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(round_large_numbers),
        Value::Object(map) => map.values_mut().for_each(round_large_numbers),
        Value::Number(number) if number.is_u64() && !number.is_i64() => {
            // The shortest decimal digits of the double, which is how Go writes it.
            let rounded = number.as_f64().map(|float| float.to_string());
            if let Some(rounded) = rounded.and_then(|text| text.parse::<u64>().ok()) {
                *value = rounded.into();
            }
        }
        _ => {}
    }
}
