//! What a new cluster contains: namespaces, default roles, a node.

mod roles;

use std::sync::Arc;

use serde_json::{Value, json};

use crate::cluster::Cluster;
use crate::simulate::Actor;

/// Fills an empty store.
pub(crate) fn run(cluster: &Arc<Cluster>) {
    for namespace in ["default", "kube-node-lease", "kube-public", "kube-system"] {
        create(
            cluster,
            "namespaces",
            "",
            json!({"metadata": {"name": namespace}}),
        );
    }
    roles::create_all(cluster);
    create(
        cluster,
        "services",
        "default",
        json!({
            "metadata": {"name": "kubernetes", "labels": {"component": "apiserver", "provider": "kubernetes"}},
            "spec": {"type": "ClusterIP", "clusterIP": "10.96.0.1", "ports": [{"name": "https", "port": 443, "targetPort": 6443, "protocol": "TCP"}]},
        }),
    );
    for (name, value) in [
        ("system-cluster-critical", 2_000_000_000),
        ("system-node-critical", 2_000_001_000),
    ] {
        let class = json!({"metadata": {"name": name}, "value": value});
        create(cluster, "priorityclasses.scheduling.k8s.io", "", class);
    }
}

/// Creates one object as the server itself.
fn create(cluster: &Arc<Cluster>, table: &str, namespace: &str, object: Value) {
    Actor::new(cluster, "kube-apiserver").create(table, namespace, object);
}
