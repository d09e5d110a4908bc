//! Reasons of conditions and events that several controllers use (COM-API-014). Those of one group stand in its module.

/// The reconcile succeeded.
pub const SUCCEEDED: &str = "Succeeded";
/// The reconcile failed.
pub const FAILED: &str = "Failed";
/// First attempt under way.
pub const PROGRESSING: &str = "Progressing";
/// A further attempt after a failure.
pub const PROGRESSING_WITH_RETRY: &str = "ProgressingWithRetry";
/// Paused by the user.
pub const SUSPENDED: &str = "Suspended";
/// Something this object depends on is not ready.
pub const DEPENDENCY_NOT_READY: &str = "DependencyNotReady";
/// A path leads nowhere or outside.
pub const INVALID_PATH: &str = "InvalidPath";
/// An address cannot be read.
pub const INVALID_URL: &str = "InvalidURL";
/// Plain text connections are not allowed.
pub const INSECURE_CONNECTIONS_DISALLOWED: &str = "InsecureConnectionsDisallowed";
/// The kind of connection is not supported.
pub const UNSUPPORTED_CONNECTION_TYPE: &str = "UnsupportedConnectionType";
/// Stale objects could not be deleted.
pub const PRUNE_FAILED: &str = "PruneFailed";
/// The artifact could not be had.
pub const ARTIFACT_FAILED: &str = "ArtifactFailed";
/// The build failed.
pub const BUILD_FAILED: &str = "BuildFailed";
/// The applied objects did not become healthy.
pub const HEALTH_CHECK_FAILED: &str = "HealthCheckFailed";
/// The health check was given up for a newer change.
pub const HEALTH_CHECK_CANCELED: &str = "HealthCheckCanceled";
/// The desired state is applied.
pub const RECONCILIATION_SUCCEEDED: &str = "ReconciliationSucceeded";
/// The desired state could not be applied.
pub const RECONCILIATION_FAILED: &str = "ReconciliationFailed";
/// A CEL expression does not compile.
pub const INVALID_CEL_EXPRESSION: &str = "InvalidCELExpression";
/// The spec asks for something that a feature gate turns off.
pub const FEATURE_GATE_DISABLED: &str = "FeatureGateDisabled";
/// The object is not allowed to use what it refers to.
pub const ACCESS_DENIED: &str = "AccessDenied";
/// Credentials are missing or were refused.
pub const AUTHENTICATION_FAILED: &str = "AuthenticationFailed";
/// Stored files could not be collected.
pub const GARBAGE_COLLECTION_FAILED: &str = "GarbageCollectionFailed";
/// Stored files were collected.
pub const GARBAGE_COLLECTION_SUCCEEDED: &str = "GarbageCollectionSucceeded";
/// Set by an annotation.
pub const RECONCILIATION_DISABLED: &str = "ReconciliationDisabled";
