//! `image.toolkit.fluxcd.io/v1`: scan registries, choose tags, write them to Git.

mod image_policy;
mod image_repository;
mod image_update_automation;

pub mod reason;

pub use image_policy::{
    AlphabeticalPolicy, DigestReflectionPolicy, ImagePolicy, ImagePolicyChoice, ImagePolicySpec,
    ImagePolicyStatus, ImageRef, NumericalPolicy, Order, SemverPolicy, TagFilter,
};
pub use image_repository::{
    ImageRepository, ImageRepositorySpec, ImageRepositoryStatus, ScanResult,
};
pub use image_update_automation::{
    CommitAuthor, CommitSpec, CrossNamespaceSourceReference, GitCheckout, GitSpec,
    ImageUpdateAutomation, ImageUpdateAutomationSpec, ImageUpdateAutomationStatus, PushSpec,
    SigningKey, SigningKeyType, UpdateSourceKind, UpdateStrategy, UpdateStrategyName,
};

/// The API group.
pub const GROUP: &str = "image.toolkit.fluxcd.io";
/// The served version.
pub const VERSION: &str = "v1";
pub(crate) const CATEGORY: &str = "fluxcd-images";
