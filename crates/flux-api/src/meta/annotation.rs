//! Annotation keys, and the values that go with them.

/// A new value asks for a reconcile now; the value is opaque (COM-API-001).
pub const RECONCILE_REQUESTED_AT: &str = "reconcile.fluxcd.io/requestedAt";
/// Equal to the request: force one Helm install or upgrade (HELM-REM-012).
pub const RECONCILE_FORCE_AT: &str = "reconcile.fluxcd.io/forceAt";
/// Equal to the request: forget the counted Helm failures (HELM-REM-011).
pub const RECONCILE_RESET_AT: &str = "reconcile.fluxcd.io/resetAt";
/// Annotations with this prefix are copied from an object to its events (COM-API-013).
pub const EVENT_PREFIX: &str = "event.toolkit.fluxcd.io/";
/// The value that opts an object out, for the keys below that do so.
pub const DISABLED: &str = "disabled";
/// The value that opts an object in, for the keys below that do so.
pub const ENABLED: &str = "enabled";
/// Opts an object out of apply and prune (KUS-APL-011).
pub const KUSTOMIZE_RECONCILE: &str = "kustomize.toolkit.fluxcd.io/reconcile";
/// Opts a live object out of prune (KUS-APL-013).
pub const KUSTOMIZE_PRUNE: &str = "kustomize.toolkit.fluxcd.io/prune";
/// How an object is applied: `Override`, `Merge`, `IfNotPresent`, `Ignore` (KUS-APL-010).
pub const KUSTOMIZE_SSA: &str = "kustomize.toolkit.fluxcd.io/ssa";
/// Allows recreating an object whose immutable fields changed (KUS-APL-012).
pub const KUSTOMIZE_FORCE: &str = "kustomize.toolkit.fluxcd.io/force";
/// Opts an object out of variable substitution (KUS-SUB-004).
pub const KUSTOMIZE_SUBSTITUTE: &str = "kustomize.toolkit.fluxcd.io/substitute";
/// Opts an object out of decryption (KUS-DEC-014).
pub const KUSTOMIZE_DECRYPT: &str = "kustomize.toolkit.fluxcd.io/decrypt";
/// Opts an object out of Helm drift detection (HELM-DRF-003).
pub const HELM_DRIFT_DETECTION: &str = "helm.toolkit.fluxcd.io/driftDetection";
/// Pauses an ArtifactGenerator (WAT-REC-003).
pub const EXTENSIONS_RECONCILE: &str = "source.extensions.fluxcd.io/reconcile";
/// Stripped from applied objects (KUS-APL-015).
pub const LAST_APPLIED_CONFIGURATION: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// Suffixes of event metadata keys, which are prefixed by the API group of the emitter (COM-EVT-005).
pub mod event_key {
    /// Revision of the source.
    pub const REVISION: &str = "revision";
    /// Revision that an OCI artifact was built from.
    pub const ORIGIN_REVISION: &str = "originRevision";
    /// Digest of the artifact.
    pub const DIGEST: &str = "digest";
    /// Legacy name of the digest.
    pub const CHECKSUM: &str = "checksum";
    /// Distinguishes otherwise equal events.
    pub const TOKEN: &str = "token";
    /// Commit for status updates.
    pub const COMMIT: &str = "commit";
    /// Asks for a commit status without an alert.
    pub const COMMIT_STATUS: &str = "commit_status";
    /// The value of [`COMMIT_STATUS`].
    pub const COMMIT_STATUS_UPDATE: &str = "update";
    /// Number of the change request to comment on.
    pub const CHANGE_REQUEST: &str = "change_request";
}
