//! Finalizers, owners, namespaces.

use serde_json::{Value, json};

use crate::support::{Api, CONFIG_MAPS, config_map, message};

async fn owned(api: &Api, owner: &Value, name: &str) {
    let mut object = config_map(name);
    object["metadata"]["ownerReferences"] = json!([{
        "apiVersion": "v1", "kind": "ConfigMap", "blockOwnerDeletion": true,
        "name": owner["metadata"]["name"], "uid": owner["metadata"]["uid"],
    }]);
    assert_eq!(api.post(CONFIG_MAPS, &object).await.0, 201);
}

#[tokio::test]
async fn finalizers_hold_an_object() {
    let api = Api::start().await;
    let mut object = config_map("held");
    object["metadata"]["finalizers"] = json!(["example.com/hold"]);
    api.post(CONFIG_MAPS, &object).await;
    let path = format!("{CONFIG_MAPS}/held");
    let (code, marked) = api.delete(&path, &json!({})).await;
    assert_eq!(code, 200);
    assert!(marked["metadata"]["deletionTimestamp"].is_string());
    let added = api
        .merge(
            &path,
            &json!({"metadata": {"finalizers": ["example.com/hold", "example.com/more"]}}),
        )
        .await;
    assert_eq!(added.0, 422);
    assert!(
        message(&added).contains("no new finalizers can be added if the object is being deleted")
    );
    let (code, _) = api
        .merge(&path, &json!({"metadata": {"finalizers": null}}))
        .await;
    assert_eq!(code, 200);
    assert_eq!(api.get(&path).await.0, 404);
}

#[tokio::test]
async fn preconditions_protect_another_object_of_the_same_name() {
    let api = Api::start().await;
    api.post(CONFIG_MAPS, &config_map("one")).await;
    let path = format!("{CONFIG_MAPS}/one");
    let refused = api
        .delete(&path, &json!({"preconditions": {"uid": "other"}}))
        .await;
    assert_eq!(refused.0, 409);
    assert!(
        message(&refused).contains("the UID in the precondition (other) does not match the UID")
    );
    assert_eq!(api.get(&path).await.0, 200);
}

#[tokio::test]
async fn dependents_follow_their_owner() {
    let api = Api::start().await;
    for (policy, name) in [("Background", "back"), ("Foreground", "fore")] {
        let (_, owner) = api.post(CONFIG_MAPS, &config_map(name)).await;
        let child = format!("{name}-child");
        owned(&api, &owner, &child).await;
        let path = format!("{CONFIG_MAPS}/{name}");
        api.delete(&path, &json!({"propagationPolicy": policy}))
            .await;
        api.until_gone(&path).await;
        api.until_gone(&format!("{CONFIG_MAPS}/{child}")).await;
    }
    let (_, owner) = api.post(CONFIG_MAPS, &config_map("parent")).await;
    owned(&api, &owner, "orphan").await;
    api.delete(
        &format!("{CONFIG_MAPS}/parent"),
        &json!({"propagationPolicy": "Orphan"}),
    )
    .await;
    api.until_gone(&format!("{CONFIG_MAPS}/parent")).await;
    let (code, orphan) = api.get(&format!("{CONFIG_MAPS}/orphan")).await;
    assert_eq!(code, 200);
    assert!(orphan["metadata"].get("ownerReferences").is_none());
}

#[tokio::test]
async fn a_collection_is_deleted_by_selection() {
    let api = Api::start().await;
    for name in ["a", "b"] {
        let mut object = config_map(name);
        object["metadata"]["labels"] = json!({"name": name});
        api.post(CONFIG_MAPS, &object).await;
    }
    let (code, list) = api
        .delete(&format!("{CONFIG_MAPS}?labelSelector=name%3Da"), &json!({}))
        .await;
    assert_eq!((code, &list["kind"]), (200, &json!("ConfigMapList")));
    assert_eq!(api.get(&format!("{CONFIG_MAPS}/a")).await.0, 404);
    assert_eq!(api.get(&format!("{CONFIG_MAPS}/b")).await.0, 200);
}

#[tokio::test]
async fn a_namespace_ends_after_its_content() {
    let api = Api::start().await;
    let namespaces = "/api/v1/namespaces";
    api.post(namespaces, &json!({"metadata": {"name": "brief"}}))
        .await;
    let inside = "/api/v1/namespaces/brief/configmaps";
    api.until(&format!("{inside}/kube-root-ca.crt"), |_| true)
        .await;
    let mut held = config_map("held");
    held["metadata"]["finalizers"] = json!(["example.com/hold"]);
    api.post(inside, &held).await;
    let (_, ending) = api.delete(&format!("{namespaces}/brief"), &json!({})).await;
    assert_eq!(ending["status"]["phase"], "Terminating");
    let waits = |n: &Value| {
        n["status"]["conditions"].as_array().is_some_and(|c| {
            c.iter()
                .any(|c| c["type"] == "NamespaceFinalizersRemaining" && c["status"] == "True")
        })
    };
    api.until(&format!("{namespaces}/brief"), waits).await;
    let refused = api.post(inside, &config_map("late")).await;
    assert_eq!(
        (refused.0, message(&refused)),
        (
            403,
            "configmaps \"late\" is forbidden: unable to create new content in namespace brief \
             because it is being terminated"
        )
    );
    api.merge(
        &format!("{inside}/held"),
        &json!({"metadata": {"finalizers": null}}),
    )
    .await;
    api.until_gone(&format!("{namespaces}/brief")).await;
}
