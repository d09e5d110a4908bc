//! How two values of a type differ, field by field.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::fields::{FieldSet, PathElement};
use crate::schema::{ListKind, ListType, MapType, Schema, TypeRef};
use crate::typed::validate::check_scalar;
use crate::typed::{Shape, Shapes, item_element};

/// What the right value removes from, changes in and adds to the left one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Comparison {
    pub(crate) removed: FieldSet,
    pub(crate) modified: FieldSet,
    pub(crate) added: FieldSet,
}

impl Comparison {
    /// Without the paths of a set and all below them.
    pub(crate) fn without(self, fields: Option<&FieldSet>) -> Self {
        let Some(fields) = fields else { return self };
        Self {
            removed: self.removed.recursive_difference(fields),
            modified: self.modified.recursive_difference(fields),
            added: self.added.recursive_difference(fields),
        }
    }
}

pub(crate) fn compare(schema: &Schema, ty: TypeRef, left: &Value, right: &Value) -> Comparison {
    let mut walk = Walk {
        schema,
        out: Comparison::default(),
        path: Vec::new(),
    };
    walk.visit(Some(ty), Some(left), Some(right));
    walk.out
}

type Side<'a> = Option<&'a Value>;

struct Walk<'a> {
    schema: &'a Schema,
    out: Comparison,
    path: Vec<PathElement>,
}

impl Walk<'_> {
    fn visit(&mut self, ty: Option<TypeRef>, left: Side<'_>, right: Side<'_>) {
        let mut leaf = false;
        if let Some(ty) = ty {
            let def = self.schema.resolve(ty);
            let (a, b) = (Shapes::of(def, left), Shapes::of(def, right));
            if right.is_none() {
                leaf = self.shape(ty, a, left, right);
            } else {
                if left.is_some() && a != b {
                    self.shape(ty, a, left, right);
                }
                leaf = self.shape(ty, b, left, right);
            }
        }
        if !leaf {
            if left.is_none() {
                self.out.added.insert(&self.path);
            } else if right.is_none() {
                self.out.removed.insert(&self.path);
            }
        }
    }

    /// Compares as one shape; whether the value was a leaf.
    fn shape(&mut self, ty: TypeRef, shapes: Shapes, left: Side<'_>, right: Side<'_>) -> bool {
        match shapes.first(self.schema, ty) {
            Shape::Scalar(scalar) => {
                let fits = |side: Side<'_>| {
                    side.is_none_or(|value| check_scalar(scalar.scalar, value).is_ok())
                };
                if fits(left) || fits(right) {
                    self.leaf(left, right);
                    return true;
                }
                false
            }
            Shape::Map(map, atomic) => {
                let (a, b) = (object(left), object(right));
                let empty = |map: Option<&Map<String, Value>>| map.is_none_or(Map::is_empty);
                if atomic || (empty(a) && empty(b)) {
                    self.leaf(left, right);
                    return true;
                }
                self.fields(map, a, b);
                false
            }
            Shape::List(list) => {
                let (a, b) = (array(left), array(right));
                if list.kind == ListKind::Atomic || (a.is_empty() && b.is_empty()) {
                    self.leaf(left, right);
                    return true;
                }
                self.items(list, a, b);
                false
            }
            Shape::None => false,
        }
    }

    fn leaf(&mut self, left: Side<'_>, right: Side<'_>) {
        match (left, right) {
            (None, _) => self.out.added.insert(&self.path),
            (_, None) => self.out.removed.insert(&self.path),
            (Some(a), Some(b)) if !same(a, b) => self.out.modified.insert(&self.path),
            _ => {}
        }
    }

    fn below(
        &mut self,
        element: PathElement,
        ty: Option<TypeRef>,
        left: Side<'_>,
        right: Side<'_>,
    ) {
        self.path.push(element);
        self.visit(ty, left, right);
        self.path.pop();
    }

    fn fields(
        &mut self,
        map: &MapType,
        left: Option<&Map<String, Value>>,
        right: Option<&Map<String, Value>>,
    ) {
        for (name, value) in left.into_iter().flatten() {
            let other = right.and_then(|right| right.get(name));
            self.below(
                PathElement::field(name),
                map.type_of(name),
                Some(value),
                other,
            );
        }
        for (name, value) in right.into_iter().flatten() {
            if left.is_none_or(|left| !left.contains_key(name)) {
                self.below(
                    PathElement::field(name),
                    map.type_of(name),
                    None,
                    Some(value),
                );
            }
        }
    }

    fn items(&mut self, list: &ListType, left: &[Value], right: &[Value]) {
        let mut pairs: BTreeMap<PathElement, (Vec<&Value>, Vec<&Value>)> = BTreeMap::new();
        for item in left {
            if let Ok(element) = item_element(self.schema, list, item) {
                pairs.entry(element).or_default().0.push(item);
            }
        }
        for item in right {
            if let Ok(element) = item_element(self.schema, list, item) {
                pairs.entry(element).or_default().1.push(item);
            }
        }
        let ty = Some(list.element);
        for (element, (a, b)) in pairs {
            match (a.as_slice(), b.as_slice()) {
                ([] | [_], [] | [_]) => {
                    self.below(element, ty, a.first().copied(), b.first().copied());
                }
                // Duplicates are compared as one value.
                ([_, _, ..], [_, _, ..]) => {
                    if a.len() != b.len() || !a.iter().zip(&b).all(|(a, b)| same(a, b)) {
                        self.path.push(element);
                        self.out.modified.insert(&self.path);
                        self.path.pop();
                    }
                }
                ([_, _, ..], rest) => {
                    if let Some(item) = rest.first() {
                        self.below(element.clone(), ty, None, Some(item));
                    }
                    self.path.push(element);
                    self.out.removed.insert(&self.path);
                    self.path.pop();
                }
                (rest, _) => {
                    if let Some(item) = rest.first() {
                        self.below(element.clone(), ty, Some(item), None);
                    }
                    self.path.push(element);
                    self.out.added.insert(&self.path);
                    self.path.pop();
                }
            }
        }
    }
}

/// Equality of values, with numbers compared as numbers.
pub(crate) fn same(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(a), Value::Number(b)) => a == b || a.as_f64() == b.as_f64(),
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
        }
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len()
                && a.iter()
                    .all(|(key, a)| b.get(key).is_some_and(|b| same(a, b)))
        }
        _ => left == right,
    }
}

pub(super) fn object(side: Side<'_>) -> Option<&Map<String, Value>> {
    side.and_then(Value::as_object)
}

pub(super) fn array(side: Side<'_>) -> &[Value] {
    side.and_then(Value::as_array).map_or(&[], Vec::as_slice)
}
