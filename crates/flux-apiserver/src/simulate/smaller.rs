//! Kinds whose controllers only write a little status.

use serde_json::{Value, json};

use crate::simulate::pods;
use crate::simulate::workloads::{Fate, Kind, Workshop, condition};
use crate::store::{Stored, at, labels_match_query};

/// Binds a claim to a volume.
pub(crate) fn claim(shop: &mut Workshop, claim: &Stored) {
    if at(&claim.doc, "status.phase") == Some(&"Bound".into()) {
        return;
    }
    match shop.fate(claim) {
        Fate::Never | Fate::Fail(_) => return,
        Fate::Ready(after) => {
            if !shop.due(Kind::Claim, claim, after) {
                return;
            }
        }
    }
    let volume = format!("pvc-{}", claim.uid());
    shop.actor
        .modify("persistentvolumeclaims", &claim.key, "", |doc| {
            doc["spec"]["volumeName"] = volume.clone().into();
        });
    let capacity = at(&claim.doc, "spec.resources.requests")
        .cloned()
        .unwrap_or_default();
    let modes = at(&claim.doc, "spec.accessModes")
        .cloned()
        .unwrap_or_default();
    let status = json!({"phase": "Bound", "accessModes": modes, "capacity": capacity});
    shop.actor
        .set_status("persistentvolumeclaims", &claim.key, &status);
}

/// Gives a load balancer an address.
pub(crate) fn service(shop: &mut Workshop, service: &Stored) {
    let balanced = at(&service.doc, "spec.type") == Some(&"LoadBalancer".into());
    let done = at(&service.doc, "status.loadBalancer.ingress").is_some();
    if !balanced || done {
        return;
    }
    if let Fate::Ready(after) = shop.fate(service)
        && shop.due(Kind::Service, service, after)
    {
        let address = json!({"ip": "127.0.0.1", "ipMode": "VIP"});
        let status = json!({"loadBalancer": {"ingress": [address]}});
        shop.actor.set_status("services", &service.key, &status);
    }
}

/// Counts the pods a disruption budget is about, when the budget is written.
pub(crate) fn budget(shop: &mut Workshop, budget: &Stored) {
    let selector = at(&budget.doc, "spec.selector")
        .cloned()
        .unwrap_or_default();
    let all = shop
        .actor
        .cluster
        .store
        .list("pods", Some(budget.namespace()))
        .items;
    let mine: Vec<_> = all
        .iter()
        .filter(|p| labels_match_query(&selector, p.meta().get("labels")))
        .collect();
    let expected = mine.len();
    let healthy = mine.iter().filter(|p| pods::ready(p)).count();
    let amount = |path: &str| match at(&budget.doc, path) {
        Some(Value::Number(n)) => n.as_u64().and_then(|n| usize::try_from(n).ok()),
        Some(Value::String(text)) => {
            let percent: usize = text.trim_end_matches('%').parse().ok()?;
            Some((expected * percent).div_ceil(100))
        }
        _ => None,
    };
    let desired = match (amount("spec.minAvailable"), amount("spec.maxUnavailable")) {
        (Some(least), _) => least,
        (None, Some(most)) => expected.saturating_sub(most),
        (None, None) => 0,
    };
    let allowed = healthy.saturating_sub(desired);
    let (state, reason) = if allowed > 0 {
        ("True", "SufficientPods")
    } else {
        ("False", "InsufficientPods")
    };
    let mut wanted = condition(
        budget,
        json!({"type": "DisruptionAllowed", "status": state, "reason": reason, "message": ""}),
        false,
    );
    wanted["observedGeneration"] = budget.generation().into();
    let status = json!({
        "observedGeneration": budget.generation(), "currentHealthy": healthy,
        "desiredHealthy": desired, "expectedPods": expected, "disruptionsAllowed": allowed,
        "conditions": [wanted],
    });
    shop.actor
        .set_status("poddisruptionbudgets.policy", &budget.key, &status);
}

/// API services without a service behind them are served by this server.
pub(crate) fn api_service(shop: &mut Workshop, service: &Stored) {
    if at(&service.doc, "spec.service").is_some_and(|s| !s.is_null()) {
        return;
    }
    let wanted = json!({
        "type": "Available", "status": "True", "reason": "Local",
        "message": "Local APIServices are always available",
    });
    let status = json!({"conditions": [condition(service, wanted, false)]});
    shop.actor
        .set_status("apiservices.apiregistration.k8s.io", &service.key, &status);
}
