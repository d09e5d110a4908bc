//! The cases recorded from the module that kustomize-controller uses: generation, build, substitution.
//!
//! Substitution is another engine; it is joined here the way the controller joins it.

use std::collections::BTreeMap;

use flux_conformance::{Area, same_text};
use flux_kustomize::flux::{Action, GenerateOptions, Overlay, complete};
use flux_kustomize::{BuiltObject, NoRemotes, Options, build};
use flux_tree::TreePath;
use serde_json::Value;

use crate::{names_the_same, text_of, tree};

pub(crate) fn run(area: &mut Area) {
    for (id, case) in area.json_files("") {
        area.case(&id, || check(&case));
    }
}

fn check(case: &Value) -> Result<(), String> {
    let want = &case["want"];
    let (got, stage) = pass(case)?;
    match (got, want.get("output"), want.get("error")) {
        (Ok(got), Some(output), None) => same_text(&got, &text_of(output)),
        (Err(got), _, Some(error)) if want["stage"] == stage => {
            names_the_same(&got, &text_of(error))
        }
        (got, output, error) => Err(format!(
            "at {stage}: got {got:?}, want {output:?} {error:?} at {}",
            want["stage"]
        )),
    }
}

/// The stream, or an error and the step it comes from. A wrong kustomization file is a failure of the case.
fn pass(case: &Value) -> Result<(Result<String, String>, &'static str), String> {
    let want = &case["want"];
    let spec = &case["flux"]["spec"];
    let tree = tree(case);
    let path = TreePath::root()
        .secure_join(spec["path"].as_str().unwrap_or("."))
        .map_err(|e| e.to_string())?;
    let overlay = match Overlay::from_spec(spec) {
        Ok(overlay) => overlay,
        Err(error) => return Ok((Err(error.to_string()), "generate")),
    };
    let options = GenerateOptions {
        overlay,
        ignore: case["flux"]["ignore"].as_str().map(str::to_owned),
    };
    let (generated, tree) = match complete(&tree, &path, &options) {
        Ok(done) => done,
        Err(error) => return Ok((Err(error.to_string()), "generate")),
    };
    let action = match generated.action {
        Action::Created => "created",
        Action::Unchanged => "unchanged",
    };
    if let Some(text) = want.get("kustomization") {
        same_text(&generated.text, &text_of(text))?;
        same_text(action, want["action"].as_str().unwrap_or_default())?;
        same_text(
            generated.file.as_str(),
            &text_of(&want["kustomizationFile"]),
        )?;
    }
    let built = match build(&tree, path.as_str(), &Options::flux(), &NoRemotes) {
        Ok(built) => built,
        Err(error) => return Ok((Err(error.to_string()), "build")),
    };
    Ok(match substituted(case, &built.objects) {
        Ok(text) => (Ok(text), "emit"),
        Err((error, stage)) => (Err(error), stage),
    })
}

fn substituted(
    case: &Value,
    objects: &[std::sync::Arc<BuiltObject>],
) -> Result<String, (String, &'static str)> {
    let mut texts = Vec::new();
    let mut seen = std::collections::HashSet::new();
    for object in objects {
        let fail = |text: String| {
            let id = flux_kustomize::object_id(&object.node);
            (
                format!("post build failed for '{id}': {text}"),
                "substitute",
            )
        };
        let text = object.node.to_yaml().map_err(|e| fail(e.to_string()))?;
        let text = one(case, object, &text).map_err(fail)?;
        let id = flux_yaml::parse_documents(&text).map_err(|e| fail(e.to_string()))?;
        let id = id
            .first()
            .map(flux_kustomize::object_id)
            .unwrap_or_default();
        if !seen.insert(id) {
            return Err(("in Replace: id matched 2 resources".to_owned(), "replace"));
        }
        texts.push(text);
    }
    Ok(texts.join("---\n"))
}

fn one(case: &Value, object: &BuiltObject, text: &str) -> Result<String, String> {
    const KEY: &str = "kustomize.toolkit.fluxcd.io/substitute";
    let post = &case["flux"]["spec"]["postBuild"];
    let off = |field: &str| object.node.text_at(&["metadata", field, KEY]) == Some("disabled");
    if !post.is_object() || off("labels") || off("annotations") {
        return Ok(text.to_owned());
    }
    let vars = variables(case, post)?;
    if vars.is_empty() && post["substituteStrategy"] != "Always" {
        return Ok(text.to_owned());
    }
    for name in vars.keys() {
        let mut chars = name.chars();
        let first = chars
            .next()
            .is_some_and(|c| c == '_' || c.is_ascii_alphabetic());
        if !first || !chars.all(|c| c == '_' || c.is_ascii_alphanumeric()) {
            return Err(format!("envsubst error: '{name}' var name is invalid"));
        }
    }
    let strict = case["flux"]["strict"].as_bool().unwrap_or(true);
    let out = flux_envsubst::substitute(text, &vars, flux_envsubst::Options { strict })
        .map_err(|e| format!("envsubst error: variable substitution failed: {e}"))?;
    let json = flux_yaml::yaml_to_json(&out)
        .map_err(|e| format!("envsubst error: YAMLToJSON: yaml: {}", e.go_text()))?;
    flux_yaml::to_yaml_string(&floats(json)).map_err(|e| e.to_string())
}

/// What was substituted comes back through JSON, where Go reads every number as a float.
fn floats(json: Value) -> Value {
    match json {
        Value::Number(n) => n.as_f64().map_or(Value::Null, Value::from),
        Value::Array(items) => items.into_iter().map(floats).collect(),
        Value::Object(map) => map.into_iter().map(|(k, v)| (k, floats(v))).collect(),
        other => other,
    }
}

fn variables(case: &Value, post: &Value) -> Result<BTreeMap<String, String>, String> {
    let mut vars = BTreeMap::new();
    for reference in post["substituteFrom"].as_array().into_iter().flatten() {
        let found = case["flux"]["objects"]
            .as_array()
            .into_iter()
            .flatten()
            .find(|o| {
                o["kind"] == reference["kind"]
                    && o["name"] == reference["name"]
                    && o["namespace"] == "flux-system"
            });
        let known = matches!(reference["kind"].as_str(), Some("ConfigMap" | "Secret"));
        match found {
            Some(object) => {
                for (key, value) in object["data"].as_object().into_iter().flatten() {
                    vars.insert(key.clone(), text_of(value).replace('\n', ""));
                }
            }
            None if reference["optional"] == true || !known => {}
            None => {
                return Err(format!(
                    "substitute from '{}/{}' error: not found",
                    text_of(&reference["kind"]),
                    text_of(&reference["name"])
                ));
            }
        }
    }
    for (key, value) in post["substitute"].as_object().into_iter().flatten() {
        vars.insert(key.clone(), text_of(value).replace('\n', ""));
    }
    Ok(vars)
}
