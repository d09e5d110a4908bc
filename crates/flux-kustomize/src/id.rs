//! What an object is called during a build. Versions count here, unlike in a cluster.

use std::fmt;
use std::sync::Arc;

use flux_yaml::Node;

use crate::schema;

/// Group, version and kind.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub(crate) struct Gvk {
    pub(crate) group: Arc<str>,
    pub(crate) version: Arc<str>,
    pub(crate) kind: Arc<str>,
}

impl Gvk {
    pub(crate) fn new(group: &str, version: &str, kind: &str) -> Self {
        Self {
            group: group.into(),
            version: version.into(),
            kind: kind.into(),
        }
    }

    pub(crate) fn of_api_version(api_version: &str, kind: &str) -> Self {
        let (group, version) = split_api_version(api_version);
        Self::new(group, version, kind)
    }

    pub(crate) fn api_version(&self) -> String {
        if self.group.is_empty() {
            self.version.to_string()
        } else {
            format!("{}/{}", self.group, self.version)
        }
    }

    /// Whether every part that the selector states is the same here.
    pub(crate) fn is_selected(&self, group: &str, version: &str, kind: &str) -> bool {
        (kind.is_empty() || *self.kind == *kind)
            && (group.is_empty() || *self.group == *group)
            && (version.is_empty() || *self.version == *version)
    }

    pub(crate) fn is_cluster_scoped(&self) -> bool {
        schema::is_cluster_scoped(&self.group, &self.version, &self.kind)
    }
}

/// `kind.version.group` with placeholders for what is missing.
impl fmt::Display for Gvk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let or = |text: &Arc<str>, instead: &str| {
            if text.is_empty() {
                instead.to_owned()
            } else {
                text.to_string()
            }
        };
        write!(
            f,
            "{}.{}.{}",
            or(&self.kind, "[noKind]"),
            or(&self.version, "[noVer]"),
            or(&self.group, "[noGrp]")
        )
    }
}

/// The namespace that stands for "none possible".
pub(crate) const NO_NAMESPACE: &str = "_non_namespaceable_";

/// A kind, a name and a namespace.
#[derive(Debug, Clone, Default)]
pub(crate) struct ResId {
    pub(crate) gvk: Gvk,
    pub(crate) name: Arc<str>,
    pub(crate) namespace: Arc<str>,
    pub(crate) cluster_scoped: bool,
}

/// What makes two ids the same: the namespace counts as the one it ends up in.
pub(crate) type IdKey = (Gvk, Arc<str>, Arc<str>);

impl ResId {
    pub(crate) fn new(gvk: Gvk, name: &str, namespace: &str) -> Self {
        let cluster_scoped = gvk.is_cluster_scoped();
        Self {
            gvk,
            name: name.into(),
            namespace: namespace.into(),
            cluster_scoped,
        }
    }

    pub(crate) fn of_node(node: &Node) -> Self {
        let text = |path: &[&str]| node.text_at(path).unwrap_or_default();
        let gvk = Gvk::of_api_version(text(&["apiVersion"]), text(&["kind"]));
        Self::new(
            gvk,
            text(&["metadata", "name"]),
            text(&["metadata", "namespace"]),
        )
    }

    /// Whether the node still says what this id says.
    pub(crate) fn is_of(&self, node: &Node) -> bool {
        let text = |path: &[&str]| node.text_at(path).unwrap_or_default();
        let (group, version) = split_api_version(text(&["apiVersion"]));
        *self.name == *text(&["metadata", "name"])
            && *self.namespace == *text(&["metadata", "namespace"])
            && *self.gvk.kind == *text(&["kind"])
            && *self.gvk.group == *group
            && *self.gvk.version == *version
    }

    pub(crate) fn effective_namespace(&self) -> &str {
        if self.cluster_scoped {
            NO_NAMESPACE
        } else if self.namespace.is_empty() {
            "default"
        } else {
            &self.namespace
        }
    }

    pub(crate) fn key(&self) -> IdKey {
        let namespace = if self.cluster_scoped || self.namespace.is_empty() {
            self.effective_namespace().into()
        } else {
            Arc::clone(&self.namespace)
        };
        (self.gvk.clone(), Arc::clone(&self.name), namespace)
    }
}

impl fmt::Display for ResId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = if self.name.is_empty() {
            "[noName]"
        } else {
            &*self.name
        };
        let namespace = if self.namespace.is_empty() {
            "[noNs]"
        } else {
            &*self.namespace
        };
        write!(f, "{}/{name}.{namespace}", self.gvk)
    }
}

pub(crate) fn split_api_version(api_version: &str) -> (&str, &str) {
    api_version.split_once('/').unwrap_or(("", api_version))
}

/// The id of an object as kustomize writes it: `Kind.version.group/name.namespace`.
pub fn object_id(node: &Node) -> String {
    ResId::of_node(node).to_string()
}
