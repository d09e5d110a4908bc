//! Tables for `kubectl get`.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::clock;
use crate::print::columns;
use crate::registry::Resource;
use crate::store::{Stored, at};

/// A table of objects.
pub(crate) fn table(
    resource: &Resource,
    meta: &Value,
    items: &[Arc<Stored>],
    with_object: bool,
) -> Value {
    let rows: Vec<Value> = items.iter().map(|o| row(resource, o, with_object)).collect();
    let meta = match (meta, items) {
        (Value::Null, [one]) => json!({"resourceVersion": one.version.to_string()}),
        (meta, _) => meta.clone(),
    };
    json!({
        "kind": "Table",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": meta,
        "columnDefinitions": definitions(resource),
        "rows": rows,
    })
}

/// The table of one watch event; only the first one names the columns.
pub(crate) fn watch_table(resource: &Resource, object: &Arc<Stored>, header: bool) -> Value {
    let mut table = table(resource, &Value::Null, std::slice::from_ref(object), true);
    if !header {
        table["columnDefinitions"] = Value::Null;
    }
    table
}

fn row(resource: &Resource, object: &Stored, with_object: bool) -> Value {
    let cells = match &resource.custom {
        None => columns::cells(resource, object),
        Some(custom) => custom_cells(&custom.schema.columns, object),
    };
    let mut row = json!({"cells": cells});
    if with_object {
        row["object"] = json!({
            "kind": "PartialObjectMetadata",
            "apiVersion": "meta.k8s.io/v1",
            "metadata": object.meta(),
        });
    }
    row
}

fn definitions(resource: &Resource) -> Vec<Value> {
    let name = definition("Name", "string", "name", "", 0);
    let Some(custom) = &resource.custom else {
        let columns = columns::of(&resource.kind).into_iter();
        return columns.map(|(name, ty, format, p)| definition(name, ty, format, "", p)).collect();
    };
    let mut out = vec![name];
    for column in &custom.schema.columns {
        let text = |field: &str| column.get(field).and_then(Value::as_str).unwrap_or("");
        let priority = column.get("priority").and_then(Value::as_u64).unwrap_or(0);
        out.push(definition(
            text("name"),
            text("type"),
            text("format"),
            text("description"),
            u8::from(priority > 0),
        ));
    }
    if custom.schema.columns.is_empty() {
        out.push(definition("Age", "date", "", "", 0));
    }
    out
}

fn definition(name: &str, ty: &str, format: &str, description: &str, priority: u8) -> Value {
    json!({
        "name": name, "type": ty, "format": format, "description": description,
        "priority": priority,
    })
}

fn custom_cells(columns: &[Value], object: &Stored) -> Vec<Value> {
    let mut cells: Vec<Value> = vec![object.name().into()];
    if columns.is_empty() {
        cells.push(clock::age(&creation(object)).into());
    }
    for column in columns {
        let path = column.get("jsonPath").and_then(Value::as_str).unwrap_or("");
        let ty = column.get("type").and_then(Value::as_str).unwrap_or("string");
        cells.push(cell(&find(object, path), ty));
    }
    cells
}

fn creation(object: &Stored) -> String {
    at(&object.doc, "metadata.creationTimestamp").and_then(Value::as_str).unwrap_or("").to_owned()
}

fn cell(found: &[&Value], ty: &str) -> Value {
    let Some(first) = found.first() else { return Value::Null };
    match ty {
        "date" => clock::age(first.as_str().unwrap_or("")).into(),
        "integer" | "number" | "boolean" => (*first).clone(),
        _ => {
            let texts: Vec<String> = found
                .iter()
                .map(|v| match v {
                    Value::String(text) => text.clone(),
                    other => other.to_string(),
                })
                .collect();
            texts.join(",").into()
        }
    }
}

/// The values a simple JSONPath leads to: fields, indexes, `[*]` and `[?(@.a=="b")]`.
fn find<'a>(object: &'a Stored, path: &str) -> Vec<&'a Value> {
    let mut rest = path.trim_start_matches('.');
    let mut current: Vec<&Value> = Vec::new();
    let mut first = true;
    while !rest.is_empty() {
        if let Some(inner) = rest.strip_prefix('[') {
            let Some((step, after)) = inner.split_once(']').map(|(a, b)| bracket(inner, a, b))
            else {
                return Vec::new();
            };
            current = current.into_iter().flat_map(|v| index(v, step)).collect();
            rest = after.trim_start_matches('.');
            continue;
        }
        let (name, after) = field_name(rest);
        let name = name.replace("\\.", ".");
        if first {
            current = object.doc.get(&name).into_iter().collect();
            first = false;
        } else {
            current = current.into_iter().filter_map(|v| v.get(&name)).collect();
        }
        rest = after.trim_start_matches('.');
    }
    current
}

/// A filter contains a `)` before its `]`; a quoted key may contain brackets.
fn bracket<'a>(inner: &'a str, step: &'a str, after: &'a str) -> (&'a str, &'a str) {
    if step.starts_with("?(")
        && let Some(end) = inner.find(")]")
    {
        return (&inner[..=end], &inner[end + 2..]);
    }
    (step, after)
}

/// Splits at the next `.` or `[` that is not escaped.
fn field_name(rest: &str) -> (&str, &str) {
    let bytes = rest.as_bytes();
    let end = (0..bytes.len())
        .find(|&i| {
            (bytes[i] == b'.' && (i == 0 || bytes[i - 1] != b'\\')) || bytes[i] == b'['
        })
        .unwrap_or(bytes.len());
    rest.split_at(end)
}

fn index<'a>(value: &'a Value, step: &str) -> Vec<&'a Value> {
    if step == "*" {
        return match value {
            Value::Array(list) => list.iter().collect(),
            Value::Object(map) => map.values().collect(),
            _ => Vec::new(),
        };
    }
    if let Some(filter) = step.strip_prefix("?(@.").and_then(|f| f.strip_suffix(')')) {
        let Some((field, want)) = filter.split_once("==") else { return Vec::new() };
        let want = want.trim().trim_matches(['"', '\'']);
        let list = value.as_array().map_or(&[][..], Vec::as_slice);
        return list
            .iter()
            .filter(|v| v.get(field.trim()).and_then(Value::as_str) == Some(want))
            .collect();
    }
    if let Ok(i) = step.parse::<usize>() {
        return value.get(i).into_iter().collect();
    }
    value.get(step.trim_matches(['"', '\''])).into_iter().collect()
}
