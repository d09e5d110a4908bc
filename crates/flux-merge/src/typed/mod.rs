//! A value seen through its type: is it valid, which fields does it have, how does it differ, merge and shrink.
//!
//! A value may be absent (`None`), which is not the same as `null`.

use std::fmt;

use serde_json::Value;

use crate::fields::{FieldSet, KeyValue, PathElement};
use crate::schema::{ListKind, ListType, MapType, ScalarType, Schema, TypeDef, TypeRef};

mod compare;
mod merge;
mod reconcile;
mod remove;
#[cfg(test)]
mod tests;
mod text;
mod validate;

pub(crate) use compare::{Comparison, compare, same};
pub(crate) use merge::merge;
pub(crate) use reconcile::reconcile;
pub(crate) use remove::remove;

/// A value and its type.
#[derive(Debug, Clone, Copy)]
pub struct TypedValue<'a> {
    pub(crate) schema: &'a Schema,
    pub(crate) ty: TypeRef,
    pub(crate) value: &'a Value,
}

/// Where a value does not fit its type. Display is the text of the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TypeErrors(Vec<TypeError>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct TypeError {
    path: String,
    message: String,
}

impl<'a> TypedValue<'a> {
    /// A value as a value of a type of `schema`; not yet checked.
    pub fn new(schema: &'a Schema, ty: TypeRef, value: &'a Value) -> Self {
        Self { schema, ty, value }
    }

    /// Checks the value against its type: kinds of scalars, undeclared fields, items without keys and, unless
    /// `allow_duplicates`, items with the same key.
    ///
    /// # Errors
    /// Each place that does not fit.
    pub fn validate(&self, allow_duplicates: bool) -> Result<(), TypeErrors> {
        validate::validate(self, allow_duplicates)
    }

    /// The fields that are set: every leaf, and every item and map entry on the way.
    pub fn field_set(&self) -> FieldSet {
        let mut set = FieldSet::new();
        let mut walk = Fields {
            schema: self.schema,
            set: &mut set,
            path: Vec::new(),
        };
        walk.visit(self.ty, self.value);
        set
    }
}

impl TypeErrors {
    fn one(message: impl Into<String>) -> Vec<TypeError> {
        vec![TypeError {
            path: String::new(),
            message: message.into(),
        }]
    }
}

impl std::error::Error for TypeErrors {}

impl fmt::Display for TypeErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let write = |f: &mut fmt::Formatter<'_>, error: &TypeError| match error.path.as_str() {
            "" => f.write_str(&error.message),
            path => write!(f, "{path}: {}", error.message),
        };
        if let [one] = self.0.as_slice() {
            return write(f, one);
        }
        f.write_str("errors:")?;
        for error in &self.0 {
            f.write_str("\n  ")?;
            write(f, error)?;
        }
        Ok(())
    }
}

/// The shapes of a type that apply to a value: the one it has, or all where it is `null`, absent or of no allowed shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Shapes {
    map: bool,
    scalar: bool,
    list: bool,
}

/// The shape that is tried, in the order of the server.
enum Shape<'a> {
    Map(&'a MapType, bool),
    Scalar(ScalarType),
    List(&'a ListType),
    None,
}

impl Shapes {
    fn of(def: &TypeDef, value: Option<&Value>) -> Self {
        let all = Self {
            map: def.map.is_some(),
            scalar: def.scalar.is_some(),
            list: def.list.is_some(),
        };
        let none = Self {
            map: false,
            scalar: false,
            list: false,
        };
        match value {
            Some(Value::Number(_) | Value::String(_) | Value::Bool(_)) if all.scalar => Self {
                scalar: true,
                ..none
            },
            Some(Value::Array(_)) if all.list => Self { list: true, ..none },
            Some(Value::Object(_)) if all.map => Self { map: true, ..none },
            _ => all,
        }
    }

    fn first(self, schema: &Schema, ty: TypeRef) -> Shape<'_> {
        let def = schema.resolve(ty);
        match (&def.map, def.scalar, &def.list) {
            (Some(map), _, _) if self.map => Shape::Map(map, schema.is_atomic_map(ty)),
            (_, Some(scalar), _) if self.scalar => Shape::Scalar(scalar),
            (_, _, Some(list)) if self.list => Shape::List(list),
            _ => Shape::None,
        }
    }
}

fn shape_of<'a>(schema: &'a Schema, ty: TypeRef, value: &Value) -> Shape<'a> {
    Shapes::of(schema.resolve(ty), Some(value)).first(schema, ty)
}

/// The step from a list to one of its items; an error where the item cannot be told apart.
fn item_element(schema: &Schema, list: &ListType, item: &Value) -> Result<PathElement, String> {
    match &list.kind {
        ListKind::Atomic => Err("invalid indexing of non-associative list".to_owned()),
        ListKind::Map(keys) => keyed_element(schema, list, keys, item),
        ListKind::Set => match item {
            Value::Object(_) => {
                Err("associative list without keys has an element that's a map type".to_owned())
            }
            Value::Array(_) => {
                Err("not supported: associative list with lists as elements".to_owned())
            }
            Value::Null => Err(
                "associative list without keys has an element that's an explicit null".to_owned(),
            ),
            _ => Ok(PathElement::Value(KeyValue(item.clone()))),
        },
    }
}

fn keyed_element(
    schema: &Schema,
    list: &ListType,
    keys: &[Box<str>],
    item: &Value,
) -> Result<PathElement, String> {
    let object = match item {
        Value::Object(object) => object,
        Value::Null => {
            return Err("associative list with keys may not have a null element".to_owned());
        }
        _ => return Err("associative list with keys may not have non-map elements".to_owned()),
    };
    let element = schema.resolve(list.element).map.as_ref();
    let mut found = Vec::with_capacity(keys.len());
    for key in keys {
        let default = || element?.field(key)?.default.as_ref();
        if let Some(value) = object.get(key.as_ref()).or_else(default) {
            found.push((key.clone(), KeyValue(value.clone())));
        }
    }
    if found.is_empty() {
        let keys: Vec<_> = keys.iter().map(|key| format!("{key:?}")).collect();
        return Err(format!(
            "associative list with keys has an element that omits all key fields [{}] (and doesn't have default values for any key fields)",
            keys.join(" ")
        ));
    }
    found.sort_by(|a, b| a.0.cmp(&b.0));
    Ok(PathElement::Key(found))
}

struct Fields<'a> {
    schema: &'a Schema,
    set: &'a mut FieldSet,
    path: Vec<PathElement>,
}

impl Fields<'_> {
    fn visit(&mut self, ty: TypeRef, value: &Value) {
        match shape_of(self.schema, ty, value) {
            Shape::Scalar(_) | Shape::Map(_, true) => self.set.insert(&self.path),
            Shape::List(list) if list.kind == ListKind::Atomic => self.set.insert(&self.path),
            Shape::List(list) => self.visit_items(list, value),
            Shape::Map(map, false) => self.visit_fields(map, value),
            Shape::None => {}
        }
    }

    fn visit_fields(&mut self, map: &MapType, value: &Value) {
        for (name, child) in value.as_object().into_iter().flatten() {
            self.path.push(PathElement::field(name));
            if let Some(ty) = map.type_of(name) {
                self.visit(ty, child);
            }
            let empty = child.is_null() || child.as_object().is_some_and(serde_json::Map::is_empty);
            if empty || map.field(name).is_none() {
                self.set.insert(&self.path);
            }
            self.path.pop();
        }
    }

    fn visit_items(&mut self, list: &ListType, value: &Value) {
        let items = value.as_array().map_or(&[][..], Vec::as_slice);
        // The value was validated, so every item has an element; one without is left out.
        let mut elements: Vec<(PathElement, &Value)> = items
            .iter()
            .filter_map(|item| Some((item_element(self.schema, list, item).ok()?, item)))
            .collect();
        elements.sort_by(|a, b| a.0.cmp(&b.0));
        for group in elements.chunk_by(|a, b| a.0 == b.0) {
            let Some((element, item)) = group.first() else {
                continue;
            };
            self.path.push(element.clone());
            // Duplicates are owned as a whole.
            if group.len() == 1 {
                self.visit(list.element, item);
            }
            self.set.insert(&self.path);
            self.path.pop();
        }
    }
}
