//! Server-side apply, managed fields and the patch formats of the Kubernetes API, over plain JSON values.
//!
//! Start at [`apply`] and [`update`]: they take the live object and a request and return the object to store, with
//! `metadata.managedFields` brought up to date. What they need to know of a kind is a [`Schema`]:
//! [`Schema::builtin`] knows the kinds of Kubernetes itself, [`Schema::from_crd`] reads the schema of a custom resource.
//! [`patch`] has the three other patch formats.
//!
//! Modules, in reading order: `schema` (what a type is), `fields` (paths and sets of fields, `FieldsV1`), `typed`
//! (validate, compare, merge and remove by type), `managed` (the entries of `managedFields`), `manager` (the rules).
//! Everything is pure; the time of an operation is a value of the caller. No admission, defaulting or storage here.

mod error;
mod fields;
mod managed;
mod manager;
pub mod patch;
mod schema;
mod typed;

pub use error::{Conflict, Conflicts, MergeError};
pub use fields::{FieldSet, KeyValue, ParseFieldsError, Path, PathElement};
pub use manager::{Applied, ApplyOptions, Target, Versioned, Versions, apply, update};
pub use schema::{
    Field, Format, ListKind, ListType, MapType, PatchStrategy, Scalar, ScalarType, Schema,
    SchemaError, TypeDef, TypeRef,
};
pub use typed::{TypeErrors, TypedValue};
