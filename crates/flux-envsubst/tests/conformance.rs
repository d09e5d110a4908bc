//! Recorded vectors of the variable dialect.

use std::collections::BTreeMap;
use std::process::ExitCode;

use flux_conformance::{Area, Known, Run, same};
use flux_envsubst::{Options, substitute_bytes};
use serde_json::Value;

fn main() -> ExitCode {
    let mut run = Run::from_args();
    run.area("envsubst", Known::none(), envsubst);
    run.finish()
}

fn envsubst(area: &mut Area) {
    let file = area.json("vectors.json");
    for case in file["vectors"].as_array().into_iter().flatten() {
        let id = case["id"].as_str().unwrap_or("case without id");
        area.case(id, || check(case, &file["commonVars"]));
    }
}

fn check(case: &Value, common: &Value) -> Result<(), String> {
    let variables = if case["vars"] == "common" {
        common
    } else {
        &case["vars"]
    };
    let variables: BTreeMap<String, String> =
        serde_json::from_value(variables.clone()).map_err(|error| error.to_string())?;
    let input = case["input"].as_str().ok_or("no input")?;
    let modes: &[bool] = match case["strict"].as_bool() {
        Some(true) => &[true],
        Some(false) => &[false],
        None => &[true, false],
    };
    for strict in modes {
        let got = substitute_bytes(input, &variables, Options { strict: *strict });
        match case["error"].as_str() {
            Some(error) => same(&got.map_err(|e| e.to_string()), &Err(error.to_owned()))?,
            None => same(
                &got.map_err(|e| e.to_string()),
                &Ok(output(&case["output"])?),
            )?,
        }
    }
    Ok(())
}

fn output(output: &Value) -> Result<Vec<u8>, String> {
    if let Some(text) = output.as_str() {
        return Ok(text.as_bytes().to_vec());
    }
    let text = output["base64"].as_str().ok_or("no output")?;
    base64::Engine::decode(&base64::engine::general_purpose::STANDARD, text)
        .map_err(|error| error.to_string())
}
