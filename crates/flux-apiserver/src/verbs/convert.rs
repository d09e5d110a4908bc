//! The one pair of built-in versions whose objects differ in form: the two event groups.

use std::sync::Arc;

use serde_json::Value;

use crate::print::to_value;
use crate::registry::{Resource, Snapshot};
use crate::store::{Doc, Stored};

/// Pairs of core field and `events.k8s.io` field.
const FIELDS: &[(&str, &str)] = &[
    ("involvedObject", "regarding"),
    ("message", "note"),
    ("source", "deprecatedSource"),
    ("firstTimestamp", "deprecatedFirstTimestamp"),
    ("lastTimestamp", "deprecatedLastTimestamp"),
    ("count", "deprecatedCount"),
    ("reportingComponent", "reportingController"),
];

fn is_new_event(resource: &Resource) -> bool {
    resource.group == "events.k8s.io"
}

/// The resource that objects are stored as, if that is another one.
pub(crate) fn stored_as(snapshot: &Snapshot, resource: &Resource) -> Option<Arc<Resource>> {
    if !is_new_event(resource) {
        return None;
    }
    snapshot.find("", "v1", "events").cloned()
}

/// The object in the served version, if that differs from the stored form.
pub(crate) fn outgoing(resource: &Resource, stored: &Stored) -> Option<Value> {
    is_new_event(resource).then(|| {
        let mut doc = stored.doc.clone();
        for (core, new) in FIELDS {
            if let Some(value) = doc.remove(*core) {
                doc.insert((*new).to_owned(), value);
            }
        }
        to_value(resource, &doc)
    })
}

/// The stored form of an object in the served version.
pub(crate) fn incoming(resource: &Resource, doc: &mut Doc) {
    if !is_new_event(resource) {
        return;
    }
    for (core, new) in FIELDS {
        if let Some(value) = doc.remove(*new) {
            doc.insert((*core).to_owned(), value);
        }
    }
}
