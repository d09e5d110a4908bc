//! What the built-in data says, and how custom resources are read.

use serde_json::{Value, json};

use crate::schema::{DEDUCED, Format, ListKind, Schema};

fn field_list(kind: (&str, &str), path: &[&str]) -> ListKind {
    let schema = Schema::builtin();
    let mut ty = schema.kind(kind.0, kind.1).expect("a kind");
    for name in path {
        if let Some(list) = &schema.resolve(ty).list {
            ty = list.element;
        }
        ty = schema
            .field(ty, name)
            .unwrap_or_else(|| panic!("no field {name}"))
            .ty;
    }
    schema
        .resolve(ty)
        .list
        .as_ref()
        .expect("a list")
        .kind
        .clone()
}

#[test]
fn every_name_of_the_built_in_types_is_known() {
    let text = include_str!("builtin.txt");
    let heads = text
        .lines()
        .filter_map(|line| line.strip_prefix('=')?.split(' ').next());
    let names: Vec<&str> = heads.collect();
    for line in text.lines().filter(|line| line.starts_with(' ')) {
        let expression = line.split(' ').nth(2).expect("an expression");
        let name = expression.trim_start_matches(['[', '{']);
        if let Some(name) = name.strip_prefix('.') {
            let end = name.find([']', '}', '!', '~']).unwrap_or(name.len());
            assert!(names.contains(&&name[..end]), "{line}");
        }
    }
    assert!(text.len() < 600_000);
}

#[test]
fn built_in_lists() {
    let map = |keys: &[&str]| ListKind::Map(keys.iter().map(|key| (*key).into()).collect());
    let check = |kind, path: &[&str], want| assert_eq!(field_list(kind, path), want, "{path:?}");
    check(
        ("v1", "Service"),
        &["spec", "ports"],
        map(&["port", "protocol"]),
    );
    check(("v1", "Pod"), &["spec", "containers"], map(&["name"]));
    check(
        ("v1", "Pod"),
        &["spec", "containers", "args"],
        ListKind::Atomic,
    );
    check(("v1", "Pod"), &["metadata", "finalizers"], ListKind::Set);
    check(
        ("v1", "Pod"),
        &["metadata", "ownerReferences"],
        map(&["uid"]),
    );
    check(
        ("networking.k8s.io/v1", "Ingress"),
        &["spec", "rules"],
        ListKind::Atomic,
    );
    check(
        ("apps/v1", "Deployment"),
        &["status", "conditions"],
        map(&["type"]),
    );
}

#[test]
fn built_in_kinds_of_every_group() {
    let schema = Schema::builtin();
    for (version, kind) in [
        ("v1", "ConfigMap"),
        ("apps/v1", "StatefulSet"),
        ("batch/v1", "CronJob"),
        ("networking.k8s.io/v1", "NetworkPolicy"),
        ("rbac.authorization.k8s.io/v1", "ClusterRole"),
        ("policy/v1", "PodDisruptionBudget"),
        ("autoscaling/v2", "HorizontalPodAutoscaler"),
        ("storage.k8s.io/v1", "StorageClass"),
        (
            "admissionregistration.k8s.io/v1",
            "ValidatingWebhookConfiguration",
        ),
        ("apiextensions.k8s.io/v1", "CustomResourceDefinition"),
        ("apiregistration.k8s.io/v1", "APIService"),
        ("coordination.k8s.io/v1", "Lease"),
        ("discovery.k8s.io/v1", "EndpointSlice"),
        ("events.k8s.io/v1", "Event"),
        ("scheduling.k8s.io/v1", "PriorityClass"),
        ("node.k8s.io/v1", "RuntimeClass"),
        ("certificates.k8s.io/v1", "CertificateSigningRequest"),
        ("flowcontrol.apiserver.k8s.io/v1", "FlowSchema"),
    ] {
        assert!(schema.kind(version, kind).is_some(), "{version} {kind}");
    }
}

#[test]
fn zero_and_present_structs_of_a_typed_server() {
    let schema = Schema::builtin();
    let ty = schema.kind("apps/v1", "Deployment").expect("a kind");
    assert_eq!(
        schema.zero(ty),
        json!({
            "metadata": {}, "status": {},
            "spec": {"selector": null, "strategy": {}, "template": {"metadata": {}, "spec": {"containers": null}}},
        })
    );
    let mut object = json!({"spec": {"template": {"spec": {"containers": [{"name": "a"}]}}}});
    schema.fill_structs(ty, &mut object);
    assert_eq!(
        object["spec"]["template"]["spec"]["containers"],
        json!([{"name": "a", "resources": {}}])
    );
    assert_eq!(object["status"], json!({}));
}

#[test]
fn custom_resources() {
    let (schema, ty) = Schema::from_crd(&json!({"type": "object", "properties": {
        "spec": {"type": "object", "required": ["n"], "properties": {
            "n": {"type": "integer", "format": "int32", "default": 3},
            "port": {"x-kubernetes-int-or-string": true, "nullable": true},
            "any": {"x-kubernetes-preserve-unknown-fields": true},
            "template": {"type": "object", "x-kubernetes-embedded-resource": true, "x-kubernetes-preserve-unknown-fields": true},
        }},
    }}))
    .expect("a schema");
    let spec = schema.field(ty, "spec").expect("spec").ty;
    let n = schema.field(spec, "n").expect("n");
    assert!(n.required);
    assert_eq!(n.default, Some(json!(3)));
    assert_eq!(
        schema.resolve(n.ty).scalar.map(|scalar| scalar.format),
        Some(Format::Int32)
    );
    assert!(schema.field(spec, "port").expect("port").nullable);
    let template = schema.field(spec, "template").expect("template").ty;
    let metadata = schema.field(template, "metadata").expect("metadata").ty;
    assert!(schema.field(metadata, "finalizers").is_some());
    assert_eq!(
        schema
            .resolve(template)
            .map
            .as_ref()
            .and_then(|map| map.element),
        Some(DEDUCED)
    );
    assert_eq!(
        schema
            .resolve(spec)
            .map
            .as_ref()
            .and_then(|map| map.element),
        None
    );
}

#[test]
fn contradictory_schemas_are_refused() {
    let check = |list: Value, want: &str| {
        let schema = json!({"type": "object", "properties": {"l": list}});
        let error = Schema::from_crd(&schema).expect_err("refused");
        assert_eq!(error.to_string(), want);
    };
    check(
        json!({"type": "array", "x-kubernetes-list-type": "map", "items": {"type": "object"}}),
        "schema: .l: missing map keys",
    );
    check(
        json!({"type": "array", "x-kubernetes-list-type": "bag", "items": {"type": "string"}}),
        "schema: .l: unknown list type bag",
    );
    check(
        json!({"type": "tuple"}),
        "schema: .l: unknown type \"tuple\"",
    );
}
