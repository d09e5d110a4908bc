//! What has to agree with a recording, and what may differ: archive digests and sizes, times, texts of the operating
//! system, and how often the same thing was said.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{Seen, text};

/// Compares what was seen with what was recorded.
pub(crate) fn compare(recorded: &Value, seen: &Seen) -> Result<(), String> {
    let mut wrong = Vec::new();
    for object in recorded["final"]["flux_objects"]
        .as_array()
        .into_iter()
        .flatten()
    {
        let name = text(object, "object");
        let want = settled(recorded_statuses(recorded, name));
        let got = settled(seen.statuses.get(name).cloned().unwrap_or_default());
        if got != want {
            wrong.push(format!(
                "{name} conditions:\n   got {}\n  want {}",
                lines(&got),
                lines(&want)
            ));
        }
        if is_ready(&object["status"]) {
            let last = seen.last.get(name).cloned().unwrap_or_default();
            let (got, want) = (plain(&last["status"]), plain(&object["status"]));
            if got != want {
                wrong.push(format!("{name} status:\n   got {got}\n  want {want}"));
            }
        }
    }
    let (got, want) = (
        kube_events(seen),
        recorded_events(recorded, "kube_event", "event_type"),
    );
    // Equal words are one event of the recorder, which keeps the first keys.
    let words = |told: &Told| -> BTreeSet<_> {
        told.iter()
            .map(|(a, b, c, d, _)| (a.clone(), b.clone(), c.clone(), d.clone()))
            .collect()
    };
    if words(&got) != words(&want) || !want.is_subset(&got) {
        wrong.push(format!("events:\n   got {got:#?}\n  want {want:#?}"));
    }
    let (got, want) = (
        posted(seen),
        recorded_events(recorded, "notification", "severity"),
    );
    if got != want {
        wrong.push(format!("notifications:\n   got {got:#?}\n  want {want:#?}"));
    }
    if wrong.is_empty() {
        Ok(())
    } else {
        Err(wrong.join("\n"))
    }
}

fn is_ready(status: &Value) -> bool {
    let conditions = status["conditions"].as_array();
    conditions
        .into_iter()
        .flatten()
        .any(|c| c["type"] == "Ready" && c["status"] == "True")
}

/// The versions of the conditions of one object, as recorded.
fn recorded_statuses(recorded: &Value, name: &str) -> Vec<Value> {
    let timeline = recorded["timeline"].as_array().into_iter().flatten();
    timeline
        .filter(|e| e["type"] == "status" && e["object"] == name)
        .map(|e| {
            if e["changed"].is_object() {
                e["changed"].clone()
            } else {
                e["status"].clone()
            }
        })
        .collect()
}

/// The ends of passes: versions whose conditions show no first attempt under way, each once, in order.
fn settled(statuses: Vec<Value>) -> Vec<Value> {
    let mut ends: Vec<Value> = Vec::new();
    for status in statuses {
        let Some(conditions) = status["conditions"].as_array() else {
            continue;
        };
        let under_way = conditions
            .iter()
            .any(|c| c["reason"] == "Progressing" && c["type"] == "Reconciling");
        // A version that only counts the generation up on deletion is of no interest.
        let conditions: Value = conditions.iter().map(condition).collect();
        if !under_way && !ends.contains(&conditions) {
            ends.push(conditions);
        }
    }
    ends
}

fn condition(condition: &Value) -> Value {
    json!({
        "type": condition["type"],
        "status": condition["status"],
        "reason": condition["reason"],
        "observedGeneration": condition["observedGeneration"],
        "message": message(text(condition, "message")),
    })
}

/// Words of the operating system after a path of its own are left out.
fn message(text: &str) -> String {
    text.split(": lstat ").next().unwrap_or_default().to_owned()
}

/// A status without what differs from run to run.
fn plain(status: &Value) -> Value {
    let mut status = status.clone();
    let scrub = |artifact: &mut Value| {
        if let Some(artifact) = artifact.as_object_mut() {
            for key in ["digest", "size", "lastUpdateTime"] {
                artifact.remove(key);
            }
        }
    };
    if let Some(artifact) = status.get_mut("artifact") {
        scrub(artifact);
    }
    for artifact in status
        .get_mut("includedArtifacts")
        .and_then(Value::as_array_mut)
        .into_iter()
        .flatten()
    {
        scrub(artifact);
    }
    if let Some(conditions) = status.get_mut("conditions").and_then(Value::as_array_mut) {
        *conditions = conditions.iter().map(condition).collect();
    }
    status
}

type Told = BTreeSet<(String, String, String, String, String)>;

fn recorded_events(recorded: &Value, r#type: &str, severity: &str) -> Told {
    let timeline = recorded["timeline"].as_array().into_iter().flatten();
    let told = timeline.filter(|e| e["type"] == r#type);
    told.map(|e| {
        let keys = if e["annotations"].is_object() {
            &e["annotations"]
        } else {
            &e["metadata"]
        };
        one(text(e, "object"), text(e, severity), e, keys)
    })
    .collect()
}

fn kube_events(seen: &Seen) -> Told {
    let name = |e: &Value| {
        let object = &e["involvedObject"];
        format!("{}/{}", text(object, "kind"), text(object, "name"))
    };
    seen.events
        .iter()
        .map(|e| one(&name(e), text(e, "type"), e, &e["metadata"]["annotations"]))
        .collect()
}

fn posted(seen: &Seen) -> Told {
    let name = |e: &Value| {
        let object = &e["involvedObject"];
        format!("{}/{}", text(object, "kind"), text(object, "name"))
    };
    seen.posted
        .iter()
        .map(|e| one(&name(e), text(e, "severity"), e, &e["metadata"]))
        .collect()
}

fn one(
    object: &str,
    severity: &str,
    event: &Value,
    keys: &Value,
) -> (String, String, String, String, String) {
    let keys: Vec<String> = keys
        .as_object()
        .into_iter()
        .flatten()
        .map(|(key, value)| {
            if key.ends_with("/digest") {
                key.clone()
            } else {
                format!("{key}={value}")
            }
        })
        .collect();
    let (object, severity) = (object.to_owned(), severity.to_owned());
    (
        object,
        severity,
        text(event, "reason").to_owned(),
        message(text(event, "message")),
        keys.join(" "),
    )
}

fn lines(values: &[Value]) -> String {
    values.iter().fold(String::new(), |text, value| {
        text + "\n      " + &value.to_string()
    })
}
