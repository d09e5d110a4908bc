//! Runs the recorded vectors of the Go writer and reader.

use flux_conformance::{Known, Run, same_text};
use flux_yaml::{compare_keys, to_yaml_pretty, to_yaml_string, yaml_to_json};
use serde_json::Value;
use std::cmp::Ordering;

fn main() -> std::process::ExitCode {
    let mut run = Run::from_args();
    run.area("goyaml/marshal", Known::none(), |area| {
        for (name, vector) in vectors(area, "marshal") {
            area.case(&name, || marshal(&vector));
        }
    });
    run.area("goyaml/unmarshal", Known::failures(4), |area| {
        for (name, vector) in vectors(area, "unmarshal") {
            area.case(&name, || unmarshal(&vector));
        }
    });
    run.area("goyaml/pretty", Known::none(), |area| {
        for (name, vector) in vectors(area, "marshal") {
            area.case(&name, || pretty(&vector));
        }
    });
    run.area("kustomize/key-order", Known::none(), |area| {
        let order = area.json("key-order.json");
        for pair in order["pairs"].as_array().into_iter().flatten() {
            let (a, b) = (text_of(&pair[0]), text_of(&pair[1]));
            area.case(&format!("{a:?} {b:?}"), || {
                let got = (compare_keys(a, b), compare_keys(b, a));
                flux_conformance::same(&got, &(Ordering::Less, Ordering::Greater))
            });
        }
    });
    run.finish()
}

fn vectors(area: &flux_conformance::Area, op: &str) -> Vec<(String, Value)> {
    let file = area.json("vectors.json");
    let all = file["vectors"].as_array().cloned().unwrap_or_default();
    all.into_iter()
        .filter(|vector| vector["op"] == op)
        .map(|vector| (text_of(&vector["name"]).to_owned(), vector))
        .collect()
}

fn text_of(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn marshal(vector: &Value) -> Result<(), String> {
    let got = to_yaml_string(&typed(&vector["in"]));
    match (got, vector["want"]["yaml"].as_str()) {
        (Ok(got), Some(want)) => same_text(&got, want),
        (Err(error), None) => same_text(
            &format!("yaml: {}", error.go_text()),
            text_of(&vector["want"]["error"]),
        ),
        (got, want) => Err(format!("got {got:?}, want {want:?}")),
    }
}

fn pretty(vector: &Value) -> Result<(), String> {
    let got = to_yaml_pretty(&typed(&vector["in"])).map_err(|e| e.to_string())?;
    same_text(
        got.strip_suffix('\n').unwrap_or(&got),
        text_of(&vector["want"]["pretty"]),
    )
}

/// The one-key objects that stand for typed Go numbers; every other number is a float64.
fn typed(value: &Value) -> Value {
    match value {
        Value::Object(map) if map.len() == 1 => {
            let (key, inner) = map.iter().next().expect("one key");
            match key.as_str() {
                "$int64" | "$uint64" | "$int" => match inner {
                    Value::String(text) => serde_json::from_str(text).expect("a number"),
                    other => other.clone(),
                },
                "$float32" => {
                    let text = match inner {
                        Value::String(text) => text.clone(),
                        other => other.to_string(),
                    };
                    let short: f32 = text.parse().expect("a float");
                    Value::from(format!("{short}").parse::<f64>().expect("a float"))
                }
                _ => value.as_object().map_or(Value::Null, |map| {
                    map.iter().map(|(k, v)| (k.clone(), typed(v))).collect()
                }),
            }
        }
        Value::Object(map) => map.iter().map(|(k, v)| (k.clone(), typed(v))).collect(),
        Value::Array(items) => items.iter().map(typed).collect(),
        Value::Number(number) => number.as_f64().map_or(Value::Null, Value::from),
        other => other.clone(),
    }
}

fn unmarshal(vector: &Value) -> Result<(), String> {
    let want = &vector["want"];
    let got = yaml_to_json(text_of(&vector["yaml"]));
    match (got, want.get("error").and_then(Value::as_str)) {
        (Err(error), Some(text)) => {
            let got = error.go_text();
            let bare = text
                .strip_prefix("error converting YAML to JSON: ")
                .unwrap_or(text);
            let bare = bare.strip_prefix("yaml: ").unwrap_or(bare);
            same_text(&got, bare)
        }
        (Ok(got), None) => {
            if floats(&got) == floats(&want["json"]) {
                Ok(())
            } else {
                Err(format!("got {got}, want {}", want["json"]))
            }
        }
        (got, want) => Err(format!("got {got:?}, want {want:?}")),
    }
}

/// JSON does not tell integers from floats, so all become floats.
fn floats(value: &Value) -> Value {
    match value {
        Value::Object(map) => map.iter().map(|(k, v)| (k.clone(), floats(v))).collect(),
        Value::Array(items) => items.iter().map(floats).collect(),
        Value::Number(number) => number.as_f64().map_or(Value::Null, Value::from),
        other => other.clone(),
    }
}
