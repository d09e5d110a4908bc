//! Stages of an apply: objects of a later stage are not tried before those of the earlier one are in place.

use crate::{Object, ObjectId};

/// A stage of an apply, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Stage {
    /// What others are made of: namespaces, custom resource definitions, cluster roles.
    Definitions,
    /// Kinds whose name ends in `Class`.
    Classes,
    /// Kinds that the operator named (`--custom-apply-stage-kinds`).
    Custom,
    /// Everything else.
    Resources,
}

/// Every stage, in order.
pub const STAGES: [Stage; 4] = [
    Stage::Definitions,
    Stage::Classes,
    Stage::Custom,
    Stage::Resources,
];

/// The stage of an object. `custom` holds group and kind of the operator's stage.
pub fn of(id: &ObjectId, custom: &[(String, String)]) -> Stage {
    if is_cluster_definition(id) {
        Stage::Definitions
    } else if is_class(id) {
        Stage::Classes
    } else if custom.iter().any(|(g, k)| *g == id.group && *k == id.kind) {
        Stage::Custom
    } else {
        Stage::Resources
    }
}

/// A custom resource definition.
pub fn is_crd(id: &ObjectId) -> bool {
    id.group == "apiextensions.k8s.io" && id.kind == "CustomResourceDefinition"
}

/// A namespace of the core group.
pub fn is_namespace(id: &ObjectId) -> bool {
    id.group.is_empty() && id.kind == "Namespace"
}

/// A cluster role.
pub fn is_cluster_role(id: &ObjectId) -> bool {
    id.group == "rbac.authorization.k8s.io" && id.kind == "ClusterRole"
}

/// One of the kinds that others are made of.
pub fn is_cluster_definition(id: &ObjectId) -> bool {
    is_crd(id) || is_namespace(id) || is_cluster_role(id)
}

/// A kind whose name ends in `Class`, of whatever group.
pub fn is_class(id: &ObjectId) -> bool {
    id.kind.ends_with("Class")
}

/// A Secret of the core group.
pub fn is_secret(id: &ObjectId) -> bool {
    id.group.is_empty() && id.kind == "Secret"
}

/// A Job.
pub fn is_job(id: &ObjectId) -> bool {
    id.group == "batch" && id.kind == "Job"
}

/// Whether an object can be sent to an API server: it has a name, and is no configuration of kustomize.
pub fn is_kubernetes_object(object: &Object) -> bool {
    !object.name().is_empty() && !is_kustomize_config(object)
}

/// A file that steers kustomize rather than an object.
pub fn is_kustomize_config(object: &Object) -> bool {
    matches!(object.kind(), "Kustomization" | "Component")
        && object.group() == "kustomize.config.k8s.io"
}
