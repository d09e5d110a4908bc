//! Defaults of the built-in kinds.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::admission::network;
use crate::admission::templates::{child, default, each, pod_spec, template};
use crate::cluster::Cluster;
use crate::registry::Resource;
use crate::store::{Doc, Stored, at, meta, meta_mut, str_at};

/// Fills in what the real server fills in.
pub(crate) fn apply(cluster: &Cluster, resource: &Resource, live: Option<&Stored>, doc: &mut Doc) {
    match resource.table.as_ref() {
        "deployments.apps" => deployment(doc),
        "replicasets.apps" => replica_set(doc),
        "statefulsets.apps" => stateful_set(doc),
        "daemonsets.apps" => daemon_set(doc),
        "jobs.batch" => job(doc, live),
        "cronjobs.batch" => cron_job(doc),
        "pods" => pod(doc),
        "replicationcontrollers" => replication_controller(doc),
        "services" => {
            if let Some(spec) = child(doc, "spec") {
                network::service(cluster, live, spec);
            }
            default(doc, "status", json!({"loadBalancer": {}}));
        }
        "namespaces" => namespace(doc, live),
        "secrets" => secret(doc),
        _ => other(resource, doc),
    }
}

fn other(resource: &Resource, doc: &mut Doc) {
    match resource.table.as_ref() {
        "persistentvolumeclaims" => {
            if let Some(spec) = child(doc, "spec") {
                default(spec, "volumeMode", "Filesystem".into());
            }
            default(doc, "status", json!({"phase": "Pending"}));
        }
        "persistentvolumes" => {
            if let Some(spec) = child(doc, "spec") {
                default(spec, "persistentVolumeReclaimPolicy", "Retain".into());
                default(spec, "volumeMode", "Filesystem".into());
            }
        }
        "ingresses.networking.k8s.io" => {
            default(doc, "status", json!({"loadBalancer": {}}));
        }
        "networkpolicies.networking.k8s.io" => network_policy(doc),
        "storageclasses.storage.k8s.io" => {
            default(doc, "reclaimPolicy", "Delete".into());
            default(doc, "volumeBindingMode", "Immediate".into());
        }
        "rolebindings.rbac.authorization.k8s.io"
        | "clusterrolebindings.rbac.authorization.k8s.io" => binding(doc),
        "horizontalpodautoscalers.autoscaling" => autoscaler(doc),
        "priorityclasses.scheduling.k8s.io" => {
            default(doc, "preemptionPolicy", "PreemptLowerPriority".into());
        }
        "validatingwebhookconfigurations.admissionregistration.k8s.io"
        | "mutatingwebhookconfigurations.admissionregistration.k8s.io" => {
            let mutating = resource.kind.starts_with("Mutating");
            for hook in each(doc, "webhooks") {
                webhook(hook, mutating);
            }
        }
        "customresourcedefinitions.apiextensions.k8s.io" => definition(doc),
        _ => {}
    }
}

/// Selectors that are left out select the template's labels, where that was ever allowed.
fn deployment(doc: &mut Doc) {
    let Some(spec) = child(doc, "spec") else {
        return;
    };
    default(spec, "replicas", 1.into());
    if let Some(strategy) = child(spec, "strategy") {
        default(strategy, "type", "RollingUpdate".into());
        if strategy["type"] == "RollingUpdate"
            && let Some(rolling) = child(strategy, "rollingUpdate")
        {
            default(rolling, "maxUnavailable", "25%".into());
            default(rolling, "maxSurge", "25%".into());
        }
    }
    default(spec, "revisionHistoryLimit", 10.into());
    default(spec, "progressDeadlineSeconds", 600.into());
    template(spec, Some("Always"));
}

fn replica_set(doc: &mut Doc) {
    let Some(spec) = child(doc, "spec") else {
        return;
    };
    default(spec, "replicas", 1.into());
    template(spec, Some("Always"));
}

fn replication_controller(doc: &mut Doc) {
    let Some(spec) = child(doc, "spec") else {
        return;
    };
    default(spec, "replicas", 1.into());
    template(spec, Some("Always"));
    let labels = spec
        .get("template")
        .and_then(|t| t.pointer("/metadata/labels"))
        .cloned();
    if let Some(labels) = labels {
        default(spec, "selector", labels);
    }
}

fn stateful_set(doc: &mut Doc) {
    let Some(spec) = child(doc, "spec") else {
        return;
    };
    default(spec, "replicas", 1.into());
    default(spec, "podManagementPolicy", "OrderedReady".into());
    default(spec, "revisionHistoryLimit", 10.into());
    if let Some(strategy) = child(spec, "updateStrategy") {
        default(strategy, "type", "RollingUpdate".into());
        if strategy["type"] == "RollingUpdate"
            && let Some(rolling) = child(strategy, "rollingUpdate")
        {
            default(rolling, "partition", 0.into());
        }
    }
    default(
        spec,
        "persistentVolumeClaimRetentionPolicy",
        json!({"whenDeleted": "Retain", "whenScaled": "Retain"}),
    );
    template(spec, Some("Always"));
    for claim in each(spec, "volumeClaimTemplates") {
        default(claim, "apiVersion", "v1".into());
        default(claim, "kind", "PersistentVolumeClaim".into());
        default(claim, "status", json!({"phase": "Pending"}));
        if let Some(spec) = child(claim, "spec") {
            default(spec, "volumeMode", "Filesystem".into());
        }
    }
}

fn daemon_set(doc: &mut Doc) {
    let Some(spec) = child(doc, "spec") else {
        return;
    };
    default(spec, "revisionHistoryLimit", 10.into());
    if let Some(strategy) = child(spec, "updateStrategy") {
        default(strategy, "type", "RollingUpdate".into());
        if strategy["type"] == "RollingUpdate"
            && let Some(rolling) = child(strategy, "rollingUpdate")
        {
            default(rolling, "maxUnavailable", 1.into());
            default(rolling, "maxSurge", 0.into());
        }
    }
    template(spec, Some("Always"));
}

fn job(doc: &mut Doc, live: Option<&Stored>) {
    let uid = str_at(meta(doc), "uid").to_owned();
    let name = str_at(meta(doc), "name").to_owned();
    let Some(spec) = child(doc, "spec") else {
        return;
    };
    job_spec(spec);
    if spec.get("manualSelector") == Some(&Value::Bool(true)) {
        return;
    }
    if let Some(live) = live {
        // What the first write generated stays.
        if let Some(selector) = at(&live.doc, "spec.selector") {
            default(spec, "selector", selector.clone());
        }
    }
    let uid = live.map_or(uid, |l| l.uid().to_owned());
    let labels = [
        ("batch.kubernetes.io/controller-uid", uid.as_str()),
        ("batch.kubernetes.io/job-name", name.as_str()),
        ("controller-uid", uid.as_str()),
        ("job-name", name.as_str()),
    ];
    if let Some(template) = child(spec, "template")
        && let Some(fields) = child(template, "metadata")
        && let Some(map) = child(fields, "labels")
    {
        for (key, value) in labels {
            default(map, key, value.into());
        }
    }
    default(
        spec,
        "selector",
        json!({"matchLabels": {"batch.kubernetes.io/controller-uid": uid}}),
    );
}

fn job_spec(spec: &mut Doc) {
    let parallel = spec.contains_key("parallelism");
    if !parallel {
        default(spec, "completions", 1.into());
    }
    default(spec, "parallelism", 1.into());
    default(spec, "backoffLimit", 6.into());
    default(spec, "completionMode", "NonIndexed".into());
    default(spec, "suspend", false.into());
    default(spec, "manualSelector", false.into());
    default(spec, "podReplacementPolicy", "TerminatingOrFailed".into());
    template(spec, None);
}

fn cron_job(doc: &mut Doc) {
    let Some(spec) = child(doc, "spec") else {
        return;
    };
    default(spec, "concurrencyPolicy", "Allow".into());
    default(spec, "suspend", false.into());
    default(spec, "successfulJobsHistoryLimit", 3.into());
    default(spec, "failedJobsHistoryLimit", 1.into());
    if let Some(job) = child(spec, "jobTemplate")
        && let Some(spec) = child(job, "spec")
    {
        // Parity: the template's job defaults that depend on the job are left to the job.
        template(spec, None);
    }
}

fn pod(doc: &mut Doc) {
    if let Some(spec) = child(doc, "spec") {
        pod_spec(spec, Some("Always"));
        default(spec, "serviceAccountName", "default".into());
        default(spec, "serviceAccount", "default".into());
        default(spec, "enableServiceLinks", true.into());
        default(spec, "preemptionPolicy", "PreemptLowerPriority".into());
        default(spec, "priority", 0.into());
        default(
            spec,
            "tolerations",
            json!([
                {"key": "node.kubernetes.io/not-ready", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300},
                {"key": "node.kubernetes.io/unreachable", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300},
            ]),
        );
    }
    let status = doc.entry("status").or_insert_with(|| json!({}));
    if status.as_object().is_none_or(Doc::is_empty) {
        *status = json!({"phase": "Pending", "qosClass": "BestEffort"});
    }
}

fn namespace(doc: &mut Doc, live: Option<&Stored>) {
    let name = str_at(meta(doc), "name").to_owned();
    if let Some(labels) = child(meta_mut(doc), "labels") {
        labels.insert("kubernetes.io/metadata.name".to_owned(), name.into());
    }
    if live.is_none() {
        doc.insert("spec".to_owned(), json!({"finalizers": ["kubernetes"]}));
        doc.insert("status".to_owned(), json!({"phase": "Active"}));
    }
}

fn secret(doc: &mut Doc) {
    default(doc, "type", "Opaque".into());
    let Some(Value::Object(plain)) = doc.remove("stringData") else {
        return;
    };
    if plain.is_empty() {
        return;
    }
    if let Some(data) = child(doc, "data") {
        for (key, value) in plain {
            let text = value.as_str().unwrap_or("");
            data.insert(key, STANDARD.encode(text).into());
        }
    }
}

fn network_policy(doc: &mut Doc) {
    let Some(spec) = child(doc, "spec") else {
        return;
    };
    let egress = spec
        .get("egress")
        .and_then(Value::as_array)
        .is_some_and(|e| !e.is_empty());
    let types = if egress {
        json!(["Ingress", "Egress"])
    } else {
        json!(["Ingress"])
    };
    default(spec, "policyTypes", types);
    for (rules, ports) in [("ingress", "ports"), ("egress", "ports")] {
        for rule in each(spec, rules) {
            for port in each(rule, ports) {
                default(port, "protocol", "TCP".into());
            }
        }
    }
}

const RBAC: &str = "rbac.authorization.k8s.io";

fn binding(doc: &mut Doc) {
    if let Some(role) = child(doc, "roleRef") {
        default(role, "apiGroup", RBAC.into());
        if role["apiGroup"] == "" {
            role["apiGroup"] = RBAC.into();
        }
    }
    for subject in each(doc, "subjects") {
        if matches!(str_at(subject, "kind"), "User" | "Group") {
            default(subject, "apiGroup", RBAC.into());
        }
    }
}

fn autoscaler(doc: &mut Doc) {
    let Some(spec) = child(doc, "spec") else {
        return;
    };
    default(spec, "minReplicas", 1.into());
    default(
        spec,
        "metrics",
        json!([{"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 80}}}]),
    );
}

fn webhook(hook: &mut Doc, mutating: bool) {
    default(hook, "failurePolicy", "Fail".into());
    default(hook, "matchPolicy", "Equivalent".into());
    default(hook, "namespaceSelector", json!({}));
    default(hook, "objectSelector", json!({}));
    default(hook, "timeoutSeconds", 10.into());
    if mutating {
        default(hook, "reinvocationPolicy", "Never".into());
    }
    if let Some(service) = hook
        .get_mut("clientConfig")
        .and_then(|c| c.get_mut("service"))
        .and_then(Value::as_object_mut)
    {
        default(service, "port", 443.into());
    }
    for rule in each(hook, "rules") {
        default(rule, "scope", "*".into());
    }
}

fn definition(doc: &mut Doc) {
    let Some(spec) = child(doc, "spec") else {
        return;
    };
    if let Some(names) = child(spec, "names") {
        let kind = str_at(names, "kind").to_owned();
        default(names, "singular", kind.to_lowercase().into());
        default(names, "listKind", format!("{kind}List").into());
        if names["listKind"] == "" {
            names["listKind"] = format!("{kind}List").into();
        }
        if names["singular"] == "" {
            names["singular"] = kind.to_lowercase().into();
        }
    }
    default(spec, "conversion", json!({"strategy": "None"}));
}
