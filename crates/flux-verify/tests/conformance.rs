//! Recorded behavior of upstream's signature verification.

use flux_conformance::{Area, Known, Run, same, same_text};
use flux_verify::{SignatureKind, Signed, pgp, ssh, verify_pgp, verify_ssh};
use serde_json::Value;

/// A time after all recorded signatures were made.
const NOW: i64 = 1_796_000_000;

fn main() -> std::process::ExitCode {
    let mut run = Run::from_args();
    run.area("revision/signature-types", Known::none(), signature_types);
    run.area("revision/keys", Known::none(), keys);
    run.area("revision/verify", Known::none(), verify);
    run.finish()
}

fn text<'a>(case: &'a Value, key: &str) -> &'a str {
    case[key].as_str().unwrap_or_default()
}

fn cases(area: &Area, file: &str) -> Vec<Value> {
    area.json(file)
        .as_array()
        .cloned()
        .expect("the file is a list")
}

fn signature_types(area: &mut Area) {
    for case in cases(area, "signature-types.json") {
        area.case(text(&case, "id"), || {
            let kind = SignatureKind::of(text(&case, "signature").as_bytes());
            same_text(&kind.to_string(), text(&case, "type"))
        });
    }
}

/// The file has keys without results; what becomes of them alone is in `verify.json`, their names say the rest.
fn keys(area: &mut Area) {
    for case in cases(area, "keys.json") {
        let (name, text) = (text(&case, "name"), text(&case, "text"));
        area.case(name, || {
            let bad = name.contains("malformed") || name.contains("bad-line");
            match name.split_once(':') {
                Some(("pgp", name)) => {
                    same(&pgp::read_ring(text).is_err(), &(bad || name == "empty"))
                }
                _ => same(&ssh::read_authorized_keys(text).is_err(), &bad),
            }
        });
    }
}

fn verify(area: &mut Area) {
    let keys = cases(area, "keys.json");
    let objects = cases(area, "signed-objects.json");
    for case in cases(area, "verify.json") {
        area.case(text(&case, "id"), || verify_one(&case, &keys, &objects));
    }
}

fn verify_one(case: &Value, keys: &[Value], objects: &[Value]) -> Result<(), String> {
    let from = match case["object"].as_str() {
        None => case,
        Some(object) => objects
            .iter()
            .find(|o| format!("{}#{}", text(o, "ref"), text(o, "type")) == object)
            .ok_or("no such object")?,
    };
    let payload = bytes(from, "payload");
    let signed = Signed {
        payload: &payload,
        signature: text(from, "signature").as_bytes(),
    };
    let named = |name: &Value| keys.iter().find(|key| key["name"] == *name);
    let keys: Vec<&str> = case["keys"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|name| named(name)?["text"].as_str())
        .collect();
    let (got, want) = if text(case, "kind") == "ssh" {
        (verify_ssh(signed, &keys), text(case, "fingerprint"))
    } else {
        (verify_pgp(signed, &keys, NOW), text(case, "keyID"))
    };
    match (got, case["error"].as_str()) {
        (Ok(key), None) => same_text(&key, want),
        (Err(error), Some(want)) => same_text(&error.to_string(), want),
        (got, want) => Err(format!("got {got:?}, want {want:?}")),
    }
}

/// Bytes that are no UTF-8 are recorded in hex.
fn bytes(case: &Value, key: &str) -> Vec<u8> {
    match case[format!("{key}Hex")].as_str() {
        Some(hex) => (0..hex.len())
            .step_by(2)
            .filter_map(|at| u8::from_str_radix(&hex[at..at + 2], 16).ok())
            .collect(),
        None => text(case, key).as_bytes().to_vec(),
    }
}
