//! What the engine knows about kinds: which lists merge by key, which kinds have no namespace.
//!
//! The built-in kinds are compiled-in tables; a kustomization may bring a schema of its own (`openapi.path`).

mod custom;
mod generated;

use std::sync::Arc;

pub(crate) use custom::Custom;
use flux_yaml::Node;
use generated::{CLUSTER_SCOPED, DEFS, Field, NAMES, NONE, TYPES};

/// The schemas in force for a build.
#[derive(Debug, Clone, Default)]
pub(crate) struct Schemas {
    pub(crate) custom: Option<Arc<Custom>>,
    /// The built-in kinds are known besides the custom ones. Without custom ones they always are.
    pub(crate) adds: bool,
}

impl Schemas {
    /// The schema of an object.
    pub(crate) fn of(&self, api_version: &str, kind: &str) -> Schema<'_> {
        match &self.custom {
            None => Schema::built_in(api_version, kind),
            Some(custom) => match custom.of(api_version, kind) {
                Some(node) => Schema::Custom(custom, node),
                None if self.adds => Schema::built_in(api_version, kind),
                None => Schema::Unknown,
            },
        }
    }
}

/// The schema of one node.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Schema<'s> {
    /// Nothing is known, or nothing below merges by key.
    Unknown,
    /// A type of the table.
    BuiltIn(u16),
    /// A type that a kustomization brought.
    Custom(&'s Custom, &'s Node),
}

/// What is known of one field.
#[derive(Debug, Clone)]
pub(crate) struct FieldSchema<'s> {
    /// The type of the field, or of its items.
    pub(crate) inner: Schema<'s>,
    /// The keys by which its items are merged; `None` where the list is replaced.
    pub(crate) merge: Option<Vec<&'s str>>,
}

impl FieldSchema<'_> {
    pub(crate) const UNKNOWN: Self = Self {
        inner: Schema::Unknown,
        merge: None,
    };
}

impl<'s> Schema<'s> {
    /// A built-in type by the name of its definition.
    fn of_name(name: &str) -> Self {
        let found = NAMES.binary_search(&name).ok();
        found
            .and_then(|at| u16::try_from(at).ok())
            .map_or(Self::Unknown, Self::BuiltIn)
    }

    fn built_in(api_version: &str, kind: &str) -> Self {
        let found = TYPES.binary_search_by(|(a, k, _)| (*a, *k).cmp(&(api_version, kind)));
        found.map_or(Self::Unknown, |at| Self::BuiltIn(TYPES[at].2))
    }

    pub(crate) fn is_unknown(self) -> bool {
        matches!(self, Self::Unknown)
    }

    pub(crate) fn field(self, name: &str) -> FieldSchema<'s> {
        match self {
            Self::Unknown => FieldSchema::UNKNOWN,
            Self::Custom(custom, node) => custom.field(node, name),
            Self::BuiltIn(def) => {
                let fields: &[Field] = DEFS[usize::from(def)];
                match fields.binary_search_by(|f| f.name.cmp(name)) {
                    Err(_) => FieldSchema::UNKNOWN,
                    Ok(at) => {
                        let field = &fields[at];
                        FieldSchema {
                            inner: match field.def {
                                NONE => Self::Unknown,
                                def => Self::BuiltIn(def),
                            },
                            merge: field.merge.then(|| field.keys.to_vec()),
                        }
                    }
                }
            }
        }
    }
}

/// Whether a kind is one of the table's.
pub(crate) fn is_built_in(api_version: &str, kind: &str) -> bool {
    TYPES
        .binary_search_by(|(a, k, _)| (*a, *k).cmp(&(api_version, kind)))
        .is_ok()
        || CLUSTER_SCOPED.binary_search(&(api_version, kind)).is_ok()
}

/// Whether a kind certainly has no namespace.
pub(crate) fn is_cluster_scoped(group: &str, version: &str, kind: &str) -> bool {
    if group.is_empty() {
        return CLUSTER_SCOPED.binary_search(&(version, kind)).is_ok();
    }
    CLUSTER_SCOPED
        .iter()
        .any(|(a, k)| *k == kind && a.split_once('/') == Some((group, version)))
}
