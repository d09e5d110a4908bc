//! What the engine knows about the built-in kinds: which lists merge by key, which kinds have no namespace.
//!
//! Compiled-in tables; nothing is parsed at run time.

mod table;

use table::{CLUSTER_SCOPED, DEFS, Field, NONE, TYPES};

/// A type of the table; `None` where nothing is known or nothing below merges by key.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Schema(Option<u16>);

/// What is known of one field.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FieldSchema {
    /// The type of the field, or of its items.
    pub(crate) inner: Schema,
    /// The keys by which its items are merged; `None` where the list is replaced.
    pub(crate) merge: Option<&'static [&'static str]>,
}

impl FieldSchema {
    pub(crate) const UNKNOWN: Self = Self {
        inner: Schema(None),
        merge: None,
    };
}

impl Schema {
    pub(crate) const UNKNOWN: Self = Self(None);

    /// The type of an object.
    pub(crate) fn of(api_version: &str, kind: &str) -> Self {
        let found = TYPES.binary_search_by(|(a, k, _)| (*a, *k).cmp(&(api_version, kind)));
        Self(found.ok().map(|at| TYPES[at].2))
    }

    pub(crate) fn is_unknown(self) -> bool {
        self.0.is_none()
    }

    pub(crate) fn field(self, name: &str) -> FieldSchema {
        let found = self.0.and_then(|def| {
            let fields: &[Field] = DEFS[usize::from(def)];
            fields
                .binary_search_by(|f| f.name.cmp(name))
                .ok()
                .map(|at| &fields[at])
        });
        match found {
            None => FieldSchema::UNKNOWN,
            Some(field) => FieldSchema {
                inner: Self((field.def != NONE).then_some(field.def)),
                merge: field.merge.then_some(field.keys),
            },
        }
    }
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
