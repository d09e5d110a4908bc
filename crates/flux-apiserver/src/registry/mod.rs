//! Which resources are served: the built-in ones and those of custom resource definitions.

mod builtin;
mod compiled;
mod custom;
mod types;

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

pub(crate) use builtin::{BUILTIN_GROUPS, builtin};
pub(crate) use compiled::schema_errors;
pub(crate) use custom::{CustomVersion, install, remove, storage_version};
pub(crate) use types::{Types, reset_fields};

use crate::error::GroupResource;

/// Where the scale subresource of a resource finds its numbers, as dotted paths.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ScalePaths {
    pub(crate) spec: String,
    pub(crate) status: String,
    pub(crate) selector: Option<String>,
}

/// One served group, version and resource.
#[derive(Debug)]
pub(crate) struct Resource {
    pub(crate) group: String,
    pub(crate) version: String,
    pub(crate) kind: String,
    pub(crate) list_kind: String,
    pub(crate) plural: String,
    pub(crate) singular: String,
    pub(crate) short_names: Vec<String>,
    pub(crate) categories: Vec<String>,
    pub(crate) namespaced: bool,
    pub(crate) status: bool,
    pub(crate) scale: Option<ScalePaths>,
    /// Whether `metadata.generation` is kept.
    pub(crate) generation: bool,
    /// Subresources other than status and scale.
    pub(crate) subresources: Vec<&'static str>,
    /// Only `create` exists, and nothing is stored.
    pub(crate) review: bool,
    /// Name of the table; the same for all versions of a resource.
    pub(crate) table: Arc<str>,
    /// `apiVersion` and `kind` as serialised in front of an object.
    pub(crate) head: String,
    pub(crate) custom: Option<Arc<CustomVersion>>,
    /// For merging, managed fields and the check of field names.
    pub(crate) types: Types,
    /// Warning sent with every answer of a deprecated version.
    pub(crate) deprecation: Option<String>,
}

impl Resource {
    pub(crate) fn api_version(&self) -> String {
        if self.group.is_empty() {
            self.version.clone()
        } else {
            format!("{}/{}", self.group, self.version)
        }
    }

    pub(crate) fn group_resource(&self) -> GroupResource {
        GroupResource::new(&self.group, &self.plural)
    }

    /// Verbs as discovery lists them.
    pub(crate) fn verbs(&self) -> &'static [&'static str] {
        if self.review {
            &["create"]
        } else {
            &[
                "create",
                "delete",
                "deletecollection",
                "get",
                "list",
                "patch",
                "update",
                "watch",
            ]
        }
    }

    pub(crate) fn make_head(group: &str, version: &str, kind: &str, custom: bool) -> String {
        let api = if group.is_empty() {
            version.to_owned()
        } else {
            format!("{group}/{version}")
        };
        // Typed objects put the kind first, untyped ones are sorted by key.
        if custom {
            format!("\"apiVersion\":\"{api}\",\"kind\":\"{kind}\"")
        } else {
            format!("\"kind\":\"{kind}\",\"apiVersion\":\"{api}\"")
        }
    }
}

/// All served resources at one moment.
#[derive(Debug, Default)]
pub(crate) struct Snapshot {
    by_path: HashMap<String, Arc<Resource>>,
    /// Groups in the order of discovery, each with its versions, the preferred one first.
    pub(crate) groups: Vec<(String, Vec<String>)>,
    pub(crate) ordered: Vec<Arc<Resource>>,
}

impl Snapshot {
    pub(crate) fn find(&self, group: &str, version: &str, plural: &str) -> Option<&Arc<Resource>> {
        self.by_path.get(&format!("{group}/{version}/{plural}"))
    }

    /// Some version of a resource by its table.
    pub(crate) fn by_table(&self, table: &str) -> Option<&Arc<Resource>> {
        self.ordered.iter().find(|r| *r.table == *table)
    }

    /// A resource by group and kind, in the given version if that is served.
    pub(crate) fn by_kind(&self, group: &str, version: &str, kind: &str) -> Option<&Arc<Resource>> {
        let mut found = self
            .ordered
            .iter()
            .filter(|r| r.group == group && r.kind == kind);
        let first = found.next()?;
        if first.version == version {
            return Some(first);
        }
        found.find(|r| r.version == version).or(Some(first))
    }

    pub(crate) fn of_version<'a>(
        &'a self,
        group: &'a str,
        version: &'a str,
    ) -> impl Iterator<Item = &'a Arc<Resource>> {
        self.ordered
            .iter()
            .filter(move |r| r.group == group && r.version == version)
    }

    fn rebuild(ordered: Vec<Arc<Resource>>) -> Self {
        let mut groups: Vec<(String, Vec<String>)> = BUILTIN_GROUPS
            .iter()
            .map(|(g, versions)| {
                (
                    (*g).to_owned(),
                    versions.iter().map(|v| (*v).to_owned()).collect(),
                )
            })
            .collect();
        let mut by_path = HashMap::new();
        for resource in &ordered {
            by_path.insert(
                format!(
                    "{}/{}/{}",
                    resource.group, resource.version, resource.plural
                ),
                Arc::clone(resource),
            );
            let at = groups
                .iter()
                .position(|(g, _)| *g == resource.group)
                .unwrap_or_else(|| {
                    groups.push((resource.group.clone(), Vec::new()));
                    groups.len() - 1
                });
            if !groups[at].1.contains(&resource.version) {
                groups[at].1.push(resource.version.clone());
            }
        }
        let fixed = BUILTIN_GROUPS.len();
        groups[fixed..].sort();
        for (_, versions) in &mut groups[fixed..] {
            versions.sort_by(|a, b| custom::compare_versions(b, a));
        }
        Self {
            by_path,
            groups,
            ordered,
        }
    }
}

/// The current [`Snapshot`], replaced as a whole on change.
#[derive(Debug)]
pub(crate) struct Registry(RwLock<Arc<Snapshot>>);

impl Registry {
    pub(crate) fn new() -> Self {
        Self(RwLock::new(Arc::new(Snapshot::rebuild(builtin()))))
    }

    pub(crate) fn snapshot(&self) -> Arc<Snapshot> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Puts `resources` in the place of all those of `table`.
    pub(crate) fn replace(&self, table: &str, resources: Vec<Arc<Resource>>) {
        let mut current = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let mut ordered: Vec<Arc<Resource>> = current
            .ordered
            .iter()
            .filter(|r| *r.table != *table)
            .cloned()
            .collect();
        ordered.extend(resources);
        *current = Arc::new(Snapshot::rebuild(ordered));
    }
}
