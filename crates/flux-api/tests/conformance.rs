//! The definitions against the recorded ones: equal in everything but descriptions, the order of keys, and the older
//! versions that only ours serve.
#![expect(
    clippy::disallowed_methods,
    reason = "the recorded files are listed here"
)]

use std::path::Path;
use std::process::ExitCode;

use flux_api::crd::{Definition, definitions};
use flux_conformance::{Area, Known, Run};
use serde_json::Value;

fn main() -> ExitCode {
    let mut run = Run::from_args();
    let ours = definitions();
    run.area("crds", Known::none(), |area| {
        let files = yaml_files(area);
        for file in &files {
            let recorded = flux_yaml::yaml_to_json(&area.text(file)).expect("recorded YAML");
            let ours = ours.iter().find(|one| &one.file_name == file);
            area.case(file, || same_definition(ours, &recorded));
        }
        for one in &ours {
            area.case(&format!("{} described", one.file_name), || described(one));
            if !files.contains(&one.file_name) {
                area.case(&one.file_name, || Err("not recorded".to_owned()));
            }
        }
    });
    run.finish()
}

fn yaml_files(area: &Area) -> Vec<String> {
    let mut files: Vec<String> = std::fs::read_dir(area.folder())
        .expect("the recorded folder")
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| Path::new(name).extension().is_some_and(|one| one == "yaml"))
        .collect();
    files.sort();
    files
}

fn same_definition(ours: Option<&Definition>, recorded: &Value) -> Result<(), String> {
    let ours = ours.ok_or("no such definition of ours")?;
    let mut object = ours.object.clone();
    let served: Vec<Value> = list(recorded, "/spec/versions")
        .iter()
        .map(|version| version["name"].clone())
        .collect();
    if let Some(Value::Array(versions)) = object.pointer_mut("/spec/versions") {
        versions.retain(|version| served.contains(&version["name"]));
    }
    strip_descriptions(&mut object, false);
    let mut differences = Vec::new();
    compare("", &object, recorded, &mut differences);
    if differences.is_empty() {
        Ok(())
    } else {
        Err(differences.join("\n"))
    }
}

fn list<'a>(value: &'a Value, path: &str) -> &'a [Value] {
    value
        .pointer(path)
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

/// Removes `description` where it describes; a field of that name is a schema and stays.
fn strip_descriptions(value: &mut Value, in_properties: bool) {
    match value {
        Value::Object(node) => {
            if !in_properties {
                node.remove("description");
            }
            for (key, child) in node.iter_mut() {
                strip_descriptions(child, key == "properties" && !in_properties);
            }
        }
        Value::Array(items) => {
            for item in items {
                strip_descriptions(item, false);
            }
        }
        _ => {}
    }
}

fn compare(path: &str, ours: &Value, want: &Value, out: &mut Vec<String>) {
    match (ours, want) {
        (Value::Object(ours), Value::Object(want)) => {
            for (key, want) in want {
                match ours.get(key) {
                    Some(ours) => compare(&format!("{path}.{key}"), ours, want, out),
                    None => out.push(format!("{path}.{key}: missing, want {want}")),
                }
            }
            for (key, value) in ours {
                if !want.contains_key(key) {
                    out.push(format!("{path}.{key}: unwanted {value}"));
                }
            }
        }
        (Value::Array(ours), Value::Array(want)) if ours.len() == want.len() => {
            for (index, (ours, want)) in ours.iter().zip(want).enumerate() {
                compare(&format!("{path}[{index}]"), ours, want, out);
            }
        }
        _ if ours == want => {}
        _ => out.push(format!("{path}: got {ours}, want {want}")),
    }
}

/// Every field that users write has a description.
fn described(definition: &Definition) -> Result<(), String> {
    let mut bare = Vec::new();
    for version in list(&definition.object, "/spec/versions") {
        for part in ["spec", "status"] {
            if let Some(node) =
                version.pointer(&format!("/schema/openAPIV3Schema/properties/{part}"))
            {
                undescribed(part, node, &mut bare);
            }
        }
    }
    if bare.is_empty() {
        Ok(())
    } else {
        Err(format!("no description: {}", bare.join(", ")))
    }
}

fn undescribed(path: &str, node: &Value, out: &mut Vec<String>) {
    if node.get("description").is_none() {
        out.push(path.to_owned());
    }
    for (name, child) in node
        .get("properties")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
    {
        undescribed(&format!("{path}.{name}"), child, out);
    }
    if let Some(Value::Object(_)) = node.pointer("/items/properties") {
        for (name, child) in node["items"]["properties"]
            .as_object()
            .into_iter()
            .flatten()
        {
            undescribed(&format!("{path}[].{name}"), child, out);
        }
    }
}
