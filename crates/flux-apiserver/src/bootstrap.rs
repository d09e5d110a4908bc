//! What a new cluster contains: namespaces, default roles, a node.

mod roles;

use std::cell::RefCell;

use serde_json::{Value, json};

use crate::cluster::Cluster;
use crate::store::Doc;
use crate::verbs::{Desired, Writer, system_user};

/// Fills an empty store.
pub(crate) fn run(cluster: &Cluster) {
    for namespace in ["default", "kube-node-lease", "kube-public", "kube-system"] {
        create(
            cluster,
            "",
            "v1",
            "Namespace",
            "",
            json!({"metadata": {"name": namespace}}),
        );
    }
    roles::create_all(cluster);
    create(
        cluster,
        "",
        "v1",
        "Service",
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
        create(
            cluster,
            "scheduling.k8s.io",
            "v1",
            "PriorityClass",
            "",
            class,
        );
    }
}

/// Creates one object as the server itself; what is there already stays.
pub(crate) fn create(
    cluster: &Cluster,
    group: &str,
    version: &str,
    kind: &str,
    namespace: &str,
    object: Value,
) {
    let snapshot = cluster.registry.snapshot();
    let Some(resource) = snapshot.by_kind(group, version, kind) else {
        return;
    };
    let Value::Object(doc) = object else { return };
    let user = system_user("system:apiserver");
    let warnings = RefCell::default();
    let writer = Writer {
        cluster,
        resource,
        user: &user,
        manager: "kube-apiserver",
        subresource: "",
        dry_run: false,
        warnings: &warnings,
    };
    if let Err(error) = writer.create(namespace, Desired::Changed(Doc::from_iter(doc))) {
        tracing::debug!(message = error.message, kind, "bootstrap");
    }
}
