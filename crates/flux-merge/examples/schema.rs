//! Writes `src/schema/builtin.txt` from the OpenAPI v3 documents of a Kubernetes release.
//!
//! ```text
//! cargo run -p flux-merge --example schema -- kubernetes/api/openapi-spec/v3 > crates/flux-merge/src/schema/builtin.txt
//! ```
//!
//! Only names, types, list and map types, keys, defaults and patch directives are kept; `src/schema/builtin.rs`
//! describes the format.
#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a development tool reads files and prints"
)]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;

use serde_json::Value;

const PREFIXES: [(&str, &str); 6] = [
    ("io.k8s.apimachinery.pkg.apis.", ""),
    ("io.k8s.apimachinery.pkg.", ""),
    ("io.k8s.apiextensions-apiserver.pkg.apis.", ""),
    ("io.k8s.kube-aggregator.pkg.apis.", ""),
    ("io.k8s.api.", ""),
    ("io.k8s.", ""),
];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = PathBuf::from(
        std::env::args()
            .nth(1)
            .ok_or("name the folder of the documents")?,
    );
    let mut types = BTreeMap::new();
    for entry in std::fs::read_dir(&folder)? {
        let path = entry?.path();
        let name = path
            .file_name()
            .and_then(|name| name.to_str())
            .unwrap_or_default();
        if !is_stable(name) {
            continue;
        }
        let document: Value = serde_json::from_str(&std::fs::read_to_string(&path)?)?;
        let schemas = document["components"]["schemas"]
            .as_object()
            .into_iter()
            .flatten();
        for (name, schema) in schemas {
            types.insert(short(name), schema.clone());
        }
    }
    let mut out = String::new();
    for (name, schema) in &types {
        write_type(&mut out, name, schema, &types)?;
    }
    print!("{out}");
    Ok(())
}

/// `apis__apps__v1_openapi.json`, not `v1beta1` and not the lists of versions.
fn is_stable(file: &str) -> bool {
    let version = file
        .trim_end_matches("_openapi.json")
        .rsplit("__")
        .next()
        .unwrap_or_default();
    let digits = version.strip_prefix('v').unwrap_or_default();
    !digits.is_empty()
        && digits.bytes().all(|b| b.is_ascii_digit())
        && (file.starts_with("api__") || file.starts_with("apis__"))
}

fn short(name: &str) -> String {
    for (long, short) in PREFIXES {
        if let Some(rest) = name.strip_prefix(long) {
            return format!("{short}{rest}");
        }
    }
    name.to_owned()
}

fn write_type(
    out: &mut String,
    name: &str,
    schema: &Value,
    types: &BTreeMap<String, Value>,
) -> std::fmt::Result {
    write!(out, "={name} {}", top_expression(name, schema))?;
    let kinds = schema["x-kubernetes-group-version-kind"]
        .as_array()
        .into_iter()
        .flatten();
    let kinds: Vec<&Value> = kinds.collect();
    // What many groups share (`DeleteOptions`) is no kind of its own.
    if let [kind] = kinds.as_slice() {
        let text = |key: &str| kind[key].as_str().unwrap_or_default();
        let slash = if text("group").is_empty() { "" } else { "/" };
        write!(
            out,
            " {}{slash}{} {}",
            text("group"),
            text("version"),
            text("kind")
        )?;
    }
    out.push('\n');
    let required: Vec<&str> = schema["required"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    for (field, member) in schema["properties"].as_object().into_iter().flatten() {
        let star = if required.contains(&field.as_str()) {
            "*"
        } else {
            ""
        };
        write!(out, " {field}{star} {}", expression(member))?;
        if let Some(strategy) = member["x-kubernetes-patch-strategy"].as_str() {
            let key = member["x-kubernetes-patch-merge-key"]
                .as_str()
                .unwrap_or_default();
            write!(out, " ~{strategy}:{key}")?;
        }
        if let Some(default) = member
            .get("default")
            .filter(|default| keeps(default, member, types))
        {
            write!(out, " ={default}")?;
        }
        out.push('\n');
    }
    Ok(())
}

/// An empty default is kept for structs alone: it says that the server always writes them.
fn keeps(default: &Value, member: &Value, types: &BTreeMap<String, Value>) -> bool {
    let empty = default.as_object().is_some_and(serde_json::Map::is_empty);
    let target = reference(member).and_then(|name| types.get(&name));
    !empty || target.is_some_and(|target| target.get("properties").is_some())
}

fn top_expression(name: &str, schema: &Value) -> String {
    match name {
        "api.resource.Quantity" => "q".to_owned(),
        "runtime.RawExtension" => "@".to_owned(),
        _ if schema.get("properties").is_some() => {
            let atomic = schema["x-kubernetes-map-type"].as_str() == Some("atomic");
            if atomic { "struct!" } else { "struct" }.to_owned()
        }
        _ => expression(schema),
    }
}

fn reference(schema: &Value) -> Option<String> {
    let direct = schema["$ref"].as_str();
    let single = schema["allOf"].as_array().filter(|all| all.len() == 1);
    let reference = direct.or_else(|| single.and_then(|all| all[0]["$ref"].as_str()))?;
    reference.rsplit('/').next().map(short)
}

fn expression(schema: &Value) -> String {
    let atomic = match schema["x-kubernetes-map-type"].as_str() {
        Some("atomic") => "!",
        Some("granular") => "~",
        _ => "",
    };
    if let Some(name) = reference(schema) {
        return format!(".{name}{atomic}");
    }
    let format = schema["format"].as_str().unwrap_or_default();
    match (schema["type"].as_str().unwrap_or_default(), format) {
        (_, "int-or-string") => "x".to_owned(),
        ("string", "") => "s".to_owned(),
        ("string", "byte") => "y".to_owned(),
        ("string", "date-time") => "t".to_owned(),
        ("string", _) => "a".to_owned(),
        ("integer", "int32") => "i".to_owned(),
        ("integer", "int64") => "l".to_owned(),
        ("integer", _) => "j".to_owned(),
        ("number", _) => "n".to_owned(),
        ("boolean", _) => "b".to_owned(),
        ("array", _) => format!("[{}]{}", expression(&schema["items"]), list_kind(schema)),
        ("object", _) => match schema.get("additionalProperties") {
            Some(element) if element.is_object() => format!("{{{}}}{atomic}", expression(element)),
            _ => format!("{{?}}{atomic}"),
        },
        _ => "?".to_owned(),
    }
}

/// Nothing for atomic, `=` for a set, `=a,b` for a list told apart by those fields.
fn list_kind(schema: &Value) -> String {
    let mut out = String::new();
    match schema["x-kubernetes-list-type"].as_str() {
        Some("set") => out.push('='),
        Some("map") => {
            let keys = schema["x-kubernetes-list-map-keys"]
                .as_array()
                .into_iter()
                .flatten();
            let keys: Vec<&str> = keys.filter_map(Value::as_str).collect();
            let _ = write!(out, "={}", keys.join(","));
        }
        Some(_) => {}
        // Where only the patch strategy is published the list is owned by it.
        None => {
            let strategy = schema["x-kubernetes-patch-strategy"]
                .as_str()
                .unwrap_or_default();
            if strategy.starts_with("merge") {
                let key = schema["x-kubernetes-patch-merge-key"]
                    .as_str()
                    .unwrap_or_default();
                let _ = write!(out, "={key}");
            }
        }
    }
    out
}
