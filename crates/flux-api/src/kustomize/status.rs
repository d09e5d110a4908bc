//! What a Kustomization reports: revisions, the inventory, and a short history.

use std::collections::BTreeMap;

use flux_gocompat::{GoDuration, Time};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::kind::status;
use crate::meta::Condition;
use crate::schema::DateTime;

/// What was applied, and from which revision.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct KustomizationStatus {
    /// The generation of the spec that was last reconciled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// What is true of the object now.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<Condition>,
    /// The revision of the source that was last applied and healthy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_applied_revision: Option<String>,
    /// The revision that the last applied OCI artifact was built from, where it says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_applied_origin_revision: Option<String>,
    /// The revision of the source that the last reconcile started with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_attempted_revision: Option<String>,
    /// The last reconcile request that was handled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_handled_reconcile_at: Option<String>,
    /// The applied objects.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inventory: Option<Inventory>,
    /// The last outcomes, newest first; equal ones in a row are counted in one entry.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub history: Vec<HistoryEntry>,
}

status!(KustomizationStatus, generations, reconcile_requests);

/// The objects that were applied.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Inventory {
    /// One entry per object.
    pub entries: Vec<InventoryEntry>,
}

/// One applied object.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct InventoryEntry {
    /// The object as `<namespace>_<name>_<group>_<kind>`.
    pub id: String,
    /// API version of the object, without the group.
    #[serde(rename = "v")]
    #[schemars(rename = "v")]
    pub version: String,
}

/// One outcome of building and applying.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct HistoryEntry {
    /// Checksum of the built manifests.
    pub digest: String,
    /// When this outcome was first seen.
    #[schemars(with = "DateTime")]
    pub first_reconciled: Time,
    /// When this outcome was last seen.
    #[schemars(with = "DateTime")]
    pub last_reconciled: Time,
    /// How long the last reconcile took.
    #[schemars(with = "String")]
    pub last_reconciled_duration: GoDuration,
    /// The reason of the outcome.
    pub last_reconciled_status: String,
    /// How often this outcome was seen in a row.
    pub total_reconciliations: i64,
    /// The revisions that the manifests were built from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<BTreeMap<String, String>>,
}
