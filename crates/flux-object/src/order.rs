//! In which order objects are applied, and (reversed) deleted: by kind, so that what others need comes first.

use std::cmp::Ordering;

use crate::ObjectId;

/// Applied before all other kinds, in this order. The group does not matter.
const FIRST: [&str; 23] = [
    "CustomResourceDefinition",
    "Namespace",
    "ClusterRole",
    "ClusterClass",
    "RuntimeClass",
    "PriorityClass",
    "StorageClass",
    "VolumeSnapshotClass",
    "IngressClass",
    "GatewayClass",
    "ClusterRoleBinding",
    "ResourceQuota",
    "ServiceAccount",
    "Role",
    "RoleBinding",
    "ConfigMap",
    "Secret",
    "Service",
    "LimitRange",
    "Deployment",
    "StatefulSet",
    "CronJob",
    "PodDisruptionBudget",
];

/// Applied after all other kinds.
const LAST: [&str; 2] = [
    "MutatingWebhookConfiguration",
    "ValidatingWebhookConfiguration",
];

/// The place of a kind in the order of apply: kinds of equal rank have no order between them that matters.
pub fn rank(kind: &str) -> usize {
    let unlisted = FIRST.len();
    if let Some(at) = FIRST.iter().position(|k| *k == kind) {
        at
    } else if let Some(at) = LAST.iter().position(|k| *k == kind) {
        unlisted + 1 + at
    } else {
        unlisted
    }
}

/// Order of apply: rank, group, kind, namespace, name.
pub fn compare(a: &ObjectId, b: &ObjectId) -> Ordering {
    rank(&a.kind)
        .cmp(&rank(&b.kind))
        .then_with(|| a.group.cmp(&b.group))
        .then_with(|| a.kind.cmp(&b.kind))
        .then_with(|| a.namespace.cmp(&b.namespace))
        .then_with(|| a.name.cmp(&b.name))
}

/// Sorts things into the order of apply, by their identity.
pub fn sort_for_apply<T>(items: &mut [T], id: impl Fn(&T) -> ObjectId) {
    items.sort_by_cached_key(|item| Key(id(item)));
}

/// Sorts things into the order of delete, which is the order of apply from its end.
pub fn sort_for_delete<T>(items: &mut [T], id: impl Fn(&T) -> ObjectId) {
    items.sort_by_cached_key(|item| std::cmp::Reverse(Key(id(item))));
}

/// An identity that sorts by [`compare`].
#[derive(PartialEq, Eq)]
struct Key(ObjectId);

impl Ord for Key {
    fn cmp(&self, other: &Self) -> Ordering {
        compare(&self.0, &other.0)
    }
}

impl PartialOrd for Key {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
