//! Objects as clients ask for them: whole, metadata only, or as tables.

mod cells;
mod columns;
mod fields;
mod table;

use std::sync::Arc;

use serde_json::{Value, json};

pub(crate) use fields::selectable;
pub(crate) use table::watch_table;

use crate::error::ApiError;
use crate::http::{Reply, Shape};
use crate::registry::Resource;
use crate::store::{Doc, Stored};
use crate::verbs::{Call, differs};

/// One object as the answer to a request.
pub(crate) fn object(call: &Call<'_>, code: u16, stored: &Arc<Stored>) -> Reply {
    if call.form.shape == Shape::Table {
        let table = table::table(
            &call.resource,
            &Value::Null,
            std::slice::from_ref(stored),
            &call.ask.params.include_object,
        );
        return finish(call, code, table.to_string().into_bytes());
    }
    let mut buffer = Vec::new();
    write_object(&mut buffer, &call.resource, call.form.shape, stored);
    buffer.push(b'\n');
    finish(call, code, buffer)
}

/// A whole object as JSON.
pub(crate) fn to_value(resource: &Resource, doc: &Doc) -> Value {
    let mut doc = doc.clone();
    doc.insert("apiVersion".to_owned(), resource.api_version().into());
    doc.insert("kind".to_owned(), resource.kind.clone().into());
    Value::Object(doc)
}

/// Appends one object in the given shape (not a table).
pub(crate) fn write_object(
    buffer: &mut Vec<u8>,
    resource: &Resource,
    shape: Shape,
    stored: &Stored,
) {
    if shape == Shape::Metadata {
        let partial = json!({
            "kind": "PartialObjectMetadata",
            "apiVersion": "meta.k8s.io/v1",
            "metadata": stored.meta(),
        });
        buffer.extend_from_slice(partial.to_string().as_bytes());
        return;
    }
    match crate::verbs::outgoing(resource, stored) {
        None => stored.write_to(buffer, &resource.head),
        Some(value) => buffer.extend_from_slice(value.to_string().as_bytes()),
    }
}

/// Many objects as the answer to a request.
pub(crate) fn list(call: &Call<'_>, meta: &Value, items: &[Arc<Stored>]) -> Reply {
    let resource = &call.resource;
    if call.form.shape == Shape::Table {
        let table = table::table(resource, meta, items, &call.ask.params.include_object);
        return finish(call, 200, table.to_string().into_bytes());
    }
    let (kind, api_version) = match call.form.shape {
        Shape::Metadata => ("PartialObjectMetadataList", "meta.k8s.io/v1".to_owned()),
        _ => (resource.list_kind.as_str(), resource.api_version()),
    };
    let mut buffer = Vec::with_capacity(items.len() * 1024 + 128);
    buffer.extend_from_slice(
        format!(
            "{{\"kind\":\"{kind}\",\"apiVersion\":\"{api_version}\",\"metadata\":{meta},\"items\":["
        )
        .as_bytes(),
    );
    for (i, item) in items.iter().enumerate() {
        if i > 0 {
            buffer.push(b',');
        }
        match call.form.shape {
            // Parity: items of typed lists carry neither kind nor version.
            Shape::Object if resource.custom.is_none() && !differs(resource) => {
                buffer.extend_from_slice(item.bytes());
            }
            shape => write_object(&mut buffer, resource, shape, item),
        }
    }
    buffer.extend_from_slice(b"]}\n");
    finish(call, 200, buffer)
}

/// A value of another kind (a scale, a review) as the answer.
pub(crate) fn value(call: &Call<'_>, code: u16, value: &Value) -> Reply {
    finish(call, code, format!("{value}\n").into_bytes())
}

fn finish(call: &Call<'_>, code: u16, json: Vec<u8>) -> Reply {
    if !call.form.yaml {
        return Reply::json_bytes(code, json);
    }
    match yaml(&json) {
        Ok(text) => Reply::bytes(code, "application/yaml", text),
        Err(error) => Reply::error(&error),
    }
}

fn yaml(json: &[u8]) -> Result<Vec<u8>, ApiError> {
    let failed = |_| ApiError::internal("the answer cannot be written as YAML");
    let value: Value =
        serde_json::from_slice(json).map_err(|_| ApiError::internal("the answer is not JSON"))?;
    let object = flux_object::Object::from_value(value)
        .map_err(|_| ApiError::internal("the answer is not an object"))?;
    flux_object::read::print(&[object])
        .map(String::into_bytes)
        .map_err(failed)
}
