//! OCIRepository: an artifact from a container registry.

use flux_gocompat::GoDuration;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{CATEGORY, GROUP, VERSION};
use crate::kind::{Column, Kind, Resource, StatusShape, status};
use crate::meta::{Artifact, Condition, LocalObjectReference, OidcIdentityMatch};
use crate::schema::{Interval, Timeout, is_false};

/// Pulls an OCI artifact and stores one of its layers as an artifact.
pub type OciRepository = Resource<OciRepositorySpec>;

/// Which OCI artifact to pull, how often, and which layer of it to keep.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OciRepositorySpec {
    /// Address of the repository, with scheme oci and without tag or digest.
    #[schemars(regex(pattern = r"^oci://.*$"))]
    pub url: String,
    /// What to pull; the tag `latest` when absent.
    #[serde(rename = "ref", default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<OciRepositoryRef>,
    /// Which layer to take and what to do with it; the first layer, extracted, when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub layer_selector: Option<LayerSelector>,
    /// Where credentials come from: the Secret and service account (`generic`), or a cloud identity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-flux-default" = "generic"))]
    pub provider: Option<OciProvider>,
    /// A Secret of type `kubernetes.io/dockerconfigjson` with the credentials.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_ref: Option<LocalObjectReference>,
    /// Signatures that an artifact must carry before it is accepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verify: Option<OciVerification>,
    /// The service account whose image pull secrets or cloud identity are used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_account_name: Option<String>,
    /// A Secret with TLS material: `ca.crt` to trust, `tls.crt` and `tls.key` to present.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cert_secret_ref: Option<LocalObjectReference>,
    /// A Secret with the `address` of a proxy and optionally its `username` and `password`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proxy_secret_ref: Option<LocalObjectReference>,
    /// How often to look for a new revision.
    #[schemars(with = "Interval")]
    pub interval: GoDuration,
    /// The longest that one remote operation may take.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Timeout>", extend("x-flux-default" = "60s"))]
    pub timeout: Option<GoDuration>,
    /// Which files to leave out, in the syntax of `.gitignore`. Replaces the default list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ignore: Option<String>,
    /// Allows a registry without TLS.
    #[serde(default, skip_serializing_if = "is_false")]
    pub insecure: bool,
    /// Pauses reconciling. The stored artifact stays available.
    #[serde(default, skip_serializing_if = "is_false")]
    pub suspend: bool,
}

impl Kind for OciRepositorySpec {
    type Status = OciRepositoryStatus;

    const GROUP: &'static str = GROUP;
    const PURPOSE: &'static str =
        "Pulls an OCI artifact and stores one of its layers as an artifact.";
    const VERSION: &'static str = VERSION;
    const KIND: &'static str = "OCIRepository";
    const PLURAL: &'static str = "ocirepositories";
    const SINGULAR: &'static str = "ocirepository";
    const SHORT_NAMES: &'static [&'static str] = &["ocirepo"];
    const CATEGORY: &'static str = CATEGORY;
    const COLUMNS: &'static [Column] = &[
        Column::text("URL", ".spec.url", "Address of the repository."),
        Column::READY,
        Column::MESSAGE,
        Column::AGE,
    ];
    const STATUS: StatusShape = StatusShape::Unobserved;

    fn suspend(&self) -> bool {
        self.suspend
    }

    fn interval(&self) -> Option<GoDuration> {
        Some(self.interval)
    }
}

/// What to pull. A digest wins over a version range, a version range over a tag.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct OciRepositoryRef {
    /// The manifest with this digest, as `<algorithm>:<hex>`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
    /// The tag with the highest version inside this range.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub semver: Option<String>,
    /// Regular expression (Go dialect) that tags must match to be considered for the range.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub semver_filter: Option<String>,
    /// A tag.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tag: Option<String>,
}

/// Which layer to take, and what to do with it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct LayerSelector {
    /// The first layer of this media type; the first layer of all when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub media_type: Option<String>,
    /// `extract` (also when absent) unpacks the layer and packs the files anew, `copy` keeps it as it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operation: Option<LayerOperation>,
}

/// What to do with a layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum LayerOperation {
    Extract,
    Copy,
}

/// Where credentials for a registry come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum OciProvider {
    Generic,
    Aws,
    Azure,
    Gcp,
}

/// Which signatures an OCI artifact must carry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OciVerification {
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
    /// A Secret with the `trusted_root.json` of a private Sigstore instance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trusted_root_secret_ref: Option<LocalObjectReference>,
}

/// Signature formats.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum VerificationProvider {
    Cosign,
    Notation,
}

/// The last stored artifact and what it was made from.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct OciRepositoryStatus {
    /// The generation of the spec that was last reconciled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// What is true of the object now.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<Condition>,
    /// Where the artifact can be downloaded, as older clients look for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The last stored artifact.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub artifact: Option<Artifact>,
    /// The ignore rules that the artifact was made with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub observed_ignore: Option<String>,
    /// The layer selector that the artifact was made with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub observed_layer_selector: Option<LayerSelector>,
    /// The last reconcile request that was handled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_handled_reconcile_at: Option<String>,
}

status!(OciRepositoryStatus, generations, reconcile_requests);
