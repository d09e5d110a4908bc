//! Everything that can go wrong with a GitRepository, and what becomes of it.

use flux_api::meta::condition_type::{
    FETCH_FAILED, INCLUDE_UNAVAILABLE, SOURCE_VERIFIED, STORAGE_OPERATION_FAILED,
};
use flux_api::meta::reason;
use flux_api::source::reason as source_reason;
use flux_artifact::StorageError;
use flux_artifact::unpack::UnpackError;
use flux_gocompat::GoDuration;
use flux_report::Disposition;
use flux_tree::{PathError, TreeError};

use crate::gitrepository::access::AccessError;
use crate::gitrepository::verification::SignatureError;

/// Why a pass over a GitRepository failed. The texts are upstream's.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error("failed to configure proxy options")]
    Proxy(#[source] AccessError),
    #[error(transparent)]
    Url(flux_git::UrlError),
    #[error("failed to get secret '{name}'")]
    Secret {
        name: String,
        #[source]
        source: Box<flux_kube::Error>,
    },
    #[error("failed to configure authentication options")]
    Authentication(#[source] AccessError),
    #[error(
        "SSH identity key is encrypted but no 'password' field was provided in the secret '{name}'"
    )]
    PassphraseMissing { name: String },
    #[error("secretRef with github app data must be specified when provider is set to github")]
    GithubAppMissing { stalled: bool },
    #[error("secretRef '{name}' has github app data but provider is not set to github")]
    GithubAppUnasked { name: String },
    #[error(
        "to use spec.serviceAccountName for provider authentication please enable the ObjectLevelWorkloadIdentity feature gate in the controller"
    )]
    ServiceAccountGate,
    #[error("provider '{provider}' is not supported yet")]
    ProviderUnsupported { provider: &'static str },
    #[error(
        "could not get resource for include '{name}': GitRepository.source.toolkit.fluxcd.io \"{name}\" not found"
    )]
    IncludeMissing { name: String, after: GoDuration },
    #[error("could not get resource for include '{name}'")]
    IncludeUnread {
        name: String,
        #[source]
        source: Box<flux_kube::Error>,
        after: GoDuration,
    },
    #[error("no artifact available for include '{name}'")]
    IncludeWithoutArtifact { name: String, after: GoDuration },
    #[error("failed to checkout and determine revision")]
    Checkout(#[source] Box<flux_git::Error>),
    #[error("git repository is empty")]
    EmptyRepository,
    #[error(
        "failed to sparse checkout directories : sparse checkout dir '{dir}' does not exist in repository"
    )]
    SparseMissing { dir: String },
    #[error("public keys secret error")]
    PublicKeys(#[source] Box<flux_kube::Error>),
    #[error("cannot verify tag object's signature if a tag reference is not specified")]
    TagNotSpecified,
    #[error("cannot verify signature of tag '{tag}' since it is not signed")]
    TagUnsigned { tag: String },
    #[error("signature verification of tag '{tag}' failed")]
    TagSignature {
        tag: String,
        #[source]
        source: SignatureError,
    },
    #[error("signature verification of commit '{hash}' failed")]
    CommitSignature {
        hash: String,
        #[source]
        source: SignatureError,
    },
    #[error("path calculation for include '{name}' failed")]
    IncludePath {
        name: String,
        #[source]
        source: PathError,
    },
    #[error("failed to copy '{name}' include from {from} to {to}")]
    IncludeCopy {
        name: String,
        from: String,
        to: String,
        #[source]
        source: Box<IncludeError>,
    },
    #[error("failed to load source ignore patterns from repository")]
    IgnoreRules(#[source] TreeError),
    #[error("unable to archive artifact to storage")]
    Archive(#[source] StorageError),
    #[error("failed to look at the stored artifact")]
    Storage(#[source] StorageError),
    #[error("failed to remove artifact after digest mismatch")]
    RemoveDamaged(#[source] StorageError),
    #[error("garbage collection for deleted resource failed")]
    Delete(#[source] StorageError),
    #[error("read files of the repository")]
    Tree(#[source] TreeError),
    #[error("background task failed")]
    Interrupted(#[source] tokio::task::JoinError),
    #[error("{0}")]
    Pass(flux_runtime::Interrupted),
}

/// Why an included artifact could not be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum IncludeError {
    #[error("read artifact")]
    Read(#[source] StorageError),
    #[error("artifact belongs to another object")]
    Foreign,
    #[error("artifact digest is not usable")]
    Digest(#[source] flux_artifact::DigestError),
    #[error("artifact is not the one that was recorded")]
    Changed,
    #[error("unpack artifact")]
    Unpack(#[source] UnpackError),
    #[error("place files")]
    Place(#[source] TreeError),
}

impl flux_report::Failure for Failure {
    fn disposition(&self) -> Disposition {
        match self {
            Self::Proxy(_)
            | Self::Secret { .. }
            | Self::Authentication(_)
            | Self::PassphraseMissing { .. } => {
                Disposition::backoff(reason::AUTHENTICATION_FAILED).marks(FETCH_FAILED)
            }
            Self::Url(_) => Disposition::stall(source_reason::URL_INVALID).marks(FETCH_FAILED),
            Self::GithubAppMissing { stalled: true } | Self::ProviderUnsupported { .. } => {
                Disposition::stall(source_reason::INVALID_PROVIDER_CONFIGURATION)
                    .marks(FETCH_FAILED)
            }
            Self::GithubAppMissing { stalled: false } | Self::GithubAppUnasked { .. } => {
                Disposition::backoff(source_reason::INVALID_PROVIDER_CONFIGURATION)
                    .marks(FETCH_FAILED)
            }
            Self::ServiceAccountGate => {
                Disposition::stall(reason::FEATURE_GATE_DISABLED).marks(FETCH_FAILED)
            }
            Self::IncludeMissing { after, .. } | Self::IncludeUnread { after, .. } => {
                Disposition::wait(source_reason::NOT_FOUND)
                    .whispered()
                    .marks(INCLUDE_UNAVAILABLE)
                    .after(*after)
            }
            Self::IncludeWithoutArtifact { after, .. } => {
                Disposition::wait(source_reason::NO_ARTIFACT)
                    .whispered()
                    .marks(INCLUDE_UNAVAILABLE)
                    .after(*after)
            }
            Self::Checkout(_) | Self::SparseMissing { .. } | Self::Tree(_) => {
                Disposition::backoff(source_reason::GIT_OPERATION_FAILED).marks(FETCH_FAILED)
            }
            Self::EmptyRepository => {
                Disposition::backoff(source_reason::EMPTY_GIT_REPOSITORY).marks(FETCH_FAILED)
            }
            Self::PublicKeys(_) => verification(source_reason::VERIFICATION_ERROR),
            Self::TagNotSpecified => {
                Disposition::stall(source_reason::INVALID_VERIFICATION_MODE).marks(SOURCE_VERIFIED)
            }
            Self::TagUnsigned { .. } => verification(source_reason::INVALID_GIT_OBJECT),
            Self::TagSignature { .. } => verification(source_reason::INVALID_TAG_SIGNATURE),
            Self::CommitSignature { .. } => verification(source_reason::INVALID_COMMIT_SIGNATURE),
            Self::IncludePath { .. } => storage(source_reason::ILLEGAL_PATH),
            Self::IncludeCopy { .. } => storage(source_reason::COPY_FAILURE),
            Self::IgnoreRules(_) => Disposition::backoff(source_reason::SOURCE_IGNORE_ERROR),
            Self::Archive(_) => storage(source_reason::ARCHIVE_OPERATION_FAILED),
            Self::Storage(_) => storage(source_reason::STAT_OPERATION_FAILED),
            Self::RemoveDamaged(_) => storage(reason::FAILED),
            Self::Delete(_) => Disposition::backoff(reason::GARBAGE_COLLECTION_FAILED),
            Self::Interrupted(_) => Disposition::backoff(reason::FAILED),
            // The pass gave way to a newer one; nothing is wrong with the object.
            Self::Pass(_) => Disposition::again(reason::PROGRESSING).quiet(),
        }
    }
}

fn verification(reason: &'static str) -> Disposition {
    Disposition::backoff(reason).marks(SOURCE_VERIFIED)
}

fn storage(reason: &'static str) -> Disposition {
    Disposition::backoff(reason).marks(STORAGE_OPERATION_FAILED)
}
