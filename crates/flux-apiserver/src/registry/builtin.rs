//! The built-in resources, as facts.

use std::sync::Arc;

use crate::registry::{Resource, ScalePaths, Types};

/// Groups in discovery order with their versions.
pub(crate) const BUILTIN_GROUPS: &[(&str, &[&str])] = &[
    ("", &["v1"]),
    ("apiregistration.k8s.io", &["v1"]),
    ("apps", &["v1"]),
    ("events.k8s.io", &["v1"]),
    ("authentication.k8s.io", &["v1"]),
    ("authorization.k8s.io", &["v1"]),
    ("autoscaling", &["v2", "v1"]),
    ("batch", &["v1"]),
    ("certificates.k8s.io", &["v1"]),
    ("networking.k8s.io", &["v1"]),
    ("policy", &["v1"]),
    ("rbac.authorization.k8s.io", &["v1"]),
    ("storage.k8s.io", &["v1"]),
    ("admissionregistration.k8s.io", &["v1"]),
    ("apiextensions.k8s.io", &["v1"]),
    ("scheduling.k8s.io", &["v1"]),
    ("coordination.k8s.io", &["v1"]),
    ("node.k8s.io", &["v1"]),
    ("discovery.k8s.io", &["v1"]),
    ("resource.k8s.io", &["v1"]),
    ("flowcontrol.apiserver.k8s.io", &["v1"]),
];

/// Group, version, kind, plural, short names, categories, marks. Marks: `n` namespaced, `s` status,
/// `c` scale, `g` generation, `r` review.
type Row = (
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
);

const CORE: &str = "";
const APPS: &str = "apps";
const BATCH: &str = "batch";
const NET: &str = "networking.k8s.io";
const RBAC: &str = "rbac.authorization.k8s.io";
const STORAGE: &str = "storage.k8s.io";
const ADMISSION: &str = "admissionregistration.k8s.io";
const AUTHZ: &str = "authorization.k8s.io";
const AUTHN: &str = "authentication.k8s.io";
const FLOW: &str = "flowcontrol.apiserver.k8s.io";

#[rustfmt::skip]
const ROWS: &[Row] = &[
    (CORE, "v1", "Binding", "bindings", "", "nr"),
    (CORE, "v1", "ConfigMap", "configmaps", "cm", "n"),
    (CORE, "v1", "Endpoints", "endpoints", "ep", "n"),
    (CORE, "v1", "Event", "events", "ev", "n"),
    (CORE, "v1", "LimitRange", "limitranges", "limits", "n"),
    (CORE, "v1", "Namespace", "namespaces", "ns", "s"),
    (CORE, "v1", "Node", "nodes", "no", "s"),
    (CORE, "v1", "PersistentVolumeClaim", "persistentvolumeclaims", "pvc", "ns"),
    (CORE, "v1", "PersistentVolume", "persistentvolumes", "pv", "s"),
    (CORE, "v1", "Pod", "pods", "po all", "nsg"),
    (CORE, "v1", "PodTemplate", "podtemplates", "", "ng"),
    (CORE, "v1", "ReplicationController", "replicationcontrollers", "rc all", "nscg"),
    (CORE, "v1", "ResourceQuota", "resourcequotas", "quota", "ns"),
    (CORE, "v1", "Secret", "secrets", "", "n"),
    (CORE, "v1", "ServiceAccount", "serviceaccounts", "sa", "n"),
    (CORE, "v1", "Service", "services", "svc all", "ns"),
    ("apiregistration.k8s.io", "v1", "APIService", "apiservices", "api-extensions", "s"),
    (APPS, "v1", "ControllerRevision", "controllerrevisions", "", "n"),
    (APPS, "v1", "DaemonSet", "daemonsets", "ds all", "nsg"),
    (APPS, "v1", "Deployment", "deployments", "deploy all", "nscg"),
    (APPS, "v1", "ReplicaSet", "replicasets", "rs all", "nscg"),
    (APPS, "v1", "StatefulSet", "statefulsets", "sts all", "nscg"),
    ("events.k8s.io", "v1", "Event", "events", "ev", "n"),
    (AUTHN, "v1", "TokenReview", "tokenreviews", "", "r"),
    (AUTHN, "v1", "SelfSubjectReview", "selfsubjectreviews", "", "r"),
    (AUTHZ, "v1", "LocalSubjectAccessReview", "localsubjectaccessreviews", "", "nr"),
    (AUTHZ, "v1", "SelfSubjectAccessReview", "selfsubjectaccessreviews", "", "r"),
    (AUTHZ, "v1", "SelfSubjectRulesReview", "selfsubjectrulesreviews", "", "r"),
    (AUTHZ, "v1", "SubjectAccessReview", "subjectaccessreviews", "", "r"),
    ("autoscaling", "v2", "HorizontalPodAutoscaler", "horizontalpodautoscalers", "hpa all", "ns"),
    ("autoscaling", "v1", "HorizontalPodAutoscaler", "horizontalpodautoscalers", "hpa all", "ns"),
    (BATCH, "v1", "CronJob", "cronjobs", "cj all", "nsg"),
    (BATCH, "v1", "Job", "jobs", "all", "nsg"),
    ("certificates.k8s.io", "v1", "CertificateSigningRequest", "certificatesigningrequests", "csr", "s"),
    (NET, "v1", "IngressClass", "ingressclasses", "", "g"),
    (NET, "v1", "Ingress", "ingresses", "ing", "nsg"),
    (NET, "v1", "IPAddress", "ipaddresses", "ip", ""),
    (NET, "v1", "NetworkPolicy", "networkpolicies", "netpol", "ng"),
    (NET, "v1", "ServiceCIDR", "servicecidrs", "", "s"),
    ("policy", "v1", "PodDisruptionBudget", "poddisruptionbudgets", "pdb", "nsg"),
    (RBAC, "v1", "ClusterRoleBinding", "clusterrolebindings", "", ""),
    (RBAC, "v1", "ClusterRole", "clusterroles", "", ""),
    (RBAC, "v1", "RoleBinding", "rolebindings", "", "n"),
    (RBAC, "v1", "Role", "roles", "", "n"),
    (STORAGE, "v1", "CSIDriver", "csidrivers", "", ""),
    (STORAGE, "v1", "CSINode", "csinodes", "", ""),
    (STORAGE, "v1", "CSIStorageCapacity", "csistoragecapacities", "", "n"),
    (STORAGE, "v1", "StorageClass", "storageclasses", "sc", ""),
    (STORAGE, "v1", "VolumeAttachment", "volumeattachments", "", "s"),
    (ADMISSION, "v1", "MutatingWebhookConfiguration", "mutatingwebhookconfigurations", "api-extensions", "g"),
    (ADMISSION, "v1", "ValidatingAdmissionPolicy", "validatingadmissionpolicies", "api-extensions", "sg"),
    (ADMISSION, "v1", "ValidatingAdmissionPolicyBinding", "validatingadmissionpolicybindings", "api-extensions", "g"),
    (ADMISSION, "v1", "ValidatingWebhookConfiguration", "validatingwebhookconfigurations", "api-extensions", "g"),
    ("apiextensions.k8s.io", "v1", "CustomResourceDefinition", "customresourcedefinitions", "crd crds api-extensions", "sg"),
    ("scheduling.k8s.io", "v1", "PriorityClass", "priorityclasses", "pc", "g"),
    ("coordination.k8s.io", "v1", "Lease", "leases", "", "n"),
    ("node.k8s.io", "v1", "RuntimeClass", "runtimeclasses", "", ""),
    ("discovery.k8s.io", "v1", "EndpointSlice", "endpointslices", "", "ng"),
    (STORAGE, "v1", "VolumeAttributesClass", "volumeattributesclasses", "vac", ""),
    ("resource.k8s.io", "v1", "DeviceClass", "deviceclasses", "", "g"),
    ("resource.k8s.io", "v1", "ResourceClaim", "resourceclaims", "", "ns"),
    ("resource.k8s.io", "v1", "ResourceClaimTemplate", "resourceclaimtemplates", "", "n"),
    ("resource.k8s.io", "v1", "ResourceSlice", "resourceslices", "", "g"),
    (FLOW, "v1", "FlowSchema", "flowschemas", "", "sg"),
    (FLOW, "v1", "PriorityLevelConfiguration", "prioritylevelconfigurations", "", "sg"),
];

/// All built-in resources.
pub(crate) fn builtin() -> Vec<Arc<Resource>> {
    ROWS.iter().map(|row| Arc::new(resource(row))).collect()
}

fn resource(row: &Row) -> Resource {
    let (group, version, kind, plural, names, marks) = *row;
    let (categories, short_names): (Vec<&str>, Vec<&str>) = names
        .split_whitespace()
        .partition(|n| matches!(*n, "all" | "api-extensions"));
    let has = |mark: char| marks.contains(mark);
    let scale = has('c').then(|| ScalePaths {
        spec: "spec.replicas".to_owned(),
        status: "status.replicas".to_owned(),
        selector: None,
    });
    let subresources: Vec<&'static str> = match kind {
        "Pod" => vec![
            "binding",
            "eviction",
            "ephemeralcontainers",
            "log",
            "resize",
        ],
        "Namespace" => vec!["finalize"],
        "ServiceAccount" => vec!["token"],
        "CertificateSigningRequest" => vec!["approval"],
        _ => Vec::new(),
    };
    // Both event groups read and write the same objects.
    let storage_group = if plural == "events" { "" } else { group };
    let api_version = if group.is_empty() {
        version.to_owned()
    } else {
        format!("{group}/{version}")
    };
    Resource {
        group: group.to_owned(),
        version: version.to_owned(),
        kind: kind.to_owned(),
        list_kind: format!("{kind}List"),
        plural: plural.to_owned(),
        singular: kind.to_lowercase(),
        short_names: short_names.into_iter().map(str::to_owned).collect(),
        categories: categories.into_iter().map(str::to_owned).collect(),
        namespaced: has('n'),
        status: has('s'),
        scale,
        generation: has('g'),
        subresources,
        review: has('r'),
        table: crate::error::GroupResource::new(storage_group, plural)
            .to_string()
            .into(),
        head: Resource::make_head(group, version, kind, false),
        custom: None,
        types: Types::builtin(&api_version, kind),
        deprecation: (plural == "endpoints").then(|| {
            "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice".to_owned()
        }),
    }
}
