//! Brings a set of fields up to a schema that changed: what became owned as a whole loses the paths below it.

use crate::fields::{FieldSet, PathElement};
use crate::schema::{DEDUCED, ListKind, MapType, Scalar, Schema, TypeRef};
use crate::typed::{Shape, Shapes};

/// The set as it should be, or nothing where it is right already.
pub(crate) fn reconcile(schema: &Schema, ty: TypeRef, set: &FieldSet) -> Option<FieldSet> {
    let mut walk = Walk {
        schema,
        whole: FieldSet::new(),
        path: Vec::new(),
    };
    walk.visit(ty, Some(set), false);
    if walk.whole.is_empty() {
        return None;
    }
    Some(set.recursive_difference(&walk.whole).union(&walk.whole))
}

struct Walk<'a> {
    schema: &'a Schema,
    /// What is owned as a whole now.
    whole: FieldSet,
    path: Vec<PathElement>,
}

impl Walk<'_> {
    fn visit(&mut self, ty: TypeRef, set: Option<&FieldSet>, is_whole: bool) {
        let shapes = Shapes::of(self.schema.resolve(ty), None);
        match shapes.first(self.schema, ty) {
            Shape::Map(map, atomic) => {
                if is_free_form(self.schema, map) {
                    return;
                }
                if atomic && !is_whole {
                    if set.is_some_and(|set| !set.is_empty()) {
                        self.whole.insert(&self.path);
                    }
                    return;
                }
                self.below(set, |element| match element {
                    PathElement::Field(name) => map.type_of(name),
                    _ => map.element,
                });
            }
            Shape::List(list) => {
                if list.kind == ListKind::Atomic && !is_whole {
                    self.whole.insert(&self.path);
                    return;
                }
                self.below(set, |_| Some(list.element));
            }
            Shape::Scalar(_) | Shape::None => {}
        }
    }

    fn below(&mut self, set: Option<&FieldSet>, type_of: impl Fn(&PathElement) -> Option<TypeRef>) {
        let Some(set) = set else { return };
        for (element, member, below) in set.elements() {
            let Some(ty) = type_of(element) else { continue };
            let below = (!below.is_empty()).then_some(below);
            self.path.push(element.clone());
            self.visit(ty, below, member && below.is_none());
            self.path.pop();
        }
    }
}

/// Maps of which nothing is declared cannot have changed.
fn is_free_form(schema: &Schema, map: &MapType) -> bool {
    let Some(element) = map.element else {
        return false;
    };
    let def = schema.resolve(element);
    let untyped_scalar = def.name.is_none()
        && def
            .scalar
            .is_some_and(|scalar| scalar.scalar == Scalar::Untyped)
        && element.id > DEDUCED.id;
    map.fields.is_empty() && (element == DEDUCED || untyped_scalar)
}
