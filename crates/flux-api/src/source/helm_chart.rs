//! HelmChart: one chart at one version, packaged.

use flux_gocompat::GoDuration;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{CATEGORY, GROUP, VERSION, VerificationProvider};
use crate::kind::{Column, Kind, Resource, StatusShape, status};
use crate::meta::{Artifact, Condition, LocalObjectReference, OidcIdentityMatch};
use crate::schema::{Interval, is_false};

/// Downloads or packages a Helm chart and stores it as an artifact.
pub type HelmChart = Resource<HelmChartSpec>;

/// Which chart to get, at which version, with which values.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = [
    {
        "message": "spec.verify is only supported when spec.sourceRef.kind is 'HelmRepository'",
        "rule": "!has(self.verify) || self.sourceRef.kind == 'HelmRepository'"
    }
]))]
pub struct HelmChartSpec {
    /// Name of the chart in a chart repository, or its directory in the artifact of another source.
    pub chart: String,
    /// The version or version range of the chart. Has no meaning for a chart from a Git repository or bucket.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-flux-default" = "*"))]
    pub version: Option<String>,
    /// Where the chart is.
    pub source_ref: ChartSourceReference,
    /// How often to look for a new version.
    #[schemars(with = "Interval")]
    pub interval: GoDuration,
    /// What makes a new artifact: a new version of the chart (`ChartVersion`), or a new revision of the source (`Revision`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-flux-default" = "ChartVersion"))]
    pub reconcile_strategy: Option<ReconcileStrategy>,
    /// Values files of the source that are merged in order and replace the default values of the chart.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub values_files: Vec<String>,
    /// Whether values files that do not exist are left out instead of failing the build.
    #[serde(default, skip_serializing_if = "is_false")]
    pub ignore_missing_values_files: bool,
    /// Pauses reconciling. The stored artifact stays available.
    #[serde(default, skip_serializing_if = "is_false")]
    pub suspend: bool,
    /// Signatures that a chart from a registry must carry before it is accepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verify: Option<ChartVerification>,
}

impl Kind for HelmChartSpec {
    type Status = HelmChartStatus;

    const GROUP: &'static str = GROUP;
    const PURPOSE: &'static str =
        "Downloads or packages a Helm chart and stores it as an artifact.";
    const VERSION: &'static str = VERSION;
    const KIND: &'static str = "HelmChart";
    const PLURAL: &'static str = "helmcharts";
    const SINGULAR: &'static str = "helmchart";
    const SHORT_NAMES: &'static [&'static str] = &["hc"];
    const CATEGORY: &'static str = CATEGORY;
    const COLUMNS: &'static [Column] = &[
        Column::text("Chart", ".spec.chart", "Name or directory of the chart."),
        Column::text("Version", ".spec.version", "Version or version range."),
        Column::text("Source Kind", ".spec.sourceRef.kind", "Kind of the source."),
        Column::text("Source Name", ".spec.sourceRef.name", "Name of the source."),
        Column::AGE,
        Column::READY,
        Column::MESSAGE,
    ];
    const STATUS: StatusShape = StatusShape::Unobserved;

    fn suspend(&self) -> bool {
        self.suspend
    }

    fn interval(&self) -> Option<GoDuration> {
        Some(self.interval)
    }
}

/// Where a chart is.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ChartSourceReference {
    /// API version of the source; the newest known one when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub api_version: Option<String>,
    /// Kind of the source.
    pub kind: ChartSourceKind,
    /// Name of the source.
    pub name: String,
}

/// The kinds that charts come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum ChartSourceKind {
    HelmRepository,
    GitRepository,
    Bucket,
}

impl ChartSourceKind {
    /// The word on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::HelmRepository => "HelmRepository",
            Self::GitRepository => "GitRepository",
            Self::Bucket => "Bucket",
        }
    }
}

/// What makes a new artifact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum ReconcileStrategy {
    ChartVersion,
    Revision,
}

/// Which signatures a chart must carry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ChartVerification {
    /// The signature format.
    #[schemars(extend("x-flux-default" = "cosign"))]
    pub provider: VerificationProvider,
    /// A Secret with the public keys or trust policy; keyless verification when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_ref: Option<LocalObjectReference>,
    /// The signers to accept in keyless verification; any of them is enough.
    #[serde(
        rename = "matchOIDCIdentity",
        default,
        skip_serializing_if = "Vec::is_empty"
    )]
    pub match_oidc_identity: Vec<OidcIdentityMatch>,
}

/// The last stored chart and what it was made from.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct HelmChartStatus {
    /// The generation of the spec that was last reconciled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// What is true of the object now.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<Condition>,
    /// The revision of the source artifact that the chart was taken from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub observed_source_artifact_revision: Option<String>,
    /// Name of the chart as it calls itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub observed_chart_name: Option<String>,
    /// The values files that the chart was made with.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub observed_values_files: Vec<String>,
    /// Where the artifact can be downloaded, as older clients look for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The last stored artifact.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub artifact: Option<Artifact>,
    /// The last reconcile request that was handled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_handled_reconcile_at: Option<String>,
}

status!(HelmChartStatus, generations, reconcile_requests);
