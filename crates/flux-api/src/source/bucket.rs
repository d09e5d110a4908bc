//! Bucket: an artifact from object storage.

use flux_gocompat::GoDuration;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{CATEGORY, GROUP, VERSION};
use crate::kind::{Column, Kind, Resource, StatusShape, status};
use crate::meta::{Artifact, Condition, LocalObjectReference};
use crate::schema::{Interval, Timeout, is_false};

/// Downloads the objects of a bucket and stores them as an artifact.
pub type Bucket = Resource<BucketSpec>;

/// Which bucket to download, how often, and what of it to keep.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = [
    {
        "message": "STS configuration is only supported for the 'aws' and 'generic' Bucket providers",
        "rule": "self.provider == 'aws' || self.provider == 'generic' || !has(self.sts)"
    },
    {
        "message": "'aws' is the only supported STS provider for the 'aws' Bucket provider",
        "rule": "self.provider != 'aws' || !has(self.sts) || self.sts.provider == 'aws'"
    },
    {
        "message": "'ldap' is the only supported STS provider for the 'generic' Bucket provider",
        "rule": "self.provider != 'generic' || !has(self.sts) || self.sts.provider == 'ldap'"
    },
    {
        "message": "spec.sts.secretRef is not required for the 'aws' STS provider",
        "rule": "!has(self.sts) || self.sts.provider != 'aws' || !has(self.sts.secretRef)"
    },
    {
        "message": "spec.sts.certSecretRef is not required for the 'aws' STS provider",
        "rule": "!has(self.sts) || self.sts.provider != 'aws' || !has(self.sts.certSecretRef)"
    },
    {
        "message": "ServiceAccountName is not supported for the 'generic' Bucket provider",
        "rule": "self.provider != 'generic' || !has(self.serviceAccountName)"
    },
    {
        "message": "cannot set both .spec.secretRef and .spec.serviceAccountName",
        "rule": "!has(self.secretRef) || !has(self.serviceAccountName)"
    }
]))]
pub struct BucketSpec {
    /// The kind of object storage.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-flux-default" = "generic"))]
    pub provider: Option<BucketProvider>,
    /// Name of the bucket.
    pub bucket_name: String,
    /// Address of the object storage, without the bucket.
    pub endpoint: String,
    /// A service that trades an identity for temporary credentials.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sts: Option<BucketSts>,
    /// Allows an endpoint without TLS.
    #[serde(default, skip_serializing_if = "is_false")]
    pub insecure: bool,
    /// Region of the bucket, where the storage has regions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// Downloads only objects whose names start with this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prefix: Option<String>,
    /// A Secret with the credentials that the provider understands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_ref: Option<LocalObjectReference>,
    /// The service account whose cloud identity is used instead of the controller's own.
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
    /// Pauses reconciling. The stored artifact stays available.
    #[serde(default, skip_serializing_if = "is_false")]
    pub suspend: bool,
}

impl Kind for BucketSpec {
    type Status = BucketStatus;

    const GROUP: &'static str = GROUP;
    const PURPOSE: &'static str =
        "Downloads the objects of a bucket and stores them as an artifact.";
    const VERSION: &'static str = VERSION;
    const KIND: &'static str = "Bucket";
    const PLURAL: &'static str = "buckets";
    const SINGULAR: &'static str = "bucket";
    const SHORT_NAMES: &'static [&'static str] = &[];
    const CATEGORY: &'static str = CATEGORY;
    const COLUMNS: &'static [Column] = &[
        Column::text(
            "Endpoint",
            ".spec.endpoint",
            "Address of the object storage.",
        ),
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

/// Kinds of object storage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum BucketProvider {
    Generic,
    Aws,
    Gcp,
    Azure,
}

/// A service that trades an identity for temporary credentials.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct BucketSts {
    /// The kind of service: `aws` for the bucket provider `aws`, `ldap` for `generic`.
    pub provider: BucketStsProvider,
    /// Address of the service.
    #[schemars(regex(pattern = r"^(http|https)://.*$"))]
    pub endpoint: String,
    /// A Secret with the `username` and `password` to present. Only for `ldap`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_ref: Option<LocalObjectReference>,
    /// A Secret with TLS material for the service. Only for `ldap`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cert_secret_ref: Option<LocalObjectReference>,
}

/// Kinds of services that give temporary credentials.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum BucketStsProvider {
    Aws,
    Ldap,
}

/// The last stored artifact and what it was made from.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct BucketStatus {
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
    /// The last reconcile request that was handled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_handled_reconcile_at: Option<String>,
}

status!(BucketStatus, generations, reconcile_requests);
