//! Where the objects of a kind live in the API.

use flux_object::{Gvk, Object};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

/// What may not stand unescaped in a path segment.
const SEGMENT: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'/')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'\\')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// A resource: a kind together with its place in the API and its scope.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Resource {
    /// API group; empty for the core group.
    pub group: String,
    /// API version inside the group.
    pub version: String,
    /// Kind.
    pub kind: String,
    /// Plural lower-case name, as in paths.
    pub plural: String,
    /// Whether objects live in namespaces.
    pub namespaced: bool,
}

impl Resource {
    /// A resource known without asking the server. `api_version` is `v1` or `group/version`.
    pub fn new(api_version: &str, kind: &str, plural: &str, namespaced: bool) -> Self {
        let gvk = Gvk::from_api_version(api_version, kind);
        Self {
            group: gvk.group,
            version: gvk.version,
            kind: gvk.kind,
            plural: plural.to_owned(),
            namespaced,
        }
    }

    /// `Secret`.
    pub fn secrets() -> Self {
        Self::new("v1", "Secret", "secrets", true)
    }

    /// `ConfigMap`.
    pub fn config_maps() -> Self {
        Self::new("v1", "ConfigMap", "configmaps", true)
    }

    /// `ServiceAccount`.
    pub fn service_accounts() -> Self {
        Self::new("v1", "ServiceAccount", "serviceaccounts", true)
    }

    /// `Namespace`.
    pub fn namespaces() -> Self {
        Self::new("v1", "Namespace", "namespaces", false)
    }

    /// `Event` of the core group.
    pub fn events() -> Self {
        Self::new("v1", "Event", "events", true)
    }

    /// `Lease`.
    pub fn leases() -> Self {
        Self::new("coordination.k8s.io/v1", "Lease", "leases", true)
    }

    /// `version` or `group/version`.
    pub fn api_version(&self) -> String {
        self.gvk().api_version()
    }

    /// Group, version and kind.
    pub fn gvk(&self) -> Gvk {
        Gvk::new(&*self.group, &*self.version, &*self.kind)
    }

    /// `plural.group`, or `plural` for the core group: how the API server names it in messages.
    pub fn full_name(&self) -> String {
        if self.group.is_empty() {
            self.plural.clone()
        } else {
            format!("{}.{}", self.plural, self.group)
        }
    }

    /// Path of the collection (`name` empty) or of one object. An empty namespace means all of them.
    pub(crate) fn path(&self, namespace: &str, name: &str, subresource: &str) -> String {
        let mut path = if self.group.is_empty() {
            format!("/api/{}", self.version)
        } else {
            format!("/apis/{}/{}", self.group, self.version)
        };
        let mut push = |segment: &str| {
            path.push('/');
            path.extend(utf8_percent_encode(segment, SEGMENT));
        };
        if self.namespaced && !namespace.is_empty() {
            push("namespaces");
            push(namespace);
        }
        push(&self.plural);
        for segment in [name, subresource] {
            if !segment.is_empty() {
                push(segment);
            }
        }
        path
    }

    /// Sets `apiVersion` and `kind`, which items of lists lack and metadata-only answers replace.
    pub(crate) fn adopt(
        &self,
        mut map: serde_json::Map<String, serde_json::Value>,
    ) -> Option<Object> {
        map.insert("apiVersion".into(), self.api_version().into());
        map.insert("kind".into(), self.kind.clone().into());
        Object::from_map(map).ok()
    }
}
