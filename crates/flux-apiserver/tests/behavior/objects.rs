//! Create, read, replace, patch, delete, list.

use serde_json::json;

use crate::support::{Api, CONFIG_MAPS, DEPLOYMENTS, config_map, deployment, message};

#[tokio::test]
async fn an_object_lives_from_create_to_delete() {
    let api = Api::start().await;
    let (code, made) = api.post(CONFIG_MAPS, &config_map("one")).await;
    assert_eq!(code, 201);
    assert_eq!(made["kind"], "ConfigMap");
    assert!(made["metadata"]["uid"].is_string());
    assert!(made["metadata"]["creationTimestamp"].is_string());
    assert_eq!(made["metadata"]["managedFields"][0]["manager"], "behavior");
    assert_eq!(made["metadata"]["managedFields"][0]["operation"], "Update");

    let again = api.post(CONFIG_MAPS, &config_map("one")).await;
    assert_eq!(
        (again.0, message(&again)),
        (409, "configmaps \"one\" already exists")
    );
    assert_eq!(again.1["reason"], "AlreadyExists");

    let path = format!("{CONFIG_MAPS}/one");
    let mut changed = made.clone();
    changed["data"]["key"] = "other".into();
    let (code, written) = api.put(&path, &changed).await;
    assert_eq!(code, 200);
    assert_ne!(
        written["metadata"]["resourceVersion"],
        made["metadata"]["resourceVersion"]
    );
    let stale = api.put(&path, &changed).await;
    assert_eq!(stale.0, 409);
    assert_eq!(
        message(&stale),
        "Operation cannot be fulfilled on configmaps \"one\": the object has been modified; \
         please apply your changes to the latest version and try again"
    );

    let (code, same) = api.put(&path, &written).await;
    assert_eq!(code, 200);
    assert_eq!(same, written, "a write without change is none");

    let (code, status) = api.delete(&path, &json!({})).await;
    assert_eq!((code, &status["status"]), (200, &json!("Success")));
    assert_eq!(status["details"]["uid"], made["metadata"]["uid"]);
    let gone = api.get(&path).await;
    assert_eq!(
        (gone.0, message(&gone)),
        (404, "configmaps \"one\" not found")
    );
}

#[tokio::test]
async fn names_are_generated_and_checked() {
    let api = Api::start().await;
    let generated = json!({"metadata": {"generateName": "part-"}});
    let (code, made) = api.post(CONFIG_MAPS, &generated).await;
    assert_eq!(code, 201);
    let name = made["metadata"]["name"].as_str().expect("a name");
    assert!(name.starts_with("part-") && name.len() == 10, "{name}");

    let bad = api.post(CONFIG_MAPS, &config_map("Not_Good")).await;
    assert_eq!(bad.0, 422);
    assert_eq!(bad.1["details"]["causes"][0]["field"], "metadata.name");
    let nowhere = api
        .post("/api/v1/namespaces/none/configmaps", &config_map("a"))
        .await;
    assert_eq!(
        (nowhere.0, message(&nowhere)),
        (404, "namespaces \"none\" not found")
    );
    let mismatch = api.put(&format!("{CONFIG_MAPS}/a"), &config_map("b")).await;
    assert_eq!(
        (mismatch.0, message(&mismatch)),
        (
            400,
            "the name of the object (b) does not match the name on the URL (a)"
        )
    );
}

#[tokio::test]
async fn fields_are_validated_as_asked() {
    let api = Api::start().await;
    let mut odd = config_map("odd");
    odd["extra"] = 1.into();
    let strict = api
        .post(&format!("{CONFIG_MAPS}?fieldValidation=Strict"), &odd)
        .await;
    assert_eq!(strict.0, 400);
    assert!(message(&strict).ends_with("strict decoding error: unknown field \"extra\""));
    let response = api
        .request("POST", CONFIG_MAPS)
        .json(&odd)
        .send()
        .await
        .expect("an answer");
    assert_eq!(response.status().as_u16(), 201);
    assert_eq!(
        response.headers()["warning"].to_str().expect("text"),
        "299 - \"unknown field \\\"extra\\\"\""
    );
    let mut wrong = config_map("wrong");
    wrong["data"]["key"] = 1.into();
    let wrong = api.post(CONFIG_MAPS, &wrong).await;
    assert_eq!(
        message(&wrong),
        "ConfigMap in version \"v1\" cannot be handled as a ConfigMap: json: cannot unmarshal \
         number into Go struct field ConfigMap.data of type string"
    );
}

#[tokio::test]
async fn deployments_are_defaulted_and_validated() {
    let api = Api::start().await;
    let (_, made) = api.post(DEPLOYMENTS, &deployment("web")).await;
    let spec = &made["spec"];
    assert_eq!(spec["strategy"]["rollingUpdate"]["maxSurge"], "25%");
    assert_eq!(spec["revisionHistoryLimit"], 10);
    let container = &spec["template"]["spec"]["containers"][0];
    assert_eq!(container["imagePullPolicy"], "IfNotPresent");
    assert_eq!(container["terminationMessagePath"], "/dev/termination-log");
    assert_eq!(made["metadata"]["generation"], 1);

    let path = format!("{DEPLOYMENTS}/web");
    let (_, scaled) = api.merge(&path, &json!({"spec": {"replicas": 3}})).await;
    assert_eq!(scaled["metadata"]["generation"], 2);
    let (_, labelled) = api
        .merge(&path, &json!({"metadata": {"labels": {"a": "b"}}}))
        .await;
    assert_eq!(labelled["metadata"]["generation"], 2);
    let selector = json!({
        "spec": {"selector": {"matchLabels": {"app": "x"}},
                 "template": {"metadata": {"labels": {"app": "x"}}}},
    });
    let fixed = api.merge(&path, &selector).await;
    assert_eq!(fixed.0, 422);
    assert!(
        message(&fixed).contains("field is immutable"),
        "{}",
        message(&fixed)
    );

    let mut empty = deployment("empty");
    empty["spec"]["template"]["spec"]["containers"] = json!([]);
    let empty = api.post(DEPLOYMENTS, &empty).await;
    assert_eq!(
        message(&empty),
        "Deployment.apps \"empty\" is invalid: spec.template.spec.containers: Required value"
    );
}

#[tokio::test]
async fn patches_of_all_kinds_apply() {
    let api = Api::start().await;
    api.post(DEPLOYMENTS, &deployment("web")).await;
    let path = format!("{DEPLOYMENTS}/web");
    let strategic = json!({"spec": {"template": {"spec": {"containers": [
        {"name": "side", "image": "registry.example/side:1"},
    ]}}}});
    let (code, merged) = api
        .patch(&path, "application/strategic-merge-patch+json", &strategic)
        .await;
    assert_eq!(code, 200);
    assert_eq!(
        merged["spec"]["template"]["spec"]["containers"]
            .as_array()
            .map(Vec::len),
        Some(2)
    );
    let replace = json!([{"op": "replace", "path": "/spec/replicas", "value": 4}]);
    let (_, patched) = api
        .patch(&path, "application/json-patch+json", &replace)
        .await;
    assert_eq!(patched["spec"]["replicas"], 4);
    let test = json!([{"op": "test", "path": "/spec/replicas", "value": 9}]);
    let (code, _) = api.patch(&path, "application/json-patch+json", &test).await;
    assert_eq!(code, 422);
    let (code, _) = api.patch(&path, "text/plain", &json!({})).await;
    assert_eq!(code, 415);
}

#[tokio::test]
async fn a_dry_run_changes_nothing() {
    let api = Api::start().await;
    let before = api.server.resource_version();
    let (code, made) = api
        .post(&format!("{CONFIG_MAPS}?dryRun=All"), &config_map("ghost"))
        .await;
    assert_eq!(code, 201);
    assert!(made["metadata"]["uid"].is_string());
    assert!(made["metadata"].get("resourceVersion").is_none());
    assert_eq!(api.get(&format!("{CONFIG_MAPS}/ghost")).await.0, 404);
    assert_eq!(api.server.resource_version(), before);
    assert_eq!(
        api.server
            .ledger()
            .count(|e| e.dry_run && e.verb == "create"),
        1
    );
}

#[tokio::test]
async fn lists_select_and_page() {
    let api = Api::start().await;
    for name in ["a", "b", "c", "d", "e"] {
        let mut object = config_map(name);
        object["metadata"]["labels"] =
            json!({"odd": if "ace".contains(name) { "yes" } else { "no" }});
        api.post(CONFIG_MAPS, &object).await;
    }
    let names = |list: &serde_json::Value| -> Vec<String> {
        let items = list["items"].as_array().cloned().unwrap_or_default();
        items
            .iter()
            .filter_map(|o| o["metadata"]["name"].as_str().map(str::to_owned))
            .collect()
    };
    let (_, odd) = api
        .get(&format!("{CONFIG_MAPS}?labelSelector=odd%3Dyes"))
        .await;
    assert_eq!(names(&odd), ["a", "c", "e"]);
    let (_, rest) = api
        .get(&format!(
            "{CONFIG_MAPS}?labelSelector=odd%20notin%20(yes),odd"
        ))
        .await;
    assert_eq!(names(&rest), ["b", "d"]);
    let (_, one) = api
        .get(&format!("{CONFIG_MAPS}?fieldSelector=metadata.name%3Db"))
        .await;
    assert_eq!(names(&one), ["b"]);
    let bad = api
        .get(&format!("{CONFIG_MAPS}?fieldSelector=data.key%3Db"))
        .await;
    assert_eq!(
        (bad.0, message(&bad)),
        (400, "field label not supported: data.key")
    );

    let (_, first) = api.get(&format!("{CONFIG_MAPS}?limit=2")).await;
    assert_eq!(names(&first), ["a", "b"]);
    let token = first["metadata"]["continue"]
        .as_str()
        .expect("more")
        .to_owned();
    api.delete(&format!("{CONFIG_MAPS}/c"), &json!({})).await;
    let (_, second) = api
        .get(&format!("{CONFIG_MAPS}?limit=10&continue={token}"))
        .await;
    assert_eq!(
        names(&second),
        ["c", "d", "e", "kube-root-ca.crt"],
        "pages are of one moment"
    );
    api.server.faults().compact();
    let late = api
        .get(&format!("{CONFIG_MAPS}?limit=10&continue={token}"))
        .await;
    assert_eq!((late.0, &late.1["reason"]), (410, &json!("Expired")));
}

#[tokio::test]
async fn other_forms_are_served() {
    let api = Api::start().await;
    api.post(CONFIG_MAPS, &config_map("one")).await;
    let partial = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";
    let (_, list) = api
        .send(api.request("GET", CONFIG_MAPS).header("accept", partial))
        .await;
    assert_eq!(list["kind"], "PartialObjectMetadataList");
    assert_eq!(list["items"][0]["kind"], "PartialObjectMetadata");
    assert!(list["items"][0].get("data").is_none());
    let table = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json";
    let (_, list) = api
        .send(api.request("GET", CONFIG_MAPS).header("accept", table))
        .await;
    assert_eq!(list["columnDefinitions"][1]["name"], "Data");
    let row = list["rows"]
        .as_array()
        .and_then(|r| r.iter().find(|r| r["cells"][0] == "one"));
    assert_eq!(row.expect("a row")["cells"][1], 1);
    let (_, text) = api
        .send(
            api.request("GET", &format!("{CONFIG_MAPS}/one"))
                .header("accept", "application/yaml"),
        )
        .await;
    assert!(
        text.as_str().is_some_and(|t| t.contains("  key: value\n")),
        "{text}"
    );
}

#[tokio::test]
async fn scale_and_status_have_their_own_addresses() {
    let api = Api::start().await;
    api.post(DEPLOYMENTS, &deployment("web")).await;
    let path = format!("{DEPLOYMENTS}/web/scale");
    let (_, scale) = api.get(&path).await;
    assert_eq!(
        (&scale["kind"], &scale["spec"]["replicas"]),
        (&json!("Scale"), &json!(2))
    );
    assert_eq!(scale["status"]["selector"], "app=web");
    let (_, scale) = api.merge(&path, &json!({"spec": {"replicas": 1}})).await;
    assert_eq!(scale["spec"]["replicas"], 1);
    let through_main = json!({"status": {"observedGeneration": 99}});
    let (_, object) = api
        .merge(&format!("{DEPLOYMENTS}/web"), &through_main)
        .await;
    assert_ne!(object["status"]["observedGeneration"], 99);
    let through_status = json!({"spec": {"replicas": 7}});
    let (_, object) = api
        .merge(&format!("{DEPLOYMENTS}/web/status"), &through_status)
        .await;
    assert_eq!(object["spec"]["replicas"], 1);
}

#[tokio::test]
async fn both_event_groups_show_the_same_objects() {
    let api = Api::start().await;
    let new = "/apis/events.k8s.io/v1/namespaces/default/events";
    let event = json!({
        "apiVersion": "events.k8s.io/v1", "kind": "Event", "metadata": {"name": "one"},
        "regarding": {"kind": "Pod", "name": "web", "namespace": "default"},
        "note": "it happened", "reason": "Happened", "type": "Normal", "action": "None",
        "reportingController": "tests", "reportingInstance": "one",
        "eventTime": "2026-01-01T00:00:00.000000Z",
    });
    let (code, made) = api.post(new, &event).await;
    assert_eq!(
        (code, &made["note"]),
        (201, &json!("it happened")),
        "{made}"
    );
    let selected = "/api/v1/namespaces/default/events?fieldSelector=involvedObject.name%3Dweb";
    let (_, list) = api.get(selected).await;
    assert_eq!(list["items"][0]["message"], "it happened");
    assert!(list["items"][0].get("note").is_none());
    let series = json!({"series": {"count": 2, "lastObservedTime": "2026-01-01T00:00:01.000000Z"}});
    let (_, patched) = api
        .patch(
            &format!("{new}/one"),
            "application/strategic-merge-patch+json",
            &series,
        )
        .await;
    assert_eq!(
        (&patched["series"]["count"], &patched["note"]),
        (&json!(2), &json!("it happened"))
    );
}

#[tokio::test]
async fn addresses_that_lead_nowhere_are_answered_in_text() {
    let api = Api::start().await;
    for path in [
        "/apis/none.example.com/v1/things",
        "/api/v1/things",
        "/nowhere",
    ] {
        let (code, body) = api.get(path).await;
        assert_eq!((code, body), (404, json!("404 page not found\n")), "{path}");
    }
}

#[tokio::test]
async fn a_lease_is_created_by_its_first_replacement() {
    let api = Api::start().await;
    let path = "/apis/coordination.k8s.io/v1/namespaces/default/leases/one";
    let lease = json!({"metadata": {"name": "one"}, "spec": {"holderIdentity": "me"}});
    let (code, made) = api.put(path, &lease).await;
    assert_eq!(code, 201);
    assert_eq!(api.put(path, &lease).await.0, 200);
    api.delete(path, &json!({})).await;
    let late = api.put(path, &made).await;
    assert_eq!(late.0, 409, "the lease that was held is gone");
    assert!(message(&late).contains("Precondition failed: UID in precondition: "));
    assert_eq!(
        api.put(&format!("{CONFIG_MAPS}/one"), &config_map("one"))
            .await
            .0,
        404
    );
}

#[tokio::test]
async fn services_get_addresses_and_keep_them() {
    let api = Api::start().await;
    let path = "/api/v1/namespaces/default/services";
    let service = json!({
        "apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"},
        "spec": {"type": "NodePort", "selector": {"app": "web"}, "ports": [{"port": 80}]},
    });
    let (_, made) = api.post(path, &service).await;
    let address = made["spec"]["clusterIP"].clone();
    assert!(
        address.as_str().is_some_and(|a| a.starts_with("10.96.")),
        "{made}"
    );
    assert_eq!(made["spec"]["ports"][0]["targetPort"], 80);
    assert_eq!(made["spec"]["ports"][0]["protocol"], "TCP");
    let (_, again) = api.put(&format!("{path}/web"), &service).await;
    assert_eq!(again["spec"]["clusterIP"], address);
    assert_eq!(
        again["spec"]["ports"], made["spec"]["ports"],
        "the node port stays"
    );
    let moved = json!({"spec": {"clusterIP": "10.96.9.9"}});
    let moved = api.merge(&format!("{path}/web"), &moved).await;
    assert_eq!(moved.0, 422);
    assert!(message(&moved).contains("may not change once set"));
}

#[tokio::test]
async fn both_versions_of_autoscalers_show_the_same_object() {
    let api = Api::start().await;
    let path = |version: &str| {
        format!("/apis/autoscaling/{version}/namespaces/default/horizontalpodautoscalers")
    };
    let old = json!({
        "apiVersion": "autoscaling/v1", "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": "web"},
        "spec": {
            "maxReplicas": 3, "targetCPUUtilizationPercentage": 50,
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"},
        },
    });
    let (code, made) = api.post(&path("v1"), &old).await;
    assert_eq!(
        (code, &made["spec"]["targetCPUUtilizationPercentage"]),
        (201, &json!(50))
    );
    let (_, new) = api.get(&format!("{}/web", path("v2"))).await;
    let target = json!({"type": "Utilization", "averageUtilization": 50});
    assert_eq!(new["spec"]["metrics"][0]["resource"]["target"], target);
    let (_, list) = api.get(&path("v1")).await;
    assert_eq!(list["items"][0]["spec"], made["spec"]);
}
