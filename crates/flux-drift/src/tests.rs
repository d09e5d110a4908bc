//! What recorded vectors do not cover.

use flux_object::Object;
use serde_json::json;

use crate::{ignore, immutable, managed, normalize};

fn object(value: serde_json::Value) -> Object {
    Object::from_value(value).expect("a test object")
}

#[test]
fn string_data_wins_over_data() {
    let mut secret = object(json!({
        "apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a"},
        "data": {"k": "eA==", "l": "eQ=="}, "stringData": {"k": "z"},
    }));
    normalize::normalize(&mut secret);
    assert_eq!(
        secret.get(&["data"]),
        Some(&json!({"k": "eg==", "l": "eQ=="}))
    );
    assert_eq!(secret.get(&["stringData"]), None);
}

#[test]
fn own_updates_are_taken_over() {
    let managers = managed::default_managers("kustomize-controller", &[]);
    let live = object(json!({
        "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "managedFields": [
            {"manager": "kustomize-controller", "operation": "Update", "fieldsV1": {"f:data": {}}},
        ]},
    }));
    assert!(managed::is_foreign(&live, &managers));
    let patch = managed::take_over(&live, &managers, "kustomize-controller").expect("a patch");
    assert_eq!(patch["value"][0]["operation"], "Apply");
}

#[test]
fn forbidden_is_not_immutable() {
    assert!(!immutable::is_immutable("Forbidden", "no"));
    assert!(immutable::is_immutable(
        "",
        "spec.selector: field is immutable"
    ));
}

#[test]
fn ignored_fields_are_adopted_or_left_to_those_who_apply_them() {
    let deployment = |replicas: i64, image: &str, managed: serde_json::Value| {
        object(json!({
            "apiVersion": "apps/v1", "kind": "Deployment",
            "metadata": {"name": "a", "managedFields": managed},
            "spec": {"replicas": replicas, "template": {"spec": {"containers": [
                {"name": "c", "image": image},
            ]}}},
        }))
    };
    let managed = json!([
        {"manager": "scaler", "operation": "Apply", "fieldsV1": {"f:spec": {"f:replicas": {}}}},
        {"manager": "kustomize-controller", "operation": "Apply", "fieldsV1": {"f:spec": {
            "f:template": {"f:spec": {"f:containers": {"k:{\"name\":\"c\"}": {"f:image": {}}}}},
        }}},
    ]);
    let live = deployment(5, "i:2", managed);
    let desired = deployment(1, "i:1", json!([]));
    let paths = [
        "/spec/replicas".to_owned(),
        "/spec/template/spec/containers/0/image".to_owned(),
        "/spec/absent".to_owned(),
    ];
    let settled = ignore::settle(&desired, &live, &paths, "kustomize-controller");
    assert_eq!(
        settled.get(&["spec", "replicas"]),
        None,
        "applied by another"
    );
    let value = settled.as_value();
    let image = value.pointer("/spec/template/spec/containers/0/image");
    assert_eq!(image, Some(&json!("i:2")), "adopted");
}
