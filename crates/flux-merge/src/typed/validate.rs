//! Does a value fit its type?

use std::collections::BTreeSet;

use serde_json::Value;

use crate::fields::PathElement;
use crate::schema::{ListKind, ListType, MapType, Scalar, Schema, TypeRef};
use crate::typed::{Shape, TypeError, TypeErrors, TypedValue, item_element, shape_of, text};

pub(super) fn validate(typed: &TypedValue<'_>, allow_duplicates: bool) -> Result<(), TypeErrors> {
    let walk = Walk {
        schema: typed.schema,
        allow_duplicates,
    };
    let errors = walk.visit(typed.ty, typed.value);
    if errors.is_empty() {
        Ok(())
    } else {
        Err(TypeErrors(errors))
    }
}

/// Whether a value that is there is of a scalar class; `null` is of every class.
pub(super) fn check_scalar(scalar: Scalar, value: &Value) -> Result<(), String> {
    let wrapped = || format!("&{{{}}}", text::plain(value));
    match (scalar, value) {
        (_, Value::Null)
        | (Scalar::Numeric, Value::Number(_))
        | (Scalar::String, Value::String(_))
        | (Scalar::Boolean, Value::Bool(_))
        | (Scalar::Untyped, Value::Number(_) | Value::String(_) | Value::Bool(_)) => Ok(()),
        (Scalar::Numeric, _) => Err(format!(
            "expected numeric (int or float), got {}",
            text::type_name(value)
        )),
        (Scalar::String, _) => Err(format!(
            "expected string, got &value.valueUnstructured{{Value:{}}}",
            text::syntax(value)
        )),
        (Scalar::Boolean, _) => Err(format!("expected boolean, got {}", wrapped())),
        (Scalar::Untyped, _) => Err(format!("expected any scalar, got {}", wrapped())),
    }
}

struct Walk<'a> {
    schema: &'a Schema,
    allow_duplicates: bool,
}

impl Walk<'_> {
    fn visit(&self, ty: TypeRef, value: &Value) -> Vec<TypeError> {
        let expected =
            |what| TypeErrors::one(format!("expected {what}, got &{{{}}}", text::plain(value)));
        match shape_of(self.schema, ty, value) {
            Shape::Scalar(scalar) => check_scalar(scalar.scalar, value)
                .err()
                .map(TypeErrors::one)
                .unwrap_or_default(),
            Shape::Map(map, _) => match value {
                Value::Object(_) => self.fields(map, value),
                Value::Null => Vec::new(),
                _ => expected("map"),
            },
            Shape::List(list) => match value {
                Value::Array(items) => self.items(list, items),
                Value::Null => Vec::new(),
                _ => expected("list"),
            },
            Shape::None => TypeErrors::one("schema error: invalid atom: inlined"),
        }
    }

    fn fields(&self, map: &MapType, value: &Value) -> Vec<TypeError> {
        let mut errors = Vec::new();
        for (name, child) in value.as_object().into_iter().flatten() {
            let element = PathElement::field(name);
            if let Some(ty) = map.type_of(name) {
                errors.extend(prefixed(&element, self.visit(ty, child)));
            } else {
                // Nothing more is checked in this struct.
                let error = TypeErrors::one("field not declared in schema");
                errors.extend(prefixed(&element, error));
                break;
            }
        }
        errors
    }

    fn items(&self, list: &ListType, items: &[Value]) -> Vec<TypeError> {
        let mut errors = Vec::new();
        let mut seen = BTreeSet::new();
        for (index, item) in items.iter().enumerate() {
            let element = if list.kind == ListKind::Atomic {
                PathElement::Index(i64::try_from(index).unwrap_or(i64::MAX))
            } else {
                match item_element(self.schema, list, item) {
                    Ok(element) => element,
                    Err(error) => {
                        errors.extend(TypeErrors::one(format!("element {index}: {error}")));
                        return errors;
                    }
                }
            };
            if !self.allow_duplicates && seen.contains(&element) {
                errors.extend(TypeErrors::one(format!(
                    "duplicate entries for key {element}"
                )));
            }
            errors.extend(prefixed(&element, self.visit(list.element, item)));
            seen.insert(element);
        }
        errors
    }
}

fn prefixed(element: &PathElement, mut errors: Vec<TypeError>) -> Vec<TypeError> {
    for error in &mut errors {
        error.path.insert_str(0, &element.to_string());
    }
    errors
}
