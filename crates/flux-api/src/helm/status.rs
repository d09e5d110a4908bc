//! What a HelmRelease reports: releases, counters, and what was last attempted.

use std::collections::BTreeMap;

use flux_gocompat::{GoDuration, Time};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::kind::status;
use crate::kustomize::Inventory;
use crate::meta::Condition;
use crate::schema::{DateTime, Int, is_zero};

/// The state of the release.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct HelmReleaseStatus {
    /// The generation of the spec that was last reconciled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// Checksum of the post-renderers that the release was made with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub observed_post_renderers_digest: Option<String>,
    /// Checksum of the common metadata that the release was made with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub observed_common_metadata_digest: Option<String>,
    /// The generation of the spec that was last attempted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_attempted_generation: Option<i64>,
    /// What is true of the object now.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<Condition>,
    /// The HelmChart that the chart comes from, as `<namespace>/<name>`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub helm_chart: Option<String>,
    /// The namespace of the records of the release.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 63))]
    pub storage_namespace: Option<String>,
    /// The releases that still matter, newest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub history: Vec<Snapshot>,
    /// The action that was last attempted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_attempted_release_action: Option<ReleaseAction>,
    /// How long the last attempted action took.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub last_attempted_release_action_duration: Option<GoDuration>,
    /// How many attempts failed since the last success.
    #[serde(skip_serializing_if = "is_zero")]
    pub failures: i64,
    /// How many installs failed since the last success.
    #[serde(skip_serializing_if = "is_zero")]
    pub install_failures: i64,
    /// How many upgrades failed since the last success.
    #[serde(skip_serializing_if = "is_zero")]
    pub upgrade_failures: i64,
    /// The version of the chart that was last attempted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_attempted_revision: Option<String>,
    /// The digest of the chart that was last attempted, for charts from an OCIRepository.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_attempted_revision_digest: Option<String>,
    /// Checksum of the values that were last attempted, as releases before v2 recorded it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_attempted_values_checksum: Option<String>,
    /// The number of the last release, as releases before v2 recorded it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Int>")]
    pub last_release_revision: Option<i64>,
    /// Checksum of the values that were last attempted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_attempted_config_digest: Option<String>,
    /// The last reconcile request that was handled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_handled_reconcile_at: Option<String>,
    /// The last request to force an action that was handled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_handled_force_at: Option<String>,
    /// The last request to forget failures that was handled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_handled_reset_at: Option<String>,
    /// The objects of the release.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inventory: Option<Inventory>,
}

status!(HelmReleaseStatus, generations, reconcile_requests);

/// An action on a release.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ReleaseAction {
    Install,
    Upgrade,
}

/// What is remembered of one release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Snapshot {
    /// Version of this record; empty in the first form.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub api_version: Option<String>,
    /// Checksum of the stored release.
    pub digest: String,
    /// The action that made the release.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
    /// Name of the release.
    pub name: String,
    /// Namespace of the release.
    pub namespace: String,
    /// Number of the release.
    #[schemars(with = "Int")]
    pub version: i64,
    /// Status of the release in Helm's words.
    pub status: String,
    /// Name of the chart.
    pub chart_name: String,
    /// Version of the chart.
    pub chart_version: String,
    /// Version of the application, as the chart says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub app_version: Option<String>,
    /// Checksum of the values.
    pub config_digest: String,
    /// When the release was first deployed.
    #[schemars(with = "DateTime")]
    pub first_deployed: Time,
    /// When the release was last deployed.
    #[schemars(with = "DateTime")]
    pub last_deployed: Time,
    /// When the release was deleted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<DateTime>")]
    pub deleted: Option<Time>,
    /// The tests of the release by name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub test_hooks: Option<BTreeMap<String, TestHookStatus>>,
    /// Digest of the chart, for charts from an OCIRepository.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub oci_digest: Option<String>,
}

/// The outcome of one test.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct TestHookStatus {
    /// When the test was last started.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<DateTime>")]
    pub last_started: Option<Time>,
    /// When the test last ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<DateTime>")]
    pub last_completed: Option<Time>,
    /// How far the test got, in Helm's words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phase: Option<String>,
}
