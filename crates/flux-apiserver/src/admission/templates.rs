//! Defaults of pods and of the templates that make pods.

use serde_json::{Value, json};

use crate::store::Doc;

/// Sets a field that is absent.
pub(crate) fn default(map: &mut Doc, field: &str, value: Value) {
    let slot = map.entry(field.to_owned()).or_insert(Value::Null);
    if slot.is_null() {
        *slot = value;
    }
}

/// The object in a field, made if absent.
pub(crate) fn child<'a>(map: &'a mut Doc, field: &str) -> Option<&'a mut Doc> {
    let slot = map.entry(field.to_owned()).or_insert_with(|| json!({}));
    if slot.is_null() {
        *slot = json!({});
    }
    slot.as_object_mut()
}

/// The objects of a list, none if it is absent.
pub(crate) fn each<'a>(map: &'a mut Doc, field: &str) -> impl Iterator<Item = &'a mut Doc> {
    map.get_mut(field)
        .and_then(Value::as_array_mut)
        .into_iter()
        .flatten()
        .filter_map(Value::as_object_mut)
}

/// Defaults of `spec.template`; `restart` is the restart policy of the kind.
pub(crate) fn template(spec: &mut Doc, restart: Option<&str>) {
    if let Some(template) = child(spec, "template")
        && let Some(pod) = child(template, "spec")
    {
        pod_spec(pod, restart);
    }
}

/// Defaults of a pod's spec.
pub(crate) fn pod_spec(spec: &mut Doc, restart: Option<&str>) {
    if let Some(restart) = restart {
        default(spec, "restartPolicy", restart.into());
    }
    default(spec, "dnsPolicy", "ClusterFirst".into());
    default(spec, "terminationGracePeriodSeconds", 30.into());
    default(spec, "schedulerName", "default-scheduler".into());
    default(spec, "securityContext", json!({}));
    if let Some(account) = spec.get("serviceAccountName").cloned() {
        default(spec, "serviceAccount", account);
    } else if let Some(account) = spec.get("serviceAccount").cloned() {
        default(spec, "serviceAccountName", account);
    }
    let host_network = spec.get("hostNetwork") == Some(&Value::Bool(true));
    for list in ["initContainers", "containers"] {
        for item in each(spec, list) {
            container(item, host_network);
        }
    }
    for volume in each(spec, "volumes") {
        volume_source(volume);
    }
}

fn container(container: &mut Doc, host_network: bool) {
    default(
        container,
        "terminationMessagePath",
        "/dev/termination-log".into(),
    );
    default(container, "terminationMessagePolicy", "File".into());
    default(container, "resources", json!({}));
    let image = container.get("image").and_then(Value::as_str).unwrap_or("");
    let policy = if latest(image) {
        "Always"
    } else {
        "IfNotPresent"
    };
    default(container, "imagePullPolicy", policy.into());
    for port in each(container, "ports") {
        default(port, "protocol", "TCP".into());
        if host_network && let Some(number) = port.get("containerPort").cloned() {
            default(port, "hostPort", number);
        }
    }
    for name in ["livenessProbe", "readinessProbe", "startupProbe"] {
        if let Some(probe) = container.get_mut(name).and_then(Value::as_object_mut) {
            default(probe, "timeoutSeconds", 1.into());
            default(probe, "periodSeconds", 10.into());
            default(probe, "successThreshold", 1.into());
            default(probe, "failureThreshold", 3.into());
            action(probe);
            if let Some(grpc) = probe.get_mut("grpc").and_then(Value::as_object_mut) {
                default(grpc, "service", "".into());
            }
        }
    }
    if let Some(lifecycle) = container
        .get_mut("lifecycle")
        .and_then(Value::as_object_mut)
    {
        for name in ["postStart", "preStop"] {
            if let Some(hook) = lifecycle.get_mut(name).and_then(Value::as_object_mut) {
                action(hook);
            }
        }
    }
    for env in each(container, "env") {
        if let Some(field) = env
            .get_mut("valueFrom")
            .and_then(|v| v.get_mut("fieldRef"))
            .and_then(Value::as_object_mut)
        {
            default(field, "apiVersion", "v1".into());
        }
    }
    resources(container);
}

/// Limits are the default of requests.
fn resources(container: &mut Doc) {
    let Some(resources) = container
        .get_mut("resources")
        .and_then(Value::as_object_mut)
    else {
        return;
    };
    let Some(limits) = resources.get("limits").and_then(Value::as_object).cloned() else {
        return;
    };
    if let Some(requests) = child(resources, "requests") {
        for (name, value) in limits {
            default(requests, &name, value);
        }
    }
}

fn action(parent: &mut Doc) {
    if let Some(get) = parent.get_mut("httpGet").and_then(Value::as_object_mut) {
        default(get, "path", "/".into());
        default(get, "scheme", "HTTP".into());
    }
}

/// Whether an image has the tag `latest`, or none.
fn latest(image: &str) -> bool {
    if image.contains('@') {
        return false;
    }
    let last = image.rsplit('/').next().unwrap_or("");
    match last.split_once(':') {
        None => true,
        Some((_, tag)) => tag == "latest",
    }
}

fn volume_source(volume: &mut Doc) {
    for (source, mode) in [
        ("secret", 420),
        ("configMap", 420),
        ("downwardAPI", 420),
        ("projected", 420),
    ] {
        if let Some(map) = volume.get_mut(source).and_then(Value::as_object_mut) {
            default(map, "defaultMode", mode.into());
            if source == "projected" {
                for item in each(map, "sources") {
                    if let Some(token) = item
                        .get_mut("serviceAccountToken")
                        .and_then(Value::as_object_mut)
                    {
                        default(token, "expirationSeconds", 3600.into());
                    }
                }
            }
        }
    }
    if let Some(host) = volume.get_mut("hostPath").and_then(Value::as_object_mut) {
        default(host, "type", "".into());
    }
    if volume.keys().all(|k| k == "name") {
        volume.insert("emptyDir".to_owned(), json!({}));
    }
}
