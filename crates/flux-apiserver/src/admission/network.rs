//! Defaults of services, with addresses and ports from the cluster's ranges.

use serde_json::{Value, json};

use crate::admission::templates::{default, each};
use crate::cluster::Cluster;
use crate::store::{Doc, Stored, at, str_at};

/// Defaults of a service's spec.
pub(crate) fn service(cluster: &Cluster, live: Option<&Stored>, spec: &mut Doc) {
    default(spec, "type", "ClusterIP".into());
    default(spec, "sessionAffinity", "None".into());
    if spec["sessionAffinity"] == "ClientIP" {
        default(
            spec,
            "sessionAffinityConfig",
            json!({"clientIP": {"timeoutSeconds": 10_800}}),
        );
    }
    for port in each(spec, "ports") {
        default(port, "protocol", "TCP".into());
        let number = port.get("port").cloned().unwrap_or_default();
        let target = port.get("targetPort");
        if target.is_none_or(|t| t.is_null() || *t == 0 || *t == "") {
            port.insert("targetPort".to_owned(), number);
        }
    }
    let kind = str_at(spec, "type").to_owned();
    if kind == "ExternalName" {
        for field in ["clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"] {
            spec.remove(field);
        }
        return;
    }
    default(spec, "internalTrafficPolicy", "Cluster".into());
    if matches!(kind.as_str(), "NodePort" | "LoadBalancer") {
        default(spec, "externalTrafficPolicy", "Cluster".into());
        node_ports(cluster, live, spec);
    }
    if kind == "LoadBalancer" {
        default(spec, "allocateLoadBalancerNodePorts", true.into());
    }
    addresses(cluster, live, spec);
}

fn addresses(cluster: &Cluster, live: Option<&Stored>, spec: &mut Doc) {
    let before = live
        .and_then(|l| at(&l.doc, "spec.clusterIP"))
        .and_then(Value::as_str);
    if str_at(spec, "clusterIP").is_empty() {
        let address = match before.filter(|b| !b.is_empty()) {
            Some(address) => address.to_owned(),
            None => cluster.allocate_address(),
        };
        spec.insert("clusterIP".to_owned(), address.into());
    }
    let address = spec["clusterIP"].clone();
    default(spec, "clusterIPs", json!([address]));
    default(spec, "ipFamilies", json!(["IPv4"]));
    default(spec, "ipFamilyPolicy", "SingleStack".into());
}

fn node_ports(cluster: &Cluster, live: Option<&Stored>, spec: &mut Doc) {
    let old = live
        .and_then(|l| at(&l.doc, "spec.ports"))
        .and_then(Value::as_array);
    let old = old.cloned().unwrap_or_default();
    for port in each(spec, "ports") {
        if port.get("nodePort").and_then(Value::as_i64).unwrap_or(0) != 0 {
            continue;
        }
        let same = |o: &&Value| {
            o.get("port") == port.get("port") && o.get("protocol") == port.get("protocol")
        };
        let kept = old
            .iter()
            .find(same)
            .and_then(|o| o.get("nodePort"))
            .and_then(Value::as_i64);
        let number = kept.unwrap_or_else(|| i64::from(cluster.allocate_port()));
        port.insert("nodePort".to_owned(), number.into());
    }
}
