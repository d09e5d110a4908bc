//! The embedded API server against recorded behavior of a real one.

use std::process::ExitCode;

use flux_apiserver::schema::{
    FieldValidation, Structural, invalid_object, strict_decoding_error,
};
use flux_conformance::{Known, Run, same};
use serde_json::{Value, json};

mod legacy;

fn main() -> ExitCode {
    let mut run = Run::from_args();
    run.area("crds/samples", Known::none(), |area| {
        let kinds = kinds();
        for (file, samples) in area.json_files("") {
            let kind = kinds.iter().find(|kind| kind.file == file).expect("a kind of ours");
            for sample in samples.as_array().expect("a list of samples") {
                let id = sample["id"].as_str().expect("an id");
                let strict = &sample["strict"];
                let warn = sample.get("warn").unwrap_or(strict);
                area.case(&format!("{id} strict"), || {
                    same_verdict(kind, sample, FieldValidation::Strict, strict)
                });
                area.case(&format!("{id} warn"), || {
                    same_verdict(kind, sample, FieldValidation::Warn, warn)
                });
            }
        }
    });
    run.area("crds-legacy", Known::none(), legacy::run);
    run.finish()
}

/// One version of a kind of ours.
struct Served {
    file: String,
    group: String,
    kind: String,
    plural: String,
    version: String,
    has_status: bool,
    schema: Structural,
}

/// The stored versions of our definitions.
fn kinds() -> Vec<Served> {
    served().into_iter().filter(|(storage, _)| *storage).map(|(_, kind)| kind).collect()
}

/// All versions of our definitions, and whether they are the stored ones.
fn served() -> Vec<(bool, Served)> {
    let mut all = Vec::new();
    for definition in flux_api::crd::definitions() {
        let text = |path: &str| {
            definition.object.pointer(path).and_then(Value::as_str).expect(path).to_owned()
        };
        let versions = definition.object.pointer("/spec/versions").and_then(Value::as_array);
        for version in versions.expect("versions") {
            let schema = &version["schema"]["openAPIV3Schema"];
            all.push((
                version["storage"] == json!(true),
                Served {
                    file: text("/spec/names/singular"),
                    group: text("/spec/group"),
                    kind: text("/spec/names/kind"),
                    plural: text("/spec/names/plural"),
                    version: version["name"].as_str().expect("a name").to_owned(),
                    has_status: version.pointer("/subresources/status").is_some(),
                    schema: Structural::compile(schema, false).expect("our schema compiles"),
                },
            ));
        }
    }
    all
}

/// What the server answers to a create: the object to store or the refusal, and the warnings.
fn create(kind: &Served, object: &Value, mode: FieldValidation) -> Value {
    let mut object = object.clone();
    let decoded = kind.schema.decode(&mut object, &[], mode);
    let warnings = match decoded {
        Ok(warnings) => warnings,
        Err(findings) => {
            return json!({
                "accepted": false,
                "code": 400,
                "reason": "BadRequest",
                "message": strict_decoding_error(&kind.kind, &kind.version, &findings),
            });
        }
    };
    if kind.has_status {
        object.as_object_mut().expect("an object").remove("status");
    }
    kind.schema.fill_defaults(&mut object);
    let errors = kind.schema.validate(&object, None);
    let mut verdict = if errors.is_empty() {
        json!({ "accepted": true, "stored": object })
    } else {
        let causes: Vec<Value> = errors
            .iter()
            .map(|error| json!({
                "reason": error.reason,
                "message": error.message,
                "field": error.field,
            }))
            .collect();
        let name = object.pointer("/metadata/name").and_then(Value::as_str).unwrap_or_default();
        json!({
            "accepted": false,
            "code": 422,
            "reason": "Invalid",
            "message": invalid_object(&format!("{}.{}", kind.kind, kind.group), name, &errors),
            "causes": causes,
        })
    };
    if !warnings.is_empty() {
        verdict["warnings"] =
            warnings.iter().map(|text| Value::from(format!("{text:?}"))).collect();
    }
    verdict
}

fn same_verdict(
    kind: &Served,
    sample: &Value,
    mode: FieldValidation,
    recorded: &Value,
) -> Result<(), String> {
    same(&create(kind, &sample["object"], mode), recorded)
}
