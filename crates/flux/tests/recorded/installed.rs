//! Comparing the manifest that `install --export` prints with the recorded objects.

use std::path::Path;

use flux_conformance::same;
use serde_json::Value;

/// Compares header, number, order and content of the objects, where a case records them.
pub(crate) fn compare(stdout: &str, want: &Value, fixtures: &Path) -> Result<(), String> {
    let Some(wanted) = want["objects"].as_array() else {
        return Ok(());
    };
    let header: Vec<Value> = stdout
        .lines()
        .take_while(|line| *line == "---" || line.starts_with('#'))
        .map(Value::from)
        .collect();
    same(&Value::from(header), &want["stdoutHeader"])?;
    let got = flux_object::read::objects(stdout.as_bytes()).map_err(|error| error.to_string())?;
    same(&got.len(), &wanted.len())?;
    let schemas = std::fs::read(fixtures.join("crds.json")).map_err(|error| error.to_string())?;
    let schemas: Value = serde_json::from_slice(&schemas).map_err(|error| error.to_string())?;
    for (got, want) in got.iter().zip(wanted) {
        let what = format!("{} {}", got.kind(), got.name());
        let mut got = got.as_value();
        let mut want = want.clone();
        if got["kind"] == "CustomResourceDefinition" {
            let key = want["spec"]["key"].as_str().unwrap_or_default().to_owned();
            want["spec"] = schemas[&key].clone();
            if want["spec"]["spec"].is_object() {
                want["spec"] = want["spec"]["spec"].clone();
            }
            // The recorded schemas stand where the API has one more level.
            for version in got["spec"]["versions"].as_array_mut().into_iter().flatten() {
                version["schema"] = version["schema"]["openAPIV3Schema"].take();
            }
            drop_older(&mut got["spec"]["versions"], &want["spec"]["versions"]);
            without_descriptions(&mut got["spec"]);
            without_descriptions(&mut want["spec"]);
        }
        if got != want {
            return Err(format!("{what} differs"));
        }
    }
    Ok(())
}

/// Takes out the older versions that are served beside the recorded ones; they are never the stored one.
fn drop_older(got: &mut Value, want: &Value) {
    let names: Vec<&Value> = want
        .as_array()
        .into_iter()
        .flatten()
        .map(|version| &version["name"])
        .collect();
    if let Some(versions) = got.as_array_mut() {
        versions.retain(|version| version["storage"] == true || names.contains(&&version["name"]));
    }
}

/// Sentences are our own; a property that is named so stays.
fn without_descriptions(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            if fields.get("description").is_some_and(Value::is_string) {
                fields.remove("description");
            }
            fields.values_mut().for_each(without_descriptions);
        }
        Value::Array(items) => items.iter_mut().for_each(without_descriptions),
        _ => {}
    }
}
