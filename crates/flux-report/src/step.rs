//! Progress during a reconcile.

use flux_api::meta::{Condition, condition_type, reason};
use jiff::Timestamp;

use crate::conditions::{Fact, assert_fact, retract};

/// What Ready says while a step is under way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReadyDuring {
    /// What it said before.
    Keep,
    /// Unknown, in these words.
    Unknown(String),
    /// Unknown, in the words of the step.
    Same,
}

/// One step of a reconcile, worded as upstream words it.
pub trait Step {
    /// Message of Reconciling=True.
    fn message(&self) -> String;

    /// Its reason.
    fn reason(&self) -> &'static str {
        reason::PROGRESSING
    }

    /// What Ready says meanwhile.
    fn ready(&self) -> ReadyDuring {
        ReadyDuring::Same
    }

    /// Further facts that hold from here on.
    fn facts(&self) -> Vec<Fact> {
        Vec::new()
    }
}

/// Writes a step into the conditions (COM-API-009).
pub fn progress(
    conditions: &mut Vec<Condition>,
    step: &(dyn Step + Sync),
    generation: i64,
    now: Timestamp,
) {
    let message = step.message();
    let unknown = match step.ready() {
        ReadyDuring::Keep => None,
        ReadyDuring::Unknown(words) => Some(words),
        ReadyDuring::Same => Some(message.clone()),
    };
    retract(conditions, condition_type::STALLED);
    let fact = Fact::yes(condition_type::RECONCILING, step.reason(), message);
    assert_fact(conditions, &fact, generation, now);
    if let Some(words) = unknown {
        let fact = Fact::unknown(condition_type::READY, reason::PROGRESSING, words);
        assert_fact(conditions, &fact, generation, now);
    }
    for fact in step.facts() {
        assert_fact(conditions, &fact, generation, now);
    }
}
