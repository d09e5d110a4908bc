//! A value without the fields of a set.

use serde_json::{Map, Value};

use crate::fields::{FieldSet, PathElement};
use crate::schema::{ListKind, ListType, MapType, Schema, TypeRef};
use crate::typed::{Shape, item_element, shape_of};

/// Removes fields and items. What becomes empty becomes `null`, as on the server.
pub(crate) fn remove(schema: &Schema, ty: TypeRef, value: &Value, fields: &FieldSet) -> Value {
    match shape_of(schema, ty, value) {
        Shape::Scalar(_) => value.clone(),
        Shape::Map(_, true) | Shape::None => Value::Null,
        Shape::Map(map, false) => remove_fields(schema, map, value, fields),
        Shape::List(list) if list.kind == ListKind::Atomic => Value::Null,
        Shape::List(list) => remove_items(schema, list, value, fields),
    }
}

fn remove_fields(schema: &Schema, map: &MapType, value: &Value, fields: &FieldSet) -> Value {
    let mut out = Map::new();
    for (name, child) in value.as_object().into_iter().flatten() {
        let element = PathElement::field(name);
        if fields.has_member(&element) {
            continue;
        }
        let kept = match (fields.below(&element), map.type_of(name)) {
            (None, _) => child.clone(),
            (Some(below), Some(ty)) => remove(schema, ty, child, below),
            (Some(_), None) => Value::Null,
        };
        out.insert(name.clone(), kept);
    }
    if out.is_empty() {
        Value::Null
    } else {
        Value::Object(out)
    }
}

fn remove_items(schema: &Schema, list: &ListType, value: &Value, fields: &FieldSet) -> Value {
    let mut out = Vec::new();
    for item in value.as_array().into_iter().flatten() {
        let Ok(element) = item_element(schema, list, item) else {
            out.push(item.clone());
            continue;
        };
        if fields.has_member(&element) {
            continue;
        }
        out.push(match fields.below(&element) {
            None => item.clone(),
            Some(below) => remove(schema, list.element, item, below),
        });
    }
    if out.is_empty() {
        Value::Null
    } else {
        Value::Array(out)
    }
}
