//! Replica sets and replication controllers: as many pods as asked for.

use serde_json::json;

use crate::simulate::pods;
use crate::simulate::workloads::{Kind, Workshop, number, owner};
use crate::store::{Stored, at};

pub(crate) fn look(shop: &mut Workshop, kind: Kind, set: &Stored) {
    let mut live: Vec<_> = shop
        .children(set, Kind::Pod)
        .into_iter()
        .filter(|p| !p.deleting())
        .collect();
    let wanted = usize::try_from(number(set, "spec.replicas")).unwrap_or(0);
    let template = at(&set.doc, "spec.template").cloned().unwrap_or_default();
    let (api_version, name) = match kind {
        Kind::ReplicationController => ("v1", "ReplicationController"),
        _ => ("apps/v1", "ReplicaSet"),
    };
    for _ in live.len()..wanted {
        let owner = owner(api_version, name, set);
        let pod = pods::from_template(&template, owner, &format!("{}-", set.name()));
        shop.actor.create("pods", set.namespace(), pod);
    }
    // The pods that are not ready go first.
    live.sort_by_key(|p| !pods::ready(p));
    for pod in live.drain(wanted.min(live.len())..).collect::<Vec<_>>() {
        shop.actor.delete("pods", &pod);
    }
    // Pods made just now are counted when the news of them arrives.
    let ready = live.iter().filter(|p| pods::ready(p)).count();
    let mut status = json!({"observedGeneration": set.generation(), "replicas": live.len()});
    if !live.is_empty() {
        status["fullyLabeledReplicas"] = live.len().into();
    }
    if ready > 0 {
        status["readyReplicas"] = ready.into();
        status["availableReplicas"] = ready.into();
    }
    shop.actor.set_status(kind.table(), &set.key, &status);
}
