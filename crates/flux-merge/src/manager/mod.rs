//! The rules of field management: what an apply and what any other write does to an object and its managed fields.

use serde_json::{Map, Value};

use crate::error::MergeError;
use crate::fields::FieldSet;
use crate::managed::{Managed, ManagerKey, Operation, Owned};
use crate::schema::{Schema, TypeRef};
use crate::typed::{TypedValue, merge, same};

mod cap;
mod last_applied;
#[cfg(test)]
mod laws;
mod ownership;
#[cfg(test)]
mod tests;

use ownership::Ownership;

/// The manager of what an object had before anyone applied to it.
const BEFORE_FIRST_APPLY: &str = "before-first-apply";

/// What is written to: the type of the object and the circumstances of the request.
#[derive(Debug, Clone, Copy)]
pub struct Target<'a> {
    /// The types.
    pub schema: &'a Schema,
    /// The type of the object at `api_version`.
    pub ty: TypeRef,
    /// The version of the request, `apps/v1`.
    pub api_version: &'a str,
    /// The kind, `Deployment`.
    pub kind: &'a str,
    /// `status`, `scale`; empty for the object itself.
    pub subresource: &'a str,
    /// Fields that a write to this endpoint cannot change and nobody comes to own through it: `status` for the
    /// object itself where status is a subresource, `spec` and `metadata` for `status`.
    pub reset: Option<&'a FieldSet>,
    /// The other versions of the kind; entries of versions that nobody serves are dropped.
    pub versions: Option<&'a dyn Versions>,
    /// The time of the operation: RFC 3339, UTC, whole seconds.
    pub now: &'a str,
}

/// Reads an object at another version of its kind.
pub trait Versions: std::fmt::Debug {
    /// The object as `api_version` has it.
    fn at(&self, object: &Value, api_version: &str) -> Versioned<'_>;
}

/// An object at another version.
#[derive(Debug)]
pub enum Versioned<'a> {
    /// It looks the same there.
    Same,
    /// The version is not served.
    Missing,
    /// It was converted.
    Converted {
        /// The object at that version.
        object: Value,
        /// The types of that version.
        schema: &'a Schema,
        /// The type of the object there.
        ty: TypeRef,
    },
}

/// How to apply.
#[derive(Debug, Clone, Copy)]
pub struct ApplyOptions<'a> {
    /// `fieldManager`.
    pub manager: &'a str,
    /// Take fields from other managers instead of refusing.
    pub force: bool,
}

/// What an operation made of the object.
#[derive(Debug, Clone, PartialEq)]
pub struct Applied {
    /// The object with its managed fields. Not yet defaulted or validated.
    pub object: Value,
    /// Whether it differs from the live one other than in times of managed fields.
    pub changed: bool,
}

/// Server-side apply. `live` is the stored object, or nothing where it does not exist yet.
///
/// # Errors
/// Conflicts with other managers, a request of another kind or with managed fields, an object that does not fit.
pub fn apply(
    target: &Target<'_>,
    live: Option<&Value>,
    applied: &Value,
    options: ApplyOptions<'_>,
) -> Result<Applied, MergeError> {
    target.check_kind(applied)?;
    let old_managed = live.and_then(|live| live.pointer("/metadata/managedFields"));
    let managed = match live {
        Some(live) => Managed::read(live).map_err(|why| {
            MergeError::Invalid(format!("failed to decode managed fields: {why}"))
        })?,
        None => Managed::default(),
    };
    let bare_live = bare(live.map_or_else(|| target.empty(), Clone::clone));
    let first = target.merge_and_own(&bare_live, applied, managed.clone(), options);
    let outcome = match first {
        Err(MergeError::Conflicts(conflicts)) if options.manager == last_applied::MANAGER => {
            let left = last_applied::without_allowed(target, &bare_live, conflicts);
            if !left.is_empty() {
                return Err(left.into());
            }
            let forced = ApplyOptions {
                force: true,
                ..options
            };
            target.merge_and_own(&bare_live, applied, managed, forced)
        }
        other => other,
    };
    let (mut object, managed) = outcome?;
    if options.manager == last_applied::MANAGER {
        last_applied::refresh(&mut object, applied);
    }
    Ok(finish(
        object,
        &managed,
        live.map(|_| &bare_live),
        old_managed,
    ))
}

/// Any other write: create (`live` is nothing), update and patch. `new` is the object after the request.
/// Managed fields in `new` replace those of `live` on the object itself; an empty list there resets them.
///
/// # Errors
/// When one of the objects does not fit its type. The server stores such an object without managed fields.
pub fn update(
    target: &Target<'_>,
    live: Option<&Value>,
    new: &Value,
    manager: &str,
) -> Result<Applied, MergeError> {
    let old_managed = live.and_then(|live| live.pointer("/metadata/managedFields"));
    let mut managed = target.managed_of(live, new);
    let mut object = bare(new.clone());
    target.schema.fill_structs(target.ty, &mut object);
    let bare_live = bare(live.map_or_else(|| target.empty(), Clone::clone));
    let is_untracked = managed.owners.is_empty() && has_uid(live);
    if !is_untracked {
        target.own_changes(&bare_live, &object, &mut managed, manager)?;
    }
    Ok(finish(
        object,
        &managed,
        live.map(|_| &bare_live),
        old_managed,
    ))
}

/// Puts the managed fields in and looks whether anything changed; where only times did, the old ones stay.
fn finish(
    mut object: Value,
    managed: &Managed,
    bare_live: Option<&Value>,
    old_managed: Option<&Value>,
) -> Applied {
    let unchanged_object = bare_live.is_some_and(|live| same(live, &object));
    let new_managed = managed.write();
    let unchanged = unchanged_object && same_but_times(old_managed, new_managed.as_ref());
    let entries = if unchanged {
        old_managed.cloned()
    } else {
        new_managed
    };
    if let Some(entries) = entries {
        let metadata = object.as_object_mut().map(|object| {
            object
                .entry("metadata")
                .or_insert_with(|| Value::Object(Map::new()))
        });
        if let Some(Value::Object(metadata)) = metadata {
            metadata.insert("managedFields".to_owned(), entries);
        }
    }
    Applied {
        object,
        changed: !unchanged,
    }
}

/// Whether two lists of managed fields differ in nothing but times.
fn same_but_times(old: Option<&Value>, new: Option<&Value>) -> bool {
    let list = |value: Option<&Value>| -> Vec<Value> {
        let mut entries = value.and_then(Value::as_array).cloned().unwrap_or_default();
        for entry in &mut entries {
            if let Some(entry) = entry.as_object_mut() {
                entry.remove("time");
            }
        }
        entries
    };
    list(old) == list(new)
}

fn has_uid(object: Option<&Value>) -> bool {
    let uid = object.and_then(|object| object.pointer("/metadata/uid"));
    uid.and_then(Value::as_str)
        .is_some_and(|uid| !uid.is_empty())
}

/// The object without its managed fields.
fn bare(mut object: Value) -> Value {
    if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.remove("managedFields");
    }
    object
}

impl Target<'_> {
    /// What the server compares a new object with.
    fn empty(&self) -> Value {
        let mut object = self.schema.zero(self.ty);
        if let Some(object) = object.as_object_mut() {
            object.insert("apiVersion".to_owned(), Value::from(self.api_version));
            object.insert("kind".to_owned(), Value::from(self.kind));
        }
        object
    }

    fn check_kind(&self, applied: &Value) -> Result<(), MergeError> {
        let text = |key: &str| applied.get(key).and_then(Value::as_str).unwrap_or_default();
        let (version, kind) = (text("apiVersion"), text("kind"));
        if version != self.api_version || kind != self.kind {
            let slash = if version.contains('/') { "" } else { "/" };
            let message = format!("invalid object type: {slash}{version}, Kind={kind}");
            return Err(MergeError::BadRequest(message));
        }
        if applied
            .pointer("/metadata/managedFields")
            .is_some_and(|fields| !fields.is_null())
        {
            let message = "metadata.managedFields must be nil".to_owned();
            return Err(MergeError::BadRequest(message));
        }
        Ok(())
    }

    /// `namespace/name; group/version, Kind=kind`, as messages name an object.
    fn name_of(&self, object: &Value) -> String {
        let text = |key: &str| {
            object
                .pointer(key)
                .and_then(Value::as_str)
                .unwrap_or_default()
        };
        let slash = if self.api_version.contains('/') {
            ""
        } else {
            "/"
        };
        format!(
            "{}/{}; {slash}{}, Kind={}",
            text("/metadata/namespace"),
            text("/metadata/name"),
            self.api_version,
            self.kind
        )
    }

    fn check(&self, object: &Value, strict: bool, what: &str) -> Result<(), MergeError> {
        TypedValue::new(self.schema, self.ty, object)
            .validate(!strict)
            .map_err(|errors| {
                let name = self.name_of(object);
                MergeError::Invalid(match what {
                    "patch" | "live" => {
                        format!("failed to create typed {what} object ({name}): {errors}")
                    }
                    _ => format!("failed to convert {what} object ({name}) to smd typed: {errors}"),
                })
            })
    }

    /// The entries a write starts from: those of the request where it has any, else those of the live object.
    fn managed_of(&self, live: Option<&Value>, new: &Value) -> Managed {
        let of_live = || {
            live.and_then(|live| Managed::read(live).ok())
                .unwrap_or_default()
        };
        if !self.subresource.is_empty() {
            return of_live();
        }
        let given = new
            .pointer("/metadata/managedFields")
            .and_then(Value::as_array);
        match given.map(Vec::as_slice) {
            Some([]) => return Managed::default(),
            Some([one]) if one.as_object().is_some_and(Map::is_empty) => return Managed::default(),
            _ => {}
        }
        match Managed::read(new) {
            Ok(managed) if !managed.owners.is_empty() => managed,
            _ => of_live(),
        }
    }

    fn merge_and_own(
        &self,
        live: &Value,
        applied: &Value,
        mut managed: Managed,
        options: ApplyOptions<'_>,
    ) -> Result<(Value, Managed), MergeError> {
        if managed.owners.is_empty() {
            self.own_changes(&self.empty(), live, &mut managed, BEFORE_FIRST_APPLY)?;
        }
        let key = ManagerKey::new(options.manager, Operation::Apply, "", self.subresource);
        self.check(applied, true, "patch")?;
        self.check(live, false, "live")?;
        let ownership = Ownership::new(self);
        ownership.reconcile(live, &mut managed);
        let merged = merge(self.schema, self.ty, live, applied).unwrap_or(Value::Null);
        let last = managed.owners.get(&key).cloned();
        let set = TypedValue::new(self.schema, self.ty, applied).field_set();
        let set = self.without_reset(set);
        let api_version = self.api_version.to_owned();
        managed
            .owners
            .insert(key.clone(), Owned { set, api_version });
        let mut object = match last {
            Some(last) if !last.set.is_empty() => ownership.prune(merged, &managed, &last),
            _ => merged,
        };
        ownership.take(live, &object, &mut managed, Some((&key, options.force)))?;
        strip(&mut managed, &key);
        if same(live, &object) {
            // Nothing changed, so nobody's time does, even where a new manager joins.
            return Ok((live.clone(), managed));
        }
        self.schema.drop_nulls(self.ty, &mut object);
        self.schema.fill_structs(self.ty, &mut object);
        managed.times.insert(key, self.now.to_owned());
        Ok((object, managed))
    }

    /// Gives what differs between two objects to a manager of kind `Update`.
    fn own_changes(
        &self,
        live: &Value,
        new: &Value,
        managed: &mut Managed,
        manager: &str,
    ) -> Result<(), MergeError> {
        self.check(new, false, "new")?;
        self.check(live, false, "live")?;
        let ownership = Ownership::new(self);
        ownership.reconcile(live, managed);
        let change = ownership.take(live, new, managed, None)?;
        let set = self.without_reset(change.modified.union(&change.added));
        let set = set.difference(&stripped());
        if !set.is_empty() {
            let key = ManagerKey::new(
                manager,
                Operation::Update,
                self.api_version,
                self.subresource,
            );
            let set = match managed.owners.get(&key) {
                Some(previous) => set.union(&previous.set),
                None => set,
            };
            let api_version = self.api_version.to_owned();
            managed
                .owners
                .insert(key.clone(), Owned { set, api_version });
            managed.times.insert(key, self.now.to_owned());
        }
        cap::cap(managed);
        Ok(())
    }

    fn without_reset(&self, set: FieldSet) -> FieldSet {
        match self.reset {
            Some(reset) => set.recursive_difference(reset),
            None => set,
        }
    }
}

/// Fields that nobody ever owns.
fn stripped() -> FieldSet {
    FieldSet::of_fields(&[
        &["apiVersion"],
        &["kind"],
        &["metadata"],
        &["metadata", "name"],
        &["metadata", "namespace"],
        &["metadata", "creationTimestamp"],
        &["metadata", "selfLink"],
        &["metadata", "uid"],
        &["metadata", "clusterName"],
        &["metadata", "generation"],
        &["metadata", "managedFields"],
        &["metadata", "resourceVersion"],
    ])
}

fn strip(managed: &mut Managed, key: &ManagerKey) {
    if let Some(owned) = managed.owners.get_mut(key) {
        owned.set = owned.set.difference(&stripped());
        if owned.set.is_empty() {
            managed.owners.remove(key);
        }
    }
}
