//! ImagePolicy: which of the tags is the latest.

use flux_gocompat::GoDuration;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{CATEGORY, GROUP, VERSION};
use crate::kind::{Column, Kind, Resource, StatusShape, status};
use crate::meta::{Condition, NamespacedObjectReference};
use crate::schema::{Interval, is_false};

/// Chooses one of the tags that were found for an image.
pub type ImagePolicy = Resource<ImagePolicySpec>;

/// Whose tags to look at, and which one to choose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = [
    {
        "message": "spec.interval is only accepted when spec.digestReflectionPolicy is set to 'Always'",
        "rule": "!has(self.interval) || (has(self.digestReflectionPolicy) && self.digestReflectionPolicy == 'Always')"
    },
    {
        "message": "spec.interval must be set when spec.digestReflectionPolicy is set to 'Always'",
        "rule": "has(self.interval) || !has(self.digestReflectionPolicy) || self.digestReflectionPolicy != 'Always'"
    }
]))]
pub struct ImagePolicySpec {
    /// The ImageRepository whose tags are looked at.
    pub image_repository_ref: NamespacedObjectReference,
    /// How to choose. Exactly one of the policies is set.
    pub policy: ImagePolicyChoice,
    /// Which tags to consider, and which part of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filter_tags: Option<TagFilter>,
    /// Whether to report the digest of the chosen tag: not at all, once per tag, or anew at every interval.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-flux-default" = "Never"))]
    pub digest_reflection_policy: Option<DigestReflectionPolicy>,
    /// How often to look for a new digest of the chosen tag. Only with the digest policy `Always`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Interval>")]
    pub interval: Option<GoDuration>,
    /// Pauses choosing. The last choice stays available.
    #[serde(default, skip_serializing_if = "is_false")]
    pub suspend: bool,
}

impl Kind for ImagePolicySpec {
    type Status = ImagePolicyStatus;

    const GROUP: &'static str = GROUP;
    const PURPOSE: &'static str = "Chooses one of the tags that were found for an image.";
    const VERSION: &'static str = VERSION;
    const KIND: &'static str = "ImagePolicy";
    const PLURAL: &'static str = "imagepolicies";
    const SINGULAR: &'static str = "imagepolicy";
    const SHORT_NAMES: &'static [&'static str] = &["imgpol", "imagepol"];
    const CATEGORY: &'static str = CATEGORY;
    const COLUMNS: &'static [Column] = &[
        Column::text("Image", ".status.latestRef.name", "The image."),
        Column::text("Tag", ".status.latestRef.tag", "The chosen tag."),
        Column::READY,
        Column::MESSAGE,
        Column::AGE,
    ];
    const STATUS: StatusShape = StatusShape::Unobserved;

    fn suspend(&self) -> bool {
        self.suspend
    }

    fn interval(&self) -> Option<GoDuration> {
        self.interval
    }
}

/// How to choose a tag.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct ImagePolicyChoice {
    /// The highest version inside a range.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub semver: Option<SemverPolicy>,
    /// The first or last in alphabetical order.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alphabetical: Option<AlphabeticalPolicy>,
    /// The lowest or highest number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub numerical: Option<NumericalPolicy>,
}

/// Chooses the highest version inside a range.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SemverPolicy {
    /// The version range.
    pub range: String,
}

/// Chooses by alphabetical order.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AlphabeticalPolicy {
    /// `asc` chooses the last tag, `desc` the first one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-flux-default" = "asc"))]
    pub order: Option<Order>,
}

/// Chooses by numerical order.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NumericalPolicy {
    /// `asc` chooses the highest number, `desc` the lowest one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-flux-default" = "asc"))]
    pub order: Option<Order>,
}

/// Directions of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Order {
    Asc,
    Desc,
}

/// Which tags to consider.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct TagFilter {
    /// Regular expression (Go dialect) that tags must match.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pattern: Option<String>,
    /// What the policy looks at instead of the whole tag, with references to groups such as `$1` or `$name`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extract: Option<String>,
}

/// When to report a digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum DigestReflectionPolicy {
    Always,
    IfNotPresent,
    Never,
}

/// A chosen image.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ImageRef {
    /// The image, without tag.
    pub name: String,
    /// The tag.
    pub tag: String,
    /// The digest, as `<algorithm>:<hex>`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
}

/// The last choice.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ImagePolicyStatus {
    /// The generation of the spec that was last reconciled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// What is true of the object now.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<Condition>,
    /// The chosen image.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latest_ref: Option<ImageRef>,
    /// The choice before the present one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub observed_previous_ref: Option<ImageRef>,
    /// The last reconcile request that was handled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_handled_reconcile_at: Option<String>,
}

status!(ImagePolicyStatus, generations, reconcile_requests);
