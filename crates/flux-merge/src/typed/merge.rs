//! The union of two values of a type, the right one winning.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde_json::{Map, Value};

use crate::fields::PathElement;
use crate::schema::{ListKind, ListType, MapType, Schema, TypeRef};
use crate::typed::compare::{array, object};
use crate::typed::{Shape, Shapes, item_element};

/// Merges; `None` where nothing is left. Both values fit the type.
pub(crate) fn merge(schema: &Schema, ty: TypeRef, left: &Value, right: &Value) -> Option<Value> {
    visit(schema, Some(ty), Some(left), Some(right))
}

type Side<'a> = Option<&'a Value>;

fn visit(schema: &Schema, ty: Option<TypeRef>, left: Side<'_>, right: Side<'_>) -> Option<Value> {
    let ty = ty?;
    let def = schema.resolve(ty);
    // The shape of the right value wins; that of the left one matters where there is no right one.
    let shapes = Shapes::of(def, if right.is_some() { right } else { left });
    let leaf = || right.or(left).cloned();
    match shapes.first(schema, ty) {
        Shape::Scalar(_) => leaf(),
        Shape::Map(map, atomic) => {
            let (a, b) = (object(left), object(right));
            let empty = |map: Option<&Map<String, Value>>| map.is_none_or(Map::is_empty);
            if atomic || (empty(a) && empty(b)) {
                return leaf();
            }
            fields(schema, map, a, b)
        }
        Shape::List(list) => {
            let (a, b) = (array(left), array(right));
            if list.kind == ListKind::Atomic || (a.is_empty() && b.is_empty()) {
                return leaf();
            }
            items(schema, list, a, b)
        }
        Shape::None => None,
    }
}

fn fields(
    schema: &Schema,
    map: &MapType,
    left: Option<&Map<String, Value>>,
    right: Option<&Map<String, Value>>,
) -> Option<Value> {
    let mut out = Map::new();
    for (name, value) in left.into_iter().flatten() {
        let other = right.and_then(|right| right.get(name));
        if let Some(merged) = visit(schema, map.type_of(name), Some(value), other) {
            out.insert(name.clone(), merged);
        }
    }
    for (name, value) in right.into_iter().flatten() {
        if left.is_some_and(|left| left.contains_key(name)) {
            continue;
        }
        if let Some(merged) = visit(schema, map.type_of(name), None, Some(value)) {
            out.insert(name.clone(), merged);
        }
    }
    (!out.is_empty()).then_some(Value::Object(out))
}

struct Items<'a> {
    schema: &'a Schema,
    element: TypeRef,
    /// `null` where the left list has duplicates, which do not take part in the merge.
    left: BTreeMap<&'a PathElement, &'a Value>,
    right: BTreeMap<&'a PathElement, &'a Value>,
    out: Vec<Value>,
}

/// Interleaves two lists: shared items come in the order of the right one, the others near their neighbors.
fn items(schema: &Schema, list: &ListType, left: &[Value], right: &[Value]) -> Option<Value> {
    let index = |items: &[Value]| -> Vec<Option<PathElement>> {
        items
            .iter()
            .map(|item| item_element(schema, list, item).ok())
            .collect()
    };
    let (left_elements, right_elements) = (index(left), index(right));
    let pair = |elements: &[Option<PathElement>]| elements.iter().all(Option::is_some);
    if !pair(&left_elements) || !pair(&right_elements) {
        return Some(Value::Array(right.to_vec()));
    }
    let left_elements: Vec<PathElement> = left_elements.into_iter().flatten().collect();
    let right_elements: Vec<PathElement> = right_elements.into_iter().flatten().collect();
    let mut items = Items {
        schema,
        element: list.element,
        left: BTreeMap::new(),
        right: right_elements.iter().zip(right).collect(),
        out: Vec::with_capacity(left.len().max(right.len())),
    };
    for (element, item) in left_elements.iter().zip(left) {
        items
            .left
            .entry(element)
            .and_modify(|known| *known = &Value::Null)
            .or_insert(item);
    }
    items.interleave(&left_elements, left, &right_elements);
    (!items.out.is_empty()).then_some(Value::Array(items.out))
}

impl Items<'_> {
    fn interleave(&mut self, left: &[PathElement], values: &[Value], right: &[PathElement]) {
        let mut shared: VecDeque<&PathElement> = right
            .iter()
            .filter(|element| self.left.contains_key(*element))
            .collect();
        let mut next_shared = shared.pop_front();
        let mut merged = BTreeSet::new();
        let (mut l, mut r) = (0, 0);
        while l < left.len() || r < right.len() {
            if let (Some(a), Some(b)) = (left.get(l), right.get(r)) {
                if a == b {
                    merged.insert(a);
                    self.push_both(a);
                    l += 1;
                    r += 1;
                    next_shared = shared.pop_front();
                    continue;
                }
                if self.right.contains_key(a) && next_shared.is_some_and(|next| next != a) {
                    // Shared, but not the one whose turn it is.
                    l += 1;
                    continue;
                }
            }
            if let Some(a) = left.get(l) {
                if !self.right.contains_key(a) {
                    let kept = visit(self.schema, Some(self.element), values.get(l), None);
                    self.out.extend(kept);
                    l += 1;
                    continue;
                }
                if merged.contains(a) {
                    l += 1;
                }
            }
            if let Some(b) = right.get(r) {
                merged.insert(b);
                self.push_both(b);
                r += 1;
                if next_shared == Some(b) {
                    next_shared = shared.pop_front();
                }
            }
        }
    }

    fn push_both(&mut self, element: &PathElement) {
        let (left, right) = (self.left.get(element), self.right.get(element));
        let merged = visit(
            self.schema,
            Some(self.element),
            left.copied(),
            right.copied(),
        );
        self.out.extend(merged);
    }
}
