//! What is remembered of each object: facts from the watch, and the facts after our last apply.
//!
//! An apply is skipped only while both agree (performance-design 3.1 gives the reasoning).

use std::sync::Arc;

use flux_drift::managed::{self, Manager};
use flux_object::health::{self, Status};
use flux_object::{Object, ObjectId};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::projection;
use crate::rules::Wishes;

/// SHA-256 of a canonical JSON text.
pub(crate) type Digest = [u8; 32];

/// Annotations and labels that predecessors left, and that are removed (KUS-APL-015).
pub(crate) const STALE_ANNOTATIONS: [&str; 3] = [
    "kubectl.kubernetes.io/last-applied-configuration",
    "kustomize.toolkit.fluxcd.io/checksum",
    "fluxcd.io/sync-checksum",
];
pub(crate) const STALE_LABELS: [&str; 1] = ["fluxcd.io/sync-gc-mark"];

/// How objects are looked at.
#[derive(Debug, Clone)]
pub(crate) struct Lens {
    pub(crate) group: String,
    pub(crate) field_manager: String,
    pub(crate) managers: Vec<Manager>,
}

/// The labels and annotations of the desired object, whose values in the cluster matter.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct OwnedKeys {
    labels: Vec<String>,
    annotations: Vec<String>,
}

/// An object in the cluster, reduced to what decides.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Facts {
    pub(crate) version: String,
    pub(crate) uid: String,
    pub(crate) resource_version: String,
    pub(crate) generation: i64,
    /// Labels, annotations and everything but `metadata` and `status`.
    pub(crate) content: Digest,
    /// Everything but `metadata` and `status`.
    pub(crate) body: Digest,
    /// The fields that our Apply entry holds.
    pub(crate) fields: Option<Digest>,
    /// The part of the object that our Apply entry holds, in the form of a desired object.
    projection: Option<Digest>,
    /// The values of the labels and annotations that we set.
    pub(crate) owned: Digest,
    /// Another manager has fields that we take over, or a predecessor's marks are there.
    pub(crate) needs_cleanup: bool,
    pub(crate) wishes: Wishes,
    pub(crate) owner: (String, String),
    pub(crate) deleting: bool,
    pub(crate) health: Status,
}

/// The state right after our last apply, and what was applied.
#[derive(Debug, Clone)]
pub(crate) struct Applied {
    pub(crate) desired: Digest,
    pub(crate) identity: Option<String>,
    pub(crate) keys: Arc<OwnedKeys>,
    pub(crate) after: Facts,
}

/// Everything remembered of one object.
#[derive(Debug, Default)]
pub(crate) struct Record {
    pub(crate) facts: Option<Facts>,
    pub(crate) applied: Option<Applied>,
}

impl OwnedKeys {
    pub(crate) fn of(desired: &Object) -> Self {
        let own = |map: std::collections::BTreeMap<&str, &str>| {
            map.into_keys().map(str::to_owned).collect::<Vec<_>>()
        };
        Self {
            labels: own(desired.labels()),
            annotations: own(desired.annotations()),
        }
    }
}

impl Facts {
    pub(crate) fn of(object: &Object, lens: &Lens, keys: &OwnedKeys) -> Self {
        let (metadata, body) = flux_drift::compare::content(object);
        let body = digest(&body);
        let mut content = Sha256::new();
        content.update(body);
        content.update(metadata.to_string());
        let fields = own_fields(object, &lens.field_manager);
        let label = |key: &str| {
            let key = format!("{}/{key}", lens.group);
            object.label(&key).unwrap_or_default().to_owned()
        };
        // The age of a pending Pod is the one thing that changes without an event; it only tells Failed from InProgress.
        let health = health::compute_for_flux(object, jiff::Timestamp::UNIX_EPOCH)
            .map_or(Status::Unknown, |health| health.status);
        Self {
            version: object.gvk().version,
            uid: object.uid().to_owned(),
            resource_version: object.resource_version().to_owned(),
            generation: object.generation(),
            content: content.finalize().into(),
            body,
            fields: fields.map(digest),
            projection: fields
                .and_then(|fields| projection::owned(object, fields))
                .map(|owned| digest(&owned)),
            owned: owned_values(object, keys),
            needs_cleanup: needs_cleanup(object, lens),
            wishes: Wishes::of(object, &lens.group),
            owner: (label("name"), label("namespace")),
            deleting: object.is_deleting(),
            health,
        }
    }

    /// Whether the object has changed, in a way that matters to us, since `other`.
    fn differs(&self, other: &Self) -> bool {
        self.uid != other.uid
            || self.generation != other.generation
            || self.fields != other.fields
            || self.owned != other.owned
            // Kinds without generations tell a change by their content alone.
            || (self.generation == 0 && self.body != other.body)
    }
}

impl Applied {
    pub(crate) fn new(
        desired: Digest,
        identity: Option<String>,
        keys: Arc<OwnedKeys>,
        after: Facts,
    ) -> Self {
        Self {
            desired,
            identity,
            keys,
            after,
        }
    }
}

impl Record {
    /// Whether applying `desired` as the connection's own identity would change nothing, though it is not known when it was
    /// applied: the live object holds exactly what an apply would state.
    pub(crate) fn shows(&self, desired: &Digest) -> Option<&Facts> {
        let facts = self.facts.as_ref()?;
        let equal = facts.projection.as_ref() == Some(desired);
        (equal && !facts.deleting && !facts.needs_cleanup).then_some(facts)
    }

    /// Whether applying `desired` again as `identity` would change nothing.
    pub(crate) fn proves(&self, desired: &Digest, identity: Option<&str>) -> bool {
        let (Some(facts), Some(applied)) = (&self.facts, &self.applied) else {
            return false;
        };
        applied.desired == *desired
            && applied.identity.as_deref() == identity
            && !facts.deleting
            && !facts.needs_cleanup
            && !facts.differs(&applied.after)
    }
}

/// Hash of a value, by its canonical text.
pub(crate) fn digest(value: &Value) -> Digest {
    Sha256::digest(value.to_string()).into()
}

/// Whether `a` was written after `b`, as far as resource versions tell.
pub(crate) fn newer(a: &str, b: &str) -> bool {
    match (a.parse::<u64>(), b.parse::<u64>()) {
        (Ok(a), Ok(b)) => a > b,
        _ => a != b,
    }
}

pub(crate) fn needs_cleanup(object: &Object, lens: &Lens) -> bool {
    let wishes = Wishes::of(object, &lens.group);
    let foreign =
        wishes.mode == crate::rules::Mode::Override && managed::is_foreign(object, &lens.managers);
    foreign
        || STALE_ANNOTATIONS
            .iter()
            .any(|key| object.annotation(key).is_some())
        || STALE_LABELS.iter().any(|key| object.label(key).is_some())
}

fn own_fields<'a>(object: &'a Object, manager: &str) -> Option<&'a Value> {
    object
        .get_list(&["metadata", "managedFields"])
        .iter()
        .find(|entry| {
            entry["manager"] == manager
                && entry["operation"] == "Apply"
                && entry.get("subresource").is_none_or(|s| s == "")
        })
        .and_then(|entry| entry.get("fieldsV1"))
}

pub(crate) fn owned_values(object: &Object, keys: &OwnedKeys) -> Digest {
    let mut hash = Sha256::new();
    let labels = keys.labels.iter().map(|key| (key, object.label(key)));
    let annotations = keys
        .annotations
        .iter()
        .map(|key| (key, object.annotation(key)));
    for (key, value) in labels.chain(annotations) {
        hash.update(key);
        hash.update([0]);
        hash.update(value.unwrap_or("\u{0}"));
        hash.update([0]);
    }
    hash.finalize().into()
}

/// The identity under which an object is remembered: cluster-scoped objects have no namespace, whatever was written.
pub(crate) fn key(id: &ObjectId, namespaced: bool) -> ObjectId {
    let mut id = id.clone();
    if !namespaced {
        id.namespace.clear();
    }
    id
}
