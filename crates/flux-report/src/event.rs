//! Events as values.

use std::collections::BTreeMap;

/// How much an event matters (COM-EVT-002).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Severity {
    /// A Normal event, severity `info`.
    Info,
    /// A Warning event, severity `error`.
    Error,
    /// A Normal event that is not posted to the event address.
    Trace,
}

/// Something to tell the world about an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// How much it matters.
    pub severity: Severity,
    /// One word for programs.
    pub reason: String,
    /// A sentence for people.
    pub message: String,
    /// Keys without the API group, which the sender puts in front (COM-EVT-005).
    pub metadata: BTreeMap<String, String>,
}

impl Event {
    /// A Normal event.
    pub fn info(reason: &str, message: impl Into<String>) -> Self {
        Self::new(Severity::Info, reason, message)
    }

    /// A Warning event.
    pub fn error(reason: &str, message: impl Into<String>) -> Self {
        Self::new(Severity::Error, reason, message)
    }

    /// A Normal event that stays inside the cluster.
    pub fn trace(reason: &str, message: impl Into<String>) -> Self {
        Self::new(Severity::Trace, reason, message)
    }

    fn new(severity: Severity, reason: &str, message: impl Into<String>) -> Self {
        Self {
            severity,
            reason: reason.to_owned(),
            message: message.into(),
            metadata: BTreeMap::new(),
        }
    }

    /// With one more key.
    #[must_use]
    pub fn with(mut self, key: &str, value: impl Into<String>) -> Self {
        self.metadata.insert(key.to_owned(), value.into());
        self
    }
}
