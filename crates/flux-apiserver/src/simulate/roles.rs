//! Cluster roles made of others: rules are collected by label.

use std::sync::Arc;

use serde_json::Value;

use crate::cluster::Cluster;
use crate::simulate::Tap;
use crate::simulate::actor::Actor;
use crate::store::labels_match_query;

const TABLE: &str = "clusterroles.rbac.authorization.k8s.io";

pub(crate) async fn run(cluster: Arc<Cluster>, mut tap: Tap) {
    let actor = Actor::new(&cluster, "clusterrole-aggregation-controller");
    while let Some(change) = tap.recv().await {
        let mut hit = &*change.table == TABLE;
        while let Ok(change) = tap.try_recv() {
            hit |= &*change.table == TABLE;
        }
        if hit {
            aggregate(&actor);
        }
    }
}

/// Brings the roles of a new cluster up to date; roles made of roles that are made of roles take
/// several rounds.
pub(crate) fn aggregate_all(cluster: &Arc<Cluster>) {
    let actor = Actor::new(cluster, "clusterrole-aggregation-controller");
    for _ in 0..3 {
        aggregate(&actor);
    }
}

/// Brings all aggregated roles up to date; a role that changes brings the next round.
fn aggregate(actor: &Actor) {
    let roles = actor.cluster.store.list(TABLE, None).items;
    for role in &roles {
        let selectors = crate::store::at(&role.doc, "aggregationRule.clusterRoleSelectors");
        let Some(selectors) = selectors.and_then(Value::as_array) else {
            continue;
        };
        let mut rules: Vec<Value> = Vec::new();
        for other in roles.iter().filter(|o| o.key != role.key) {
            let labels = other.meta().get("labels");
            if !selectors.iter().any(|s| labels_match_query(s, labels)) {
                continue;
            }
            for rule in other
                .doc
                .get("rules")
                .and_then(Value::as_array)
                .into_iter()
                .flatten()
            {
                if !rules.contains(rule) {
                    rules.push(rule.clone());
                }
            }
        }
        if role.doc.get("rules").and_then(Value::as_array) != Some(&rules) {
            actor.modify(TABLE, &role.key, "", |doc| {
                doc.insert("rules".to_owned(), rules.clone().into());
            });
        }
    }
}
