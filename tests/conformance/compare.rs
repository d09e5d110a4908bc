//! What has to agree with a recording, and what may differ: digests and sizes of archives, times and durations,
//! temporary paths, texts of the operating system, and how often the same thing was said.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use crate::play::{Seen, text};

/// What stands between the words of an event and its metadata.
const KEYS: &str = " with ";

/// Compares what was seen with what was recorded.
pub(crate) fn compare(recorded: &Value, seen: &Seen) -> Result<(), String> {
    let mut wrong = Vec::new();
    flux_objects(recorded, seen, &mut wrong);
    let (got, want) = (
        kube_events(seen),
        recorded_events(recorded, "kube_event", "event_type"),
    );
    // Equal words are one event of upstream's recorder, which keeps the first keys.
    let told: BTreeSet<&str> = want.iter().map(|event| words(event)).collect();
    let got = got
        .into_iter()
        .filter(|event| want.contains(event) || !told.contains(words(event)))
        .collect();
    differ("events", &got, &want, &mut wrong);
    let (got, want) = (
        posted(seen),
        recorded_events(recorded, "notification", "severity"),
    );
    differ("notifications", &got, &want, &mut wrong);
    let want = recorded["final"]["objects"]
        .as_array()
        .into_iter()
        .flatten();
    let want: BTreeSet<String> = want.map(Value::to_string).collect();
    let got: BTreeSet<String> = seen.objects.iter().map(|o| left(o).to_string()).collect();
    differ("objects", &got, &want, &mut wrong);
    if wrong.is_empty() {
        Ok(())
    } else {
        Err(wrong.join("\n"))
    }
}

/// The elements that only one side has.
fn differ(what: &str, got: &BTreeSet<String>, want: &BTreeSet<String>, wrong: &mut Vec<String>) {
    for extra in got.difference(want) {
        wrong.push(format!("{what}: not recorded: {extra}"));
    }
    for missing in want.difference(got) {
        wrong.push(format!("{what}: missing: {missing}"));
    }
}

fn flux_objects(recorded: &Value, seen: &Seen, wrong: &mut Vec<String>) {
    let finals = recorded["final"]["flux_objects"].as_array();
    let finals: BTreeMap<&str, &Value> = finals
        .into_iter()
        .flatten()
        .map(|object| (text(object, "object"), object))
        .collect();
    let timeline = recorded["timeline"].as_array().into_iter().flatten();
    let mut names: BTreeSet<&str> = timeline
        .filter(|e| e["type"] == "status")
        .map(|e| text(e, "object"))
        .collect();
    names.extend(seen.statuses.keys().map(String::as_str));
    for name in names {
        let want = order(recorded_statuses(recorded, name));
        let got = order(seen.statuses.get(name).cloned().unwrap_or_default());
        if got != want {
            wrong.push(format!("{name} order:\n   got {got:?}\n  want {want:?}"));
        }
        match (seen.last.get(name), finals.get(name)) {
            (Some(got), Some(want)) => end(name, got, want, wrong),
            (None, None) => {}
            (got, _) => wrong.push(format!("{name}: is there at the end: {}", got.is_some())),
        }
    }
}

/// The end of one object.
fn end(name: &str, got: &Value, want: &Value, wrong: &mut Vec<String>) {
    let metadata = &got["metadata"];
    let pairs = [
        (
            "finalizers",
            or_empty(&metadata["finalizers"], json!([])),
            want["finalizers"].clone(),
        ),
        (
            "annotations",
            or_empty(&metadata["annotations"], json!({})),
            want["annotations"].clone(),
        ),
        ("managers", managers(got), want["managers"].clone()),
    ];
    for (what, got, want) in pairs {
        if got != want {
            wrong.push(format!("{name} {what}:\n   got {got}\n  want {want}"));
        }
    }
    // The next retry is under way: the timeline tells.
    if between(&got["status"]) || between(&want["status"]) {
        return;
    }
    let (got, want) = (plain(&got["status"]), plain(&want["status"]));
    if got != want {
        wrong.push(format!("{name} status:\n   got {got}\n  want {want}"));
    }
}

fn or_empty(value: &Value, empty: Value) -> Value {
    if value.is_null() {
        empty
    } else {
        value.clone()
    }
}

/// Whether a pass is under way.
fn between(status: &Value) -> bool {
    let mut conditions = status["conditions"].as_array().into_iter().flatten();
    conditions.any(|c| c["type"] == "Reconciling" && c["reason"] == "Progressing")
}

/// The versions of the status of one object, as recorded.
fn recorded_statuses(recorded: &Value, name: &str) -> Vec<Value> {
    let timeline = recorded["timeline"].as_array().into_iter().flatten();
    let mut status = json!({});
    let mut all = Vec::new();
    for entry in timeline.filter(|e| e["type"] == "status" && e["object"] == name) {
        if entry["status"].is_object() {
            status = entry["status"].clone();
        }
        for (key, value) in entry["changed"].as_object().into_iter().flatten() {
            status[key] = value.clone();
        }
        for key in entry["removed"].as_array().into_iter().flatten() {
            if let (Some(map), Some(key)) = (status.as_object_mut(), key.as_str()) {
                map.remove(key);
            }
        }
        all.push(status.clone());
    }
    all
}

/// For each type of condition the states it went through, those under way apart.
fn order(statuses: Vec<Value>) -> BTreeMap<String, Vec<String>> {
    let mut all: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for status in statuses {
        for condition in status["conditions"].as_array().into_iter().flatten() {
            let reason = text(condition, "reason");
            // Seen for as long as a download takes, or not at all.
            let short = condition["type"] == "ArtifactOutdated" && between(&status);
            if short || reason.starts_with("Progressing") {
                continue;
            }
            let state = format!("{} {reason}", text(condition, "status"));
            let states = all.entry(text(condition, "type").to_owned()).or_default();
            if states.last() != Some(&state) {
                states.push(state);
            }
        }
    }
    all
}

/// A status without what differs from run to run.
fn plain(status: &Value) -> Value {
    let mut status = status.clone();
    if let Some(artifact) = status.get_mut("artifact").and_then(Value::as_object_mut) {
        artifact.retain(|key, _| !["digest", "size", "lastUpdateTime"].contains(&key.as_str()));
    }
    for entry in status
        .get_mut("history")
        .and_then(Value::as_array_mut)
        .into_iter()
        .flatten()
    {
        if let Some(entry) = entry.as_object_mut() {
            let kept = ["digest", "lastReconciledStatus", "metadata"];
            entry.retain(|key, _| kept.contains(&key.as_str()));
        }
    }
    if let Some(conditions) = status.get_mut("conditions").and_then(Value::as_array_mut) {
        for condition in conditions {
            let words = message(text(condition, "message"));
            if let Some(fields) = condition.as_object_mut() {
                fields.remove("lastTransitionTime");
                fields.insert("message".to_owned(), json!(words));
            }
        }
    }
    status
}

/// A message without durations, temporary paths and words of the operating system.
fn message(text: &str) -> String {
    let words: Vec<String> = text.split(' ').map(word).collect();
    let text = words.join(" ");
    // What comes after these is quoted from the system or from a library.
    let quoted = [
        ": lstat ",
        ": stat ",
        ": open ",
        ": '/",
        "yaml: line",
        ": URL ",
    ];
    let end = quoted.iter().filter_map(|start| text.find(start)).min();
    text[..end.unwrap_or(text.len())].to_owned()
}

fn word(word: &str) -> String {
    let bare = word.trim_end_matches([',', ':', '.']);
    let digits = bare.starts_with(|c: char| c.is_ascii_digit());
    let duration = digits && bare.ends_with('s') && (bare.contains('.') || bare.ends_with("ms"));
    if duration {
        return word.replace(bare, "<duration>");
    }
    // The folder of a build; here builds need none.
    word.replace("$TMPDIR/kustomization-<random>", "")
}

fn recorded_events(recorded: &Value, r#type: &str, severity: &str) -> BTreeSet<String> {
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

fn about(event: &Value) -> String {
    let object = &event["involvedObject"];
    format!("{}/{}", text(object, "kind"), text(object, "name"))
}

/// Upstream says nothing about such files.
fn is_ours(event: &Value) -> bool {
    text(event, "message").starts_with("files that no kustomization.yaml lists: ")
}

fn kube_events(seen: &Seen) -> BTreeSet<String> {
    let events = seen.events.iter().filter(|event| !is_ours(event));
    events
        .map(|e| one(&about(e), text(e, "type"), e, &e["metadata"]["annotations"]))
        .collect()
}

fn posted(seen: &Seen) -> BTreeSet<String> {
    let events = seen.posted.iter().filter(|event| !is_ours(event));
    events
        .map(|e| one(&about(e), text(e, "severity"), e, &e["metadata"]))
        .collect()
}

fn one(object: &str, severity: &str, event: &Value, keys: &Value) -> String {
    let keys = keys.as_object().into_iter().flatten();
    let keys: Vec<String> = keys
        .map(|(key, value)| {
            if key.ends_with("/digest") {
                key.clone()
            } else {
                format!("{key}={value}")
            }
        })
        .collect();
    let (reason, message) = (text(event, "reason"), message(text(event, "message")));
    let keys = keys.join(" ");
    format!("{object} {severity} {reason} {message:?}{KEYS}{keys}")
}

/// Object, type, reason and message of an event.
fn words(event: &str) -> &str {
    event.split_once(KEYS).map_or(event, |(words, _)| words)
}

/// An object that was left, in the recorder's words.
fn left(object: &Value) -> Value {
    let metadata = &object["metadata"];
    let mut fields = Map::new();
    let name = format!("{}/{}", text(object, "kind"), text(metadata, "name"));
    fields.insert("object".to_owned(), json!(name));
    for key in ["labels", "annotations"] {
        // The cluster's own annotations were left out.
        let own = metadata[key].as_object().into_iter().flatten();
        let own: Map<String, Value> = own
            .filter(|(key, _)| !key.starts_with("deployment.kubernetes.io/"))
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect();
        if !own.is_empty() {
            fields.insert(key.to_owned(), json!(own));
        }
    }
    if object["kind"] == "ConfigMap" && object["data"].is_object() {
        fields.insert("data".to_owned(), object["data"].clone());
    }
    if object["kind"] == "Secret" {
        fields.insert("type".to_owned(), object["type"].clone());
    }
    let mut managers = managers(object);
    if let Some(list) = managers.as_array_mut() {
        // Whoever writes the status of workloads is part of the cluster.
        let own = |m: &Value| {
            ["kustomize", "user", "source"]
                .iter()
                .any(|p| m.as_str().is_some_and(|m| m.starts_with(p)))
        };
        list.retain(own);
    }
    fields.insert("managers".to_owned(), managers);
    Value::Object(fields)
}

fn managers(object: &Value) -> Value {
    let fields = object["metadata"]["managedFields"].as_array();
    let names = fields.into_iter().flatten().map(|entry| {
        let (name, operation) = (text(entry, "manager"), text(entry, "operation"));
        match text(entry, "subresource") {
            "" => format!("{name} ({operation})"),
            subresource => format!("{name} ({operation} {subresource})"),
        }
    });
    json!(names.collect::<BTreeSet<String>>())
}
