//! The kustomize engine: a tree of files in, Kubernetes objects out, in one process and without any input or output.
//!
//! [`build`] is what `kustomize build` 5.8 does, byte for byte. [`flux`] is what kustomize-controller does around
//! it: it writes or completes the kustomization file of a directory before the build.
//!
//! Reading order: `build` (the whole), `target` (one kustomization file), `resource` and `resmap` (what is built),
//! then `transform`, `patch`, `replace`, `generate` and `plugin`. Tables of facts are in `schema` and `spec`.
//!
//! What does not live here: substitution of variables after the build (`flux-envsubst`), and fetching of remote bases,
//! which whoever calls [`build`] provides through [`Remotes`].

mod build;
mod crds;
mod error;
pub mod flux;
mod generate;
mod id;
mod kustfile;
mod load;
mod origin;
mod patch;
mod plugin;
mod read;
mod remote;
mod replace;
mod resmap;
mod resource;
mod schema;
mod settle;
mod shape;
mod spec;
mod target;
#[cfg(test)]
mod tests;
mod transform;

pub use crate::build::{Built, BuiltObject, Options, Reorder, build};
pub use crate::error::BuildError;
pub use crate::id::object_id;
pub use crate::load::{LoadRestriction, ReadKind, ReadSet};
pub use crate::remote::{NoRemotes, RemoteSpec, Remotes};
