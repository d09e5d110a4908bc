//! Name suffixes made from the content of generated objects (KUS-KZ-006). They become part of live names, so every byte counts.

use std::fmt::Write as _;

use flux_yaml::{Kind, Node};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use crate::error::{BuildError, Result};
use crate::resmap::ResMap;

/// Appends the hash to the name of each object that asks for it.
pub(crate) fn add_hashes(map: &mut ResMap) -> Result<()> {
    if !map.list().iter().any(|r| r.needs_hash) {
        return Ok(());
    }
    for resource in map.list_mut() {
        if !resource.needs_hash {
            continue;
        }
        let hash = hash_of(resource.node()).map_err(|e| {
            e.at(&resource.file, resource.node().span)
                .object(resource.id())
        })?;
        resource.store_previous_id();
        let name = format!("{}-{hash}", resource.id().name);
        resource.edit(|node| {
            if let Some(metadata) = node.get_mut("metadata") {
                metadata.set("name", Node::string(name));
            }
        });
    }
    Ok(())
}

/// The ten letters of an object's content.
fn hash_of(node: &Node) -> Result<String> {
    let json = |node: &Node| {
        node.to_json()
            .map_err(|e| BuildError::new(format!("yaml: {}", e.go_text())).span_only(e.span()))
    };
    // A missing field counts as empty text, a scalar as its text, anything else as its JSON.
    let field = |path: &[&str]| -> Result<Value> {
        match node.get_path(path).filter(|n| !n.is_null()) {
            None => Ok(Value::from("")),
            Some(found) if found.kind() == Kind::Scalar => {
                Ok(Value::from(found.text().unwrap_or_default()))
            }
            Some(found) => json(found),
        }
    };
    let kind = node.text_at(&["kind"]).unwrap_or_default();
    let mut fields = Map::new();
    let optional = match kind {
        "ConfigMap" => "binaryData",
        "Secret" => {
            fields.insert("type".into(), field(&["type"])?);
            "stringData"
        }
        _ => return Ok(encode(&go_json(&json(node)?))),
    };
    fields.insert("kind".into(), Value::from(kind));
    // Parity: upstream looks the name up in a way that never finds it, so all names hash alike.
    fields.insert("name".into(), Value::from(""));
    fields.insert("data".into(), field(&["data"])?);
    let extra = field(&[optional])?;
    if extra.is_object() {
        fields.insert(optional.into(), extra);
    }
    Ok(encode(&go_json(&Value::Object(fields))))
}

/// JSON as Go writes it: no blanks, keys by byte order, `<`, `>`, `&` and the two Unicode line ends escaped.
fn go_json(value: &Value) -> String {
    let text = value.to_string();
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                // Writing to a string cannot fail.
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            _ => out.push(c),
        }
    }
    out
}

fn encode(text: &str) -> String {
    let digest = Sha256::digest(text.as_bytes());
    digest
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .take(10)
        .map(|nibble| match nibble {
            0 => 'g',
            1 => 'h',
            3 => 'k',
            10 => 'm',
            14 => 't',
            n => char::from_digit(u32::from(n), 16).unwrap_or('0'),
        })
        .collect()
}
