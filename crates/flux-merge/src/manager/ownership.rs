//! Who owns what after a change, and what an applier's change of mind removes.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::Value;

use crate::error::{Conflict, Conflicts};
use crate::fields::FieldSet;
use crate::managed::{Managed, ManagerKey, Owned};
use crate::manager::{Target, Versioned};
use crate::schema::{Schema, TypeRef};
use crate::typed::{Comparison, TypedValue, compare, reconcile, remove};

pub(super) struct Ownership<'a> {
    target: &'a Target<'a>,
}

/// An object at some version, with its type there.
struct View<'v> {
    schema: &'v Schema,
    ty: TypeRef,
    object: Cow<'v, Value>,
}

impl View<'_> {
    fn field_set(&self) -> FieldSet {
        TypedValue::new(self.schema, self.ty, &self.object).field_set()
    }

    fn named(&self, set: &FieldSet) -> FieldSet {
        set.with_named_fields(self.schema, Some(self.ty))
    }

    fn without(&self, set: &FieldSet) -> Value {
        remove(self.schema, self.ty, &self.object, set)
    }
}

impl<'a> Ownership<'a> {
    pub(super) fn new(target: &'a Target<'a>) -> Self {
        Self { target }
    }

    /// The object at a version; nothing where nobody serves it.
    fn view<'v>(&'v self, object: &'v Value, version: &str) -> Option<View<'v>> {
        let target = self.target;
        let same = View {
            schema: target.schema,
            ty: target.ty,
            object: Cow::Borrowed(object),
        };
        if version == target.api_version {
            return Some(same);
        }
        match target.versions?.at(object, version) {
            Versioned::Same => Some(same),
            Versioned::Missing => None,
            Versioned::Converted { object, schema, ty } => Some(View {
                schema,
                ty,
                object: Cow::Owned(object),
            }),
        }
    }

    /// Drops entries of versions that are gone, and brings the others up to the schema of today.
    pub(super) fn reconcile(&self, live: &Value, managed: &mut Managed) {
        managed.owners.retain(|_, owned| {
            let Some(view) = self.view(live, &owned.api_version) else {
                return false;
            };
            if let Some(set) = reconcile(view.schema, view.ty, &owned.set) {
                owned.set = set;
            }
            true
        });
    }

    /// Takes from every manager what the change removes or sets. `applier` names the manager that applies, which keeps
    /// its own fields, and says whether it may take those of others. Gives the change itself.
    pub(super) fn take(
        &self,
        live: &Value,
        new: &Value,
        managed: &mut Managed,
        applier: Option<(&ManagerKey, bool)>,
    ) -> Result<Comparison, Conflicts> {
        let target = self.target;
        let change = compare(target.schema, target.ty, live, new).without(target.reset);
        let mut changes: BTreeMap<String, Option<Comparison>> = BTreeMap::new();
        changes.insert(target.api_version.to_owned(), Some(change.clone()));
        for owned in managed.owners.values() {
            let at_version = || self.compare_at(live, new, &owned.api_version);
            changes
                .entry(owned.api_version.clone())
                .or_insert_with(at_version);
        }
        let mut taken = Vec::new();
        for (key, owned) in &managed.owners {
            if applier.is_some_and(|(applier, _)| applier == key) {
                continue;
            }
            if let Some(Some(change)) = changes.get(&owned.api_version) {
                let set = owned
                    .set
                    .intersection(&change.modified.union(&change.added));
                if !set.is_empty() {
                    taken.push((key.clone(), set));
                }
            }
        }
        if applier.is_some_and(|(_, force)| !force) && !taken.is_empty() {
            return Err(conflicts(&taken));
        }
        for (key, set) in &taken {
            if let Some(owned) = managed.owners.get_mut(key) {
                owned.set = owned.set.difference(set);
            }
        }
        managed.owners.retain(|key, owned| {
            if applier.is_none_or(|(applier, _)| applier != key) {
                match changes.get(&owned.api_version) {
                    Some(Some(change)) => owned.set = owned.set.difference(&change.removed),
                    _ => return false,
                }
            }
            !owned.set.is_empty()
        });
        Ok(change)
    }

    fn compare_at(&self, live: &Value, new: &Value, version: &str) -> Option<Comparison> {
        let (live, new) = (self.view(live, version)?, self.view(new, version)?);
        Some(compare(live.schema, live.ty, &live.object, &new.object).without(self.target.reset))
    }

    /// Removes what the applier owned last time, does not apply now, and nobody else owns.
    pub(super) fn prune(&self, merged: Value, managed: &Managed, last: &Owned) -> Value {
        let Some(view) = self.view(&merged, &last.api_version) else {
            return merged;
        };
        let last_set = view.named(&last.set);
        let mut pruned = view.without(&last_set);
        let mut owned: BTreeMap<&str, FieldSet> = BTreeMap::new();
        for entry in managed.owners.values() {
            let set = owned.entry(entry.api_version.as_str()).or_default();
            *set = set.union(&entry.set);
        }
        // The version that was pruned first: others may need its fields to be converted.
        let first = owned.remove_entry(last.api_version.as_str());
        for (version, set) in first.into_iter().chain(owned) {
            let (Some(merged), Some(now)) = (
                self.view(&view.object, version),
                self.view(&pruned, version),
            ) else {
                continue;
            };
            let kept = now.named(&now.field_set()).union(&merged.named(&set));
            let gone = merged.named(&merged.field_set()).difference(&kept);
            pruned = merged.without(&gone);
        }
        // What the applier did not own itself stays, even where nobody does.
        let Some(pruned) = self.view(&pruned, &last.api_version) else {
            return merged;
        };
        let kept = view.named(&pruned.field_set());
        let gone = view
            .named(&view.field_set())
            .difference(&kept)
            .intersection(&last_set);
        let result = view.without(&gone);
        match self.view(&result, self.target.api_version) {
            Some(back) => back.object.into_owned(),
            None => result,
        }
    }
}

fn conflicts(taken: &[(ManagerKey, FieldSet)]) -> Conflicts {
    let each = taken.iter().flat_map(|(manager, set)| {
        set.paths().into_iter().map(|path| Conflict {
            manager: manager.clone(),
            path,
        })
    });
    Conflicts(each.collect())
}
