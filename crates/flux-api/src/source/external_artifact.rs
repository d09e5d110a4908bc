//! ExternalArtifact: an artifact that another controller makes.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{CATEGORY, GROUP, VERSION};
use crate::kind::{Column, Kind, Resource, StatusShape, status};
use crate::meta::{Artifact, Condition, NamespacedObjectKindReference};

/// An artifact that another controller makes and stores.
pub type ExternalArtifact = Resource<ExternalArtifactSpec>;

/// What the artifact was made from.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ExternalArtifactSpec {
    /// The object that the artifact was made for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_ref: Option<NamespacedObjectKindReference>,
}

impl Kind for ExternalArtifactSpec {
    type Status = ExternalArtifactStatus;

    const GROUP: &'static str = GROUP;
    const PURPOSE: &'static str = "An artifact that another controller makes and stores.";
    const VERSION: &'static str = VERSION;
    const KIND: &'static str = "ExternalArtifact";
    const PLURAL: &'static str = "externalartifacts";
    const SINGULAR: &'static str = "externalartifact";
    const SHORT_NAMES: &'static [&'static str] = &["ea"];
    const CATEGORY: &'static str = CATEGORY;
    const COLUMNS: &'static [Column] = &[
        Column::AGE,
        Column::READY,
        Column::MESSAGE,
        Column::text(
            "Source",
            ".spec.sourceRef.name",
            "Name of the object that the artifact was made for.",
        ),
    ];
    const STATUS: StatusShape = StatusShape::Plain;
}

/// The artifact.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ExternalArtifactStatus {
    /// The last stored artifact.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub artifact: Option<Artifact>,
    /// What is true of the object now.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<Condition>,
}

status!(ExternalArtifactStatus);
