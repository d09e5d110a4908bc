//! A reconcile that went well.

use std::collections::BTreeMap;

use flux_api::meta::reason;
use flux_gocompat::GoDuration;

use crate::event::Severity;

/// What is told about a reconcile that went well.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Announcement {
    /// How much it matters.
    pub severity: Severity,
    /// Reason of the event.
    pub reason: String,
    /// Its words, and those of the log.
    pub words: Words,
    /// Keys without the API group.
    pub metadata: BTreeMap<String, String>,
}

/// The words of an announcement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Words {
    /// As stated.
    Stated(String),
    /// How long it took and when the next run is due.
    Timed,
}

/// How a reconcile ended well, and what follows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// Reason and message of Ready=True; `None` leaves Ready as it is.
    pub ready: Option<(String, String)>,
    /// What is told; `None` for nothing.
    pub announcement: Option<Announcement>,
    /// When to run again; `None` for the spec's interval.
    pub requeue_after: Option<GoDuration>,
    /// Run again at once: the pass was progress, not the end.
    pub again: bool,
}

impl Outcome {
    /// The object is ready.
    pub fn ready(message: impl Into<String>) -> Self {
        Self {
            ready: Some((reason::SUCCEEDED.to_owned(), message.into())),
            announcement: None,
            requeue_after: None,
            again: false,
        }
    }

    /// There was nothing to do, and Ready stays as it is.
    pub fn settled() -> Self {
        Self {
            ready: None,
            announcement: None,
            requeue_after: None,
            again: false,
        }
    }

    /// With another reason than `Succeeded`.
    #[must_use]
    pub fn because(mut self, reason: &str) -> Self {
        if let Some((ready_reason, _)) = &mut self.ready {
            reason.clone_into(ready_reason);
        }
        self
    }

    /// Tells this in an event and in the log.
    #[must_use]
    pub fn announce(self, reason: &str, message: impl Into<String>) -> Self {
        self.announcing(Severity::Info, reason, Words::Stated(message.into()))
    }

    /// Tells this in a Kubernetes event and in the log, not at the event address.
    #[must_use]
    pub fn whisper(self, reason: &str, message: impl Into<String>) -> Self {
        self.announcing(Severity::Trace, reason, Words::Stated(message.into()))
    }

    /// Tells how long it took and when the next run is due.
    #[must_use]
    pub fn announce_duration(self, reason: &str) -> Self {
        self.announcing(Severity::Info, reason, Words::Timed)
    }

    fn announcing(mut self, severity: Severity, reason: &str, words: Words) -> Self {
        self.announcement = Some(Announcement {
            severity,
            reason: reason.to_owned(),
            words,
            metadata: BTreeMap::new(),
        });
        self
    }

    /// Adds a key to the announcement, if there is one.
    #[must_use]
    pub fn with(mut self, key: &str, value: impl Into<String>) -> Self {
        if let Some(announcement) = &mut self.announcement {
            announcement.metadata.insert(key.to_owned(), value.into());
        }
        self
    }

    /// Runs again after this time instead of the spec's interval.
    #[must_use]
    pub fn after(mut self, span: GoDuration) -> Self {
        self.requeue_after = Some(span);
        self
    }

    /// Runs again at once.
    #[must_use]
    pub fn again(mut self) -> Self {
        self.again = true;
        self
    }
}
