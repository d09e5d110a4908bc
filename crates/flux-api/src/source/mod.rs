//! `source.toolkit.fluxcd.io/v1`: where desired state comes from.

mod bucket;
mod external_artifact;
mod git_repository;
mod helm_chart;
mod helm_repository;
mod oci_repository;

pub mod reason;

pub use bucket::{Bucket, BucketProvider, BucketSpec, BucketStatus, BucketSts, BucketStsProvider};
pub use external_artifact::{ExternalArtifact, ExternalArtifactSpec, ExternalArtifactStatus};
pub use git_repository::{
    GitInclude, GitProvider, GitRepository, GitRepositoryRef, GitRepositorySpec,
    GitRepositoryStatus, GitVerification, GitVerificationMode,
};
pub use helm_chart::{
    ChartSourceKind, ChartSourceReference, ChartVerification, HelmChart, HelmChartSpec,
    HelmChartStatus, ReconcileStrategy,
};
pub use helm_repository::{
    HelmRepository, HelmRepositorySpec, HelmRepositoryStatus, HelmRepositoryType,
};
pub use oci_repository::{
    LayerOperation, LayerSelector, OciProvider, OciRepository, OciRepositoryRef, OciRepositorySpec,
    OciRepositoryStatus, OciVerification, VerificationProvider,
};

/// The API group.
pub const GROUP: &str = "source.toolkit.fluxcd.io";
/// The served version.
pub const VERSION: &str = "v1";
pub(crate) const CATEGORY: &str = "fluxcd-sources";
