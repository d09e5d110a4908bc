//! What all components share: namespace, network policies, quota and access rules (INS-RBAC-*, INS-NET-*).

use serde_json::{Value, json};

use super::Plan;
use super::bundle::{ACCOUNTS, labels};

const RBAC: &str = "rbac.authorization.k8s.io/v1";
const GROUPS: &[&str] = &[
    "notification.toolkit.fluxcd.io",
    "source.toolkit.fluxcd.io",
    "source.extensions.fluxcd.io",
    "helm.toolkit.fluxcd.io",
    "image.toolkit.fluxcd.io",
    "kustomize.toolkit.fluxcd.io",
];

/// The shared objects, in their order.
pub(super) fn objects(plan: &Plan) -> Vec<Value> {
    let mut all = vec![namespace(plan)];
    if plan.network_policy {
        all.extend(policies(plan));
    }
    all.push(quota(plan));
    all.extend([
        controller_role(plan),
        user_role(plan, "edit"),
        user_role(plan, "view"),
    ]);
    all.push(binding(
        plan,
        "cluster-reconciler",
        "cluster-admin",
        &ACCOUNTS[..2],
    ));
    let role = suffixed(plan, "crd-controller");
    all.push(binding(plan, "crd-controller", &role, ACCOUNTS));
    all
}

fn suffixed(plan: &Plan, name: &str) -> String {
    format!("{name}-{}", plan.namespace)
}

fn namespace(plan: &Plan) -> Value {
    let mut labels = labels(plan, None);
    labels["pod-security.kubernetes.io/warn"] = "restricted".into();
    labels["pod-security.kubernetes.io/warn-version"] = "latest".into();
    json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"labels": labels, "name": plan.namespace}})
}

fn policies(plan: &Plan) -> [Value; 3] {
    let policy = |name: &str, spec: Value| {
        json!({
            "apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy",
            "metadata": {"labels": labels(plan, None), "name": name, "namespace": plan.namespace},
            "spec": spec,
        })
    };
    let open = |port: u16, pods: Value| {
        json!({
            "ingress": [{
                "from": [{"namespaceSelector": {}}],
                "ports": [{"port": port, "protocol": "TCP"}],
            }],
            "podSelector": pods,
            "policyTypes": ["Ingress"],
        })
    };
    let egress = json!({
        "egress": [{}], "ingress": [{"from": [{"podSelector": {}}]}],
        "podSelector": {}, "policyTypes": ["Ingress", "Egress"],
    });
    let receiver = json!({"matchLabels": {"app": "notification-controller"}});
    [
        policy("allow-egress", egress),
        policy("allow-scraping", open(8080, json!({}))),
        policy("allow-webhooks", open(9292, receiver)),
    ]
}

fn quota(plan: &Plan) -> Value {
    json!({
        "apiVersion": "v1", "kind": "ResourceQuota",
        "metadata": {
            "labels": labels(plan, None), "name": suffixed(plan, "critical-pods"),
            "namespace": plan.namespace,
        },
        "spec": {
            "hard": {"pods": "1000"},
            "scopeSelector": {"matchExpressions": [{
                "operator": "In", "scopeName": "PriorityClass",
                "values": ["system-node-critical", "system-cluster-critical"],
            }]},
        },
    })
}

/// The rights of the controllers; patches address the rules by their place.
fn controller_role(plan: &Plan) -> Value {
    let rule = |group: &str, resources: &[&str], verbs: &[&str]| json!({"apiGroups": [group], "resources": resources, "verbs": verbs});
    let full = [
        "get", "list", "watch", "create", "update", "patch", "delete",
    ];
    let own = [
        "source.toolkit.fluxcd.io",
        "kustomize.toolkit.fluxcd.io",
        "helm.toolkit.fluxcd.io",
        "notification.toolkit.fluxcd.io",
        "image.toolkit.fluxcd.io",
        "source.extensions.fluxcd.io",
    ];
    let mut rules: Vec<Value> = own
        .iter()
        .map(|group| rule(group, &["*"], &["*"]))
        .collect();
    rules.extend([
        rule(
            "",
            &["namespaces", "secrets", "configmaps", "serviceaccounts"],
            &["get", "list", "watch"],
        ),
        rule("", &["events"], &["create", "patch"]),
        rule("", &["configmaps"], &full),
        rule("", &["configmaps/status"], &["get", "update", "patch"]),
        rule("coordination.k8s.io", &["leases"], &full),
        rule("", &["serviceaccounts/token"], &["create"]),
        json!({"nonResourceURLs": ["/livez/ping"], "verbs": ["head"]}),
    ]);
    json!({
        "apiVersion": RBAC, "kind": "ClusterRole",
        "metadata": {"labels": labels(plan, None), "name": suffixed(plan, "crd-controller")},
        "rules": rules,
    })
}

/// The rights that users get with the cluster's own roles (INS-RBAC-004, INS-RBAC-005).
fn user_role(plan: &Plan, name: &str) -> Value {
    let (verbs, roles): (&[&str], &[&str]) = match name {
        "view" => (&["get", "list", "watch"], &["admin", "edit", "view"]),
        _ => (
            &["create", "delete", "deletecollection", "patch", "update"],
            &["admin", "edit"],
        ),
    };
    let mut labels = labels(plan, None);
    for role in roles {
        labels[format!("rbac.authorization.k8s.io/aggregate-to-{role}")] = "true".into();
    }
    json!({
        "apiVersion": RBAC, "kind": "ClusterRole",
        "metadata": {"labels": labels, "name": suffixed(plan, &format!("flux-{name}"))},
        "rules": [{"apiGroups": GROUPS, "resources": ["*"], "verbs": verbs}],
    })
}

fn binding(plan: &Plan, name: &str, role: &str, accounts: &[&str]) -> Value {
    let subjects: Vec<Value> = accounts
        .iter()
        .map(|name| json!({"kind": "ServiceAccount", "name": name, "namespace": plan.namespace}))
        .collect();
    json!({
        "apiVersion": RBAC, "kind": "ClusterRoleBinding",
        "metadata": {"labels": labels(plan, None), "name": suffixed(plan, name)},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role},
        "subjects": subjects,
    })
}
