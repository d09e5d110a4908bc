//! Alert: which events go to which provider.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{CATEGORY, EVENTS_VERSION, GROUP, ObjectReference};
use crate::kind::{Column, Kind, NoStatus, Resource, StatusShape};
use crate::meta::LocalObjectReference;
use crate::schema::is_false;

/// Sends events about some objects to a provider.
pub type Alert = Resource<AlertSpec>;

/// Which events to send, and where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AlertSpec {
    /// The provider to send to, in the same namespace.
    pub provider_ref: LocalObjectReference,
    /// The least severity to send: `info` means everything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-flux-default" = "info"))]
    pub event_severity: Option<EventSeverity>,
    /// The objects whose events are sent.
    pub event_sources: Vec<ObjectReference>,
    /// Regular expressions (Go dialect); only events whose message matches one of them are sent. Empty means all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub inclusion_list: Vec<String>,
    /// More facts to send with every event, such as the name of the cluster.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event_metadata: Option<BTreeMap<String, String>>,
    /// Regular expressions (Go dialect); events whose message matches one of them are not sent.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exclusion_list: Vec<String>,
    /// A short text to send with every event. Superseded by an entry `summary` in the event metadata.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 255))]
    pub summary: Option<String>,
    /// Stops sending.
    #[serde(default, skip_serializing_if = "is_false")]
    pub suspend: bool,
}

impl Kind for AlertSpec {
    type Status = NoStatus;

    const GROUP: &'static str = GROUP;
    const PURPOSE: &'static str = "Sends events about some objects to a provider.";
    const VERSION: &'static str = EVENTS_VERSION;
    const KIND: &'static str = "Alert";
    const PLURAL: &'static str = "alerts";
    const SINGULAR: &'static str = "alert";
    const SHORT_NAMES: &'static [&'static str] = &[];
    const CATEGORY: &'static str = CATEGORY;
    const COLUMNS: &'static [Column] = &[Column::AGE];
    const STATUS: StatusShape = StatusShape::Absent;

    fn suspend(&self) -> bool {
        self.suspend
    }
}

/// How bad an event is.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum EventSeverity {
    Info,
    Error,
}
