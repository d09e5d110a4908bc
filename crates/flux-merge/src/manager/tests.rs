//! Ownership, conflicts and refusals, case by case.

use serde_json::{Value, json};

use crate::{Applied, ApplyOptions, FieldSet, MergeError, Schema, Target, apply, update};

const T0: &str = "2024-01-01T00:00:00Z";
const T1: &str = "2024-01-01T00:00:01Z";

fn target<'a>(schema: &'a Schema, api_version: &'a str, kind: &'a str, now: &'a str) -> Target<'a> {
    Target {
        schema,
        ty: schema.kind(api_version, kind).expect("a known kind"),
        api_version,
        kind,
        subresource: "",
        reset: None,
        versions: None,
        now,
    }
}

fn config_map(data: &Value) -> Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "cm", "namespace": "ns"}, "data": data})
}

fn apply_map(
    live: Option<&Value>,
    data: &Value,
    manager: &str,
    now: &str,
) -> Result<Applied, MergeError> {
    let target = target(Schema::builtin(), "v1", "ConfigMap", now);
    let options = ApplyOptions {
        manager,
        force: false,
    };
    apply(&target, live, &config_map(data), options)
}

fn deployment(containers: &Value) -> Value {
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": "web", "namespace": "ns", "labels": {"app": "web"}},
        "spec": {"replicas": 1, "selector": {"matchLabels": {"app": "web"}},
            "template": {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": containers}}},
    })
}

fn owned(object: &Value, manager: &str) -> Value {
    let entries = object["metadata"]["managedFields"]
        .as_array()
        .expect("managed fields");
    let entry = entries.iter().find(|entry| entry["manager"] == manager);
    entry.map_or(Value::Null, |entry| entry["fieldsV1"].clone())
}

#[test]
fn first_apply_owns_leaves_only() {
    let made = apply_map(None, &json!({"a": "1"}), "flux", T0).expect("applies");
    assert!(made.changed);
    assert_eq!(
        made.object["metadata"]["managedFields"],
        json!([{
            "manager": "flux", "operation": "Apply", "apiVersion": "v1", "time": T0,
            "fieldsType": "FieldsV1", "fieldsV1": {"f:data": {"f:a": {}}},
        }])
    );
    assert_eq!(made.object["data"], json!({"a": "1"}));
}

#[test]
fn same_apply_changes_nothing() {
    let first = apply_map(None, &json!({"a": "1"}), "flux", T0)
        .expect("applies")
        .object;
    let second = apply_map(Some(&first), &json!({"a": "1"}), "flux", T1).expect("applies");
    assert!(!second.changed);
    assert_eq!(second.object, first);
}

#[test]
fn fields_left_out_go_unless_others_own_them() {
    let first =
        apply_map(None, &json!({"a": "1", "b": "2", "c": "3"}), "flux", T0).expect("applies");
    let shared = apply_map(Some(&first.object), &json!({"b": "2"}), "other", T1).expect("applies");
    assert!(shared.changed, "a new owner is a change");
    let last = apply_map(Some(&shared.object), &json!({"c": "3"}), "flux", T1).expect("applies");
    assert_eq!(last.object["data"], json!({"b": "2", "c": "3"}));
    assert_eq!(owned(&last.object, "flux"), json!({"f:data": {"f:c": {}}}));
    assert_eq!(owned(&last.object, "other"), json!({"f:data": {"f:b": {}}}));
}

#[test]
fn conflicts_name_managers_and_fields() {
    let target0 = target(Schema::builtin(), "apps/v1", "Deployment", T0);
    let object = deployment(&json!([{"name": "app", "image": "a:1"}]));
    let live = update(&target0, None, &object, "kubectl-create")
        .expect("creates")
        .object;
    let mut want = deployment(&json!([{"name": "app", "image": "a:2"}]));
    let options = ApplyOptions {
        manager: "flux",
        force: false,
    };
    let error = apply(&target0, Some(&live), &want, options).expect_err("conflicts");
    assert_eq!(
        error.to_string(),
        "Apply failed with 1 conflict: conflict with \"kubectl-create\" using apps/v1: .spec.template.spec.containers[name=\"app\"].image"
    );
    want["spec"]["replicas"] = json!(3);
    let error = apply(&target0, Some(&live), &want, options).expect_err("conflicts");
    assert_eq!(
        error.to_string(),
        "Apply failed with 2 conflicts: conflicts with \"kubectl-create\" using apps/v1:\n- .spec.replicas\n- .spec.template.spec.containers[name=\"app\"].image"
    );
    let forced = ApplyOptions {
        force: true,
        ..options
    };
    let made = apply(&target0, Some(&live), &want, forced).expect("applies");
    assert_eq!(made.object["spec"]["replicas"], 3);
    assert_eq!(
        owned(&made.object, "kubectl-create")["f:spec"].get("f:replicas"),
        None
    );
}

#[test]
fn create_owns_what_a_typed_server_sees_as_added() {
    let target0 = target(Schema::builtin(), "apps/v1", "Deployment", T0);
    let object =
        deployment(&json!([{"name": "app", "image": "a", "ports": [{"containerPort": 80}]}]));
    let live = update(&target0, None, &object, "kubectl")
        .expect("creates")
        .object;
    assert_eq!(
        owned(&live, "kubectl"),
        json!({
            "f:metadata": {"f:labels": {".": {}, "f:app": {}}},
            "f:spec": {
                "f:replicas": {},
                "f:selector": {},
                "f:template": {
                    "f:metadata": {"f:labels": {".": {}, "f:app": {}}},
                    "f:spec": {"f:containers": {"k:{\"name\":\"app\"}": {
                        ".": {}, "f:image": {}, "f:name": {},
                        "f:ports": {".": {}, "k:{\"containerPort\":80,\"protocol\":\"TCP\"}": {".": {}, "f:containerPort": {}}},
                        "f:resources": {},
                    }}},
                },
            },
        })
    );
}

#[test]
fn list_maps_merge_by_key() {
    let target0 = target(Schema::builtin(), "apps/v1", "Deployment", T0);
    let options = ApplyOptions {
        manager: "flux",
        force: false,
    };
    let object =
        deployment(&json!([{"name": "app", "image": "a"}, {"name": "side", "image": "s"}]));
    let live = apply(&target0, None, &object, options)
        .expect("applies")
        .object;
    let other = json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "namespace": "ns"},
        "spec": {"template": {"spec": {"containers": [{"name": "injected", "image": "i"}]}}}});
    let injector = ApplyOptions {
        manager: "injector",
        ..options
    };
    let live = apply(&target0, Some(&live), &other, injector)
        .expect("applies")
        .object;
    let object = deployment(&json!([{"name": "app", "image": "b"}]));
    let live = apply(&target0, Some(&live), &object, options)
        .expect("applies")
        .object;
    let containers = live["spec"]["template"]["spec"]["containers"]
        .as_array()
        .expect("a list");
    let names: Vec<_> = containers
        .iter()
        .map(|c| (c["name"].clone(), c["image"].clone()))
        .collect();
    assert_eq!(
        names,
        [(json!("app"), json!("b")), (json!("injected"), json!("i"))]
    );
}

#[test]
fn bad_requests() {
    let target0 = target(Schema::builtin(), "apps/v1", "Deployment", T0);
    let options = ApplyOptions {
        manager: "flux",
        force: false,
    };
    let check = |object: &Value, want: &str| {
        let error = apply(&target0, None, object, options).expect_err("refused");
        assert_eq!(error.to_string(), want);
    };
    check(
        &json!({"apiVersion": "v1", "kind": "Deployment"}),
        "invalid object type: /v1, Kind=Deployment",
    );
    let mut object = deployment(&json!([{"name": "app"}, {"name": "app"}]));
    check(
        &object,
        "failed to create typed patch object (ns/web; apps/v1, Kind=Deployment): .spec.template.spec.containers: duplicate entries for key [name=\"app\"]",
    );
    object = deployment(&json!([{"name": "app", "imagee": "x"}]));
    check(
        &object,
        "failed to create typed patch object (ns/web; apps/v1, Kind=Deployment): .spec.template.spec.containers[name=\"app\"].imagee: field not declared in schema",
    );
    object = deployment(&json!([]));
    object["spec"]["replicas"] = json!("3");
    check(
        &object,
        "failed to create typed patch object (ns/web; apps/v1, Kind=Deployment): .spec.replicas: expected numeric (int or float), got string",
    );
    object["spec"]["replicas"] = json!(3);
    object["metadata"]["labels"]["app"] = json!(true);
    check(
        &object,
        "failed to create typed patch object (ns/web; apps/v1, Kind=Deployment): .metadata.labels.app: expected string, got &value.valueUnstructured{Value:true}",
    );
    object["metadata"]["managedFields"] = json!([]);
    check(&object, "metadata.managedFields must be nil");
}

#[test]
fn status_is_owned_through_its_subresource_only() {
    let status = FieldSet::of_fields(&[&["status"]]);
    let rest = FieldSet::of_fields(&[&["spec"], &["metadata"], &["apiVersion"], &["kind"]]);
    let base = Target {
        reset: Some(&status),
        ..target(Schema::builtin(), "apps/v1", "Deployment", T0)
    };
    let mut object = deployment(&json!([{"name": "app", "image": "a"}]));
    object["status"] = json!({"replicas": 3});
    let live = update(&base, None, &object, "kubectl")
        .expect("creates")
        .object;
    assert_eq!(owned(&live, "kubectl").get("f:status"), None);
    let through_status = Target {
        reset: Some(&rest),
        subresource: "status",
        now: T1,
        ..base
    };
    let mut new = live.clone();
    new["status"] = json!({"replicas": 4, "conditions": [{"type": "Available", "status": "True"}]});
    let live = update(&through_status, Some(&live), &new, "controller")
        .expect("updates")
        .object;
    let entries = live["metadata"]["managedFields"]
        .as_array()
        .expect("entries");
    assert_eq!(entries[1]["subresource"], "status");
    assert_eq!(entries[1]["time"], T1);
    assert_eq!(
        entries[1]["fieldsV1"],
        json!({"f:status": {"f:conditions": {".": {}, "k:{\"type\":\"Available\"}": {".": {}, "f:status": {}, "f:type": {}}}, "f:replicas": {}}})
    );
}

#[test]
fn old_updates_are_merged() {
    let target0 = target(Schema::builtin(), "v1", "ConfigMap", T0);
    let mut live = update(&target0, None, &config_map(&json!({"k": "v"})), "m0")
        .expect("creates")
        .object;
    for index in 1..=12 {
        let now = format!("2024-01-01T00:00:{index:02}Z");
        let at = Target {
            now: &now,
            ..target0
        };
        let mut new = live.clone();
        new["data"][format!("k{index}")] = json!("v");
        live = update(&at, Some(&live), &new, &format!("m{index}"))
            .expect("updates")
            .object;
    }
    let entries = live["metadata"]["managedFields"]
        .as_array()
        .expect("entries");
    assert_eq!(entries.len(), 10);
    assert_eq!(entries[0]["manager"], "ancient-changes");
}

#[test]
fn before_first_apply_owns_what_was_there() {
    let live = json!({"apiVersion": "v1", "kind": "ConfigMap",
        "metadata": {"name": "cm", "namespace": "ns", "uid": "u"}, "data": {"a": "1"}});
    let made = apply_map(Some(&live), &json!({"a": "1", "b": "2"}), "flux", T0).expect("applies");
    assert_eq!(
        owned(&made.object, "before-first-apply"),
        json!({"f:data": {".": {}, "f:a": {}}})
    );
    let error = apply_map(Some(&live), &json!({"a": "2"}), "flux", T0).expect_err("conflicts");
    assert_eq!(
        error.to_string(),
        "Apply failed with 1 conflict: conflict with \"before-first-apply\" using v1: .data.a"
    );
}

#[test]
fn custom_resources_follow_their_schema() {
    let (schema, ty) = Schema::from_crd(&json!({"type": "object", "properties": {
        "spec": {"type": "object", "properties": {
            "tags": {"type": "array", "items": {"type": "string"}, "x-kubernetes-list-type": "set"},
            "free": {"type": "object", "x-kubernetes-preserve-unknown-fields": true},
            "list": {"type": "array", "items": {"type": "object", "properties": {"a": {"type": "string"}}}},
        }},
    }})).expect("a schema");
    let target0 = Target {
        schema: &schema,
        ty,
        api_version: "example.com/v1",
        kind: "Thing",
        subresource: "",
        reset: None,
        versions: None,
        now: T0,
    };
    let thing = |spec: Value| json!({"apiVersion": "example.com/v1", "kind": "Thing", "metadata": {"name": "t"}, "spec": spec});
    let live = update(
        &target0,
        None,
        &thing(json!({"tags": ["a"], "free": {"x": {"y": [1]}}, "list": [{"a": "1"}]})),
        "kubectl",
    );
    let live = live.expect("creates").object;
    assert_eq!(
        owned(&live, "kubectl"),
        json!({"f:spec": {".": {}, "f:free": {".": {}, "f:x": {".": {}, "f:y": {}}}, "f:list": {}, "f:tags": {".": {}, "v:\"a\"": {}}}})
    );
    let options = ApplyOptions {
        manager: "flux",
        force: false,
    };
    let made = apply(
        &target0,
        Some(&live),
        &thing(json!({"tags": ["b"], "free": {"z": 1}})),
        options,
    );
    let made = made.expect("applies").object;
    assert_eq!(made["spec"]["tags"], json!(["a", "b"]));
    assert_eq!(made["spec"]["free"], json!({"x": {"y": [1]}, "z": 1}));
}
