//! The order in which objects are printed.

use std::cmp::Ordering;
use std::collections::HashMap;

use crate::id::{Gvk, ResId};
use crate::resmap::ResMap;
use crate::resource::Resource;

const FIRST: [&str; 22] = [
    "Namespace",
    "ResourceQuota",
    "StorageClass",
    "CustomResourceDefinition",
    "ServiceAccount",
    "PodSecurityPolicy",
    "Role",
    "ClusterRole",
    "RoleBinding",
    "ClusterRoleBinding",
    "ConfigMap",
    "Secret",
    "Endpoints",
    "Service",
    "LimitRange",
    "PriorityClass",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "Deployment",
    "StatefulSet",
    "CronJob",
    "PodDisruptionBudget",
];
const LAST: [&str; 2] = [
    "MutatingWebhookConfiguration",
    "ValidatingWebhookConfiguration",
];

/// How to sort.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum SortOrder {
    /// As built.
    Fifo,
    /// By kind, then by group, version, namespace and name.
    Legacy {
        first: Vec<String>,
        last: Vec<String>,
    },
}

impl SortOrder {
    /// Sorted by the built-in lists of kinds.
    pub(crate) fn legacy() -> Self {
        Self::Legacy {
            first: FIRST.map(str::to_owned).to_vec(),
            last: LAST.map(str::to_owned).to_vec(),
        }
    }
}

/// Sorts the objects.
pub(crate) fn sort(map: &mut ResMap, order: &SortOrder) {
    let SortOrder::Legacy { first, last } = order else {
        return;
    };
    let mut ranks: HashMap<&str, isize> = HashMap::new();
    let before = isize::try_from(first.len()).unwrap_or(isize::MAX);
    for (at, kind) in (0_isize..).zip(first) {
        ranks.insert(kind, at - before);
    }
    for (at, kind) in (1_isize..).zip(last) {
        ranks.insert(kind, at);
    }
    let mut keyed: Vec<((Gvk, isize, String, String), Resource)> = std::mem::take(map.list_mut())
        .into_iter()
        .map(|resource| {
            let id = resource.id();
            let rank = ranks.get(&*id.gvk.kind).copied().unwrap_or(0);
            let gvk = &id.gvk;
            let text = kind_text(&gvk.group, &gvk.version, &gvk.kind);
            let key = (gvk.clone(), rank, text, id_text(id));
            (key, resource)
        })
        .collect();
    keyed.sort_by(|(a, _), (b, _)| {
        if a.0 == b.0 {
            return a.3.cmp(&b.3);
        }
        a.1.cmp(&b.1)
            .then_with(|| {
                let core = a.0.group.is_empty() || b.0.group.is_empty();
                let namespaces = &*a.0.kind == "Namespace" && &*b.0.kind == "Namespace";
                // Parity: between two kinds called Namespace the core one comes first, which is the reverse of the rest.
                if namespaces && core {
                    b.2.cmp(&a.2)
                } else {
                    a.2.cmp(&b.2)
                }
            })
            .then(Ordering::Equal)
    });
    *map.list_mut() = keyed.into_iter().map(|(_, resource)| resource).collect();
}

/// Where a kind stands in the built-in order.
pub(crate) fn default_rank(kind: &str) -> isize {
    let position = |list: &[&str]| {
        let at = list.iter().position(|k| *k == kind)?;
        isize::try_from(at).ok()
    };
    let before = isize::try_from(FIRST.len()).unwrap_or(isize::MAX);
    position(&FIRST)
        .map(|at| at - before)
        .or_else(|| position(&LAST).map(|at| at + 1))
        .unwrap_or(0)
}

/// The text by which kinds are ordered.
pub(crate) fn kind_text(group: &str, version: &str, kind: &str) -> String {
    let or = |text: &str, instead: &str| {
        if text.is_empty() {
            instead.to_owned()
        } else {
            text.to_owned()
        }
    };
    format!(
        "{}_{}_{}",
        or(group, "~G"),
        or(version, "~V"),
        or(kind, "~K")
    )
}

fn id_text(id: &ResId) -> String {
    let namespace = if id.namespace.is_empty() {
        "~X"
    } else {
        &*id.namespace
    };
    let name = if id.name.is_empty() { "~N" } else { &*id.name };
    format!("{}|{namespace}|{name}", id.gvk)
}
