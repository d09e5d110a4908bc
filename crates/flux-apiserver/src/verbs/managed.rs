//! Managed fields: how the merge engine is told about an object.

use flux_merge::{MergeError, Target, Versioned, Versions};
use serde_json::Value;

use crate::clock;
use crate::error::{ApiError, Cause};
use crate::print::to_value;
use crate::registry::{Resource, Snapshot, reset_fields};
use crate::store::{Doc, Stored, meta_mut};
use crate::verbs::{Writer, convert};

/// The field manager of a request: what it says, or the first word of the user agent.
pub(crate) fn manager_of<'a>(parameter: &'a str, user_agent: &'a str) -> &'a str {
    if !parameter.is_empty() {
        return parameter;
    }
    let first = user_agent.split('/').next().unwrap_or("");
    if first.is_empty() { "unknown" } else { first }
}

/// All versions of a kind look the same; what is not served is gone.
#[derive(Debug)]
struct Served<'a> {
    snapshot: &'a Snapshot,
    resource: &'a Resource,
}

impl Versions for Served<'_> {
    fn at(&self, _object: &Value, api_version: &str) -> Versioned<'_> {
        let (group, version) = api_version.rsplit_once('/').unwrap_or(("", api_version));
        let same = self.snapshot.find(group, version, &self.resource.plural);
        if same.is_some() {
            Versioned::Same
        } else {
            Versioned::Missing
        }
    }
}

fn with_target<T>(writer: &Writer<'_>, then: impl FnOnce(&Target<'_>) -> T) -> T {
    let resource = writer.resource;
    let snapshot = writer.cluster.registry.snapshot();
    let served = Served {
        snapshot: &snapshot,
        resource,
    };
    let api_version = resource.api_version();
    let now = clock::now();
    let status = writer.subresource == "status";
    let has_status = resource.status && (status || writer.subresource.is_empty());
    then(&Target {
        schema: resource.types.schema(),
        ty: resource.types.ty(),
        api_version: &api_version,
        kind: &resource.kind,
        subresource: writer.subresource,
        reset: has_status.then(|| reset_fields(status, resource.custom.is_some())),
        versions: Some(&served),
        now: &now,
    })
}

/// Records who owns what after a create, update or patch.
pub(crate) fn track(writer: &Writer<'_>, live: Option<&Stored>, doc: &mut Doc) {
    let resource = writer.resource;
    let new = to_value(resource, doc);
    let old = live.map(|live| to_value(resource, &live.doc));
    let outcome = with_target(writer, |target| {
        flux_merge::update(target, old.as_ref(), &new, writer.manager)
    });
    match outcome {
        Ok(applied) => *doc = into_doc(applied.object),
        // Parity: an object that does not fit its type is stored without managed fields.
        Err(error) => {
            tracing::debug!(%error, kind = resource.kind, "managed fields");
            meta_mut(doc).remove("managedFields");
        }
    }
}

/// Server-side apply of `applied` onto the live object.
pub(crate) fn apply(
    writer: &Writer<'_>,
    live: Option<&Stored>,
    applied: &Value,
    force: bool,
) -> Result<Doc, ApiError> {
    let old = live.map(|live| to_value(writer.resource, &live.doc));
    let options = flux_merge::ApplyOptions {
        manager: writer.manager,
        force,
    };
    let outcome = with_target(writer, |target| {
        flux_merge::apply(target, old.as_ref(), applied, options)
    });
    match outcome {
        Ok(applied) => {
            let mut doc = into_doc(applied.object);
            convert::incoming(writer.resource, &mut doc);
            Ok(doc)
        }
        Err(error) => Err(refusal(&error)),
    }
}

fn into_doc(object: Value) -> Doc {
    let Value::Object(mut doc) = object else {
        return Doc::new();
    };
    doc.remove("apiVersion");
    doc.remove("kind");
    doc
}

fn refusal(error: &MergeError) -> ApiError {
    match error {
        MergeError::Conflicts(conflicts) => {
            let mut refusal = ApiError::new(409, "Conflict", conflicts.to_string());
            let details = refusal.details.get_or_insert_default();
            details.causes = conflicts
                .iter()
                .map(|conflict| Cause {
                    reason: "FieldManagerConflict".to_owned(),
                    message: conflict.message(),
                    field: conflict.field(),
                })
                .collect();
            refusal
        }
        MergeError::BadRequest(text) => ApiError::bad_request(text.clone()),
        MergeError::Invalid(text) => ApiError::new(500, "", text.clone()),
    }
}

/// Whether two states of an object differ in nothing but the times of managed fields.
pub(crate) fn same(old: &Doc, new: &Doc) -> bool {
    let same_rest = old.len() == new.len()
        && old
            .iter()
            .all(|(key, value)| key == "metadata" || new.get(key) == Some(value));
    if !same_rest {
        return false;
    }
    let (a, b) = (crate::store::meta(old), crate::store::meta(new));
    a.len() == b.len()
        && a.iter().all(|(key, value)| match b.get(key) {
            Some(other) if key == "managedFields" => same_but_times(value, other),
            other => other == Some(value),
        })
}

fn same_but_times(a: &Value, b: &Value) -> bool {
    let (Some(a), Some(b)) = (a.as_array(), b.as_array()) else {
        return a == b;
    };
    a.len() == b.len()
        && a.iter().zip(b).all(|(a, b)| {
            let (Some(a), Some(b)) = (a.as_object(), b.as_object()) else {
                return a == b;
            };
            a.len() == b.len() && a.iter().all(|(k, v)| k == "time" || b.get(k) == Some(v))
        })
}
