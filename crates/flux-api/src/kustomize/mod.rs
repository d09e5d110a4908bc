//! `kustomize.toolkit.fluxcd.io/v1`: builds and applies manifests.

mod build;
mod kustomization;
mod status;

pub use build::{
    BuildMetadata, CustomHealthCheck, IgnoreRule, Image, Patch, PostBuild, Selector,
    SubstituteReference, SubstituteReferenceKind, SubstituteStrategy,
};
pub use kustomization::{
    Decryption, DecryptionProvider, DeletionPolicy, Kustomization, KustomizationSpec,
    SourceReference, SourceReferenceKind,
};
pub use status::{HistoryEntry, Inventory, InventoryEntry, KustomizationStatus};

/// The API group.
pub const GROUP: &str = "kustomize.toolkit.fluxcd.io";
/// The served version.
pub const VERSION: &str = "v1";
/// How many entries the history of a Kustomization keeps (KUS-API-027).
pub const HISTORY_LIMIT: usize = 5;
