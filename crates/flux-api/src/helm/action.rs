//! The actions that a release goes through, and how each is tuned.

use flux_gocompat::GoDuration;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::schema::{Int, Interval, is_false};

/// How to install.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Install {
    /// How long the action may take; the timeout of the release when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Interval>")]
    pub timeout: Option<GoDuration>,
    /// What to do when the action fails.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub strategy: Option<InstallStrategy>,
    /// How to clean up after a failure, and how often to try again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remediation: Option<InstallRemediation>,
    /// Fails when an object exists that does not belong to the release, instead of taking it over.
    #[serde(skip_serializing_if = "is_false")]
    pub disable_take_ownership: bool,
    /// Does not wait for the objects to become ready.
    #[serde(skip_serializing_if = "is_false")]
    pub disable_wait: bool,
    /// Does not wait for jobs to end.
    #[serde(skip_serializing_if = "is_false")]
    pub disable_wait_for_jobs: bool,
    /// Does not run hooks.
    #[serde(skip_serializing_if = "is_false")]
    pub disable_hooks: bool,
    /// Does not check the rendered objects against the schema of the cluster.
    #[serde(rename = "disableOpenAPIValidation", skip_serializing_if = "is_false")]
    pub disable_open_api_validation: bool,
    /// Does not check the values against the schema of the chart.
    #[serde(skip_serializing_if = "is_false")]
    pub disable_schema_validation: bool,
    /// Uses the name of a deleted release that is still in storage. Not safe where names matter.
    #[serde(skip_serializing_if = "is_false")]
    pub replace: bool,
    /// Leaves the custom resource definitions of the chart alone. Superseded by `crds`.
    #[serde(rename = "skipCRDs", skip_serializing_if = "is_false")]
    pub skip_crds: bool,
    /// What to do with the custom resource definitions of the chart: `Skip`, `Create` those that are missing (also when
    /// absent), or `CreateReplace` all of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub crds: Option<CrdsPolicy>,
    /// Creates the target namespace if it does not exist.
    #[serde(skip_serializing_if = "is_false")]
    pub create_namespace: bool,
    /// Whether the API server merges the objects; true when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server_side_apply: Option<bool>,
}

/// What to do when an install fails.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = [{
    "message": ".retryInterval cannot be set when .name is 'RemediateOnFailure'",
    "rule": "!has(self.retryInterval) || self.name != 'RemediateOnFailure'"
}]))]
pub struct InstallStrategy {
    /// `RemediateOnFailure` cleans up and counts the failure, `RetryOnFailure` tries again by an upgrade.
    pub name: StrategyName,
    /// How long to wait before the next try. Only with `RetryOnFailure`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Interval>")]
    pub retry_interval: Option<GoDuration>,
}

/// What to do when an upgrade fails.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = [{
    "message": ".retryInterval can only be set when .name is 'RetryOnFailure'",
    "rule": "!has(self.retryInterval) || self.name == 'RetryOnFailure'"
}]))]
pub struct UpgradeStrategy {
    /// `RemediateOnFailure` cleans up and counts the failure, `RetryOnFailure` tries again.
    pub name: StrategyName,
    /// How long to wait before the next try. Only with `RetryOnFailure`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Interval>")]
    pub retry_interval: Option<GoDuration>,
}

/// What to do when an action fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum StrategyName {
    RemediateOnFailure,
    RetryOnFailure,
}

/// How to clean up after a failed install: the release is uninstalled.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct InstallRemediation {
    /// How often to try again; none when absent, without limit when negative.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Int>")]
    pub retries: Option<i64>,
    /// Whether failed tests do not count; as the test settings say when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ignore_test_failures: Option<bool>,
    /// Whether to clean up also after the last try.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remediate_last_failure: Option<bool>,
}

/// What to do with custom resource definitions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum CrdsPolicy {
    Skip,
    Create,
    CreateReplace,
}

/// How to upgrade.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Upgrade {
    /// How long the action may take; the timeout of the release when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Interval>")]
    pub timeout: Option<GoDuration>,
    /// What to do when the action fails.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub strategy: Option<UpgradeStrategy>,
    /// How to clean up after a failure, and how often to try again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remediation: Option<UpgradeRemediation>,
    /// Fails when an object exists that does not belong to the release, instead of taking it over.
    #[serde(skip_serializing_if = "is_false")]
    pub disable_take_ownership: bool,
    /// Does not wait for the objects to become ready.
    #[serde(skip_serializing_if = "is_false")]
    pub disable_wait: bool,
    /// Does not wait for jobs to end.
    #[serde(skip_serializing_if = "is_false")]
    pub disable_wait_for_jobs: bool,
    /// Does not run hooks.
    #[serde(skip_serializing_if = "is_false")]
    pub disable_hooks: bool,
    /// Does not check the rendered objects against the schema of the cluster.
    #[serde(rename = "disableOpenAPIValidation", skip_serializing_if = "is_false")]
    pub disable_open_api_validation: bool,
    /// Does not check the values against the schema of the chart.
    #[serde(skip_serializing_if = "is_false")]
    pub disable_schema_validation: bool,
    /// Replaces objects instead of changing them. Has no effect with server-side apply.
    #[serde(skip_serializing_if = "is_false")]
    pub force: bool,
    /// Starts from the values of the last release instead of those of the chart.
    #[serde(skip_serializing_if = "is_false")]
    pub preserve_values: bool,
    /// Deletes objects that the action created when it fails.
    #[serde(skip_serializing_if = "is_false")]
    pub cleanup_on_fail: bool,
    /// What to do with the custom resource definitions of the chart: `Skip`, `Create` those that are missing (also when
    /// absent), or `CreateReplace` all of them. None are ever deleted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub crds: Option<CrdsPolicy>,
    /// What to do when the name of the chart changes: `Reinstall` (also when absent) or `InPlaceUpdate`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chart_name_change_strategy: Option<ChartNameChangeStrategy>,
    /// Whether the API server merges the objects; as the last release did when absent or `auto`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server_side_apply: Option<ServerSideApplyMode>,
}

/// How to clean up after a failed upgrade.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct UpgradeRemediation {
    /// How often to try again; none when absent, without limit when negative.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Int>")]
    pub retries: Option<i64>,
    /// Whether failed tests do not count; as the test settings say when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ignore_test_failures: Option<bool>,
    /// Whether to clean up also after the last try; true when there are retries.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remediate_last_failure: Option<bool>,
    /// `rollback` (also when absent) to the last release that succeeded, or `uninstall`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub strategy: Option<RemediationStrategy>,
}

/// How to clean up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum RemediationStrategy {
    Rollback,
    Uninstall,
}

/// What to do when the name of the chart changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum ChartNameChangeStrategy {
    InPlaceUpdate,
    Reinstall,
}

/// Whether the API server merges objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ServerSideApplyMode {
    Enabled,
    Disabled,
    Auto,
}

/// How to test.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Test {
    /// Runs the tests of the chart after an install or upgrade.
    #[serde(skip_serializing_if = "is_false")]
    pub enable: bool,
    /// How long the action may take; the timeout of the release when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Interval>")]
    pub timeout: Option<GoDuration>,
    /// Failed tests do not make the release fail.
    #[serde(skip_serializing_if = "is_false")]
    pub ignore_failures: bool,
    /// Which tests to run; all when empty.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub filters: Vec<TestFilter>,
}

/// A test to run, or to leave out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TestFilter {
    /// Name of the test.
    #[schemars(length(min = 1, max = 253))]
    pub name: String,
    /// Leaves the test out.
    #[serde(default, skip_serializing_if = "is_false")]
    pub exclude: bool,
}

/// How to roll back.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Rollback {
    /// How long the action may take; the timeout of the release when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Interval>")]
    pub timeout: Option<GoDuration>,
    /// Does not wait for the objects to become ready.
    #[serde(skip_serializing_if = "is_false")]
    pub disable_wait: bool,
    /// Does not wait for jobs to end.
    #[serde(skip_serializing_if = "is_false")]
    pub disable_wait_for_jobs: bool,
    /// Does not run hooks.
    #[serde(skip_serializing_if = "is_false")]
    pub disable_hooks: bool,
    /// Accepted and without effect: Helm no longer restarts Pods.
    #[serde(skip_serializing_if = "is_false")]
    pub recreate: bool,
    /// Replaces objects instead of changing them. Has no effect with server-side apply.
    #[serde(skip_serializing_if = "is_false")]
    pub force: bool,
    /// Deletes objects that the action created when it fails.
    #[serde(skip_serializing_if = "is_false")]
    pub cleanup_on_fail: bool,
    /// Whether the API server merges the objects; as the release did when absent or `auto`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server_side_apply: Option<ServerSideApplyMode>,
}

/// How to uninstall.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Uninstall {
    /// How long the action may take; the timeout of the release when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Interval>")]
    pub timeout: Option<GoDuration>,
    /// Does not run hooks.
    #[serde(skip_serializing_if = "is_false")]
    pub disable_hooks: bool,
    /// Keeps the records of the release.
    #[serde(skip_serializing_if = "is_false")]
    pub keep_history: bool,
    /// Does not wait until the objects are gone.
    #[serde(skip_serializing_if = "is_false")]
    pub disable_wait: bool,
    /// When the objects that belong to a deleted object go: after it, before it, or not at all.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-flux-default" = "background"))]
    pub deletion_propagation: Option<DeletionPropagation>,
}

/// When dependents of a deleted object go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum DeletionPropagation {
    Background,
    Foreground,
    Orphan,
}
