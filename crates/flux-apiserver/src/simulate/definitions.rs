//! Custom resource definitions: names accepted, then established and served.

use serde_json::{Value, json};

use crate::clock;
use crate::cluster::Cluster;
use crate::store::{Doc, Stored, at};
use crate::verbs::{Writer, system_user};

/// Holds a definition until its objects are gone.
pub(crate) const FINALIZER: &str = "customresourcecleanup.apiextensions.k8s.io";

/// Whether a definition is on its way out, so that its objects can no longer be created.
pub(crate) fn terminating(cluster: &Cluster, definition: &str) -> bool {
    let key = crate::store::Key::new("", definition);
    cluster
        .store
        .get("customresourcedefinitions.apiextensions.k8s.io", &key)
        .is_some_and(|definition| definition.deleting())
}

/// Whether the conditions say what the object needs to be served as it is now.
pub(crate) fn definition_accepted(cluster: &Cluster, definition: &Stored) -> bool {
    wanted(cluster, definition) == at(&definition.doc, "status").cloned().unwrap_or_default()
}

/// The status a definition is to have.
fn wanted(cluster: &Cluster, definition: &Stored) -> Value {
    let names = at(&definition.doc, "spec.names")
        .cloned()
        .unwrap_or_default();
    let mut stored: Vec<Value> = at(&definition.doc, "status.storedVersions")
        .and_then(Value::as_array)
        .cloned()
        .unwrap_or_default();
    if let Some(version) = crate::admission::storage_version(definition) {
        let version = Value::from(version);
        if !stored.contains(&version) {
            stored.push(version);
        }
    }
    let old = at(&definition.doc, "status.conditions").and_then(Value::as_array);
    let since = |kind: &str| {
        let found = old.and_then(|c| c.iter().find(|c| c["type"] == kind));
        found
            .and_then(|c| c["lastTransitionTime"].as_str())
            .map_or_else(clock::now, str::to_owned)
    };
    let condition = |kind: &str, reason: &str, message: &str| {
        json!({
            "type": kind, "status": "True", "reason": reason, "message": message,
            "lastTransitionTime": since(kind),
        })
    };
    let mut conditions = match taken(cluster, definition) {
        None => vec![
            condition("NamesAccepted", "NoConflicts", "no conflicts found"),
            condition(
                "Established",
                "InitialNamesAccepted",
                "the initial names have been accepted",
            ),
        ],
        Some((reason, message)) => {
            let refused = |kind: &str, reason: &str, message: &str| {
                let mut refused = condition(kind, reason, message);
                refused["status"] = "False".into();
                refused
            };
            vec![
                refused("NamesAccepted", reason, &message),
                refused("Established", "NotAccepted", "not all names are accepted"),
            ]
        }
    };
    if definition.deleting() {
        let mut ending = condition(
            "Terminating",
            "InstanceDeletionInProgress",
            "CustomResource deletion is in progress",
        );
        ending["lastTransitionTime"] = since("Terminating").into();
        conditions.push(ending);
    }
    let refused = conditions.first().is_some_and(|c| c["status"] == "False");
    let names = if refused {
        json!({"kind": "", "plural": ""})
    } else {
        names
    };
    json!({"acceptedNames": names, "conditions": conditions, "storedVersions": stored})
}

/// Writes the status; the write in turn serves the definition.
pub(crate) fn accept_definition(cluster: &Cluster, definition: &Stored) {
    let snapshot = cluster.registry.snapshot();
    let Some(resource) = snapshot.by_kind("apiextensions.k8s.io", "v1", "CustomResourceDefinition")
    else {
        return;
    };
    let user = system_user("system:apiserver");
    let writer = Writer {
        cluster,
        resource,
        user: &user,
        manager: "kube-apiserver",
        subresource: "status",
        dry_run: false,
    };
    let written = writer.update(&definition.key, |live| {
        let mut doc: Doc = live.doc.clone();
        doc.insert("status".to_owned(), wanted(cluster, live));
        Ok(doc)
    });
    if let Err(error) = written {
        tracing::debug!(message = error.message, "definition status");
    }
}

/// Whether another definition of the group has the kind already: reason and message.
fn taken(cluster: &Cluster, definition: &Stored) -> Option<(&'static str, String)> {
    let text = |object: &Stored, path: &str| {
        at(&object.doc, path)
            .and_then(Value::as_str)
            .unwrap_or("")
            .to_owned()
    };
    let (group, kind) = (
        text(definition, "spec.group"),
        text(definition, "spec.names.kind"),
    );
    let others = cluster
        .store
        .list("customresourcedefinitions.apiextensions.k8s.io", None)
        .items;
    others
        .iter()
        .filter(|o| o.key != definition.key && text(o, "spec.group") == group)
        .any(|o| text(o, "status.acceptedNames.kind") == kind)
        .then(|| ("KindConflict", format!("{kind:?} is already in use")))
}

/// Whether the names of a definition have been accepted.
pub(crate) fn established(definition: &Stored) -> bool {
    let list = at(&definition.doc, "status.conditions").and_then(Value::as_array);
    list.into_iter()
        .flatten()
        .any(|c| c["type"] == "Established" && c["status"] == "True")
}
