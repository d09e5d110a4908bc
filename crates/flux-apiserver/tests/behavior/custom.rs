//! Custom resources: served, pruned, defaulted, validated, ended.

use serde_json::{Value, json};

use crate::support::{Api, message};

const DEFINITIONS: &str = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
const WIDGETS: &str = "/apis/example.com/v1/namespaces/default/widgets";

fn definition() -> Value {
    let schema = json!({"openAPIV3Schema": {
        "type": "object",
        "properties": {
            "spec": {
                "type": "object",
                "required": ["size"],
                "properties": {
                    "size": {"type": "integer", "minimum": 1},
                    "color": {"type": "string", "default": "red"},
                },
            },
            "status": {"type": "object", "x-kubernetes-preserve-unknown-fields": true},
        },
    }});
    let columns = json!([{"name": "Size", "type": "integer", "jsonPath": ".spec.size"}]);
    let version = |name: &str, storage: bool| {
        json!({
            "name": name, "served": true, "storage": storage, "schema": schema,
            "subresources": {"status": {}}, "additionalPrinterColumns": columns,
            "deprecated": !storage,
        })
    };
    json!({
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "widgets.example.com"},
        "spec": {
            "group": "example.com", "scope": "Namespaced",
            "names": {"kind": "Widget", "plural": "widgets", "shortNames": ["wi"]},
            "versions": [version("v1", true), version("v1beta1", false)],
        },
    })
}

fn widget(name: &str) -> Value {
    json!({
        "apiVersion": "example.com/v1", "kind": "Widget", "metadata": {"name": name},
        "spec": {"size": 3},
    })
}

async fn established(api: &Api) {
    assert_eq!(api.post(DEFINITIONS, &definition()).await.0, 201);
    let path = format!("{DEFINITIONS}/widgets.example.com");
    let ready = |d: &Value| {
        d["status"]["conditions"].as_array().is_some_and(|c| {
            c.iter()
                .any(|c| c["type"] == "Established" && c["status"] == "True")
        })
    };
    api.until(&path, ready).await;
}

#[tokio::test]
async fn objects_follow_the_schema() {
    let api = Api::start().await;
    assert_eq!(api.get(WIDGETS).await.0, 404);
    established(&api).await;
    let mut odd = widget("one");
    odd["spec"]["extra"] = true.into();
    let (code, made) = api.post(WIDGETS, &odd).await;
    assert_eq!(code, 201);
    assert_eq!(made["spec"], json!({"size": 3, "color": "red"}));
    assert_eq!(made["metadata"]["generation"], 1);
    let mut small = widget("small");
    small["spec"]["size"] = 0.into();
    let small = api.post(WIDGETS, &small).await;
    assert_eq!(
        (small.0, message(&small)),
        (
            422,
            "Widget.example.com \"small\" is invalid: spec.size: Invalid value: 0: spec.size in \
             body should be greater than or equal to 1"
        )
    );
    let path = format!("{WIDGETS}/one");
    let (_, observed) = api
        .merge(
            &format!("{path}/status"),
            &json!({"status": {"seen": 1}, "spec": {"size": 9}}),
        )
        .await;
    assert_eq!(
        (&observed["status"]["seen"], &observed["spec"]["size"]),
        (&json!(1), &json!(3))
    );
    assert_eq!(observed["metadata"]["generation"], 1);
    let unversioned = api.put(&path, &widget("one")).await;
    assert!(
        message(&unversioned).ends_with(
            "metadata.resourceVersion: Invalid value: 0: must be specified for an update"
        )
    );
    let table = api
        .send(
            api.request("GET", WIDGETS)
                .header("accept", "application/json;as=Table;v=v1;g=meta.k8s.io"),
        )
        .await;
    assert_eq!(table.1["rows"][0]["cells"], json!(["one", 3]));
}

#[tokio::test]
async fn every_served_version_shows_the_same_object() {
    let api = Api::start().await;
    established(&api).await;
    api.post(WIDGETS, &widget("one")).await;
    let response = api
        .request(
            "GET",
            "/apis/example.com/v1beta1/namespaces/default/widgets/one",
        )
        .send()
        .await
        .expect("an answer");
    let warning = response.headers()["warning"]
        .to_str()
        .expect("text")
        .to_owned();
    assert_eq!(
        warning,
        "299 - \"example.com/v1beta1 Widget is deprecated\""
    );
    let object: Value = response.json().await.expect("an object");
    assert_eq!(object["apiVersion"], "example.com/v1beta1");
    let (_, group) = api.get("/apis/example.com").await;
    assert_eq!(group["preferredVersion"]["version"], "v1");
    let (_, found) = api.get("/apis/example.com/v1").await;
    assert_eq!(found["resources"][0]["shortNames"], json!(["wi"]));
}

#[tokio::test]
async fn a_definition_takes_its_objects_along() {
    let api = Api::start().await;
    established(&api).await;
    let mut held = widget("held");
    held["metadata"]["finalizers"] = json!(["example.com/hold"]);
    api.post(WIDGETS, &held).await;
    let path = format!("{DEFINITIONS}/widgets.example.com");
    api.delete(&path, &json!({})).await;
    let refused = api.post(WIDGETS, &widget("late")).await;
    assert_eq!(
        (refused.0, message(&refused)),
        (
            405,
            "create not allowed while custom resource definition is terminating"
        )
    );
    api.until(&format!("{WIDGETS}/held"), |w| {
        w["metadata"]["deletionTimestamp"].is_string()
    })
    .await;
    api.merge(
        &format!("{WIDGETS}/held"),
        &json!({"metadata": {"finalizers": null}}),
    )
    .await;
    api.until_gone(&path).await;
    assert_eq!(api.get(WIDGETS).await.0, 404);
}

#[tokio::test]
async fn a_kind_belongs_to_one_definition() {
    let api = Api::start().await;
    established(&api).await;
    let mut other = definition();
    other["metadata"]["name"] = "gadgets.example.com".into();
    other["spec"]["names"] = json!({"kind": "Widget", "plural": "gadgets"});
    assert_eq!(api.post(DEFINITIONS, &other).await.0, 201);
    let (_, refused) = api.get(&format!("{DEFINITIONS}/gadgets.example.com")).await;
    let accepted = &refused["status"]["conditions"][0];
    assert_eq!(
        (&accepted["status"], &accepted["reason"]),
        (&json!("False"), &json!("KindConflict"))
    );
    assert_eq!(
        api.get("/apis/example.com/v1/namespaces/default/gadgets")
            .await
            .0,
        404
    );
}

#[tokio::test]
async fn a_version_with_stored_objects_stays() {
    let api = Api::start().await;
    established(&api).await;
    let path = format!("{DEFINITIONS}/widgets.example.com");
    let (_, mut live) = api.get(&path).await;
    let versions = live["spec"]["versions"].as_array_mut().expect("versions");
    versions.remove(0);
    versions[0]["storage"] = true.into();
    let refused = api.put(&path, &live).await;
    assert_eq!(refused.0, 422);
    assert!(
        message(&refused).contains(
            "status.storedVersions[0]: Invalid value: \"v1\": missing from spec.versions"
        )
    );
    versions_left(&api, &path).await;
}

/// Once no object is stored in a version the status says so, and the version can go.
async fn versions_left(api: &Api, path: &str) {
    let switched = json!([
        {"op": "replace", "path": "/spec/versions/0/storage", "value": false},
        {"op": "replace", "path": "/spec/versions/1/storage", "value": true},
    ]);
    let (code, _) = api
        .patch(path, "application/json-patch+json", &switched)
        .await;
    assert_eq!(code, 200);
    let (_, both) = api.get(path).await;
    assert_eq!(both["status"]["storedVersions"], json!(["v1", "v1beta1"]));
    let migrated = json!({"status": {"storedVersions": ["v1beta1"]}});
    let (_, after) = api.merge(&format!("{path}/status"), &migrated).await;
    assert_eq!(after["status"]["storedVersions"], json!(["v1beta1"]));
    let without = json!([{"op": "remove", "path": "/spec/versions/0"}]);
    let (code, _) = api
        .patch(path, "application/json-patch+json", &without)
        .await;
    assert_eq!(code, 200);
}
