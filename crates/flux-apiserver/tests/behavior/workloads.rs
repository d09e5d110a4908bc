//! The stand-ins for the cluster's controllers.

use serde_json::{Value, json};

use crate::support::{Api, DEPLOYMENTS, deployment};

fn condition<'a>(object: &'a Value, kind: &str) -> Option<&'a Value> {
    object["status"]["conditions"]
        .as_array()?
        .iter()
        .find(|c| c["type"] == kind)
}

#[tokio::test]
async fn a_deployment_becomes_available_and_rolls() {
    let api = Api::start().await;
    api.post(DEPLOYMENTS, &deployment("web")).await;
    let path = format!("{DEPLOYMENTS}/web");
    let done = |generation: i64| {
        move |d: &Value| {
            d["status"]["observedGeneration"] == generation
                && condition(d, "Progressing")
                    .is_some_and(|c| c["reason"] == "NewReplicaSetAvailable")
                && d["status"]["updatedReplicas"] == 2
        }
    };
    let ready = api.until(&path, done(1)).await;
    assert_eq!(ready["status"]["availableReplicas"], 2);
    assert_eq!(
        ready["metadata"]["annotations"]["deployment.kubernetes.io/revision"],
        "1"
    );
    let change = json!([{"op": "replace", "path": "/spec/template/spec/containers/0/image", "value": "registry.example/main:2"}]);
    api.patch(&path, "application/json-patch+json", &change)
        .await;
    let rolled = api.until(&path, done(2)).await;
    assert_eq!(
        rolled["metadata"]["annotations"]["deployment.kubernetes.io/revision"],
        "2"
    );
    api.delete(&path, &json!({"propagationPolicy": "Foreground"}))
        .await;
    api.until_gone(&path).await;
    let (_, pods) = api.get("/api/v1/namespaces/default/pods").await;
    assert_eq!(pods["items"], json!([]));
}

#[tokio::test]
async fn a_workload_can_be_told_to_fail() {
    let api = Api::start().await;
    let mut bad = deployment("bad");
    bad["metadata"]["annotations"] = json!({"simulate.flux.local/ready": "fail"});
    api.post(DEPLOYMENTS, &bad).await;
    let failed = |d: &Value| {
        condition(d, "Progressing").is_some_and(|c| c["reason"] == "ProgressDeadlineExceeded")
    };
    let object = api.until(&format!("{DEPLOYMENTS}/bad"), failed).await;
    assert_eq!(
        condition(&object, "Available").expect("a condition")["status"],
        "False"
    );
}

#[tokio::test]
async fn jobs_end() {
    let api = Api::start().await;
    let jobs = "/apis/batch/v1/namespaces/default/jobs";
    for (name, fate, kind) in [("good", "true", "Complete"), ("bad", "fail", "Failed")] {
        let job = json!({
            "metadata": {"name": name, "annotations": {"simulate.flux.local/ready": fate}},
            "spec": {"backoffLimit": 0, "template": {"spec": {
                "restartPolicy": "Never",
                "containers": [{"name": "main", "image": "registry.example/main:1"}],
            }}},
        });
        assert_eq!(api.post(jobs, &job).await.0, 201);
        let ended = api
            .until(&format!("{jobs}/{name}"), |j| condition(j, kind).is_some())
            .await;
        assert_eq!(
            condition(&ended, kind).expect("a condition")["status"],
            "True"
        );
    }
}

#[tokio::test]
async fn stateful_and_daemon_sets_become_ready() {
    let api = Api::start().await;
    let sets = "/apis/apps/v1/namespaces/default/statefulsets";
    let mut set = deployment("store");
    set["kind"] = "StatefulSet".into();
    set["spec"]["serviceName"] = "store".into();
    assert_eq!(api.post(sets, &set).await.0, 201);
    let ready = api
        .until(&format!("{sets}/store"), |s| {
            s["status"]["readyReplicas"] == 2
        })
        .await;
    assert_eq!(
        ready["status"]["currentRevision"],
        ready["status"]["updateRevision"]
    );
    let (code, _) = api.get("/api/v1/namespaces/default/pods/store-1").await;
    assert_eq!(code, 200);
    let sets = "/apis/apps/v1/namespaces/default/daemonsets";
    let mut set = deployment("agent");
    set["kind"] = "DaemonSet".into();
    set["spec"]
        .as_object_mut()
        .expect("a spec")
        .remove("replicas");
    assert_eq!(api.post(sets, &set).await.0, 201);
    api.until(&format!("{sets}/agent"), |s| {
        s["status"]["numberAvailable"] == 1
    })
    .await;
}

#[tokio::test]
async fn a_pod_for_another_node_stays_pending() {
    let api = Api::start().await;
    let mut far = deployment("far");
    far["spec"]["template"]["spec"]["nodeSelector"] = json!({"disk": "none"});
    far["spec"]["progressDeadlineSeconds"] = 1.into();
    api.post(DEPLOYMENTS, &far).await;
    let late = |d: &Value| {
        condition(d, "Progressing").is_some_and(|c| c["reason"] == "ProgressDeadlineExceeded")
    };
    api.until(&format!("{DEPLOYMENTS}/far"), late).await;
    let (_, pods) = api.get("/api/v1/namespaces/default/pods").await;
    let scheduled = condition(&pods["items"][0], "PodScheduled").expect("a condition");
    assert_eq!(
        (&scheduled["status"], &scheduled["reason"]),
        (&json!("False"), &json!("Unschedulable"))
    );
}
