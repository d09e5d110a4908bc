//! Stateful sets: numbered pods, one after the other.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::simulate::pods;
use crate::simulate::workloads::{Kind, Workshop, hash, number, owner};
use crate::store::{Stored, at};

const HASH: &str = "controller-revision-hash";

pub(crate) fn look(shop: &mut Workshop, set: &Stored) {
    let template = at(&set.doc, "spec.template").cloned().unwrap_or_default();
    let revision = format!("{}-{}", set.name(), hash(&template));
    let wanted = number(set, "spec.replicas").max(0);
    let mut present: Vec<Arc<Stored>> = shop.children(set, Kind::Pod);
    present.sort_by_key(|p| ordinal(p));
    let parallel = at(&set.doc, "spec.podManagementPolicy") == Some(&"Parallel".into());
    for n in 0..wanted {
        match present.iter().find(|p| ordinal(p) == n) {
            None => {
                create(shop, set, &template, &revision, n);
                if !parallel {
                    break;
                }
            }
            Some(pod) if !parallel && !pods::ready(pod) => break,
            Some(_) => {}
        }
    }
    for pod in present
        .iter()
        .filter(|p| ordinal(p) >= wanted && !p.deleting())
    {
        shop.actor.delete("pods", pod);
    }
    let all_ready = present.iter().all(|p| pods::ready(p));
    let on_delete = at(&set.doc, "spec.updateStrategy.type") == Some(&"OnDelete".into());
    let outdated = |p: &&Arc<Stored>| pods::label(p, HASH) != Some(revision.as_str());
    let stale = present.iter().rev().find(|p| outdated(p) && !p.deleting());
    if let Some(pod) = stale
        && all_ready
        && !on_delete
    {
        shop.actor.delete("pods", pod);
    }
    let live: Vec<&Arc<Stored>> = present.iter().filter(|p| !p.deleting()).collect();
    write_status(shop, set, &live, &revision);
}

fn ordinal(pod: &Stored) -> i64 {
    pod.name()
        .rsplit('-')
        .next()
        .and_then(|n| n.parse().ok())
        .unwrap_or(-1)
}

fn create(shop: &Workshop, set: &Stored, template: &Value, revision: &str, n: i64) {
    let name = format!("{}-{n}", set.name());
    let mut pod = pods::from_template(template, owner("apps/v1", "StatefulSet", set), &name);
    if !pod["metadata"]["labels"].is_object() {
        pod["metadata"]["labels"] = json!({});
    }
    pod["metadata"]["labels"][HASH] = revision.into();
    pod["metadata"]["labels"]["statefulset.kubernetes.io/pod-name"] = name.clone().into();
    pod["metadata"]["labels"]["apps.kubernetes.io/pod-index"] = n.to_string().into();
    let claims = at(&set.doc, "spec.volumeClaimTemplates").and_then(Value::as_array);
    for claim in claims.into_iter().flatten() {
        let base = claim
            .pointer("/metadata/name")
            .and_then(Value::as_str)
            .unwrap_or("data");
        let claim_name = format!("{base}-{name}");
        let object = json!({
            "metadata": {"name": claim_name, "labels": set.meta().get("labels").cloned()},
            "spec": claim["spec"],
        });
        shop.actor
            .create("persistentvolumeclaims", set.namespace(), object);
        if !pod["spec"]["volumes"].is_array() {
            pod["spec"]["volumes"] = json!([]);
        }
        if let Some(volumes) = pod["spec"]["volumes"].as_array_mut() {
            volumes.push(json!({"name": base, "persistentVolumeClaim": {"claimName": claim_name}}));
        }
    }
    shop.actor.create("pods", set.namespace(), pod);
}

fn write_status(shop: &Workshop, set: &Stored, live: &[&Arc<Stored>], revision: &str) {
    let wanted = number(set, "spec.replicas");
    let ready = live.iter().filter(|p| pods::ready(p)).count();
    let updated = live
        .iter()
        .filter(|p| pods::label(p, HASH) == Some(revision))
        .count();
    let old = at(&set.doc, "status.currentRevision").and_then(Value::as_str);
    let complete = i64::try_from(updated.min(ready)).unwrap_or(0) >= wanted;
    let current = match old {
        Some(old) if !complete => old,
        _ => revision,
    };
    let on_current = live
        .iter()
        .filter(|p| pods::label(p, HASH) == Some(current))
        .count();
    let mut status = json!({
        "observedGeneration": set.generation(),
        "replicas": live.len(),
        "availableReplicas": ready,
        "currentRevision": current,
        "updateRevision": revision,
        "collisionCount": 0,
    });
    for (field, value) in [
        ("readyReplicas", ready),
        ("updatedReplicas", updated),
        ("currentReplicas", on_current),
    ] {
        if value > 0 {
            status[field] = value.into();
        }
    }
    shop.actor
        .set_status("statefulsets.apps", &set.key, &status);
}
