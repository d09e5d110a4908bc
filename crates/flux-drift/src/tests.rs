//! What recorded vectors do not cover.

use flux_object::Object;
use serde_json::json;

use crate::{immutable, managed, normalize};

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
