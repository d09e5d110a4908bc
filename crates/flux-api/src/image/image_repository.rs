//! ImageRepository: the tags of an image.

use flux_gocompat::{GoDuration, Time};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{CATEGORY, GROUP, VERSION};
use crate::kind::{Column, Kind, Resource, StatusShape, status};
use crate::meta::{AccessFrom, Condition, LocalObjectReference};
use crate::schema::{DateTime, Int, Interval, Timeout, is_false};
use crate::source::OciProvider;

/// Lists the tags of an image in a registry.
pub type ImageRepository = Resource<ImageRepositorySpec>;

/// Which image to scan, and how often.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ImageRepositorySpec {
    /// The image, without scheme, tag or digest.
    pub image: String,
    /// How often to scan.
    #[schemars(with = "Interval")]
    pub interval: GoDuration,
    /// The longest that one scan may take; the interval when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Timeout>")]
    pub timeout: Option<GoDuration>,
    /// A Secret of type `kubernetes.io/dockerconfigjson` with the credentials.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_ref: Option<LocalObjectReference>,
    /// A Secret with the `address` of a proxy and optionally its `username` and `password`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proxy_secret_ref: Option<LocalObjectReference>,
    /// The service account whose image pull secrets or cloud identity are used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 253))]
    pub service_account_name: Option<String>,
    /// A Secret with TLS material: `ca.crt` to trust, `tls.crt` and `tls.key` to present.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cert_secret_ref: Option<LocalObjectReference>,
    /// Pauses scanning. The known tags stay available.
    #[serde(default, skip_serializing_if = "is_false")]
    pub suspend: bool,
    /// Which namespaces may refer to this object; only its own when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access_from: Option<AccessFrom>,
    /// Regular expressions (Go dialect); tags that match one of them are not kept.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 25), extend("x-flux-default" = [r"^.*\.sig$"]))]
    pub exclusion_list: Vec<String>,
    /// Where credentials come from: the Secret and service account (`generic`), or a cloud identity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-flux-default" = "generic"))]
    pub provider: Option<OciProvider>,
    /// Allows a registry without TLS.
    #[serde(default, skip_serializing_if = "is_false")]
    pub insecure: bool,
}

impl Kind for ImageRepositorySpec {
    type Status = ImageRepositoryStatus;

    const GROUP: &'static str = GROUP;
    const PURPOSE: &'static str = "Lists the tags of an image in a registry.";
    const VERSION: &'static str = VERSION;
    const KIND: &'static str = "ImageRepository";
    const PLURAL: &'static str = "imagerepositories";
    const SINGULAR: &'static str = "imagerepository";
    const SHORT_NAMES: &'static [&'static str] = &["imgrepo", "imagerepo"];
    const CATEGORY: &'static str = CATEGORY;
    const COLUMNS: &'static [Column] = &[
        Column::text("Image", ".spec.image", "The image that is scanned."),
        Column::text(
            "Tags",
            ".status.lastScanResult.tagCount",
            "How many tags the last scan found.",
        ),
        Column::READY,
        Column::MESSAGE,
        Column::text(
            "Last scan",
            ".status.lastScanResult.scanTime",
            "When the last scan ended.",
        )
        .wide(),
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

/// The outcome of the last scan.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ImageRepositoryStatus {
    /// The generation of the spec that was last reconciled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// What is true of the object now.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<Condition>,
    /// The image with its registry and full path.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub canonical_image_name: Option<String>,
    /// What the last scan found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_scan_result: Option<ScanResult>,
    /// The exclusions that the last scan applied.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub observed_exclusion_list: Vec<String>,
    /// The last reconcile request that was handled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_handled_reconcile_at: Option<String>,
}

status!(ImageRepositoryStatus, generations, reconcile_requests);

/// What a scan found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ScanResult {
    /// Checksum of the found tags; it changes when they do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<String>,
    /// How many tags were found.
    #[schemars(with = "Int")]
    pub tag_count: i64,
    /// When the scan ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<DateTime>")]
    pub scan_time: Option<Time>,
    /// Some of the found tags, in descending order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub latest_tags: Vec<String>,
}
