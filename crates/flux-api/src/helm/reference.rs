//! What a release is made from: the chart and the values.

use flux_gocompat::GoDuration;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::kustomize::SubstituteReferenceKind;
use crate::meta::{CommonMetadata, LocalObjectReference};
use crate::schema::{Interval, is_false};
use crate::source::{ChartSourceKind, ReconcileStrategy, VerificationProvider};

/// A HelmChart that the controller makes and keeps.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ChartTemplate {
    /// Labels and annotations for the HelmChart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<CommonMetadata>,
    /// The spec of the HelmChart.
    pub spec: ChartSpec,
}

/// Which chart to get, at which version, with which values.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ChartSpec {
    /// Name of the chart in a chart repository, or its directory in the artifact of another source.
    #[schemars(length(min = 1, max = 2048))]
    pub chart: String,
    /// The version or version range of the chart. Has no meaning for a chart from a Git repository or bucket.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-flux-default" = "*"))]
    pub version: Option<String>,
    /// Where the chart is.
    pub source_ref: CrossNamespaceObjectReference,
    /// How often to look for a new version; the interval of the release when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Interval>")]
    pub interval: Option<GoDuration>,
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
    /// Signatures that a chart from a registry must carry before it is accepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verify: Option<TemplateVerification>,
}

/// Which signatures a chart must carry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TemplateVerification {
    /// The signature format.
    #[schemars(extend("x-flux-default" = "cosign"))]
    pub provider: VerificationProvider,
    /// A Secret with the public keys or trust policy; keyless verification when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_ref: Option<LocalObjectReference>,
}

/// A source of charts, in this or another namespace.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CrossNamespaceObjectReference {
    /// API version of the source; the newest known one when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub api_version: Option<String>,
    /// Kind of the source.
    pub kind: ChartSourceKind,
    /// Name of the source.
    #[schemars(length(min = 1, max = 253))]
    pub name: String,
    /// Namespace of the source; that of the release when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 63))]
    pub namespace: Option<String>,
}

/// An object whose artifact is the chart, in this or another namespace.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ChartReference {
    /// API version of the object; the newest known one when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub api_version: Option<String>,
    /// Kind of the object.
    pub kind: ChartRefKind,
    /// Name of the object.
    #[schemars(length(min = 1, max = 253))]
    pub name: String,
    /// Namespace of the object; that of the release when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 63))]
    pub namespace: Option<String>,
}

/// The kinds whose artifacts are charts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum ChartRefKind {
    #[serde(rename = "OCIRepository")]
    OciRepository,
    HelmChart,
    ExternalArtifact,
}

impl ChartRefKind {
    /// The word on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OciRepository => "OCIRepository",
            Self::HelmChart => "HelmChart",
            Self::ExternalArtifact => "ExternalArtifact",
        }
    }
}

/// A ConfigMap or Secret in the same namespace that holds values.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ValuesReference {
    /// `Secret` or `ConfigMap`.
    pub kind: SubstituteReferenceKind,
    /// Name of the object.
    #[schemars(length(min = 1, max = 253))]
    pub name: String,
    /// The entry that holds the values; `values.yaml` when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 253), regex(pattern = r"^[\-._a-zA-Z0-9]+$"))]
    pub values_key: Option<String>,
    /// The path in the values where the entry is placed as a single value; the entry is a YAML document when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(
        length(max = 250),
        regex(pattern = r"^([a-zA-Z0-9_\-.\\\/]|\[[0-9]{1,5}\])+$")
    )]
    pub target_path: Option<String>,
    /// Whether the object or entry may be missing.
    #[serde(default, skip_serializing_if = "is_false")]
    pub optional: bool,
    /// Places the entry as it is, without reading commas and brackets in it as structure. Only with a target path.
    #[serde(default, skip_serializing_if = "is_false")]
    pub literal: bool,
}
