//! `source.extensions.fluxcd.io/v1beta1`: artifacts composed from other artifacts.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::kind::{Column, Kind, Resource, StatusShape, status};
use crate::meta::{CommonMetadata, Condition};

/// The API group.
pub const GROUP: &str = "source.extensions.fluxcd.io";
/// The served version.
pub const VERSION: &str = "v1beta1";

/// Composes artifacts from the artifacts of other sources.
pub type ArtifactGenerator = Resource<ArtifactGeneratorSpec>;

/// Which sources to read, and which artifacts to make of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = [{
    "message": "artifact names must be valid Kubernetes object names when pathPattern is not set",
    "rule": r"has(self.pathPattern) && size(self.pathPattern) > 0 || self.artifacts.all(a, a.name.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$'))"
}]))]
pub struct ArtifactGeneratorSpec {
    /// Labels and annotations for every generated object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub common_metadata: Option<CommonMetadata>,
    /// Makes the artifacts once for every directory that matches, as `@<alias>/<path>` with captures such as `{app}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(
        length(max = 1024),
        regex(pattern = r"^@([a-z0-9]([a-z0-9_-]*[a-z0-9])?)/(.*)$")
    )]
    pub path_pattern: Option<String>,
    /// The sources to read.
    #[schemars(length(min = 1, max = 1000))]
    pub sources: Vec<SourceReference>,
    /// The artifacts to make.
    #[serde(rename = "artifacts")]
    #[schemars(length(min = 1, max = 1000))]
    pub output_artifacts: Vec<OutputArtifact>,
}

impl Kind for ArtifactGeneratorSpec {
    type Status = ArtifactGeneratorStatus;

    const GROUP: &'static str = GROUP;
    const PURPOSE: &'static str = "Composes artifacts from the artifacts of other sources.";
    const VERSION: &'static str = VERSION;
    const KIND: &'static str = "ArtifactGenerator";
    const PLURAL: &'static str = "artifactgenerators";
    const SINGULAR: &'static str = "artifactgenerator";
    const SHORT_NAMES: &'static [&'static str] = &["ag"];
    const CATEGORY: &'static str = "fluxcd-sources";
    const COLUMNS: &'static [Column] = &[Column::AGE, Column::READY, Column::MESSAGE];
    const STATUS: StatusShape = StatusShape::Plain;
}

/// A source, under the name that the spec uses for it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct SourceReference {
    /// The name to use in copy operations.
    #[schemars(length(max = 63), regex(pattern = r"^[a-z0-9]([a-z0-9_-]*[a-z0-9])?$"))]
    pub alias: String,
    /// Kind of the source.
    pub kind: SourceKind,
    /// Name of the source.
    #[schemars(length(max = 253), regex(pattern = r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?$"))]
    pub name: String,
    /// Namespace of the source; that of the referring object when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(
        length(min = 1, max = 63),
        regex(pattern = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$")
    )]
    pub namespace: Option<String>,
}

/// The kinds that artifacts are composed from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum SourceKind {
    Bucket,
    GitRepository,
    #[serde(rename = "OCIRepository")]
    OciRepository,
    HelmChart,
    ExternalArtifact,
}

impl SourceKind {
    /// The word on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Bucket => "Bucket",
            Self::GitRepository => "GitRepository",
            Self::OciRepository => "OCIRepository",
            Self::HelmChart => "HelmChart",
            Self::ExternalArtifact => "ExternalArtifact",
        }
    }
}

/// An artifact to make.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OutputArtifact {
    /// Name of the generated ExternalArtifact. May use the captures of the path pattern.
    #[schemars(length(min = 1, max = 253))]
    pub name: String,
    /// The source whose revision becomes that of the artifact, as `@<alias>`; a checksum of the content when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(
        length(max = 64),
        regex(pattern = r"^@([a-z0-9]([a-z0-9_-]*[a-z0-9])?)$")
    )]
    pub revision: Option<String>,
    /// The source whose origin revision is passed on, as `@<alias>`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(
        length(max = 64),
        regex(pattern = r"^@([a-z0-9]([a-z0-9_-]*[a-z0-9])?)$")
    )]
    pub origin_revision: Option<String>,
    /// What to copy into the artifact, in order.
    #[schemars(length(min = 1))]
    pub copy: Vec<CopyOperation>,
}

/// One thing to copy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CopyOperation {
    /// What to copy, as `@<alias>/<path or glob>`.
    #[schemars(
        length(min = 1, max = 1024),
        regex(pattern = r"^@([a-z0-9]([a-z0-9_-]*[a-z0-9])?)/(.*)$")
    )]
    pub from: String,
    /// Where to place it, as `@artifact/<path>`. A slash at the end means into that directory.
    #[schemars(length(min = 1, max = 1024), regex(pattern = r"^@(artifact)/(.*)$"))]
    pub to: String,
    /// Globs of what to leave out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 100))]
    pub exclude: Vec<String>,
    /// What to do with a file that exists already: `Overwrite` (also when absent) replaces it, `Merge` merges YAML.
    /// `Extract` unpacks a chart archive instead of copying it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub strategy: Option<CopyStrategy>,
}

/// How to copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum CopyStrategy {
    Overwrite,
    Merge,
    Extract,
}

/// The generated artifacts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ArtifactGeneratorStatus {
    /// What is true of the object now.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<Condition>,
    /// The generated ExternalArtifact objects.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub inventory: Vec<ExternalArtifactReference>,
    /// Checksum over the revisions of the sources that the artifacts were made from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub observed_sources_digest: Option<String>,
    /// The last reconcile request that was handled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_handled_reconcile_at: Option<String>,
}

status!(ArtifactGeneratorStatus, reconcile_requests);

/// A generated ExternalArtifact.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ExternalArtifactReference {
    /// Name of the object.
    pub name: String,
    /// Namespace of the object.
    pub namespace: String,
    /// Checksum of its artifact.
    pub digest: String,
    /// Name of the stored file.
    pub filename: String,
}
