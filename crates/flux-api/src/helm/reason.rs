//! Reasons of helm-controller.

/// The release was installed.
pub const INSTALL_SUCCEEDED: &str = "InstallSucceeded";
/// The release could not be installed.
pub const INSTALL_FAILED: &str = "InstallFailed";
/// The release was upgraded.
pub const UPGRADE_SUCCEEDED: &str = "UpgradeSucceeded";
/// The release could not be upgraded.
pub const UPGRADE_FAILED: &str = "UpgradeFailed";
/// The tests of the release passed.
pub const TEST_SUCCEEDED: &str = "TestSucceeded";
/// The tests of the release failed.
pub const TEST_FAILED: &str = "TestFailed";
/// The release was rolled back.
pub const ROLLBACK_SUCCEEDED: &str = "RollbackSucceeded";
/// The release could not be rolled back.
pub const ROLLBACK_FAILED: &str = "RollbackFailed";
/// The release was uninstalled.
pub const UNINSTALL_SUCCEEDED: &str = "UninstallSucceeded";
/// The release could not be uninstalled.
pub const UNINSTALL_FAILED: &str = "UninstallFailed";
/// No attempts are left.
pub const RETRIES_EXCEEDED: &str = "RetriesExceeded";
/// Live objects differ from the release.
pub const DRIFT_DETECTED: &str = "DriftDetected";
/// Live objects were brought back to the release.
pub const DRIFT_CORRECTED: &str = "DriftCorrected";
/// Live objects are as the release says.
pub const NO_DRIFT_DETECTED: &str = "NoDriftDetected";
/// The tests have not run yet.
pub const AWAITING_TESTS: &str = "AwaitingTests";
/// The chart is not there yet.
pub const SOURCE_NOT_READY: &str = "SourceNotReady";
/// The chart could not be downloaded.
pub const SOURCE_FETCH_FAILED: &str = "SourceFetchFailed";
/// The values cannot be composed.
pub const VALUES_ERROR: &str = "ValuesError";
/// The stored state of the release cannot be read.
pub const STATE_ERROR: &str = "StateError";
/// The HelmChart was created.
pub const HELM_CHART_CREATED: &str = "HelmChartCreated";
/// The HelmChart was changed.
pub const HELM_CHART_CONFIGURED: &str = "HelmChartConfigured";
/// The HelmChart was deleted.
pub const HELM_CHART_DELETED: &str = "HelmChartDeleted";
