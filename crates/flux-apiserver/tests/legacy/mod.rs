//! Objects of versions that upstream no longer serves and we do: made from the recorded old schemas, so that every field
//! and word that was once accepted is tried.

use flux_apiserver::schema::Structural;
use flux_conformance::Area;
use serde_json::{Map, Value, json};

use crate::{Api, Served};

/// Fields whose meaning would be lost, with the field that took their place.
const SUPERSEDED: [(&str, &str); 2] = [
    ("patchesStrategicMerge", "spec.patches"),
    ("patchesJson6902", "spec.patches"),
];

pub(crate) fn run(area: &mut Area, api: &Api, served: &[Served]) {
    for kind in served.iter().filter(|kind| !kind.storage) {
        old_objects(area, api, kind);
        new_objects(area, api, kind);
    }
}

/// What the old schema accepted is accepted, or refused with the name of its successor.
fn old_objects(area: &mut Area, api: &Api, kind: &Served) {
    let file = format!("{}_{}_{}.yaml", kind.group, kind.plural, kind.version);
    let recorded = flux_yaml::yaml_to_json(&area.text(&file)).expect("recorded YAML");
    let schema = recorded
        .pointer("/spec/versions/0/schema/openAPIV3Schema")
        .expect("a recorded schema");
    let old = Structural::compile(schema, false).expect("a recorded schema compiles");
    let spec = &schema["properties"]["spec"];
    let required = required_fields(spec);
    for (field, field_schema) in spec["properties"].as_object().expect("fields") {
        for (index, value) in samples(field_schema).into_iter().enumerate() {
            let mut fields = required.clone();
            fields.insert(field.clone(), value);
            let object = object(kind, &fields);
            if !old.validate(&object, None).is_empty() {
                continue;
            }
            area.case(
                &format!("{} {} {field} {index}", kind.kind, kind.version),
                || judge(api, kind, field, &object),
            );
        }
    }
}

fn judge(api: &Api, kind: &Served, field: &str, object: &Value) -> Result<(), String> {
    let verdict = api.create(kind, object, "Strict");
    let accepted = verdict["accepted"] == json!(true);
    let used = object["spec"][field]
        .as_array()
        .is_some_and(|list| !list.is_empty());
    let successor = SUPERSEDED.iter().find(|(name, _)| *name == field && used);
    let ok = match successor {
        None => accepted,
        Some((_, successor)) => {
            let message = verdict["message"].as_str().unwrap_or_default();
            !accepted && message.contains(successor) && message.contains(field)
        }
    };
    if ok {
        Ok(())
    } else {
        Err(format!("{object} gives {verdict}"))
    }
}

/// Whatever the stored version accepts passes through the old one without a loss.
fn new_objects(area: &mut Area, api: &Api, kind: &Served) {
    let stored = area
        .folder()
        .join(format!("../crds/samples/{}.json", kind.file));
    let stored = stored.to_str().expect("a path").to_owned();
    for sample in area.json(&stored).as_array().expect("samples") {
        if sample["strict"]["accepted"] != json!(true) {
            continue;
        }
        let mut want = sample["strict"]["stored"].clone();
        want["apiVersion"] = json!(format!("{}/{}", kind.group, kind.version));
        let id = sample["id"].as_str().expect("an id");
        area.case(
            &format!("{} {} stored {id}", kind.kind, kind.version),
            || {
                let verdict = api.create(kind, &want, "Strict");
                flux_conformance::same(&verdict["stored"], &want)
            },
        );
    }
}

fn object(kind: &Served, spec: &Map<String, Value>) -> Value {
    json!({
        "apiVersion": format!("{}/{}", kind.group, kind.version),
        "kind": kind.kind,
        "metadata": { "name": "sample", "namespace": "default" },
        "spec": spec,
    })
}

fn required_fields(schema: &Value) -> Map<String, Value> {
    let names = schema["required"].as_array().map_or(&[][..], Vec::as_slice);
    names
        .iter()
        .filter_map(Value::as_str)
        .map(|name| {
            let first = samples(&schema["properties"][name]).into_iter().next();
            (name.to_owned(), first.expect("a sample"))
        })
        .collect()
}

/// Values that a schema may accept: every word of an enumeration, every field alone and all together.
fn samples(schema: &Value) -> Vec<Value> {
    if let Some(words) = schema["enum"].as_array() {
        return words.clone();
    }
    match schema["type"].as_str() {
        Some("object") => objects(schema),
        Some("array") => {
            let items = samples(&schema["items"]);
            items
                .into_iter()
                .map(|item| json!([item]))
                .chain([json!([])])
                .collect()
        }
        Some("boolean") => vec![json!(true), json!(false)],
        Some("integer") => vec![json!(1)],
        Some("string") => vec![text(schema)],
        _ => vec![json!({ "apiVersion": "v1", "any": "thing" })],
    }
}

fn objects(schema: &Value) -> Vec<Value> {
    if schema["additionalProperties"].is_object() {
        let value = samples(&schema["additionalProperties"]).remove(0);
        return vec![json!({ "name": value })];
    }
    let required = required_fields(schema);
    let mut all = required.clone();
    let mut out = vec![Value::Object(required.clone())];
    for (name, field) in schema["properties"].as_object().into_iter().flatten() {
        for value in samples(field) {
            all.insert(name.clone(), value.clone());
            let mut alone = required.clone();
            alone.insert(name.clone(), value);
            out.push(Value::Object(alone));
        }
    }
    out.push(Value::Object(all));
    out
}

/// A text that fits the patterns of the recorded schemas.
fn text(schema: &Value) -> Value {
    match schema["pattern"].as_str() {
        Some(pattern) if pattern.contains("://") => json!("https://example.com/fleet"),
        Some(pattern) if pattern.contains("ms|s|m") => json!("1m30s"),
        _ => json!("some-text"),
    }
}
