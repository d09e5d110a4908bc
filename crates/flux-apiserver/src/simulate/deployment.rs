//! Deployments: a replica set per template, the newest one grows and the others shrink.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use crate::simulate::workloads::{Fate, Kind, Workshop, condition, hash, number, owner};
use crate::store::{Doc, Stored, at};

const REVISION: &str = "deployment.kubernetes.io/revision";
const HASH: &str = "pod-template-hash";
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

pub(crate) fn look(shop: &mut Workshop, deployment: &Stored) {
    let template = at(&deployment.doc, "spec.template")
        .cloned()
        .unwrap_or_default();
    let hash = hash(&template);
    let name = format!("{}-{hash}", deployment.name());
    let sets = shop.children(deployment, Kind::ReplicaSet);
    let paused = at(&deployment.doc, "spec.paused") == Some(&Value::Bool(true));
    let Some(current) = sets.iter().find(|s| s.name() == name).cloned() else {
        if paused {
            write_status(shop, deployment, &sets, None);
            return;
        }
        let revision = sets.iter().filter_map(|s| revision(s)).max().unwrap_or(0) + 1;
        create_set(shop, deployment, template, &hash, revision);
        annotate(shop, deployment, revision);
        let text = format!("Created new replica set \"{name}\"");
        let progress = progressing("True", "NewReplicaSetCreated", &text);
        write_conditions(shop, deployment, &sets, None, progress);
        return;
    };
    if !paused {
        let newest = sets.iter().filter_map(|s| revision(s)).max().unwrap_or(1);
        let mut own = revision(&current).unwrap_or(1);
        if own < newest {
            // An old template that is wanted again becomes the newest revision.
            own = newest + 1;
            renumber(shop, &current, own);
        }
        annotate(shop, deployment, own);
        let wanted = number(deployment, "spec.replicas");
        scale(shop, &current, wanted);
        if number(&current, "status.availableReplicas") >= wanted {
            for old in sets.iter().filter(|s| s.key != current.key) {
                scale(shop, old, 0);
            }
        }
    }
    write_status(shop, deployment, &sets, Some(&current));
}

fn revision(set: &Stored) -> Option<i64> {
    set.annotation(REVISION)?.parse().ok()
}

fn renumber(shop: &Workshop, set: &Stored, revision: i64) {
    shop.actor.modify("replicasets.apps", &set.key, "", |doc| {
        let slot = crate::store::meta_mut(doc).entry("annotations");
        slot.or_insert_with(|| json!({}))[REVISION] = revision.to_string().into();
    });
}

fn annotate(shop: &Workshop, deployment: &Stored, revision: i64) {
    let text = revision.to_string();
    if deployment.annotation(REVISION) == Some(text.as_str()) {
        return;
    }
    shop.actor
        .modify("deployments.apps", &deployment.key, "", |doc| {
            let fields = crate::store::meta_mut(doc);
            let slot = fields.entry("annotations").or_insert_with(|| json!({}));
            slot[REVISION] = text.clone().into();
        });
}

fn create_set(
    shop: &Workshop,
    deployment: &Stored,
    mut template: Value,
    hash: &str,
    revision: i64,
) {
    let labelled = |value: Option<Value>| {
        let mut map = value.unwrap_or_else(|| json!({}));
        map[HASH] = hash.into();
        map
    };
    let labels = labelled(template.pointer("/metadata/labels").cloned());
    if !template["metadata"].is_object() {
        template["metadata"] = json!({});
    }
    template["metadata"]["labels"] = labels.clone();
    let mut selector = at(&deployment.doc, "spec.selector")
        .cloned()
        .unwrap_or_default();
    selector["matchLabels"] = labelled(selector.get("matchLabels").cloned());
    let mut annotations: Doc = Doc::new();
    let own = deployment
        .meta()
        .get("annotations")
        .and_then(Value::as_object);
    for (key, value) in own
        .into_iter()
        .flatten()
        .filter(|(key, _)| *key != LAST_APPLIED)
    {
        annotations.insert(key.clone(), value.clone());
    }
    annotations.insert(REVISION.to_owned(), revision.to_string().into());
    annotations.insert(
        "deployment.kubernetes.io/desired-replicas".to_owned(),
        number(deployment, "spec.replicas").to_string().into(),
    );
    let set = json!({
        "metadata": {
            "name": format!("{}-{hash}", deployment.name()),
            "labels": labels,
            "annotations": annotations,
            "ownerReferences": owner("apps/v1", "Deployment", deployment),
        },
        "spec": {
            "replicas": number(deployment, "spec.replicas"),
            "selector": selector,
            "template": template,
        },
    });
    shop.actor
        .create("replicasets.apps", deployment.namespace(), set);
}

fn scale(shop: &Workshop, set: &Stored, wanted: i64) {
    if number(set, "spec.replicas") == wanted {
        return;
    }
    shop.actor.modify("replicasets.apps", &set.key, "", |doc| {
        doc["spec"]["replicas"] = wanted.into();
    });
}

fn progressing(status: &str, reason: &str, message: &str) -> Value {
    json!({"type": "Progressing", "status": status, "reason": reason, "message": message})
}

fn write_status(
    shop: &mut Workshop,
    deployment: &Stored,
    sets: &[Arc<Stored>],
    current: Option<&Stored>,
) {
    let wanted = number(deployment, "spec.replicas");
    let of = |set: Option<&Stored>, path: &str| set.map_or(0, |s| number(s, path));
    let total: i64 = sets.iter().map(|s| number(s, "status.replicas")).sum();
    let done = of(current, "status.replicas") == wanted
        && of(current, "status.availableReplicas") == wanted
        && total == wanted;
    let name = current.map_or("", Stored::name);
    let progress = if current.is_none() {
        progressing("Unknown", "DeploymentPaused", "Deployment is paused")
    } else if done {
        let text = format!("ReplicaSet \"{name}\" has successfully progressed.");
        progressing("True", "NewReplicaSetAvailable", &text)
    } else if out_of_time(shop, deployment) {
        let text = format!("ReplicaSet \"{name}\" has timed out progressing.");
        progressing("False", "ProgressDeadlineExceeded", &text)
    } else {
        let text = format!("ReplicaSet \"{name}\" is progressing.");
        progressing("True", "ReplicaSetUpdated", &text)
    };
    write_conditions(shop, deployment, sets, current, progress);
}

/// Whether the progress deadline is over; a failing workload is out of time as soon as it fails.
fn out_of_time(shop: &mut Workshop, deployment: &Stored) -> bool {
    let seconds = u64::try_from(number(deployment, "spec.progressDeadlineSeconds")).unwrap_or(600);
    let deadline = Duration::from_secs(seconds);
    match shop.fate(deployment) {
        Fate::Fail(after) => shop.due(Kind::Deployment, deployment, after.min(deadline)),
        Fate::Never => shop.due(Kind::Deployment, deployment, deadline),
        Fate::Ready(_) => false,
    }
}

fn write_conditions(
    shop: &Workshop,
    deployment: &Stored,
    sets: &[Arc<Stored>],
    current: Option<&Stored>,
    progress: Value,
) {
    let wanted = number(deployment, "spec.replicas");
    let sum = |path: &str| sets.iter().map(|s| number(s, path)).sum::<i64>();
    let available = sum("status.availableReplicas");
    let enough = available >= wanted - unavailable_allowed(deployment, wanted);
    let availability = if enough {
        json!({"type": "Available", "status": "True", "reason": "MinimumReplicasAvailable", "message": "Deployment has minimum availability."})
    } else {
        json!({"type": "Available", "status": "False", "reason": "MinimumReplicasUnavailable", "message": "Deployment does not have minimum availability."})
    };
    let mut status = json!({"observedGeneration": deployment.generation()});
    for (field, value) in [
        ("replicas", sum("status.replicas")),
        (
            "updatedReplicas",
            current.map_or(0, |c| number(c, "status.replicas")),
        ),
        ("readyReplicas", sum("status.readyReplicas")),
        ("availableReplicas", available),
        (
            "unavailableReplicas",
            (sum("status.replicas").max(wanted) - available).max(0),
        ),
    ] {
        if value > 0 {
            status[field] = value.into();
        }
    }
    status["conditions"] = json!([
        condition(deployment, availability, true),
        condition(deployment, progress, true),
    ]);
    shop.actor
        .set_status("deployments.apps", &deployment.key, &status);
}

/// How many pods may be missing during an update.
fn unavailable_allowed(deployment: &Stored, wanted: i64) -> i64 {
    match at(
        &deployment.doc,
        "spec.strategy.rollingUpdate.maxUnavailable",
    ) {
        Some(Value::Number(n)) => n.as_i64().unwrap_or(0),
        Some(Value::String(text)) => {
            let percent: i64 = text.trim_end_matches('%').parse().unwrap_or(25);
            wanted * percent / 100
        }
        _ => 0,
    }
}
