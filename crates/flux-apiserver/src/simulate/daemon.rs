//! Daemon sets: one pod, because there is one node.

use serde_json::json;

use crate::simulate::pods;
use crate::simulate::workloads::{Kind, Workshop, hash, owner};
use crate::store::{Stored, at};

const HASH: &str = "controller-revision-hash";

pub(crate) fn look(shop: &mut Workshop, set: &Stored) {
    let template = at(&set.doc, "spec.template").cloned().unwrap_or_default();
    let revision = hash(&template);
    let wanted = i64::from(pods::fits(set));
    let all = shop.children(set, Kind::Pod);
    let live: Vec<_> = all.iter().filter(|p| !p.deleting()).collect();
    if all.is_empty() && wanted == 1 {
        let owner = owner("apps/v1", "DaemonSet", set);
        let mut pod = pods::from_template(&template, owner, &format!("{}-", set.name()));
        if !pod["metadata"]["labels"].is_object() {
            pod["metadata"]["labels"] = json!({});
        }
        pod["metadata"]["labels"][HASH] = revision.clone().into();
        shop.actor.create("pods", set.namespace(), pod);
    }
    for pod in &live {
        if wanted == 0 || pods::label(pod, HASH) != Some(revision.as_str()) {
            shop.actor.delete("pods", pod);
        }
    }
    let current = live.len();
    let ready = live.iter().filter(|p| pods::ready(p)).count();
    let updated = live
        .iter()
        .filter(|p| pods::label(p, HASH) == Some(revision.as_str()))
        .count();
    let mut status = json!({
        "observedGeneration": set.generation(),
        "desiredNumberScheduled": wanted,
        "currentNumberScheduled": current,
        "numberMisscheduled": 0,
        "numberReady": ready,
    });
    let missing = usize::try_from(wanted).unwrap_or(0).saturating_sub(ready);
    for (field, value) in [
        ("updatedNumberScheduled", updated),
        ("numberAvailable", ready),
        ("numberUnavailable", missing),
    ] {
        if value > 0 {
            status[field] = value.into();
        }
    }
    shop.actor.set_status("daemonsets.apps", &set.key, &status);
}
