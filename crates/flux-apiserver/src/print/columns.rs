//! The columns of tables for built-in kinds, as `kubectl get` shows them.

/// Name, type, format, priority (0 shows always, 1 with `-o wide`).
pub(crate) type Column = (&'static str, &'static str, &'static str, u8);

const NAME: Column = ("Name", "string", "name", 0);
const AGE: Column = ("Age", "string", "", 0);

const fn s(name: &'static str) -> Column {
    (name, "string", "", 0)
}
const fn n(name: &'static str) -> Column {
    (name, "integer", "", 0)
}
const fn w(name: &'static str) -> Column {
    (name, "string", "", 1)
}

/// The columns of a kind.
#[rustfmt::skip]
pub(crate) fn of(kind: &str) -> Vec<Column> {
    match kind {
        "Pod" => vec![NAME, s("Ready"), s("Status"), s("Restarts"), AGE, w("IP"), w("Node"), w("Nominated Node"), w("Readiness Gates")],
        "Deployment" => vec![NAME, s("Ready"), n("Up-to-date"), n("Available"), AGE, w("Containers"), w("Images"), w("Selector")],
        "ReplicaSet" | "ReplicationController" => vec![NAME, n("Desired"), n("Current"), n("Ready"), AGE, w("Containers"), w("Images"), w("Selector")],
        "StatefulSet" => vec![NAME, s("Ready"), AGE, w("Containers"), w("Images")],
        "DaemonSet" => vec![NAME, n("Desired"), n("Current"), n("Ready"), n("Up-to-date"), n("Available"), s("Node Selector"), AGE, w("Containers"), w("Images"), w("Selector")],
        "Job" => vec![NAME, s("Status"), s("Completions"), s("Duration"), AGE, w("Containers"), w("Images"), w("Selector")],
        "CronJob" => vec![NAME, s("Schedule"), s("Timezone"), s("Suspend"), n("Active"), s("Last Schedule"), AGE, w("Containers"), w("Images"), w("Selector")],
        "Service" => vec![NAME, s("Type"), s("Cluster-IP"), s("External-IP"), s("Port(s)"), AGE, w("Selector")],
        "Ingress" => vec![NAME, s("Class"), s("Hosts"), s("Address"), s("Ports"), AGE],
        "Endpoints" => vec![NAME, s("Endpoints"), AGE],
        "Namespace" => vec![NAME, s("Status"), AGE],
        "ConfigMap" => vec![NAME, n("Data"), AGE],
        "Secret" => vec![NAME, s("Type"), n("Data"), AGE],
        "Node" => vec![NAME, s("Status"), s("Roles"), AGE, s("Version")],
        "Event" => vec![s("Last Seen"), s("Type"), s("Reason"), s("Object"), w("Subobject"), w("Source"), s("Message"), w("First Seen"), w("Count"), ("Name", "string", "name", 1)],
        "RoleBinding" | "ClusterRoleBinding" => vec![NAME, s("Role"), AGE, w("Users"), w("Groups"), w("ServiceAccounts")],
        "Role" | "ClusterRole" | "CustomResourceDefinition" => vec![NAME, s("Created At")],
        "Lease" => vec![NAME, s("Holder"), AGE],
        "PersistentVolumeClaim" => vec![NAME, s("Status"), s("Volume"), s("Capacity"), s("Access Modes"), s("StorageClass"), s("VolumeAttributesClass"), AGE, w("VolumeMode")],
        "StorageClass" => vec![NAME, s("Provisioner"), s("ReclaimPolicy"), s("VolumeBindingMode"), s("AllowVolumeExpansion"), AGE],
        "NetworkPolicy" => vec![NAME, s("Pod-Selector"), AGE],
        "PodDisruptionBudget" => vec![NAME, s("Min Available"), s("Max Unavailable"), n("Allowed Disruptions"), AGE],
        "HorizontalPodAutoscaler" => vec![NAME, s("Reference"), s("Targets"), s("MinPods"), s("MaxPods"), n("Replicas"), AGE],
        "PriorityClass" => vec![NAME, n("Value"), s("Global-Default"), AGE, s("PreemptionPolicy")],
        "IngressClass" => vec![NAME, s("Controller"), s("Parameters"), AGE],
        "APIService" => vec![NAME, s("Service"), s("Available"), AGE],
        "ResourceQuota" => vec![NAME, s("Request"), s("Limit"), AGE],
        "ValidatingWebhookConfiguration" | "MutatingWebhookConfiguration" => vec![NAME, n("Webhooks"), AGE],
        _ => vec![NAME, AGE],
    }
}
