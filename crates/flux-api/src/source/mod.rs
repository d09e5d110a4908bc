//! `source.toolkit.fluxcd.io/v1`: where desired state comes from.

mod git_repository;

pub mod reason;

pub use git_repository::{
    GitInclude, GitProvider, GitRepository, GitRepositoryRef, GitRepositorySpec,
    GitRepositoryStatus, GitVerification, GitVerificationMode,
};

/// The API group.
pub const GROUP: &str = "source.toolkit.fluxcd.io";
/// The served version.
pub const VERSION: &str = "v1";
pub(crate) const CATEGORY: &str = "fluxcd-sources";
