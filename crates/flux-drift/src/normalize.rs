//! An object as it is sent to the API server (KUS-APL-001).
//!
//! Only what changes the meaning of an apply is done here: `status` goes, ports get the protocol that is part of their
//! list key, `stringData` of a Secret becomes data. The API server itself canonicalises quantities and drops what a kind does
//! not know.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flux_object::{Object, stage};
use serde_json::{Map, Value};

/// Normalises in place.
pub fn normalize(object: &mut Object) {
    let id = object.id();
    if !stage::is_crd(&id) {
        object.as_map_mut().remove("status");
    }
    match (id.group.as_str(), id.kind.as_str()) {
        ("", "Secret") => merge_string_data(object.as_map_mut()),
        ("", "Service") => ports_of(object.as_map_mut().get_mut("spec"), "ports"),
        ("", "Pod") => pod(object.as_map_mut().get_mut("spec")),
        ("apps", "Deployment" | "StatefulSet" | "DaemonSet" | "ReplicaSet") | ("batch", "Job") => {
            pod(at(object, &["spec", "template", "spec"]));
        }
        ("batch", "CronJob") => pod(at(
            object,
            &["spec", "jobTemplate", "spec", "template", "spec"],
        )),
        _ => {}
    }
}

fn at<'a>(object: &'a mut Object, path: &[&str]) -> Option<&'a mut Value> {
    let (first, rest) = path.split_first()?;
    let mut value = object.as_map_mut().get_mut(*first)?;
    for key in rest {
        value = value.get_mut(key)?;
    }
    Some(value)
}

fn pod(spec: Option<&mut Value>) {
    // Parity: only containers; init containers keep their ports as written.
    let containers = spec
        .and_then(|spec| spec.get_mut("containers"))
        .and_then(Value::as_array_mut);
    for container in containers.into_iter().flatten() {
        ports_of(Some(container), "ports");
    }
}

fn ports_of(parent: Option<&mut Value>, field: &str) {
    let ports = parent
        .and_then(|parent| parent.get_mut(field))
        .and_then(Value::as_array_mut);
    for port in ports.into_iter().flatten() {
        if let Value::Object(port) = port {
            let protocol = port.entry("protocol").or_insert(Value::Null);
            if protocol.as_str().is_none_or(str::is_empty) {
                *protocol = "TCP".into();
            }
        }
    }
}

/// Moves `stringData` into `data`. One value that is no text leaves the Secret as it was, for the API server to judge.
fn merge_string_data(secret: &mut Map<String, Value>) {
    let Some(Value::Object(texts)) = secret.get("stringData") else {
        return;
    };
    let mut encoded = Map::new();
    for (key, value) in texts {
        let Value::String(text) = value else { return };
        encoded.insert(key.clone(), STANDARD.encode(text).into());
    }
    if !encoded.is_empty() {
        let data = secret
            .entry("data")
            .or_insert_with(|| Value::Object(Map::new()));
        match data {
            Value::Object(data) => data.extend(encoded),
            other => *other = Value::Object(encoded),
        }
    }
    secret.remove("stringData");
}
