//! HelmRelease: a chart with values, installed and kept up to date.

use flux_gocompat::GoDuration;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    ChartReference, ChartTemplate, GROUP, HelmReleaseStatus, Install, Rollback, Test, Uninstall,
    Upgrade, VERSION, ValuesReference,
};
use crate::kind::{Column, Kind, Resource, StatusShape};
use crate::kustomize::{CustomHealthCheck, IgnoreRule, Image, Patch};
use crate::meta::{CommonMetadata, DependencyReference, KubeConfigReference};
use crate::schema::{Anything, Int, Interval, is_false};

/// Installs a chart with values and keeps the release up to date.
pub type HelmRelease = Resource<HelmReleaseSpec>;

/// Which chart to release, with which values, where and how.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = [{
    "message": "either chart or chartRef must be set",
    "rule": "(has(self.chart) && !has(self.chartRef)) || (!has(self.chart) && has(self.chartRef))"
}]))]
pub struct HelmReleaseSpec {
    /// The chart, as a HelmChart that the controller makes. Either this or `chartRef` is set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chart: Option<ChartTemplate>,
    /// The chart, as an existing object. Either this or `chart` is set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chart_ref: Option<ChartReference>,
    /// How often to compare the release with its spec.
    #[schemars(with = "Interval")]
    pub interval: GoDuration,
    /// The cluster to release to; the one the controller runs in when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kube_config: Option<KubeConfigReference>,
    /// Pauses reconciling. The release stays.
    #[serde(default, skip_serializing_if = "is_false")]
    pub suspend: bool,
    /// Name of the release; made from the target namespace and the name of this object when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 53))]
    pub release_name: Option<String>,
    /// The namespace of the release; that of this object when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 63))]
    pub target_namespace: Option<String>,
    /// The namespace of the records of the release; that of this object when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 63))]
    pub storage_namespace: Option<String>,
    /// HelmReleases that have to be ready before this one is released.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub depends_on: Vec<DependencyReference>,
    /// How long each action may take; five minutes when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Interval>")]
    pub timeout: Option<GoDuration>,
    /// How many records of the release to keep; 5 when absent, all when 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Int>")]
    pub max_history: Option<i64>,
    /// The service account to act as.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 253))]
    pub service_account_name: Option<String>,
    /// Whether one connection serves all steps of a reconcile; true when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub persistent_client: Option<bool>,
    /// What to do when live objects differ from the release.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drift_detection: Option<DriftDetection>,
    /// How to install.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub install: Option<Install>,
    /// How to upgrade.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upgrade: Option<Upgrade>,
    /// How to test.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub test: Option<Test>,
    /// How to roll back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rollback: Option<Rollback>,
    /// How to uninstall.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uninstall: Option<Uninstall>,
    /// ConfigMaps and Secrets that hold values. Later ones win over earlier ones, and `values` over all of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub values_from: Vec<ValuesReference>,
    /// Values.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Anything")]
    pub values: Option<serde_json::Value>,
    /// Labels and annotations for every object of the release.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub common_metadata: Option<CommonMetadata>,
    /// Changes to the rendered objects, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub post_renderers: Vec<PostRenderer>,
    /// How hooks take part in the changes: not at all (`nohooks`), together with the other objects (`combined`), or by
    /// themselves (`separate`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub post_render_strategy: Option<PostRenderStrategy>,
    /// How to wait for objects to become ready.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wait_strategy: Option<WaitStrategy>,
    /// How to judge the health of custom resources.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub health_check_exprs: Vec<CustomHealthCheck>,
}

impl Kind for HelmReleaseSpec {
    type Status = HelmReleaseStatus;

    const GROUP: &'static str = GROUP;
    const PURPOSE: &'static str = "Installs a chart with values and keeps the release up to date.";
    const VERSION: &'static str = VERSION;
    const KIND: &'static str = "HelmRelease";
    const PLURAL: &'static str = "helmreleases";
    const SINGULAR: &'static str = "helmrelease";
    const SHORT_NAMES: &'static [&'static str] = &["hr"];
    const CATEGORY: &'static str = "fluxcd-appliers";
    const COLUMNS: &'static [Column] = &[Column::AGE, Column::READY, Column::MESSAGE];
    const STATUS: StatusShape = StatusShape::Unobserved;

    fn suspend(&self) -> bool {
        self.suspend
    }

    fn interval(&self) -> Option<GoDuration> {
        Some(self.interval)
    }
}

/// What to do when live objects differ from the release.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct DriftDetection {
    /// `enabled` brings them back, `warn` only reports, `disabled` (also when absent) does not look.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<DriftDetectionMode>,
    /// Fields that are left to others.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ignore: Vec<IgnoreRule>,
}

/// What to do about drift.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum DriftDetectionMode {
    Enabled,
    Warn,
    Disabled,
}

/// A change to rendered objects.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct PostRenderer {
    /// A change in the way of kustomize.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kustomize: Option<KustomizePostRenderer>,
}

/// A change to rendered objects in the way of kustomize.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct KustomizePostRenderer {
    /// Changes to make to the objects.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub patches: Vec<Patch>,
    /// Names, tags and digests of images to replace.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub images: Vec<Image>,
}

/// How hooks take part in post-rendering.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum PostRenderStrategy {
    NoHooks,
    Combined,
    Separate,
}

/// How to wait for objects.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct WaitStrategy {
    /// `poller` (also when absent) judges by status and health expressions, `legacy` as Helm 3 did.
    pub name: WaitStrategyName,
}

/// How to wait for objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum WaitStrategyName {
    Poller,
    Legacy,
}
