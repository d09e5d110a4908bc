//! The built-in versions whose objects differ in form from the stored one: `events.k8s.io` beside
//! core events, and `autoscaling/v1` beside `v2`.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::print::to_value;
use crate::registry::{Resource, Snapshot};
use crate::store::{Doc, Stored};

/// Pairs of core field and `events.k8s.io` field.
const EVENT_FIELDS: &[(&str, &str)] = &[
    ("involvedObject", "regarding"),
    ("message", "note"),
    ("source", "deprecatedSource"),
    ("firstTimestamp", "deprecatedFirstTimestamp"),
    ("lastTimestamp", "deprecatedLastTimestamp"),
    ("count", "deprecatedCount"),
    ("reportingComponent", "reportingController"),
];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Stored,
    NewEvent,
    OldAutoscaler,
}

fn form(resource: &Resource) -> Form {
    match (resource.group.as_str(), resource.version.as_str()) {
        ("events.k8s.io", _) => Form::NewEvent,
        ("autoscaling", "v1") => Form::OldAutoscaler,
        _ => Form::Stored,
    }
}

/// Whether objects of this version are stored in another form.
pub(crate) fn differs(resource: &Resource) -> bool {
    form(resource) != Form::Stored
}

/// The resource that objects are stored as, if that is another one.
pub(crate) fn stored_as(snapshot: &Snapshot, resource: &Resource) -> Option<Arc<Resource>> {
    match form(resource) {
        Form::Stored => None,
        Form::NewEvent => snapshot.find("", "v1", "events").cloned(),
        Form::OldAutoscaler => snapshot
            .find("autoscaling", "v2", "horizontalpodautoscalers")
            .cloned(),
    }
}

/// The object in the served version, if that differs from the stored form.
pub(crate) fn outgoing(resource: &Resource, stored: &Stored) -> Option<Value> {
    let mut doc = match form(resource) {
        Form::Stored => return None,
        Form::NewEvent | Form::OldAutoscaler => stored.doc.clone(),
    };
    if form(resource) == Form::NewEvent {
        rename(&mut doc, EVENT_FIELDS.iter().copied());
    } else {
        to_target(&mut doc);
    }
    Some(to_value(resource, &doc))
}

/// The stored form of an object in the served version.
pub(crate) fn incoming(resource: &Resource, doc: &mut Doc) {
    match form(resource) {
        Form::Stored => {}
        Form::NewEvent => rename(doc, EVENT_FIELDS.iter().map(|(core, new)| (*new, *core))),
        Form::OldAutoscaler => to_metrics(doc),
    }
}

fn rename<'a>(doc: &mut Doc, pairs: impl Iterator<Item = (&'a str, &'a str)>) {
    for (from, to) in pairs {
        if let Some(value) = doc.remove(from) {
            doc.insert(to.to_owned(), value);
        }
    }
}

const CPU_TARGET: &str = "/resource/target/averageUtilization";

/// `v2` metrics as the one number that `v1` has; other metrics do not show there.
fn to_target(doc: &mut Doc) {
    let Some(spec) = doc.get_mut("spec").and_then(Value::as_object_mut) else {
        return;
    };
    let Some(Value::Array(metrics)) = spec.remove("metrics") else {
        return;
    };
    let cpu = metrics
        .iter()
        .find(|m| m.pointer("/resource/name") == Some(&"cpu".into()));
    if let Some(target) = cpu.and_then(|m| m.pointer(CPU_TARGET)) {
        spec.insert("targetCPUUtilizationPercentage".to_owned(), target.clone());
    }
}

fn to_metrics(doc: &mut Doc) {
    let Some(spec) = doc.get_mut("spec").and_then(Value::as_object_mut) else {
        return;
    };
    if let Some(target) = spec.remove("targetCPUUtilizationPercentage") {
        let target = json!({"type": "Utilization", "averageUtilization": target});
        let cpu = json!({"type": "Resource", "resource": {"name": "cpu", "target": target}});
        spec.insert("metrics".to_owned(), json!([cpu]));
    }
}
