//! The definitions against the recorded ones: equal in everything but descriptions, the order of keys, and the older
//! versions that only ours serve.
#![expect(
    clippy::disallowed_methods,
    reason = "the recorded files are listed here"
)]

use std::path::Path;
use std::process::ExitCode;

use flux_api::crd::{Definition, definitions};
use flux_api::extensions::ArtifactGeneratorSpec;
use flux_api::helm::HelmReleaseSpec;
use flux_api::image::{ImagePolicySpec, ImageRepositorySpec, ImageUpdateAutomationSpec};
use flux_api::kustomize::KustomizationSpec;
use flux_api::notification::{AlertSpec, ProviderSpec, ReceiverSpec};
use flux_api::source::{
    BucketSpec, ExternalArtifactSpec, GitRepositorySpec, HelmChartSpec, HelmRepositorySpec,
    OciRepositorySpec,
};
use flux_api::{Kind, Resource};
use flux_conformance::{Area, Known, Run};
use flux_gocompat::GoDuration;
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
    run.area("crds/types", Known::none(), |area| {
        for (file, samples) in area.json_files("samples") {
            let read = reader(&file);
            for sample in samples.as_array().expect("samples") {
                if let Some(stored) = sample.pointer("/strict/stored") {
                    let id = sample["id"].as_str().expect("an id");
                    area.case(id, || survives(stored, read));
                }
            }
        }
    });
    run.finish()
}

/// Reads an object into its type and writes it again.
type Reader = fn(&Value) -> Result<Value, String>;

fn reader(file: &str) -> Reader {
    match file {
        "alert" => through::<AlertSpec>,
        "artifactgenerator" => through::<ArtifactGeneratorSpec>,
        "bucket" => through::<BucketSpec>,
        "externalartifact" => through::<ExternalArtifactSpec>,
        "gitrepository" => through::<GitRepositorySpec>,
        "helmchart" => through::<HelmChartSpec>,
        "helmrelease" => through::<HelmReleaseSpec>,
        "helmrepository" => through::<HelmRepositorySpec>,
        "imagepolicy" => through::<ImagePolicySpec>,
        "imagerepository" => through::<ImageRepositorySpec>,
        "imageupdateautomation" => through::<ImageUpdateAutomationSpec>,
        "kustomization" => through::<KustomizationSpec>,
        "ocirepository" => through::<OciRepositorySpec>,
        "provider" => through::<ProviderSpec>,
        "receiver" => through::<ReceiverSpec>,
        _ => |_| Err("no type for these samples".to_owned()),
    }
}

fn through<S: Kind>(object: &Value) -> Result<Value, String> {
    let typed: Resource<S> = serde_json::from_value(object.clone())
        .map_err(|error| format!("read {object}: {error}"))?;
    let written = serde_json::to_value(&typed).map_err(|error| error.to_string())?;
    let again: Resource<S> = serde_json::from_value(written.clone())
        .map_err(|error| format!("read {written}: {error}"))?;
    if again == typed {
        Ok(written)
    } else {
        Err(format!("{written} reads differently"))
    }
}

/// Whatever the API server stores can be read, and nothing is lost by writing it.
fn survives(stored: &Value, read: Reader) -> Result<(), String> {
    let written = read(stored)?;
    let mut lost = Vec::new();
    losses("", stored, &written, &mut lost);
    if lost.is_empty() {
        Ok(())
    } else {
        Err(lost.join(", "))
    }
}

/// Zero values need not be written, and durations may be spelled as Go spells them.
fn losses(path: &str, stored: &Value, written: &Value, out: &mut Vec<String>) {
    let is_same_span = || {
        let span = |value: &Value| value.as_str()?.parse::<GoDuration>().ok();
        span(stored).is_some_and(|one| span(written) == Some(one))
    };
    match (stored, written) {
        (Value::Object(fields), _) => {
            for (name, value) in fields {
                let kept = written.get(name).unwrap_or(&Value::Null);
                losses(&format!("{path}.{name}"), value, kept, out);
            }
        }
        (Value::Array(items), Value::Array(kept)) if items.len() == kept.len() => {
            for (index, (item, kept)) in items.iter().zip(kept).enumerate() {
                losses(&format!("{path}[{index}]"), item, kept, out);
            }
        }
        (Value::Array(items), Value::Null) if items.is_empty() => {}
        (Value::Bool(false), Value::Null) => {}
        _ if stored == written || is_same_span() => {}
        _ => out.push(format!("{path}: {stored} became {written}")),
    }
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
