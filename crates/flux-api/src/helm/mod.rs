//! `helm.toolkit.fluxcd.io/v2`: installs and upgrades charts.

mod action;
mod helm_release;
mod reference;
mod status;

pub mod reason;

pub use action::{
    ChartNameChangeStrategy, CrdsPolicy, DeletionPropagation, Install, InstallRemediation,
    InstallStrategy, RemediationStrategy, Rollback, ServerSideApplyMode, StrategyName, Test,
    TestFilter, Uninstall, Upgrade, UpgradeRemediation, UpgradeStrategy,
};
pub use helm_release::{
    DriftDetection, DriftDetectionMode, HelmRelease, HelmReleaseSpec, KustomizePostRenderer,
    PostRenderStrategy, PostRenderer, WaitStrategy, WaitStrategyName,
};
pub use reference::{
    ChartRefKind, ChartReference, ChartSpec, ChartTemplate, CrossNamespaceObjectReference,
    TemplateVerification, ValuesReference,
};
pub use status::{HelmReleaseStatus, ReleaseAction, Snapshot, TestHookStatus};

/// The API group.
pub const GROUP: &str = "helm.toolkit.fluxcd.io";
/// The served version.
pub const VERSION: &str = "v2";
