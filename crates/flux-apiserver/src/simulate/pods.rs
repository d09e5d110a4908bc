//! Pods: scheduled at once, running and ready, finished or broken when their time comes.

use serde_json::{Value, json};

use crate::clock;
use crate::simulate::workloads::{Fate, Kind, Workshop, condition};
use crate::store::{Doc, Stored, at, meta};
use crate::verbs::Propagation;

/// The one node.
pub(crate) const NODE: &str = "local";

pub(crate) fn look(shop: &mut Workshop, pod: &Stored) {
    if pod.deleting() {
        // The stand-in for the kubelet ends the containers at once.
        let waits = pod.meta().get("deletionGracePeriodSeconds") != Some(&0.into());
        if pod.finalizers().is_empty() || waits {
            shop.actor.delete_with("pods", pod, Propagation::Background);
        }
        return;
    }
    let scheduled = at(&pod.doc, "spec.nodeName")
        .and_then(Value::as_str)
        .is_some();
    if !scheduled {
        if !fits(pod) {
            shop.actor.set_status("pods", &pod.key, &unschedulable(pod));
            return;
        }
        shop.actor.modify("pods", &pod.key, "binding", |doc| {
            if let Some(spec) = doc.get_mut("spec").and_then(Value::as_object_mut) {
                spec.insert("nodeName".to_owned(), NODE.into());
            }
        });
        return;
    }
    if finished(pod) {
        return;
    }
    let runs_once = at(&pod.doc, "spec.restartPolicy") != Some(&"Always".into());
    let status = match shop.fate(pod) {
        Fate::Never => waiting(pod, "ContainerCreating"),
        Fate::Ready(after) if !shop.due(Kind::Pod, pod, after) => return,
        Fate::Fail(after) if !shop.due(Kind::Pod, pod, after) => return,
        Fate::Ready(_) if runs_once => ended(pod, true),
        Fate::Ready(_) => running(pod),
        Fate::Fail(_) if runs_once => ended(pod, false),
        Fate::Fail(_) => waiting(pod, "ImagePullBackOff"),
    };
    shop.actor.set_status("pods", &pod.key, &status);
}

/// Whether a pod, or the pods of a template, can run here: the node has three labels, other node
/// selectors match nothing.
pub(crate) fn fits(object: &Stored) -> bool {
    let selectors = ["spec.nodeSelector", "spec.template.spec.nodeSelector"];
    let selectors = selectors
        .iter()
        .filter_map(|path| at(&object.doc, path)?.as_object());
    selectors.flatten().all(|(key, value)| {
        (key == "kubernetes.io/os" && value == "linux")
            || (key == "kubernetes.io/arch" && value == "amd64")
            || (key == "kubernetes.io/hostname" && value == NODE)
    })
}

/// The status of a pod that waits for another node.
fn unschedulable(pod: &Stored) -> Value {
    let wanted = json!({
        "type": "PodScheduled", "status": "False", "lastProbeTime": null,
        "observedGeneration": pod.generation(), "reason": "Unschedulable",
        "message": "0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector. \
                    no new claims to deallocate, preemption: 0/1 nodes are available: 1 Preemption \
                    is not helpful for scheduling.",
    });
    json!({
        "phase": "Pending", "qosClass": quality(pod),
        "conditions": [condition(pod, wanted, false)],
    })
}

fn finished(pod: &Stored) -> bool {
    let phase = at(&pod.doc, "status.phase").and_then(Value::as_str);
    matches!(phase, Some("Succeeded" | "Failed"))
}

/// Whether the Ready condition is true.
pub(crate) fn ready(pod: &Stored) -> bool {
    let list = at(&pod.doc, "status.conditions").and_then(Value::as_array);
    !pod.deleting()
        && list
            .into_iter()
            .flatten()
            .any(|c| c["type"] == "Ready" && c["status"] == "True")
}

fn conditions(pod: &Stored, ready: bool, reason: Option<(&str, &str)>) -> Vec<Value> {
    let one = |kind: &str, status: bool| {
        let mut wanted = json!({
            "type": kind, "status": if status { "True" } else { "False" }, "lastProbeTime": null,
            "observedGeneration": pod.generation(),
        });
        if let (false, Some((reason, message))) = (status, reason) {
            wanted["reason"] = reason.into();
            wanted["message"] = message.into();
        }
        condition(pod, wanted, false)
    };
    vec![
        one("PodReadyToStartContainers", true),
        one("Initialized", true),
        one("Ready", ready),
        one("ContainersReady", ready),
        one("PodScheduled", true),
    ]
}

fn containers(pod: &Stored, ready: bool, state: &Value) -> Vec<Value> {
    let list = at(&pod.doc, "spec.containers").and_then(Value::as_array);
    list.into_iter()
        .flatten()
        .map(|c| {
            json!({
                "name": c["name"], "image": c["image"], "imageID": "", "lastState": {},
                "ready": ready, "started": ready, "restartCount": 0, "state": state,
            })
        })
        .collect()
}

fn base(pod: &Stored, phase: &str) -> Value {
    let start = at(&pod.doc, "status.startTime")
        .cloned()
        .unwrap_or_else(|| clock::now().into());
    let hash: u32 = pod
        .uid()
        .bytes()
        .fold(7, |h, b| h.wrapping_mul(31).wrapping_add(u32::from(b)));
    let address = format!("10.244.{}.{}", (hash >> 8) & 0xff, (hash & 0xff).max(2));
    json!({
        "phase": phase, "qosClass": quality(pod), "startTime": start,
        "hostIP": "127.0.0.1", "hostIPs": [{"ip": "127.0.0.1"}],
        "podIP": address, "podIPs": [{"ip": address}],
        "observedGeneration": pod.generation(),
    })
}

fn quality(pod: &Stored) -> &'static str {
    let list = at(&pod.doc, "spec.containers").and_then(Value::as_array);
    let containers: Vec<&Value> = list.into_iter().flatten().collect();
    let part = |c: &Value, which: &str| {
        c.pointer(&format!("/resources/{which}"))
            .and_then(Value::as_object)
            .cloned()
    };
    let both = |d: &Doc| d.contains_key("cpu") && d.contains_key("memory");
    let guaranteed = containers
        .iter()
        .all(|c| part(c, "limits").is_some_and(|l| both(&l) && part(c, "requests") == Some(l)));
    let any = containers.iter().any(|c| {
        let filled = |which| part(c, which).is_some_and(|p| !p.is_empty());
        filled("limits") || filled("requests")
    });
    match (guaranteed, any) {
        (true, _) => "Guaranteed",
        (false, true) => "Burstable",
        (false, false) => "BestEffort",
    }
}

fn running(pod: &Stored) -> Value {
    if ready(pod) && at(&pod.doc, "status.phase") == Some(&"Running".into()) {
        return pod.doc.get("status").cloned().unwrap_or_default();
    }
    let mut status = base(pod, "Running");
    let state = json!({"running": {"startedAt": clock::now()}});
    status["containerStatuses"] = containers(pod, true, &state).into();
    status["conditions"] = conditions(pod, true, None).into();
    status
}

fn waiting(pod: &Stored, why: &str) -> Value {
    let mut status = base(pod, "Pending");
    let state = json!({"waiting": {"reason": why}});
    status["containerStatuses"] = containers(pod, false, &state).into();
    let names: Vec<String> = at(&pod.doc, "spec.containers")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(|c| c["name"].as_str().map(str::to_owned))
        .collect();
    let message = format!("containers with unready status: [{}]", names.join(" "));
    status["conditions"] = conditions(pod, false, Some(("ContainersNotReady", &message))).into();
    status
}

fn ended(pod: &Stored, well: bool) -> Value {
    let mut status = base(pod, if well { "Succeeded" } else { "Failed" });
    let now = clock::now();
    let (reason, code) = if well { ("Completed", 0) } else { ("Error", 1) };
    let state = json!({"terminated": {
        "reason": reason, "exitCode": code, "startedAt": now, "finishedAt": now,
    }});
    status["containerStatuses"] = containers(pod, false, &state).into();
    let why = if well {
        ("PodCompleted", "")
    } else {
        ("PodFailed", "")
    };
    status["conditions"] = conditions(pod, false, Some(why)).into();
    status
}

/// A pod from a template.
pub(crate) fn from_template(template: &Value, owner: Value, name: &str) -> Value {
    let mut fields = template
        .get("metadata")
        .and_then(Value::as_object)
        .cloned()
        .unwrap_or_default();
    fields.remove("creationTimestamp");
    if name.ends_with('-') {
        fields.insert("generateName".to_owned(), name.into());
    } else {
        fields.insert("name".to_owned(), name.into());
    }
    fields.insert("ownerReferences".to_owned(), owner);
    json!({"metadata": fields, "spec": template.get("spec").cloned().unwrap_or_default()})
}

/// A label of a pod.
pub(crate) fn label<'a>(pod: &'a Stored, key: &str) -> Option<&'a str> {
    meta(&pod.doc).get("labels")?.get(key)?.as_str()
}
