//! Tables for `kubectl get`.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::clock;
use crate::print::{cells, columns, to_value};
use crate::registry::Resource;
use crate::schema::Column;
use crate::store::Stored;

/// A table of objects; `include` is `None`, `Metadata` or `Object`, which each row then carries.
pub(crate) fn table(
    resource: &Resource,
    meta: &Value,
    items: &[Arc<Stored>],
    include: &str,
) -> Value {
    let rows: Vec<Value> = items.iter().map(|o| row(resource, o, include)).collect();
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
pub(crate) fn watch_table(
    resource: &Resource,
    object: &Arc<Stored>,
    include: &str,
    header: bool,
) -> Value {
    let mut table = table(
        resource,
        &Value::Null,
        std::slice::from_ref(object),
        include,
    );
    if !header {
        table["columnDefinitions"] = Value::Null;
    }
    table
}

fn row(resource: &Resource, object: &Stored, include: &str) -> Value {
    let cells = match &resource.custom {
        None => cells::cells(resource, object),
        Some(custom) => custom_cells(&custom.schema.columns, object),
    };
    let mut row = json!({"cells": cells});
    if include == "Object" {
        row["object"] = to_value(resource, &object.doc);
    } else if include != "None" {
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
        return columns
            .map(|(name, ty, format, p)| definition(name, ty, format, "", p.into()))
            .collect();
    };
    let mut out = vec![name];
    for c in &custom.schema.columns {
        out.push(definition(
            &c.name,
            &c.kind,
            &c.format,
            &c.description,
            c.priority,
        ));
    }
    out
}

fn definition(name: &str, ty: &str, format: &str, description: &str, priority: i64) -> Value {
    json!({
        "name": name, "type": ty, "format": format, "description": description,
        "priority": priority,
    })
}

fn custom_cells(columns: &[Column], object: &Stored) -> Vec<Value> {
    let now = clock::timestamp();
    // Paths start at the fields of the object; its type is of no use in a column.
    let value = Value::Object(object.doc.clone());
    let cells = columns.iter().map(|column| column.cell(&value, now));
    std::iter::once(object.name().into()).chain(cells).collect()
}
