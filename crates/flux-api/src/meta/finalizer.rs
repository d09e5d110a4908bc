//! Finalizers.

/// On all kinds but ArtifactGenerator (COM-API-004).
pub const FLUX: &str = "finalizers.fluxcd.io";
/// On ArtifactGenerator.
pub const EXTENSIONS: &str = "source.extensions.fluxcd.io/finalizer";
