//! The default cluster roles and bindings that users meet: discovery, admin, edit and view.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::bootstrap::create;
use crate::cluster::Cluster;

const RBAC: &str = "rbac.authorization.k8s.io";
const READ: &[&str] = &["get", "list", "watch"];
const WRITE: &[&str] = &["create", "delete", "deletecollection", "patch", "update"];

fn rule(verbs: &[&str], groups: &[&str], resources: &[&str]) -> Value {
    json!({"verbs": verbs, "apiGroups": groups, "resources": resources})
}

fn meta(name: &str, more: &[(&str, &str)]) -> Value {
    let mut labels = json!({"kubernetes.io/bootstrapping": "rbac-defaults"});
    for (key, value) in more {
        labels[*key] = (*value).into();
    }
    json!({
        "name": name,
        "labels": labels,
        "annotations": {"rbac.authorization.kubernetes.io/autoupdate": "true"},
    })
}

fn role(cluster: &Arc<Cluster>, name: &str, labels: &[(&str, &str)], rules: &[Value]) {
    let role = json!({"metadata": meta(name, labels), "rules": rules});
    create(cluster, "clusterroles.rbac.authorization.k8s.io", "", role);
}

fn aggregate(cluster: &Arc<Cluster>, name: &str, labels: &[(&str, &str)], selector: &str) {
    let role = json!({
        "metadata": meta(name, labels),
        "aggregationRule": {"clusterRoleSelectors": [{"matchLabels": {selector: "true"}}]},
        "rules": [],
    });
    create(cluster, "clusterroles.rbac.authorization.k8s.io", "", role);
}

fn bind(cluster: &Arc<Cluster>, name: &str, groups: &[&str]) {
    let subjects: Vec<Value> = groups
        .iter()
        .map(|g| json!({"kind": "Group", "apiGroup": RBAC, "name": g}))
        .collect();
    let binding = json!({
        "metadata": meta(name, &[]),
        "roleRef": {"apiGroup": RBAC, "kind": "ClusterRole", "name": name},
        "subjects": subjects,
    });
    create(
        cluster,
        "clusterrolebindings.rbac.authorization.k8s.io",
        "",
        binding,
    );
}

const TO_VIEW: &str = "rbac.authorization.k8s.io/aggregate-to-view";
const TO_EDIT: &str = "rbac.authorization.k8s.io/aggregate-to-edit";
const TO_ADMIN: &str = "rbac.authorization.k8s.io/aggregate-to-admin";

/// Creates them all.
pub(crate) fn create_all(cluster: &Arc<Cluster>) {
    let all = json!({"verbs": ["*"], "nonResourceURLs": ["*"]});
    role(
        cluster,
        "cluster-admin",
        &[],
        &[rule(&["*"], &["*"], &["*"]), all],
    );
    bind(cluster, "cluster-admin", &["system:masters"]);

    let public = ["/healthz", "/livez", "/readyz", "/version", "/version/"];
    let url = |urls: &[&str]| json!({"verbs": ["get"], "nonResourceURLs": urls});
    role(cluster, "system:public-info-viewer", &[], &[url(&public)]);
    bind(
        cluster,
        "system:public-info-viewer",
        &["system:authenticated", "system:unauthenticated"],
    );
    let discovery = [
        "/api",
        "/api/*",
        "/apis",
        "/apis/*",
        "/healthz",
        "/livez",
        "/openapi",
        "/openapi/*",
        "/readyz",
        "/version",
        "/version/",
    ];
    role(cluster, "system:discovery", &[], &[url(&discovery)]);
    bind(cluster, "system:discovery", &["system:authenticated"]);
    role(
        cluster,
        "system:basic-user",
        &[],
        &[
            rule(
                &["create"],
                &["authorization.k8s.io"],
                &["selfsubjectaccessreviews", "selfsubjectrulesreviews"],
            ),
            rule(
                &["create"],
                &["authentication.k8s.io"],
                &["selfsubjectreviews"],
            ),
        ],
    );
    bind(cluster, "system:basic-user", &["system:authenticated"]);
    user_facing(cluster);
}

/// `admin`, `edit` and `view`, made of the roles labelled to aggregate to them.
fn user_facing(cluster: &Arc<Cluster>) {
    aggregate(cluster, "admin", &[], TO_ADMIN);
    aggregate(cluster, "edit", &[(TO_ADMIN, "true")], TO_EDIT);
    aggregate(cluster, "view", &[(TO_EDIT, "true")], TO_VIEW);
    role(
        cluster,
        "system:aggregate-to-view",
        &[(TO_VIEW, "true")],
        &view_rules(),
    );
    role(
        cluster,
        "system:aggregate-to-edit",
        &[(TO_EDIT, "true")],
        &edit_rules(),
    );
    role(
        cluster,
        "system:aggregate-to-admin",
        &[(TO_ADMIN, "true")],
        &[
            rule(
                &["create"],
                &["authorization.k8s.io"],
                &["localsubjectaccessreviews"],
            ),
            rule(&[READ, WRITE].concat(), &[RBAC], &["roles", "rolebindings"]),
        ],
    );
}

const NETWORK: &[&str] = &["ingresses", "networkpolicies"];

fn view_rules() -> Vec<Value> {
    vec![
        rule(
            READ,
            &[""],
            &[
                "configmaps",
                "endpoints",
                "persistentvolumeclaims",
                "persistentvolumeclaims/status",
                "pods",
                "replicationcontrollers",
                "replicationcontrollers/scale",
                "serviceaccounts",
                "services",
                "services/status",
                "bindings",
                "events",
                "limitranges",
                "namespaces/status",
                "pods/log",
                "pods/status",
                "replicationcontrollers/status",
                "resourcequotas",
                "resourcequotas/status",
                "namespaces",
            ],
        ),
        rule(READ, &["discovery.k8s.io"], &["endpointslices"]),
        rule(
            READ,
            &["apps"],
            &[
                "controllerrevisions",
                "daemonsets",
                "daemonsets/status",
                "deployments",
                "deployments/scale",
                "deployments/status",
                "replicasets",
                "replicasets/scale",
                "replicasets/status",
                "statefulsets",
                "statefulsets/scale",
                "statefulsets/status",
            ],
        ),
        rule(
            READ,
            &["autoscaling"],
            &[
                "horizontalpodautoscalers",
                "horizontalpodautoscalers/status",
            ],
        ),
        rule(
            READ,
            &["batch"],
            &["cronjobs", "cronjobs/status", "jobs", "jobs/status"],
        ),
        rule(
            READ,
            &["policy"],
            &["poddisruptionbudgets", "poddisruptionbudgets/status"],
        ),
        rule(
            READ,
            &["networking.k8s.io"],
            &["ingresses", "ingresses/status", "networkpolicies"],
        ),
    ]
}

fn edit_rules() -> Vec<Value> {
    vec![
        rule(
            READ,
            &[""],
            &[
                "pods/attach",
                "pods/exec",
                "pods/portforward",
                "pods/proxy",
                "secrets",
                "services/proxy",
            ],
        ),
        rule(&["impersonate"], &[""], &["serviceaccounts"]),
        rule(
            WRITE,
            &[""],
            &[
                "pods",
                "pods/attach",
                "pods/exec",
                "pods/portforward",
                "pods/proxy",
            ],
        ),
        rule(&["create"], &[""], &["pods/eviction"]),
        rule(
            WRITE,
            &[""],
            &[
                "configmaps",
                "events",
                "persistentvolumeclaims",
                "replicationcontrollers",
                "replicationcontrollers/scale",
                "secrets",
                "serviceaccounts",
                "services",
                "services/proxy",
            ],
        ),
        rule(&["create"], &[""], &["serviceaccounts/token"]),
        rule(
            WRITE,
            &["apps"],
            &[
                "daemonsets",
                "deployments",
                "deployments/rollback",
                "deployments/scale",
                "replicasets",
                "replicasets/scale",
                "statefulsets",
                "statefulsets/scale",
            ],
        ),
        rule(WRITE, &["autoscaling"], &["horizontalpodautoscalers"]),
        rule(WRITE, &["batch"], &["cronjobs", "jobs"]),
        rule(WRITE, &["policy"], &["poddisruptionbudgets"]),
        rule(WRITE, &["networking.k8s.io"], NETWORK),
        rule(
            &[READ, WRITE].concat(),
            &["coordination.k8s.io"],
            &["leases"],
        ),
    ]
}
