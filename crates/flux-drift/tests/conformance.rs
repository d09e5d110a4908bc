//! Recorded vectors of drift detection.

use std::process::ExitCode;

use flux_conformance::{Area, Known, Run, same};
use flux_drift::compare::{self, Drift, Options};
use flux_drift::{immutable, managed, mask, normalize};
use flux_object::Object;
use serde_json::{Value, json};

fn main() -> ExitCode {
    let mut run = Run::from_args();
    run.area("ssa/drift", Known::none(), drift);
    run.area("ssa/mask", Known::none(), masks);
    run.area("ssa/managed-fields", Known::none(), managed_fields);
    run.area("ssa/immutable-errors", Known::none(), immutable_errors);
    // Upstream sends a round trip through Go's types (empty structs, quantities in canonical form); ours sends what
    // was written, which the API server brings into the same form.
    run.area("ssa/normalize", Known::failures(31), normalized);
    run.finish()
}

fn cases(area: &mut Area, file: &str, check: impl Fn(&Value) -> Result<(), String>) {
    let Value::Array(cases) = area.json(file) else {
        return;
    };
    for case in &cases {
        let id = case["id"].as_str().unwrap_or_default();
        area.case(id, || check(case));
    }
}

fn object(value: &Value) -> Result<Object, String> {
    Object::from_value(value.clone()).map_err(|e| e.to_string())
}

fn drift(area: &mut Area) {
    cases(area, "drift.json", |case| {
        let live = match &case["cluster"] {
            Value::Null => None,
            value => Some(object(value)?),
        };
        let ignore_paths: Vec<String> =
            serde_json::from_value(case["ignorePaths"].clone()).unwrap_or_default();
        let options = Options {
            ignore_paths: &ignore_paths,
            exclusion: serde_json::from_value(case["exclusionSelector"].clone())
                .unwrap_or_default(),
            mask_secrets: case["maskSecrets"] == json!(true),
            rationalize: case["rationalize"] == json!(true),
        };
        let drift = compare::compare(live.as_ref(), &object(&case["dryRun"])?, &options)
            .map_err(|e| e.to_string())?;
        let (name, patch) = match drift {
            Drift::Create => ("create", Vec::new()),
            Drift::None => ("none", Vec::new()),
            Drift::Exclude => ("exclude", Vec::new()),
            Drift::Update(patch) => ("update", patch),
        };
        same(&json!(name), &case["type"])?;
        let patch: Vec<Value> = patch
            .iter()
            .map(flux_drift::diff::Operation::to_json)
            .collect();
        same(&json!(patch), &case["patch"])
    });
}

fn masks(area: &mut Area) {
    cases(area, "mask.json", |case| {
        let (mut old, mut new) = (object(&case["old"])?, object(&case["new"])?);
        match (mask::secrets(&mut old, &mut new), case.get("error")) {
            (Ok(()), None) => {
                same(&old.as_value(), &case["maskedOld"])?;
                same(&new.as_value(), &case["maskedNew"])
            }
            (Err(_), Some(_)) => Ok(()),
            (got, want) => Err(format!("got {got:?}, want {want:?}")),
        }
    });
}

fn managed_fields(area: &mut Area) {
    cases(area, "managed-fields.json", |case| {
        let live = object(&case["object"])?;
        let managers: Vec<managed::Manager> = case["managers"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|m| managed::Manager {
                name: m["name"].as_str().unwrap_or_default().to_owned(),
                operation: if m["operation"] == json!("Apply") {
                    "Apply"
                } else {
                    "Update"
                },
                exact: m["exactMatch"] == json!(true),
            })
            .collect();
        let name = case["newManager"].as_str().unwrap_or_default();
        let list = |patch: Option<Value>| patch.map_or(Value::Null, |p| json!([p]));
        let some = |patch: Vec<Value>| {
            if patch.is_empty() {
                Value::Null
            } else {
                json!(patch)
            }
        };
        same(
            &list(managed::take_over(&live, &managers, name)),
            &case["replacePatch"],
        )?;
        same(
            &list(managed::remove(&live, &managers)),
            &case["removePatch"],
        )?;
        same(
            &list(managed::migrate(&live, "apps/v2")),
            &case["migrateToAppsV2"],
        )?;
        let keys = ["k.io/last", "k.io/absent"];
        same(
            &some(managed::remove_annotations(&live, &keys)),
            &case["removeAnnotations"],
        )
    });
}

fn immutable_errors(area: &mut Area) {
    cases(area, "immutable-errors.json", |case| {
        let text = |key: &str| case[key].as_str().unwrap_or_default();
        let got = immutable::is_immutable(text("reason"), text("message"));
        same(&json!(got), &case["immutable"])
    });
}

fn normalized(area: &mut Area) {
    cases(area, "normalize.json", |case| {
        let mut object = object(&case["input"])?;
        normalize::normalize(&mut object);
        same(&object.as_value(), &case["output"])
    });
}
