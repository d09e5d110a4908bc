//! Versions that older manifests name: `v1beta1` and `v1beta2` of GitRepository and Kustomization.
//!
//! Such a version accepts what it once accepted, and everything of the stored version too, so that reading and writing
//! back through it loses nothing. A field that lost its meaning is accepted and dropped. A field whose meaning would be
//! lost is refused with the name of its successor.

use serde_json::{Value, json};

use super::schema_of;
use crate::meta::AccessFrom;

const FIELDS: &str = "/properties/spec/properties";
const STATUS: &str = "/properties/status/properties";

/// `v1beta2` and `v1beta1` of GitRepository, made from its stored version.
pub(super) fn git_repository(stored: &Value) -> Vec<Value> {
    let beta2 = edited(stored, "v1beta2", "GitRepository", |schema| {
        add(schema, FIELDS, git_fields());
        add(
            schema,
            STATUS,
            json!({
                "contentConfigChecksum": ignored("string", "Checksum over ignore rules and includes."),
                "url": ignored("string", "Where the latest artifact could be downloaded."),
            }),
        );
    });
    let beta1 = edited(stored, "v1beta1", "GitRepository", |schema| {
        add(schema, FIELDS, git_fields());
        for field in ["interval", "timeout"] {
            remove(schema, &format!("{FIELDS}/{field}"), "pattern");
        }
        // A verification without keys was accepted then; it fails when it is carried out.
        remove(schema, &format!("{FIELDS}/verify"), "required");
        for artifact in ["artifact", "includedArtifacts/items"] {
            let path = format!("{STATUS}/{artifact}");
            set(
                schema,
                &path,
                "required",
                json!(["lastUpdateTime", "path", "url"]),
            );
            add(
                schema,
                &format!("{path}/properties"),
                json!({
                    "checksum": ignored("string", "Checksum of the file, now the digest."),
                }),
            );
        }
        add(
            schema,
            STATUS,
            json!({
                "url": ignored("string", "Where the latest artifact could be downloaded."),
            }),
        );
    });
    vec![beta2, beta1]
}

/// `v1beta2` and `v1beta1` of Kustomization, made from its stored version.
pub(super) fn kustomization(stored: &Value) -> Vec<Value> {
    let beta2 = edited(stored, "v1beta2", "Kustomization", |schema| {
        add(schema, FIELDS, kustomization_fields());
    });
    let beta1 = edited(stored, "v1beta1", "Kustomization", |schema| {
        add(schema, FIELDS, kustomization_fields());
        for field in ["interval", "retryInterval", "timeout"] {
            remove(schema, &format!("{FIELDS}/{field}"), "pattern");
        }
        add(
            schema,
            STATUS,
            json!({
                "snapshot": {
                    "description": "Accepted and ignored: the applied kinds, now the inventory.",
                    "type": "object",
                    "x-kubernetes-preserve-unknown-fields": true,
                },
            }),
        );
    });
    vec![beta2, beta1]
}

fn git_fields() -> Value {
    let mut access_from = schema_of::<AccessFrom>();
    access_from["description"] = json!(
        "Accepted and ignored: which namespaces may refer to this object was never enforced."
    );
    json!({
        "accessFrom": access_from,
        "gitImplementation": {
            "description": "Accepted and ignored: there is one Git implementation.",
            "enum": ["go-git", "libgit2"],
            "type": "string",
        },
    })
}

fn kustomization_fields() -> Value {
    json!({
        "patchesJson6902": superseded("patchesJson6902"),
        "patchesStrategicMerge": superseded("patchesStrategicMerge"),
        "validation": {
            "description": "Accepted and ignored: the API server always validates.",
            "enum": ["none", "client", "server"],
            "type": "string",
        },
    })
}

/// A list of patches that the stored version has no field for: storing the object would drop them without a word.
fn superseded(field: &str) -> Value {
    json!({
        "description": "Refused unless empty: use `patches`.",
        "items": {
            "type": "object",
            "x-kubernetes-preserve-unknown-fields": true,
        },
        "type": "array",
        "x-kubernetes-validations": [{
            "message": format!("spec.{field} is no longer supported, use spec.patches instead"),
            "rule": "size(self) == 0",
        }],
    })
}

fn ignored(kind: &str, was: &str) -> Value {
    json!({ "description": format!("Accepted and ignored. {was}"), "type": kind })
}

/// A copy of the stored version under another name, with its schema changed.
fn edited(stored: &Value, name: &str, kind: &str, edit: impl FnOnce(&mut Value)) -> Value {
    let mut version = stored.clone();
    version["name"] = json!(name);
    version["storage"] = json!(false);
    version["deprecated"] = json!(true);
    version["deprecationWarning"] = json!(format!("{name} {kind} is deprecated, upgrade to v1"));
    if let Some(schema) = version.pointer_mut("/schema/openAPIV3Schema") {
        edit(schema);
    }
    version
}

/// Adds entries to the object at a path; one that the stored version has wins.
fn add(schema: &mut Value, path: &str, fields: Value) {
    if let (Some(Value::Object(target)), Value::Object(fields)) = (schema.pointer_mut(path), fields)
    {
        for (name, field) in fields {
            target.entry(name).or_insert(field);
        }
    }
}

fn set(schema: &mut Value, path: &str, key: &str, value: Value) {
    if let Some(Value::Object(node)) = schema.pointer_mut(path) {
        node.insert(key.to_owned(), value);
    }
}

fn remove(schema: &mut Value, path: &str, key: &str) {
    if let Some(Value::Object(node)) = schema.pointer_mut(path) {
        node.remove(key);
    }
}
