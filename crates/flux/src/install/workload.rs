//! A component's own objects: ServiceAccount, Services, Deployment (INS-ARG-*, INS-GEN-005, INS-GEN-006).
//!
//! Users patch these objects by place and name: the order of arguments, ports and volumes is an interface (INS-GEN-008).

use serde_json::{Value, json};

use super::Plan;
use super::bundle::{Component, labels};

/// The objects of a component.
pub(super) fn objects(plan: &Plan, component: &Component) -> Vec<Value> {
    let mut all = vec![json!({
        "apiVersion": "v1", "kind": "ServiceAccount",
        "metadata": {
            "labels": labels(plan, Some(component)), "name": component.name,
            "namespace": plan.namespace,
        },
    })];
    if serves(component) || component.name == "notification-controller" {
        all.push(service(plan, component, component.name, "http"));
    }
    if component.name == "notification-controller" {
        all.push(service(plan, component, "webhook-receiver", "http-webhook"));
    }
    all.push(deployment(plan, component));
    all
}

/// Whether a component serves artifacts.
fn serves(component: &Component) -> bool {
    matches!(component.name, "source-controller" | "source-watcher")
}

fn service(plan: &Plan, component: &Component, name: &str, port: &str) -> Value {
    let mut labels = labels(plan, Some(component));
    labels["control-plane"] = match component.name {
        // Parity: this Service alone names its controller.
        "source-watcher" => "source-watcher",
        _ => "controller",
    }
    .into();
    json!({
        "apiVersion": "v1", "kind": "Service",
        "metadata": {"labels": labels, "name": name, "namespace": plan.namespace},
        "spec": {
            "ports": [{"name": "http", "port": 80, "protocol": "TCP", "targetPort": port}],
            "selector": {"app": component.name},
            "type": "ClusterIP",
        },
    })
}

fn deployment(plan: &Plan, component: &Component) -> Value {
    let mut own = labels(plan, Some(component));
    own["control-plane"] = "controller".into();
    let mut pod_labels = labels(plan, Some(component));
    pod_labels["app"] = component.name.into();
    let mut spec = json!({
        "replicas": 1,
        "selector": {"matchLabels": {"app": component.name}},
        "template": {
            "metadata": {
                "annotations": {"prometheus.io/port": "8080", "prometheus.io/scrape": "true"},
                "labels": pod_labels,
            },
            "spec": pod(plan, component),
        },
    });
    if serves(component) {
        spec["strategy"] = json!({"type": "Recreate"});
    }
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"labels": own, "name": component.name, "namespace": plan.namespace},
        "spec": spec,
    })
}

fn pod(plan: &Plan, component: &Component) -> Value {
    let grace = match component.name {
        "kustomize-controller" => 60,
        "helm-controller" => 600,
        _ => 10,
    };
    let volumes: Vec<Value> = volumes(component)
        .iter()
        .map(|(name, _)| json!({"emptyDir": {}, "name": name}))
        .collect();
    let mut pod = json!({
        "containers": [container(plan, component)],
        "nodeSelector": {"kubernetes.io/os": "linux"},
        "securityContext": {"fsGroup": 1337},
        "serviceAccountName": component.name,
        "terminationGracePeriodSeconds": grace,
        "volumes": volumes,
    });
    if serves(component) || matches!(component.name, "kustomize-controller" | "helm-controller") {
        pod["priorityClassName"] = "system-cluster-critical".into();
    }
    if !plan.pull_secret.is_empty() {
        pod["imagePullSecrets"] = json!([{"name": plan.pull_secret}]);
    }
    let tolerations: Vec<Value> = plan
        .toleration_keys
        .iter()
        .map(|key| json!({"key": key, "operator": "Exists"}))
        .collect();
    if !tolerations.is_empty() {
        pod["tolerations"] = tolerations.into();
    }
    pod
}

/// Name and path of each volume.
fn volumes(component: &Component) -> &'static [(&'static str, &'static str)] {
    match component.name {
        "source-controller" | "source-watcher" => &[("data", "/data"), ("tmp", "/tmp")],
        "image-reflector-controller" => &[("temp", "/tmp"), ("data", "/data")],
        _ => &[("temp", "/tmp")],
    }
}

fn container(plan: &Plan, component: &Component) -> Value {
    let registry = if plan.registry.is_empty() {
        "fluxcd"
    } else {
        &plan.registry
    };
    let readiness = if serves(component) {
        json!({"path": "/", "port": "http"})
    } else {
        json!({"path": "/readyz", "port": "healthz"})
    };
    let mounts: Vec<Value> = volumes(component)
        .iter()
        .map(|(name, path)| json!({"mountPath": path, "name": name}))
        .collect();
    let cpu = if serves(component) { "50m" } else { "100m" };
    json!({
        "args": arguments(plan, component),
        "env": environment(component),
        "image": format!("{registry}/{}:{}", component.name, component.version),
        "imagePullPolicy": "IfNotPresent",
        "livenessProbe": {"httpGet": {"path": "/healthz", "port": "healthz"}},
        "name": "manager",
        "ports": ports(component),
        "readinessProbe": {"httpGet": readiness},
        "resources": {
            "limits": {"cpu": "1000m", "memory": "1Gi"},
            "requests": {"cpu": cpu, "memory": "64Mi"},
        },
        "securityContext": {
            "allowPrivilegeEscalation": false, "capabilities": {"drop": ["ALL"]},
            "readOnlyRootFilesystem": true, "runAsNonRoot": true,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "volumeMounts": mounts,
    })
}

fn arguments(plan: &Plan, component: &Component) -> Vec<String> {
    let has = |name: &str| plan.components.iter().any(|component| component == name);
    let host = |name: &str| format!("{name}.$(RUNTIME_NAMESPACE).svc.{}.", plan.cluster_domain);
    let mut args = Vec::new();
    if component.name != "notification-controller" {
        args.push(if has("notification-controller") {
            format!("--events-addr=http://{}/", host("notification-controller"))
        } else {
            "--events-addr=".to_owned()
        });
    }
    args.extend([
        format!("--watch-all-namespaces={}", plan.watch_all),
        format!("--log-level={}", plan.log_level),
        "--log-encoding=json".to_owned(),
        "--enable-leader-election".to_owned(),
    ]);
    if serves(component) {
        args.push("--storage-path=/data".to_owned());
        args.push(format!("--storage-adv-addr={}", host(component.name)));
    }
    let takes_artifacts = matches!(component.name, "kustomize-controller" | "helm-controller");
    if takes_artifacts && has("source-watcher") {
        args.push("--feature-gates=ExternalArtifact=true".to_owned());
    }
    args
}

fn environment(component: &Component) -> Vec<Value> {
    let mut all = vec![json!({
        "name": "RUNTIME_NAMESPACE",
        "valueFrom": {"fieldRef": {"fieldPath": "metadata.namespace"}},
    })];
    if component.name == "source-controller" {
        all.push(json!({"name": "TUF_ROOT", "value": "/tmp/.sigstore"}));
    }
    all.push(json!({
        "name": "GOMEMLIMIT",
        "valueFrom": {"resourceFieldRef": {"containerName": "manager", "resource": "limits.memory"}},
    }));
    all
}

fn ports(component: &Component) -> Vec<Value> {
    let mut ports = Vec::new();
    if serves(component) || component.name == "notification-controller" {
        ports.push((9090, "http"));
    }
    if component.name == "notification-controller" {
        ports.push((9292, "http-webhook"));
    }
    ports.extend([(8080, "http-prom"), (9440, "healthz")]);
    ports
        .into_iter()
        .map(|(port, name)| json!({"containerPort": port, "name": name, "protocol": "TCP"}))
        .collect()
}
