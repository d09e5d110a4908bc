//! The types of a resource for merging: those of built-in kinds, or those of a definition.

use std::sync::LazyLock;

use flux_merge::{FieldSet, Schema, TypeRef};
use serde_json::Value;

/// A schema and the type of one kind in it.
#[derive(Debug)]
pub(crate) enum Types {
    Builtin(TypeRef),
    Custom(Box<Schema>, TypeRef),
}

impl Types {
    pub(crate) fn builtin(api_version: &str, kind: &str) -> Self {
        match Schema::builtin().kind(api_version, kind) {
            Some(ty) => Self::Builtin(ty),
            None => Self::unknown(),
        }
    }

    pub(crate) fn unknown() -> Self {
        let (schema, ty) = Schema::schemaless();
        Self::Custom(Box::new(schema), ty)
    }

    pub(crate) fn custom(schema: Option<&Value>) -> Self {
        match schema.map(Schema::from_crd) {
            Some(Ok((schema, ty))) => Self::Custom(Box::new(schema), ty),
            _ => Self::unknown(),
        }
    }

    pub(crate) fn schema(&self) -> &Schema {
        match self {
            Self::Builtin(_) => Schema::builtin(),
            Self::Custom(schema, _) => schema,
        }
    }

    pub(crate) fn ty(&self) -> TypeRef {
        match self {
            Self::Builtin(ty) | Self::Custom(_, ty) => *ty,
        }
    }

    pub(crate) fn is_builtin(&self) -> bool {
        matches!(self, Self::Builtin(_))
    }
}

/// What a write through the object itself, or through its status, comes to own nothing of.
pub(crate) fn reset_fields(status: bool, custom: bool) -> &'static FieldSet {
    static MAIN: LazyLock<FieldSet> = LazyLock::new(|| FieldSet::of_fields(&[&["status"]]));
    static STATUS: LazyLock<FieldSet> = LazyLock::new(|| FieldSet::of_fields(&[&["spec"]]));
    static CUSTOM: LazyLock<FieldSet> =
        LazyLock::new(|| FieldSet::of_fields(&[&["spec"], &["metadata"]]));
    match (status, custom) {
        (false, _) => &MAIN,
        (true, false) => &STATUS,
        (true, true) => &CUSTOM,
    }
}
