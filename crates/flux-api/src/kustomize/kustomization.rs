//! Kustomization: build the manifests of a source and apply them.

use flux_gocompat::GoDuration;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    BuildMetadata, CustomHealthCheck, GROUP, IgnoreRule, Image, KustomizationStatus, Patch,
    PostBuild, VERSION,
};
use crate::kind::{Column, Kind, Resource, StatusShape};
use crate::meta::{
    CommonMetadata, DependencyReference, KubeConfigReference, LocalObjectReference,
    NamespacedObjectKindReference,
};
use crate::schema::{Interval, is_false};

/// Builds the manifests of a source and applies them to a cluster.
pub type Kustomization = Resource<KustomizationSpec>;

/// What to build, how to change it, and where and how to apply it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct KustomizationSpec {
    /// Labels and annotations for every applied object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub common_metadata: Option<CommonMetadata>,
    /// Kustomizations that have to be ready before this one is applied.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub depends_on: Vec<DependencyReference>,
    /// How to decrypt Secrets of the source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decryption: Option<Decryption>,
    /// How often to build and apply, also when the source has not changed.
    #[schemars(with = "Interval")]
    pub interval: GoDuration,
    /// How long to wait after a failure; the interval when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Interval>")]
    pub retry_interval: Option<GoDuration>,
    /// The cluster to apply to; the one the controller runs in when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kube_config: Option<KubeConfigReference>,
    /// The directory of the source to build; its root when absent. Where it has no `kustomization.yaml`, one that
    /// lists all manifests below it is assumed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Variables to fill in after the build.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub post_build: Option<PostBuild>,
    /// Whether to delete objects that are no longer part of the build.
    pub prune: bool,
    /// What becomes of the applied objects when this object is deleted: `MirrorPrune` (also when absent) does as `prune`
    /// says, `Delete` deletes them, `WaitForTermination` deletes them and waits until they are gone, `Orphan` keeps them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deletion_policy: Option<DeletionPolicy>,
    /// Objects whose health decides about readiness. Not looked at with `wait`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub health_checks: Vec<NamespacedObjectKindReference>,
    /// How to judge the health of custom resources.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub health_check_exprs: Vec<CustomHealthCheck>,
    /// Names, tags and digests of images to replace.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub images: Vec<Image>,
    /// A prefix for the names of all objects.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 200))]
    pub name_prefix: Option<String>,
    /// A suffix for the names of all objects.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 200))]
    pub name_suffix: Option<String>,
    /// Changes to make to the objects of the build.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub patches: Vec<Patch>,
    /// The service account to act as when applying.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_account_name: Option<String>,
    /// Where the manifests come from.
    pub source_ref: SourceReference,
    /// Pauses reconciling. Applied objects stay.
    #[serde(default, skip_serializing_if = "is_false")]
    pub suspend: bool,
    /// The namespace of all namespaced objects, whatever the manifests say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 63))]
    pub target_namespace: Option<String>,
    /// How long applying and health checks may take; slightly less than the interval when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Interval>")]
    pub timeout: Option<GoDuration>,
    /// Whether to delete and create objects whose immutable fields changed.
    #[serde(default, skip_serializing_if = "is_false")]
    #[schemars(extend("x-flux-default" = false))]
    pub force: bool,
    /// Whether to wait until all applied objects are healthy.
    #[serde(default, skip_serializing_if = "is_false")]
    pub wait: bool,
    /// Directories of kustomize components to include, relative to `path`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub components: Vec<String>,
    /// Whether components that do not exist are left out instead of failing the build.
    #[serde(default, skip_serializing_if = "is_false")]
    pub ignore_missing_components: bool,
    /// Annotations to add that tell where an object came from.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub build_metadata: Vec<BuildMetadata>,
    /// Fields that are left to others when applying.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ignore: Vec<IgnoreRule>,
}

impl Kind for KustomizationSpec {
    type Status = KustomizationStatus;

    const GROUP: &'static str = GROUP;
    const PURPOSE: &'static str = "Builds the manifests of a source and applies them to a cluster.";
    const VERSION: &'static str = VERSION;
    const KIND: &'static str = "Kustomization";
    const PLURAL: &'static str = "kustomizations";
    const SINGULAR: &'static str = "kustomization";
    const SHORT_NAMES: &'static [&'static str] = &["ks"];
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

/// The object that the manifests come from.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SourceReference {
    /// API version of the source; the newest known one when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub api_version: Option<String>,
    /// Kind of the source.
    pub kind: SourceReferenceKind,
    /// Name of the source.
    pub name: String,
    /// Namespace of the source; that of the referring object when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
}

/// The kinds that manifests come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum SourceReferenceKind {
    #[serde(rename = "OCIRepository")]
    OciRepository,
    GitRepository,
    Bucket,
    ExternalArtifact,
}

impl SourceReferenceKind {
    /// The word on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OciRepository => "OCIRepository",
            Self::GitRepository => "GitRepository",
            Self::Bucket => "Bucket",
            Self::ExternalArtifact => "ExternalArtifact",
        }
    }
}

/// How to decrypt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Decryption {
    /// The format of the encrypted documents.
    pub provider: DecryptionProvider,
    /// A Secret with private keys or with credentials for key services.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_ref: Option<LocalObjectReference>,
    /// The service account whose cloud identity may use the key services.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_account_name: Option<String>,
}

/// Formats of encrypted documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum DecryptionProvider {
    Sops,
}

/// What becomes of applied objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum DeletionPolicy {
    MirrorPrune,
    Delete,
    WaitForTermination,
    Orphan,
}
