//! The artifact: what a source yields and an applier consumes.

use std::collections::BTreeMap;

use flux_gocompat::Time;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::schema::DateTime;

/// A stored, content-addressed archive of one revision of a source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Artifact {
    /// Path of the file below the root of the storage.
    pub path: String,
    /// Where the file can be downloaded inside the cluster.
    pub url: String,
    /// The revision of the source in human form, such as `main@sha1:<commit>`.
    pub revision: String,
    /// Checksum of the file as `<algorithm>:<hex>`.
    #[schemars(regex(pattern = r"^[a-z0-9]+(?:[.+_-][a-z0-9]+)*:[a-zA-Z0-9=_-]+$"))]
    pub digest: String,
    /// When the file was stored.
    #[schemars(with = "DateTime")]
    pub last_update_time: Time,
    /// Size of the file in bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<i64>,
    /// What else the source said about the revision, such as the annotations of an OCI manifest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<BTreeMap<String, String>>,
}
