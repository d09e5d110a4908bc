//! Reasons of the image controllers.

/// The image name cannot be read.
pub const IMAGE_URL_INVALID: &str = "ImageURLInvalid";
/// The tags could not be read or written.
pub const READ_OPERATION_FAILED: &str = "ReadOperationFailed";
/// The policy cannot be evaluated.
pub const INVALID_POLICY: &str = "InvalidPolicy";
/// The scanned repository is not there or not scanned.
pub const DEPENDENCY_NOT_READY: &str = "DependencyNotReady";
/// The Git repository cannot be used.
pub const SOURCE_MANAGER_FAILED: &str = "SourceManagerFailed";
/// The files could not be updated.
pub const UPDATE_FAILED: &str = "UpdateFailed";
/// The Git operation failed.
pub const GIT_OPERATION_FAILED: &str = "GitOperationFailed";
