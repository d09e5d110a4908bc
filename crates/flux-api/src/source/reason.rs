//! Reasons of source-controller.

/// A new artifact was stored.
pub const NEW_ARTIFACT: &str = "NewArtifact";
/// The stored artifact is current (event only).
pub const ARTIFACT_UP_TO_DATE: &str = "ArtifactUpToDate";
/// A newer revision than the stored one is known.
pub const NEW_REVISION: &str = "NewRevision";
/// An included artifact changed.
pub const INCLUDE_CHANGE: &str = "IncludeChange";
/// The included object does not exist.
pub const NOT_FOUND: &str = "NotFound";
/// The included object has no artifact.
pub const NO_ARTIFACT: &str = "NoArtifact";
/// A Git operation failed.
pub const GIT_OPERATION_FAILED: &str = "GitOperationFailed";
/// A Git operation succeeded.
pub const GIT_OPERATION_SUCCEEDED: &str = "GitOperationSucceeded";
/// The repository has no commits.
pub const EMPTY_GIT_REPOSITORY: &str = "EmptyGitRepository";
/// The address cannot be read.
pub const URL_INVALID: &str = "URLInvalid";
/// A signature or its keys could not be judged.
pub const VERIFICATION_ERROR: &str = "VerificationError";
/// The commit is not signed by a trusted key.
pub const INVALID_COMMIT_SIGNATURE: &str = "InvalidCommitSignature";
/// The tag is not signed by a trusted key.
pub const INVALID_TAG_SIGNATURE: &str = "InvalidTagSignature";
/// The tag carries no signature.
pub const INVALID_GIT_OBJECT: &str = "InvalidGitObject";
/// The verification mode does not fit the reference.
pub const INVALID_VERIFICATION_MODE: &str = "InvalidVerificationMode";
/// An include points outside of the source.
pub const ILLEGAL_PATH: &str = "IllegalPath";
/// An include could not be copied.
pub const COPY_FAILURE: &str = "CopyFailure";
/// A directory could not be made.
pub const DIR_CREATION_FAILED: &str = "DirectoryCreationFailed";
/// A file could not be looked at.
pub const STAT_OPERATION_FAILED: &str = "StatOperationFailed";
/// A file could not be read.
pub const READ_OPERATION_FAILED: &str = "ReadOperationFailed";
/// The archive could not be written.
pub const ARCHIVE_OPERATION_FAILED: &str = "ArchiveOperationFailed";
/// The convenience link could not be updated.
pub const SYMLINK_UPDATE_FAILED: &str = "SymlinkUpdateFailed";
/// The storage lock could not be taken.
pub const ACQUIRE_LOCK_FAILED: &str = "AcquireLockFailed";
/// An object storage operation failed.
pub const BUCKET_OPERATION_FAILED: &str = "BucketOperationFailed";
/// The STS settings do not fit the provider.
pub const INVALID_STS_CONFIGURATION: &str = "InvalidSTSConfiguration";
/// An OCI artifact could not be pulled.
pub const OCI_PULL_FAILED: &str = "OCIArtifactPullFailed";
/// A layer of an OCI artifact could not be used.
pub const OCI_LAYER_OPERATION_FAILED: &str = "OCIArtifactLayerOperationFailed";
/// The index of a Helm repository could not be read.
pub const INDEXATION_FAILED: &str = "IndexationFailed";
/// A chart was downloaded.
pub const CHART_PULL_SUCCEEDED: &str = "ChartPullSucceeded";
/// A chart was packaged.
pub const CHART_PACKAGE_SUCCEEDED: &str = "ChartPackageSucceeded";
/// A newer chart than the stored one is known.
pub const NEW_CHART: &str = "NewChart";
/// The source of a chart has no artifact.
pub const NO_SOURCE_ARTIFACT: &str = "NoSourceArtifact";
/// The source of a chart could not be had.
pub const SOURCE_UNAVAILABLE: &str = "SourceUnavailable";
/// The chart reference leads nowhere.
pub const INVALID_CHART_REFERENCE: &str = "InvalidChartReference";
/// A chart could not be downloaded.
pub const CHART_PULL_ERROR: &str = "ChartPullError";
/// A chart could not be packaged.
pub const CHART_PACKAGE_ERROR: &str = "ChartPackageError";
/// A chart is not signed by a trusted key.
pub const CHART_VERIFICATION_ERROR: &str = "ChartVerificationError";
/// The version metadata does not fit the chart.
pub const METADATA_PATCH_ERROR: &str = "MetadataPatchError";
/// A values file could not be merged.
pub const VALUES_FILES_ERROR: &str = "ValuesFilesError";
/// A chart dependency could not be built.
pub const DEPENDENCY_BUILD_ERROR: &str = "DependencyBuildError";
/// The provider cannot be used as the spec and its Secret have it.
pub const INVALID_PROVIDER_CONFIGURATION: &str = "InvalidProviderConfiguration";
/// The ignore files of a source could not be read.
pub const SOURCE_IGNORE_ERROR: &str = "SourceIgnoreError";
/// The stored file is not the one that was recorded (event only).
pub const ARTIFACT_VERIFICATION_FAILED: &str = "ArtifactVerificationFailed";
