//! HelmRepository: the index of a chart repository, or the address of charts in a registry.

use flux_gocompat::GoDuration;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{CATEGORY, GROUP, OciProvider, VERSION};
use crate::kind::{Column, Kind, Resource, StatusShape, status};
use crate::meta::{AccessFrom, Artifact, Condition, LocalObjectReference};
use crate::schema::{Interval, Timeout, is_false};

/// Downloads the index of a Helm chart repository and stores it as an artifact.
pub type HelmRepository = Resource<HelmRepositorySpec>;

/// Where the charts are, and how to get at them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct HelmRepositorySpec {
    /// Address of the repository, with scheme http or https, or oci for charts in a registry.
    #[schemars(regex(pattern = r"^(http|https|oci)://.*$"))]
    pub url: String,
    /// A Secret with credentials: `username` and `password`, or for a registry also a Docker configuration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_ref: Option<LocalObjectReference>,
    /// A Secret with TLS material: `ca.crt` to trust, `tls.crt` and `tls.key` to present.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cert_secret_ref: Option<LocalObjectReference>,
    /// Sends the credentials also to other hosts that the index names for its charts.
    #[serde(default, skip_serializing_if = "is_false")]
    pub pass_credentials: bool,
    /// How often to download the index. Has no meaning for a registry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Interval>")]
    pub interval: Option<GoDuration>,
    /// Allows a registry without TLS.
    #[serde(default, skip_serializing_if = "is_false")]
    pub insecure: bool,
    /// The longest that one remote operation may take; one minute when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Timeout>")]
    pub timeout: Option<GoDuration>,
    /// Pauses reconciling. The stored artifact stays available.
    #[serde(default, skip_serializing_if = "is_false")]
    pub suspend: bool,
    /// Which namespaces may refer to this object. Accepted and not enforced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access_from: Option<AccessFrom>,
    /// `default` (also when absent) for a repository with an index, `oci` for a registry.
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub repository_type: Option<HelmRepositoryType>,
    /// Where credentials for a registry come from: the Secret (`generic`), or a cloud identity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-flux-default" = "generic"))]
    pub provider: Option<OciProvider>,
}

impl Kind for HelmRepositorySpec {
    type Status = HelmRepositoryStatus;

    const GROUP: &'static str = GROUP;
    const PURPOSE: &'static str =
        "Downloads the index of a Helm chart repository and stores it as an artifact.";
    const VERSION: &'static str = VERSION;
    const KIND: &'static str = "HelmRepository";
    const PLURAL: &'static str = "helmrepositories";
    const SINGULAR: &'static str = "helmrepository";
    const SHORT_NAMES: &'static [&'static str] = &["helmrepo"];
    const CATEGORY: &'static str = CATEGORY;
    const COLUMNS: &'static [Column] = &[
        Column::text("URL", ".spec.url", "Address of the repository."),
        Column::AGE,
        Column::READY,
        Column::MESSAGE,
    ];
    const STATUS: StatusShape = StatusShape::Unobserved;

    fn suspend(&self) -> bool {
        self.suspend
    }

    fn interval(&self) -> Option<GoDuration> {
        self.interval
    }
}

/// How charts are found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum HelmRepositoryType {
    Default,
    Oci,
}

/// The last stored index.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct HelmRepositoryStatus {
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
    /// The last reconcile request that was handled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_handled_reconcile_at: Option<String>,
}

status!(HelmRepositoryStatus, generations, reconcile_requests);
