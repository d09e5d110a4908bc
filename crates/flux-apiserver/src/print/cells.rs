//! The cells of table rows for built-in kinds; the columns are in `columns`.

use serde_json::Value;

use crate::clock;
use crate::registry::Resource;
use crate::store::{Stored, at};
use crate::verbs::selector_text;

/// The cells of one row.
pub(crate) fn cells(resource: &Resource, object: &Stored) -> Vec<Value> {
    let kind = resource.kind.as_str();
    if kind == "Event" {
        return event(object);
    }
    let rest = workload(kind, object)
        .or_else(|| batch(kind, object))
        .or_else(|| core(kind, object))
        .or_else(|| network(kind, object))
        .or_else(|| access(kind, object))
        .or_else(|| storage(kind, object))
        .or_else(|| policy(kind, object));
    let rest = rest.unwrap_or_else(|| vec![age(object)]);
    std::iter::once(object.name().into()).chain(rest).collect()
}

fn text(object: &Stored, path: &str) -> String {
    match at(&object.doc, path) {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Null) | None => String::new(),
        Some(other) => other.to_string(),
    }
}

fn or(value: String, other: &str) -> Value {
    if value.is_empty() {
        other.into()
    } else {
        value.into()
    }
}

fn or_none(value: String) -> Value {
    or(value, "<none>")
}

fn number(object: &Stored, path: &str) -> i64 {
    at(&object.doc, path).and_then(Value::as_i64).unwrap_or(0)
}

fn flag(object: &Stored, path: &str) -> bool {
    at(&object.doc, path) == Some(&Value::Bool(true))
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

/// Names, images and selector of what a template at `path` makes.
fn template(object: &Stored, path: &str) -> Vec<Value> {
    let containers = list(object, &format!("{path}.spec.containers"));
    let selector = selector_text(at(&object.doc, "spec.selector"));
    vec![
        joined(containers, "name").into(),
        joined(containers, "image").into(),
        or_none(selector),
    ]
}

fn fraction(object: &Stored, part: &str, whole: &str) -> Value {
    format!("{}/{}", number(object, part), number(object, whole)).into()
}

fn workload(kind: &str, object: &Stored) -> Option<Vec<Value>> {
    let n = |path: &str| Value::from(number(object, path));
    let mut row = match kind {
        "Deployment" => vec![
            fraction(object, "status.readyReplicas", "spec.replicas"),
            n("status.updatedReplicas"),
            n("status.availableReplicas"),
        ],
        "ReplicaSet" | "ReplicationController" => {
            vec![
                n("spec.replicas"),
                n("status.replicas"),
                n("status.readyReplicas"),
            ]
        }
        "StatefulSet" => vec![fraction(object, "status.readyReplicas", "spec.replicas")],
        "DaemonSet" => vec![
            n("status.desiredNumberScheduled"),
            n("status.currentNumberScheduled"),
            n("status.numberReady"),
            n("status.updatedNumberScheduled"),
            n("status.numberAvailable"),
            or_none(selector_text(at(
                &object.doc,
                "spec.template.spec.nodeSelector",
            ))),
        ],
        _ => return None,
    };
    row.push(age(object));
    let shown = if kind == "StatefulSet" { 2 } else { 3 };
    row.extend(template(object, "spec.template").into_iter().take(shown));
    Some(row)
}

fn batch(kind: &str, object: &Stored) -> Option<Vec<Value>> {
    let mut row = match kind {
        "Job" => vec![
            job_state(object).into(),
            format!(
                "{}/{}",
                number(object, "status.succeeded"),
                number(object, "spec.completions").max(1)
            )
            .into(),
            job_duration(object),
        ],
        "CronJob" => {
            let last = text(object, "status.lastScheduleTime");
            vec![
                text(object, "spec.schedule").into(),
                or_none(text(object, "spec.timeZone")),
                if flag(object, "spec.suspend") {
                    "True".into()
                } else {
                    "False".into()
                },
                size(object, "status.active").into(),
                or_none(if last.is_empty() {
                    last
                } else {
                    clock::age(&last)
                }),
            ]
        }
        _ => return None,
    };
    row.push(age(object));
    let path = if kind == "Job" {
        "spec.template"
    } else {
        "spec.jobTemplate.spec.template"
    };
    row.extend(template(object, path));
    Some(row)
}

fn job_state(object: &Stored) -> &'static str {
    let has = |kind: &str| {
        let all = list(object, "status.conditions").iter();
        all.clone()
            .any(|c| c["type"] == kind && c["status"] == "True")
    };
    if has("Complete") {
        "Complete"
    } else if has("Failed") {
        "Failed"
    } else if object.deleting() {
        "Terminating"
    } else if has("Suspended") {
        "Suspended"
    } else {
        "Running"
    }
}

fn job_duration(object: &Stored) -> Value {
    let moment = |path: &str| text(object, path).parse::<jiff::Timestamp>().ok();
    let Some(start) = moment("status.startTime") else {
        return "".into();
    };
    let end = moment("status.completionTime").unwrap_or_else(clock::timestamp);
    crate::schema::human_duration(end.as_second() - start.as_second()).into()
}

fn core(kind: &str, object: &Stored) -> Option<Vec<Value>> {
    Some(match kind {
        "Pod" => pod(object),
        "Namespace" => vec![text(object, "status.phase").into(), age(object)],
        "ConfigMap" => {
            vec![
                (size(object, "data") + size(object, "binaryData")).into(),
                age(object),
            ]
        }
        "Secret" => vec![
            text(object, "type").into(),
            size(object, "data").into(),
            age(object),
        ],
        "Node" => vec![
            "Ready".into(),
            "<none>".into(),
            age(object),
            text(object, "status.nodeInfo.kubeletVersion").into(),
        ],
        "Lease" => vec![text(object, "spec.holderIdentity").into(), age(object)],
        "ResourceQuota" => {
            let (requests, limits) = quota(object);
            vec![requests.into(), limits.into(), age(object)]
        }
        _ => return None,
    })
}

/// Used and hard amounts, those of limits apart.
fn quota(object: &Stored) -> (String, String) {
    let hard = at(&object.doc, "status.hard").and_then(Value::as_object);
    let (mut requests, mut limits) = (Vec::new(), Vec::new());
    for (name, amount) in hard.into_iter().flatten() {
        let used = at(&object.doc, "status.used").and_then(|u| u.get(name));
        let used = used.and_then(Value::as_str).unwrap_or("0");
        let line = format!("{name}: {used}/{}", amount.as_str().unwrap_or(""));
        if name.starts_with("limits.") {
            limits.push(line);
        } else {
            requests.push(line);
        }
    }
    (requests.join(", "), limits.join(", "))
}

fn pod(object: &Stored) -> Vec<Value> {
    let statuses = list(object, "status.containerStatuses");
    let total = list(object, "spec.containers").len();
    let ready = statuses.iter().filter(|s| s["ready"] == true).count();
    let reason = statuses.iter().find_map(|s| {
        let state = s.pointer("/state/waiting/reason");
        state
            .or_else(|| s.pointer("/state/terminated/reason"))?
            .as_str()
    });
    let status = if object.deleting() {
        "Terminating".to_owned()
    } else {
        reason.map_or_else(|| text(object, "status.phase"), str::to_owned)
    };
    vec![
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

fn network(kind: &str, object: &Stored) -> Option<Vec<Value>> {
    Some(match kind {
        "Service" => service(object),
        "Ingress" => {
            let hosts = joined(list(object, "spec.rules"), "host");
            let ports = if size(object, "spec.tls") > 0 {
                "80, 443"
            } else {
                "80"
            };
            vec![
                or_none(text(object, "spec.ingressClassName")),
                or(hosts, "*"),
                joined(list(object, "status.loadBalancer.ingress"), "ip").into(),
                ports.into(),
                age(object),
            ]
        }
        "Endpoints" => vec![or_none(endpoints(object)), age(object)],
        "NetworkPolicy" => {
            vec![
                or_none(selector_text(at(&object.doc, "spec.podSelector"))),
                age(object),
            ]
        }
        "IngressClass" => {
            vec![
                text(object, "spec.controller").into(),
                "<none>".into(),
                age(object),
            ]
        }
        "APIService" => vec!["Local".into(), "True".into(), age(object)],
        _ => return None,
    })
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
            found.push(format!("{}:{port}", address["ip"].as_str().unwrap_or("")));
        }
    }
    found.join(",")
}

fn service(object: &Stored) -> Vec<Value> {
    let ports: Vec<String> = list(object, "spec.ports")
        .iter()
        .map(|p| {
            let port = p["port"].as_i64().unwrap_or(0);
            let protocol = p["protocol"].as_str().unwrap_or("TCP");
            match p.get("nodePort").and_then(Value::as_i64) {
                Some(node) if node > 0 => format!("{port}:{node}/{protocol}"),
                _ => format!("{port}/{protocol}"),
            }
        })
        .collect();
    let kind = text(object, "spec.type");
    let external = match kind.as_str() {
        "ExternalName" => or_none(text(object, "spec.externalName")),
        "LoadBalancer" => or(
            joined(list(object, "status.loadBalancer.ingress"), "ip"),
            "<pending>",
        ),
        _ => "<none>".into(),
    };
    vec![
        kind.into(),
        or_none(text(object, "spec.clusterIP")),
        external,
        or_none(ports.join(",")),
        age(object),
        or_none(selector_text(at(&object.doc, "spec.selector"))),
    ]
}

fn access(kind: &str, object: &Stored) -> Option<Vec<Value>> {
    Some(match kind {
        "Role" | "ClusterRole" | "CustomResourceDefinition" => {
            vec![text(object, "metadata.creationTimestamp").into()]
        }
        "RoleBinding" | "ClusterRoleBinding" => {
            let role = format!(
                "{}/{}",
                text(object, "roleRef.kind"),
                text(object, "roleRef.name")
            );
            let of = |kind: &str| subjects(object, kind);
            vec![
                role.into(),
                age(object),
                of("User"),
                of("Group"),
                of("ServiceAccount"),
            ]
        }
        "ValidatingWebhookConfiguration" | "MutatingWebhookConfiguration" => {
            vec![size(object, "webhooks").into(), age(object)]
        }
        _ => return None,
    })
}

fn subjects(object: &Stored, kind: &str) -> Value {
    let found: Vec<String> = list(object, "subjects")
        .iter()
        .filter(|s| s["kind"] == kind)
        .map(|s| {
            let name = s["name"].as_str().unwrap_or("");
            match s.get("namespace").and_then(Value::as_str) {
                Some(ns) => format!("{ns}/{name}"),
                None => name.to_owned(),
            }
        })
        .collect();
    found.join(", ").into()
}

fn storage(kind: &str, object: &Stored) -> Option<Vec<Value>> {
    let t = |path: &str| Value::from(text(object, path));
    Some(match kind {
        "PersistentVolumeClaim" => {
            let modes: Vec<String> = list(object, "status.accessModes")
                .iter()
                .filter_map(Value::as_str)
                .map(|m| m.chars().filter(char::is_ascii_uppercase).collect())
                .collect();
            vec![
                t("status.phase"),
                t("spec.volumeName"),
                t("status.capacity.storage"),
                modes.join(",").into(),
                t("spec.storageClassName"),
                "<unset>".into(),
                age(object),
                t("spec.volumeMode"),
            ]
        }
        "StorageClass" => vec![
            t("provisioner"),
            t("reclaimPolicy"),
            t("volumeBindingMode"),
            flag(object, "allowVolumeExpansion").into(),
            age(object),
        ],
        _ => return None,
    })
}

fn policy(kind: &str, object: &Stored) -> Option<Vec<Value>> {
    let t = |path: &str| Value::from(text(object, path));
    let n = |path: &str| Value::from(number(object, path));
    Some(match kind {
        "PodDisruptionBudget" => vec![
            or(text(object, "spec.minAvailable"), "N/A"),
            or(text(object, "spec.maxUnavailable"), "N/A"),
            n("status.disruptionsAllowed"),
            age(object),
        ],
        "HorizontalPodAutoscaler" => {
            let target = "spec.scaleTargetRef";
            let reference = format!(
                "{}/{}",
                text(object, &format!("{target}.kind")),
                text(object, &format!("{target}.name"))
            );
            vec![
                reference.into(),
                "<unknown>".into(),
                t("spec.minReplicas"),
                t("spec.maxReplicas"),
                n("status.currentReplicas"),
                age(object),
            ]
        }
        "PriorityClass" => vec![
            n("value"),
            flag(object, "globalDefault").into(),
            age(object),
            t("preemptionPolicy"),
        ],
        _ => return None,
    })
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
    let created = "metadata.creationTimestamp";
    let last = first(&[
        "series.lastObservedTime",
        "lastTimestamp",
        "eventTime",
        created,
    ]);
    let start = first(&["firstTimestamp", "eventTime", created]);
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
        number(object, "count").max(1).to_string().into(),
        object.name().into(),
    ]
}
