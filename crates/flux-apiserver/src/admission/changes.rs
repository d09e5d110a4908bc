//! What an update may not change, and what nobody may grant.

use serde_json::Value;

use crate::auth::{Rule, account_rules, covers_all};
use crate::error::{ApiError, FieldError};
use crate::registry::Resource;
use crate::store::{Doc, Stored, at, meta, str_at};
use crate::verbs::Writer;

const IMMUTABLE: &str = "field is immutable";

/// Fields that no update may change.
pub(crate) fn immutable(resource: &Resource, live: &Stored, doc: &Doc) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let mut fixed = |path: &str, field: &str| {
        let (old, new) = (at(&live.doc, path), at(doc, path));
        if old.unwrap_or(&Value::Null) != new.unwrap_or(&Value::Null) {
            errors.push(FieldError::invalid(
                field,
                new.unwrap_or(&Value::Null),
                IMMUTABLE,
            ));
        }
    };
    match resource.table.as_ref() {
        "deployments.apps" | "replicasets.apps" | "daemonsets.apps" => {
            fixed("spec.selector", "spec.selector");
        }
        "jobs.batch" => {
            fixed("spec.completions", "spec.completions");
            fixed("spec.selector", "spec.selector");
            fixed("spec.template", "spec.template");
            fixed("spec.completionMode", "spec.completionMode");
        }
        "secrets" => fixed("type", "type"),
        "storageclasses.storage.k8s.io" => {
            for field in [
                "provisioner",
                "parameters",
                "reclaimPolicy",
                "volumeBindingMode",
            ] {
                fixed(field, field);
            }
        }
        "customresourcedefinitions.apiextensions.k8s.io" => {
            for field in [
                "spec.group",
                "spec.scope",
                "spec.names.kind",
                "spec.names.plural",
            ] {
                fixed(field, field);
            }
        }
        _ => {}
    }
    errors.extend(special(resource, live, doc));
    errors
}

fn special(resource: &Resource, live: &Stored, doc: &Doc) -> Vec<FieldError> {
    match resource.table.as_ref() {
        "configmaps" | "secrets" => frozen_data(live, doc),
        "statefulsets.apps" => stateful_set(live, doc),
        "services" => cluster_address(live, doc),
        "customresourcedefinitions.apiextensions.k8s.io" => stored_versions(doc),
        table if table.ends_with("bindings.rbac.authorization.k8s.io") => {
            let role = doc.get("roleRef").unwrap_or(&Value::Null);
            if live.doc.get("roleRef") == Some(role) {
                return Vec::new();
            }
            vec![FieldError::invalid(
                "roleRef",
                role,
                "cannot change roleRef",
            )]
        }
        _ => Vec::new(),
    }
}

/// Data of an object marked immutable.
fn frozen_data(live: &Stored, doc: &Doc) -> Vec<FieldError> {
    if live.doc.get("immutable") != Some(&Value::Bool(true)) {
        return Vec::new();
    }
    let mut errors = Vec::new();
    let mut forbid = |field: &str| {
        errors.push(FieldError::forbidden(
            field,
            "field is immutable when `immutable` is set",
        ));
    };
    if doc.get("immutable") != Some(&Value::Bool(true)) {
        forbid("immutable");
    }
    for field in ["data", "binaryData"] {
        if live.doc.get(field) != doc.get(field) {
            forbid(field);
        }
    }
    errors
}

/// A version that objects may still be stored in has to stay.
fn stored_versions(doc: &Doc) -> Vec<FieldError> {
    let versions = at(doc, "spec.versions").and_then(Value::as_array);
    let known = |name: &Value| {
        versions
            .into_iter()
            .flatten()
            .any(|v| v.get("name") == Some(name))
    };
    let stored = at(doc, "status.storedVersions").and_then(Value::as_array);
    let lost = stored
        .into_iter()
        .flatten()
        .enumerate()
        .filter(|(_, name)| !known(name));
    lost.map(|(i, name)| {
        let version = name.as_str().unwrap_or("");
        let detail = format!(
            "missing from spec.versions; {version} was previously a storage version, and must \
             remain in spec.versions until a storage migration ensures no data remains persisted \
             in {version} and removes {version} from status.storedVersions"
        );
        FieldError::invalid(&format!("status.storedVersions[{i}]"), name, &detail)
    })
    .collect()
}

fn stateful_set(live: &Stored, doc: &Doc) -> Vec<FieldError> {
    let allowed = [
        "replicas",
        "ordinals",
        "template",
        "updateStrategy",
        "revisionHistoryLimit",
        "persistentVolumeClaimRetentionPolicy",
        "minReadySeconds",
    ];
    let rest = |d: &Doc| {
        let mut spec = d
            .get("spec")
            .and_then(Value::as_object)
            .cloned()
            .unwrap_or_default();
        spec.retain(|key, _| !allowed.contains(&key.as_str()));
        spec
    };
    if rest(&live.doc) == rest(doc) {
        return Vec::new();
    }
    vec![FieldError::forbidden(
        "spec",
        "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', \
         'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and \
         'minReadySeconds' are forbidden",
    )]
}

/// The address of a service stays, unless it becomes a name.
fn cluster_address(live: &Stored, doc: &Doc) -> Vec<FieldError> {
    let (old, new) = (at(&live.doc, "spec.clusterIP"), at(doc, "spec.clusterIP"));
    let external = at(doc, "spec.type") == Some(&Value::from("ExternalName"));
    match (old, new) {
        (Some(old), Some(new)) if old != new && old != "" && !external => {
            let shown = Value::Array(vec![new.clone()]);
            vec![FieldError::invalid(
                "spec.clusterIPs[0]",
                &shown,
                "may not change once set",
            )]
        }
        _ => Vec::new(),
    }
}

/// Nobody may grant rights that they do not have.
pub(crate) fn grants(writer: &Writer<'_>, doc: &Doc) -> Result<(), ApiError> {
    let resource = writer.resource;
    if !resource.table.ends_with(".rbac.authorization.k8s.io") || !writer.cluster.options.rbac {
        return Ok(());
    }
    let namespace = str_at(meta(doc), "namespace");
    let held = account_rules(writer.cluster, writer.user, namespace);
    let (verb, wanted) = if matches!(resource.kind.as_str(), "Role" | "ClusterRole") {
        ("escalate", Rule::read_all(doc.get("rules")))
    } else {
        (
            "bind",
            crate::auth::bound_rules(&writer.cluster.store, namespace, doc),
        )
    };
    let missing = covers_all(&held, &wanted);
    if missing.is_empty() || crate::auth::may(writer, verb, namespace, doc) {
        return Ok(());
    }
    let lines: Vec<String> = missing.iter().map(Rule::compact).collect();
    let groups: Vec<String> = writer
        .user
        .groups
        .iter()
        .map(|g| format!("\"{g}\""))
        .collect();
    let why = format!(
        "user \"{}\" (groups=[{}]) is attempting to grant RBAC permissions not currently held:\n{}",
        writer.user.name,
        groups.join(" "),
        lines.join("\n")
    );
    Err(ApiError::forbidden(
        &resource.group_resource(),
        str_at(meta(doc), "name"),
        &why,
    ))
}
