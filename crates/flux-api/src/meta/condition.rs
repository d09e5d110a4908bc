//! Conditions: what is true of an object right now.

use flux_gocompat::Time;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::schema::DateTime;

/// One fact about the state of an object (COM-API-007).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Condition {
    /// The fact, such as `Ready`.
    #[schemars(
        length(max = 316),
        regex(
            pattern = r"^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])$"
        )
    )]
    pub r#type: String,
    /// Whether the fact holds.
    pub status: ConditionStatus,
    /// The generation of the spec that the fact was judged for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub observed_generation: Option<i64>,
    /// When status, reason or message last changed.
    #[schemars(with = "DateTime")]
    pub last_transition_time: Time,
    /// One word for programs that tells why.
    #[schemars(
        length(min = 1, max = 1024),
        regex(pattern = r"^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$")
    )]
    pub reason: String,
    /// A sentence for people that tells why.
    #[schemars(length(max = 32768))]
    pub message: String,
}

/// Whether a condition holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum ConditionStatus {
    True,
    False,
    Unknown,
}

impl ConditionStatus {
    /// The word on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::True => "True",
            Self::False => "False",
            Self::Unknown => "Unknown",
        }
    }
}

/// The types of conditions that the controllers own.
pub mod condition_type {
    /// The desired state is reached.
    pub const READY: &str = "Ready";
    /// Work is under way or will be retried.
    pub const RECONCILING: &str = "Reconciling";
    /// Nothing more happens until the spec changes.
    pub const STALLED: &str = "Stalled";
    /// The health checks of the applied objects passed.
    pub const HEALTHY: &str = "Healthy";
    /// The artifact of the recorded revision is stored.
    pub const ARTIFACT_IN_STORAGE: &str = "ArtifactInStorage";
    /// A newer revision than the stored one is known.
    pub const ARTIFACT_OUTDATED: &str = "ArtifactOutdated";
    /// The signature of the source was checked.
    pub const SOURCE_VERIFIED: &str = "SourceVerified";
    /// The upstream source could not be read.
    pub const FETCH_FAILED: &str = "FetchFailed";
    /// The artifact could not be built.
    pub const BUILD_FAILED: &str = "BuildFailed";
    /// Storage refused an operation.
    pub const STORAGE_OPERATION_FAILED: &str = "StorageOperationFailed";
    /// An included source has no artifact.
    pub const INCLUDE_UNAVAILABLE: &str = "IncludeUnavailable";
    /// The last Helm action succeeded.
    pub const RELEASED: &str = "Released";
    /// The last Helm test succeeded.
    pub const TEST_SUCCESS: &str = "TestSuccess";
    /// The last failed release was remediated.
    pub const REMEDIATED: &str = "Remediated";
}
