//! Artifacts: what a source controller stores and everybody else reads. The only crate that packs and unpacks archives.
//!
//! - [`archive`]: a [`flux_tree::FileTree`] becomes a deterministic `tar.gz`, its digest and its size, in one pass.
//! - [`Storage`]: publishes archives below a folder, collects old ones, verifies what it finds, names their URLs.
//! - [`serve`]: the file server over that folder, as an [`axum::Router`].
//! - [`Fetcher`]: downloads an artifact once per process, verifies its digest and keeps the decoded tree.
//! - [`unpack`]: `tar.gz` to [`flux_tree::MemoryTree`] within limits; nothing is ever unpacked to disk.
//! - [`Digest`], [`Algorithm`]: `sha256:<hex>` and its kin.
#![expect(
    clippy::disallowed_methods,
    reason = "this crate owns the artifact folder and reads SOURCE_CONTROLLER_LOCALHOST once"
)]

pub mod archive;
mod digest;
mod fetch;
mod index;
pub mod serve;
mod storage;
pub mod unpack;

pub use digest::{Algorithm, Digest, DigestError, Hasher};
pub use fetch::{FetchError, FetchOptions, Fetcher};
pub use index::Index;
pub use storage::{
    Folder, Location, Published, Retention, Storage, StorageError, StorageOptions, Verification,
};
