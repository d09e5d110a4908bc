//! What a new cluster contains: namespaces, default roles, a node.

mod roles;

use std::sync::Arc;

use serde_json::{Value, json};

use crate::cluster::Cluster;
use crate::options::Workloads;
use crate::simulate::Actor;
use crate::store::Key;

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
    if cluster.options.workloads != Workloads::Inert {
        node(cluster);
    }
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

/// The node that pods are said to run on.
fn node(cluster: &Arc<Cluster>) {
    let name = crate::simulate::NODE;
    let now = crate::clock::now();
    let condition = |kind: &str, status: &str, reason: &str, message: &str| {
        json!({
            "type": kind, "status": status, "reason": reason, "message": message,
            "lastHeartbeatTime": now, "lastTransitionTime": now,
        })
    };
    let amounts = json!({"cpu": "8", "memory": "32Gi", "pods": "110"});
    let status = json!({
        "addresses": [
            {"type": "InternalIP", "address": "127.0.0.1"},
            {"type": "Hostname", "address": name},
        ],
        "allocatable": amounts,
        "capacity": amounts,
        "conditions": [
            condition("MemoryPressure", "False", "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
            condition("DiskPressure", "False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
            condition("PIDPressure", "False", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
            condition("Ready", "True", "KubeletReady", "kubelet is posting ready status"),
        ],
        "nodeInfo": {
            "architecture": "amd64", "operatingSystem": "linux", "kubeletVersion": crate::discovery::VERSION,
            "kubeProxyVersion": "", "machineID": "", "systemUUID": "", "bootID": "",
            "kernelVersion": "", "osImage": "", "containerRuntimeVersion": "",
        },
    });
    let labels = json!({
        "kubernetes.io/hostname": name, "kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64",
    });
    create(
        cluster,
        "nodes",
        "",
        json!({"metadata": {"name": name, "labels": labels}, "spec": {}}),
    );
    let key = Key::new("", name);
    Actor::new(cluster, "kubelet").set_status("nodes", &key, &status);
}

/// Creates one object as the server itself.
fn create(cluster: &Arc<Cluster>, table: &str, namespace: &str, object: Value) {
    Actor::new(cluster, "kube-apiserver").create(table, namespace, object);
}
