//! The columns of tables for built-in kinds, as `kubectl get` shows them.

use serde_json::Value;

use crate::clock;
use crate::registry::Resource;
use crate::store::{Stored, at};
use crate::verbs::selector_text;

/// Name, type, format, priority (0 shows always, 1 with `-o wide`).
pub(crate) type Column = (&'static str, &'static str, &'static str, u8);

const NAME: Column = ("Name", "string", "name", 0);
const AGE: Column = ("Age", "string", "", 0);

const fn s(name: &'static str) -> Column {
    (name, "string", "", 0)
}
const fn n(name: &'static str) -> Column {
    (name, "integer", "", 0)
}
const fn w(name: &'static str) -> Column {
    (name, "string", "", 1)
}

/// The columns of a kind.
#[rustfmt::skip]
pub(crate) fn of(kind: &str) -> Vec<Column> {
    match kind {
        "Pod" => vec![NAME, s("Ready"), s("Status"), s("Restarts"), AGE, w("IP"), w("Node"), w("Nominated Node"), w("Readiness Gates")],
        "Deployment" => vec![NAME, s("Ready"), n("Up-to-date"), n("Available"), AGE, w("Containers"), w("Images"), w("Selector")],
        "ReplicaSet" | "ReplicationController" => vec![NAME, n("Desired"), n("Current"), n("Ready"), AGE, w("Containers"), w("Images"), w("Selector")],
        "StatefulSet" => vec![NAME, s("Ready"), AGE, w("Containers"), w("Images")],
        "DaemonSet" => vec![NAME, n("Desired"), n("Current"), n("Ready"), n("Up-to-date"), n("Available"), s("Node Selector"), AGE, w("Containers"), w("Images"), w("Selector")],
        "Job" => vec![NAME, s("Status"), s("Completions"), s("Duration"), AGE, w("Containers"), w("Images"), w("Selector")],
        "CronJob" => vec![NAME, s("Schedule"), s("Timezone"), s("Suspend"), n("Active"), s("Last Schedule"), AGE, w("Containers"), w("Images"), w("Selector")],
        "Service" => vec![NAME, s("Type"), s("Cluster-IP"), s("External-IP"), s("Port(s)"), AGE, w("Selector")],
        "Ingress" => vec![NAME, s("Class"), s("Hosts"), s("Address"), s("Ports"), AGE],
        "Endpoints" => vec![NAME, s("Endpoints"), AGE],
        "Namespace" => vec![NAME, s("Status"), AGE],
        "ConfigMap" => vec![NAME, n("Data"), AGE],
        "Secret" => vec![NAME, s("Type"), n("Data"), AGE],
        "ServiceAccount" => vec![NAME, AGE],
        "Node" => vec![NAME, s("Status"), s("Roles"), AGE, s("Version")],
        "Event" => vec![s("Last Seen"), s("Type"), s("Reason"), s("Object"), w("Subobject"), w("Source"), s("Message"), w("First Seen"), w("Count"), ("Name", "string", "name", 1)],
        "RoleBinding" | "ClusterRoleBinding" => vec![NAME, s("Role"), AGE, w("Users"), w("Groups"), w("ServiceAccounts")],
        "Role" | "ClusterRole" => vec![NAME, s("Created At")],
        "CustomResourceDefinition" => vec![NAME, s("Created At")],
        "Lease" => vec![NAME, s("Holder"), AGE],
        "PersistentVolumeClaim" => vec![NAME, s("Status"), s("Volume"), s("Capacity"), s("Access Modes"), s("StorageClass"), s("VolumeAttributesClass"), AGE, w("VolumeMode")],
        "StorageClass" => vec![NAME, s("Provisioner"), s("ReclaimPolicy"), s("VolumeBindingMode"), s("AllowVolumeExpansion"), AGE],
        "NetworkPolicy" => vec![NAME, s("Pod-Selector"), AGE],
        "PodDisruptionBudget" => vec![NAME, s("Min Available"), s("Max Unavailable"), n("Allowed Disruptions"), AGE],
        "HorizontalPodAutoscaler" => vec![NAME, s("Reference"), s("Targets"), s("MinPods"), s("MaxPods"), n("Replicas"), AGE],
        "PriorityClass" => vec![NAME, n("Value"), s("Global-Default"), AGE, s("PreemptionPolicy")],
        "IngressClass" => vec![NAME, s("Controller"), s("Parameters"), AGE],
        "APIService" => vec![NAME, s("Service"), s("Available"), AGE],
        "ResourceQuota" => vec![NAME, s("Request"), s("Limit"), AGE],
        "ValidatingWebhookConfiguration" | "MutatingWebhookConfiguration" => vec![NAME, n("Webhooks"), AGE],
        _ => vec![NAME, AGE],
    }
}

fn text(object: &Stored, path: &str) -> String {
    match at(&object.doc, path) {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Null) | None => String::new(),
        Some(other) => other.to_string(),
    }
}

fn or_none(value: String) -> Value {
    if value.is_empty() {
        "<none>".into()
    } else {
        value.into()
    }
}

fn number(object: &Stored, path: &str) -> i64 {
    at(&object.doc, path).and_then(Value::as_i64).unwrap_or(0)
}

fn size(object: &Stored, path: &str) -> usize {
    match at(&object.doc, path) {
        Some(Value::Object(map)) => map.len(),
        Some(Value::Array(list)) => list.len(),
        _ => 0,
    }
}

fn list<'a>(object: &'a Stored, path: &str) -> &'a [Value] {
    at(&object.doc, path)
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

fn joined(items: &[Value], field: &str) -> String {
    let found: Vec<&str> = items
        .iter()
        .filter_map(|i| i.get(field))
        .filter_map(Value::as_str)
        .collect();
    found.join(",")
}

fn age(object: &Stored) -> Value {
    clock::age(&text(object, "metadata.creationTimestamp")).into()
}

/// The last columns of everything with a pod template.
fn template(object: &Stored, prefix: &str) -> Vec<Value> {
    let containers = list(object, &format!("{prefix}spec.template.spec.containers"));
    let selector = selector_text(at(&object.doc, "spec.selector"));
    vec![
        joined(containers, "name").into(),
        joined(containers, "image").into(),
        or_none(selector),
    ]
}

/// The cells of one row.
pub(crate) fn cells(resource: &Resource, object: &Stored) -> Vec<Value> {
    let name: Value = object.name().into();
    let n = |path: &str| Value::from(number(object, path));
    let t = |path: &str| Value::from(text(object, path));
    let ready =
        |a: &str, b: &str| Value::from(format!("{}/{}", number(object, a), number(object, b)));
    let mut row = vec![name];
    match resource.kind.as_str() {
        "Deployment" => {
            row.extend([
                ready("status.readyReplicas", "spec.replicas"),
                n("status.updatedReplicas"),
                n("status.availableReplicas"),
                age(object),
            ]);
            row.extend(template(object, ""));
        }
        "ReplicaSet" | "ReplicationController" => {
            row.extend([
                n("spec.replicas"),
                n("status.replicas"),
                n("status.readyReplicas"),
                age(object),
            ]);
            row.extend(template(object, ""));
        }
        "StatefulSet" => {
            row.extend([ready("status.readyReplicas", "spec.replicas"), age(object)]);
            row.extend(template(object, "").into_iter().take(2));
        }
        "DaemonSet" => {
            row.extend([
                n("status.desiredNumberScheduled"),
                n("status.currentNumberScheduled"),
                n("status.numberReady"),
                n("status.updatedNumberScheduled"),
                n("status.numberAvailable"),
                or_none(selector_text(at(
                    &object.doc,
                    "spec.template.spec.nodeSelector",
                ))),
                age(object),
            ]);
            row.extend(template(object, ""));
        }
        "Namespace" => row.extend([t("status.phase"), age(object)]),
        "ConfigMap" => {
            row.extend([
                (size(object, "data") + size(object, "binaryData")).into(),
                age(object),
            ]);
        }
        "Secret" => row.extend([t("type"), size(object, "data").into(), age(object)]),
        "Role" | "ClusterRole" | "CustomResourceDefinition" => {
            row.push(t("metadata.creationTimestamp"));
        }
        "Lease" => row.extend([t("spec.holderIdentity"), age(object)]),
        "ValidatingWebhookConfiguration" | "MutatingWebhookConfiguration" => {
            row.extend([size(object, "webhooks").into(), age(object)]);
        }
        _ => return more_cells(resource, object, row),
    }
    row
}

fn more_cells(resource: &Resource, object: &Stored, mut row: Vec<Value>) -> Vec<Value> {
    let n = |path: &str| Value::from(number(object, path));
    let t = |path: &str| Value::from(text(object, path));
    match resource.kind.as_str() {
        "Pod" => return pod(object),
        "Service" => return service(object),
        "Job" => return job(object),
        "Event" => return event(object),
        "CronJob" => {
            let last = text(object, "status.lastScheduleTime");
            row.extend([
                t("spec.schedule"),
                or_none(text(object, "spec.timeZone")),
                title(at(&object.doc, "spec.suspend") == Some(&Value::Bool(true))),
                size(object, "status.active").into(),
                or_none(if last.is_empty() {
                    last
                } else {
                    clock::age(&last)
                }),
                age(object),
            ]);
            let containers = list(object, "spec.jobTemplate.spec.template.spec.containers");
            row.extend([
                joined(containers, "name").into(),
                joined(containers, "image").into(),
                "<none>".into(),
            ]);
        }
        "Ingress" => {
            let hosts = joined(list(object, "spec.rules"), "host");
            let class = text(object, "spec.ingressClassName");
            let ports = if size(object, "spec.tls") > 0 {
                "80, 443"
            } else {
                "80"
            };
            row.extend([
                or_none(class),
                if hosts.is_empty() {
                    "*".into()
                } else {
                    hosts.into()
                },
                joined(list(object, "status.loadBalancer.ingress"), "ip").into(),
                ports.into(),
                age(object),
            ]);
        }
        "Node" => {
            row.extend([
                "Ready".into(),
                "<none>".into(),
                age(object),
                t("status.nodeInfo.kubeletVersion"),
            ]);
        }
        "RoleBinding" | "ClusterRoleBinding" => {
            let role = format!(
                "{}/{}",
                text(object, "roleRef.kind"),
                text(object, "roleRef.name")
            );
            let of = |kind: &str| {
                let subjects = list(object, "subjects").iter();
                let found: Vec<String> = subjects
                    .filter(|s| s.get("kind").and_then(Value::as_str) == Some(kind))
                    .map(|s| {
                        let name = s.get("name").and_then(Value::as_str).unwrap_or("");
                        match s.get("namespace").and_then(Value::as_str) {
                            Some(ns) => format!("{ns}/{name}"),
                            None => name.to_owned(),
                        }
                    })
                    .collect();
                Value::from(found.join(", "))
            };
            row.extend([
                role.into(),
                age(object),
                of("User"),
                of("Group"),
                of("ServiceAccount"),
            ]);
        }
        "PersistentVolumeClaim" => {
            row.extend([
                t("status.phase"),
                t("spec.volumeName"),
                t("status.capacity.storage"),
                "".into(),
                t("spec.storageClassName"),
                "<unset>".into(),
                age(object),
                t("spec.volumeMode"),
            ]);
        }
        "NetworkPolicy" => {
            row.extend([
                or_none(selector_text(at(&object.doc, "spec.podSelector"))),
                age(object),
            ]);
        }
        "PodDisruptionBudget" => {
            let na = |path: &str| {
                let v = text(object, path);
                if v.is_empty() {
                    "N/A".into()
                } else {
                    Value::from(v)
                }
            };
            row.extend([
                na("spec.minAvailable"),
                na("spec.maxUnavailable"),
                n("status.disruptionsAllowed"),
                age(object),
            ]);
        }
        "HorizontalPodAutoscaler" => {
            let reference = format!(
                "{}/{}",
                text(object, "spec.scaleTargetRef.kind"),
                text(object, "spec.scaleTargetRef.name")
            );
            row.extend([
                reference.into(),
                "<unknown>".into(),
                t("spec.minReplicas"),
                t("spec.maxReplicas"),
                n("status.currentReplicas"),
                age(object),
            ]);
        }
        "PriorityClass" => {
            row.extend([
                n("value"),
                (at(&object.doc, "globalDefault") == Some(&Value::Bool(true))).into(),
                age(object),
                t("preemptionPolicy"),
            ]);
        }
        "IngressClass" => row.extend([t("spec.controller"), "<none>".into(), age(object)]),
        "StorageClass" => {
            let expand = at(&object.doc, "allowVolumeExpansion") == Some(&Value::Bool(true));
            row.extend([
                t("provisioner"),
                t("reclaimPolicy"),
                t("volumeBindingMode"),
                expand.into(),
                age(object),
            ]);
        }
        "APIService" => row.extend(["Local".into(), "True".into(), age(object)]),
        "ResourceQuota" => row.extend(["".into(), "".into(), age(object)]),
        "Endpoints" => row.extend([or_none(endpoints(object)), age(object)]),
        _ => row.push(age(object)),
    }
    row
}

fn endpoints(object: &Stored) -> String {
    let mut found = Vec::new();
    for subset in list(object, "subsets") {
        let port = subset
            .pointer("/ports/0/port")
            .and_then(Value::as_i64)
            .unwrap_or(0);
        for address in subset
            .get("addresses")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
        {
            let ip = address.get("ip").and_then(Value::as_str).unwrap_or("");
            found.push(format!("{ip}:{port}"));
        }
    }
    found.join(",")
}

fn title(flag: bool) -> Value {
    if flag { "True".into() } else { "False".into() }
}

fn pod(object: &Stored) -> Vec<Value> {
    let statuses = list(object, "status.containerStatuses");
    let total = list(object, "spec.containers").len();
    let ready = statuses
        .iter()
        .filter(|s| s.get("ready") == Some(&Value::Bool(true)))
        .count();
    let waiting = statuses.iter().find_map(|s| {
        s.pointer("/state/waiting/reason")
            .or_else(|| s.pointer("/state/terminated/reason"))?
            .as_str()
    });
    let mut status = waiting.map_or_else(|| text(object, "status.phase"), str::to_owned);
    if object.deleting() {
        "Terminating".clone_into(&mut status);
    }
    vec![
        object.name().into(),
        format!("{ready}/{total}").into(),
        status.into(),
        "0".into(),
        age(object),
        or_none(text(object, "status.podIP")),
        or_none(text(object, "spec.nodeName")),
        "<none>".into(),
        "<none>".into(),
    ]
}

fn service(object: &Stored) -> Vec<Value> {
    let ports: Vec<String> = list(object, "spec.ports")
        .iter()
        .map(|p| {
            let get = |f: &str| p.get(f).and_then(Value::as_i64).unwrap_or(0);
            let protocol = p.get("protocol").and_then(Value::as_str).unwrap_or("TCP");
            if get("nodePort") > 0 {
                format!("{}:{}/{protocol}", get("port"), get("nodePort"))
            } else {
                format!("{}/{protocol}", get("port"))
            }
        })
        .collect();
    let kind = text(object, "spec.type");
    let external = match kind.as_str() {
        "ExternalName" => text(object, "spec.externalName"),
        "LoadBalancer" => {
            let found = joined(list(object, "status.loadBalancer.ingress"), "ip");
            if found.is_empty() {
                "<pending>".to_owned()
            } else {
                found
            }
        }
        _ => String::new(),
    };
    vec![
        object.name().into(),
        kind.into(),
        or_none(text(object, "spec.clusterIP")),
        or_none(external),
        or_none(ports.join(",")),
        age(object),
        or_none(selector_text(at(&object.doc, "spec.selector"))),
    ]
}

fn job(object: &Stored) -> Vec<Value> {
    let has = |kind: &str| {
        list(object, "status.conditions").iter().any(|c| {
            c.get("type").and_then(Value::as_str) == Some(kind)
                && c.get("status").and_then(Value::as_str) == Some("True")
        })
    };
    let status = if has("Complete") {
        "Complete"
    } else if has("Failed") {
        "Failed"
    } else if has("Suspended") {
        "Suspended"
    } else {
        "Running"
    };
    let done = number(object, "status.succeeded");
    let completions = number(object, "spec.completions").max(1);
    let mut row = vec![
        object.name().into(),
        status.into(),
        format!("{done}/{completions}").into(),
        "0s".into(),
        age(object),
    ];
    row.extend(template(object, ""));
    row
}

fn event(object: &Stored) -> Vec<Value> {
    let kind = text(object, "involvedObject.kind").to_lowercase();
    let first = |paths: &[&str]| {
        let found = paths
            .iter()
            .map(|p| text(object, p))
            .find(|t| !t.is_empty());
        found.map_or_else(|| "<unknown>".to_owned(), |t| clock::age(&t))
    };
    let last = first(&[
        "series.lastObservedTime",
        "lastTimestamp",
        "eventTime",
        "metadata.creationTimestamp",
    ]);
    let start = first(&["firstTimestamp", "eventTime", "metadata.creationTimestamp"]);
    let component = text(object, "source.component");
    let source = if component.is_empty() {
        text(object, "reportingComponent")
    } else {
        component
    };
    vec![
        last.into(),
        text(object, "type").into(),
        text(object, "reason").into(),
        format!("{kind}/{}", text(object, "involvedObject.name")).into(),
        text(object, "involvedObject.fieldPath").into(),
        source.into(),
        text(object, "message").trim().into(),
        start.into(),
        Value::from(number(object, "count").max(1).to_string()),
        object.name().into(),
    ]
}
