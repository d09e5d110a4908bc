//! A reconcile that failed, and what becomes of it.

use std::collections::BTreeMap;
use std::error::Error;

use flux_gocompat::GoDuration;

use crate::conditions::Fact;
use crate::report::Cadence;

/// What follows a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Then {
    /// Rate-limited: doubles with each failure.
    Backoff,
    /// The retry interval of the spec.
    Retry,
    /// The dependency interval, or when the dependency changes.
    Wait,
    /// Nothing until the object changes.
    Stall,
    /// At once.
    Again,
}

/// What becomes of a failure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disposition {
    /// What follows.
    pub then: Then,
    /// Reason of Ready=False and of the event.
    pub reason: &'static str,
    /// No event.
    pub quiet: bool,
    /// The event stays inside the cluster, and the log says only that the reconcile waits (SRC-REC-004).
    pub whispered: bool,
    /// The owned condition that carries the failure too.
    pub marks: Option<&'static str>,
    /// Further facts that the failure makes true.
    pub facts: Vec<Fact>,
    /// Overrides the requeue time of [`Then::Retry`] and [`Then::Wait`].
    pub after: Option<GoDuration>,
    /// Keys of the event, without the API group.
    pub metadata: BTreeMap<String, String>,
}

impl Disposition {
    /// Try again, rate-limited.
    pub fn backoff(reason: &'static str) -> Self {
        Self::new(Then::Backoff, reason)
    }

    /// Try again after the retry interval.
    pub fn retry(reason: &'static str) -> Self {
        Self::new(Then::Retry, reason)
    }

    /// Try again when a dependency may have become ready.
    pub fn wait(reason: &'static str) -> Self {
        Self::new(Then::Wait, reason)
    }

    /// Give up until the object changes.
    pub fn stall(reason: &'static str) -> Self {
        Self::new(Then::Stall, reason)
    }

    /// Try again at once.
    pub fn again(reason: &'static str) -> Self {
        Self::new(Then::Again, reason)
    }

    fn new(then: Then, reason: &'static str) -> Self {
        Self {
            then,
            reason,
            quiet: false,
            whispered: false,
            marks: None,
            facts: Vec::new(),
            after: None,
            metadata: BTreeMap::new(),
        }
    }

    /// Without an event.
    #[must_use]
    pub fn quiet(mut self) -> Self {
        self.quiet = true;
        self
    }

    /// With an event that stays inside the cluster, and a log line without its words.
    #[must_use]
    pub fn whispered(mut self) -> Self {
        self.whispered = true;
        self
    }

    /// Carried by an owned condition too: True if it is negative, False if positive.
    #[must_use]
    pub fn marks(mut self, r#type: &'static str) -> Self {
        self.marks = Some(r#type);
        self
    }

    /// With a further fact.
    #[must_use]
    pub fn fact(mut self, fact: Fact) -> Self {
        self.facts.push(fact);
        self
    }

    /// Requeued after this time instead of the usual one.
    #[must_use]
    pub fn after(mut self, span: GoDuration) -> Self {
        self.after = Some(span);
        self
    }

    /// With a key in the event.
    #[must_use]
    pub fn with(mut self, key: &str, value: impl Into<String>) -> Self {
        self.metadata.insert(key.to_owned(), value.into());
        self
    }
}

/// Everything that can go wrong with the reconcile of a kind.
pub trait Failure: Error {
    /// What becomes of it; one exhaustive match.
    fn disposition(&self) -> Disposition;

    /// The words of the Ready condition and of the event: what, and why.
    fn message(&self) -> String
    where
        Self: Sized,
    {
        chain(self)
    }

    /// Other words for the event and the log, where upstream has them.
    fn announcement(&self, _cadence: &Cadence) -> Option<String> {
        None
    }

    /// What to do next, for people; never part of a condition.
    fn hint(&self) -> Option<&'static str> {
        None
    }
}

/// The Display of an error and of its causes, joined by `: `.
pub fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
