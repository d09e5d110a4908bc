//! Everything that can go wrong with a Kustomization, and what becomes of it (KUS-REC-011).

use flux_api::meta::{condition_type, reason};
use flux_apply::{ApplyError, WaitError};
use flux_artifact::FetchError;
use flux_gocompat::GoDuration;
use flux_report::{Cadence, Disposition, Fact, chain};
use flux_runtime::Interrupted;

use crate::kustomization::execute::build::BuildFailure;

/// Why a reconcile ended without success.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// The source does not exist.
    #[error("{resource} \"{name}\" not found")]
    SourceMissing {
        /// `Kind.group`.
        resource: String,
        /// Name of the source.
        name: String,
    },
    /// The source may not be used.
    #[error("can't access '{source_id}', {why}")]
    AccessDenied {
        /// `Kind/namespace/name`.
        source_id: String,
        /// What forbids it.
        why: &'static str,
    },
    /// The source has stored nothing yet.
    #[error("Source artifact not found, retrying in {0}")]
    NoArtifact(GoDuration),
    /// The file of the artifact is gone; the source is about to name a newer one.
    #[error("Source is not ready, artifact not found, retrying in {0}")]
    ArtifactGone(GoDuration),
    /// A dependency is missing, not ready, or behind.
    #[error("{0}")]
    DependencyPending(String),
    /// The spec asks for something that this version cannot do. Never skipped silently.
    #[error("{0} is not supported yet")]
    Unsupported(&'static str),
    /// The object changed or the process ends.
    #[error(transparent)]
    Interrupted(#[from] Interrupted),
    /// The artifact could not be had.
    #[error("failed to download artifact")]
    Fetch(#[source] FetchError),
    /// The path of the spec is not in the artifact.
    #[error("kustomization path not found: stat {0}: no such file or directory")]
    PathMissing(String),
    /// The manifests do not build.
    #[error(transparent)]
    Build(BuildFailure),
    /// The account to act as has no usable name.
    #[error("service account cannot be impersonated")]
    Identity(#[source] flux_kube::IdentityError),
    /// A selector of `spec.ignore` cannot be read.
    #[error("failed to create ignore rule selector")]
    IgnoreRule(#[source] flux_object::selector::SelectorError),
    /// The API server refused an object.
    #[error("{}", refused(error, lines))]
    Apply {
        /// What it said.
        error: Box<ApplyError>,
        /// What had been changed until then, one object a line.
        lines: String,
    },
    /// Stale objects could not be deleted.
    #[error("delete failed, errors: {0}")]
    Prune(String),
    /// Applied objects did not become healthy.
    #[error("health check failed after {elapsed}: {error}")]
    Unhealthy {
        /// How long the wait was.
        elapsed: GoDuration,
        /// Which objects.
        error: WaitError,
    },
    /// Deleting what the deleted object had applied failed.
    #[error("pruning for deleted resource failed: {0}")]
    Finalize(String),
}

impl flux_report::Failure for Failure {
    fn disposition(&self) -> Disposition {
        match self {
            Self::SourceMissing { .. } => Disposition::retry(reason::ARTIFACT_FAILED).quiet(),
            Self::AccessDenied { .. } => Disposition::stall(reason::ACCESS_DENIED),
            Self::NoArtifact(after) | Self::ArtifactGone(after) => {
                Disposition::wait(reason::ARTIFACT_FAILED)
                    .quiet()
                    .after(*after)
            }
            Self::DependencyPending(_) => Disposition::wait(reason::DEPENDENCY_NOT_READY),
            Self::Unsupported(_) | Self::Identity(_) => {
                Disposition::stall(reason::RECONCILIATION_FAILED)
            }
            Self::Interrupted(_) => Disposition::again(reason::PROGRESSING).quiet(),
            Self::Fetch(_) | Self::PathMissing(_) => Disposition::retry(reason::ARTIFACT_FAILED),
            Self::Build(_) => Disposition::retry(reason::BUILD_FAILED),
            Self::Apply { .. } | Self::IgnoreRule(_) => {
                Disposition::retry(reason::RECONCILIATION_FAILED)
            }
            Self::Prune(_) => Disposition::retry(reason::PRUNE_FAILED),
            Self::Unhealthy { error, .. } => {
                let fact = Fact::no(
                    condition_type::HEALTHY,
                    reason::HEALTH_CHECK_FAILED,
                    error.to_string(),
                );
                Disposition::retry(reason::HEALTH_CHECK_FAILED).fact(fact)
            }
            Self::Finalize(_) => Disposition::backoff(reason::PRUNE_FAILED),
        }
    }

    fn announcement(&self, cadence: &Cadence) -> Option<String> {
        match self {
            Self::DependencyPending(_) => {
                let after = cadence.dependency.unwrap_or_default();
                Some(format!(
                    "Dependencies do not meet ready condition, retrying in {after}"
                ))
            }
            Self::AccessDenied { .. }
            | Self::SourceMissing { .. }
            | Self::NoArtifact(_)
            | Self::ArtifactGone(_)
            | Self::Unsupported(_)
            | Self::Interrupted(_)
            | Self::Fetch(_)
            | Self::PathMissing(_)
            | Self::Build(_)
            | Self::Identity(_)
            | Self::Apply { .. }
            | Self::IgnoreRule(_)
            | Self::Prune(_)
            | Self::Unhealthy { .. }
            | Self::Finalize(_) => None,
        }
    }

    fn hint(&self) -> Option<&'static str> {
        match self {
            Self::PathMissing(_) => Some("check spec.path against the folders of the source"),
            Self::DependencyPending(_) => Some("look at the named dependency first"),
            _ => None,
        }
    }
}

/// Parity: what had been changed follows on lines of its own, and the first line ends even if there is nothing.
fn refused(error: &ApplyError, lines: &str) -> String {
    match error {
        ApplyError::Encrypted(_) => chain(error),
        _ => format!("{}\n{lines}", chain(error)),
    }
}
