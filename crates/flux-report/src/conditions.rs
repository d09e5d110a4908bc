//! The one place that builds conditions.

use std::cmp::{Ordering, Reverse};

use flux_api::meta::{Condition, ConditionStatus, condition_type};
use flux_gocompat::Time;
use jiff::Timestamp;

use crate::profile::{Polarity, Profile};

/// Longer messages are cut (COM-API-007).
pub const MAX_MESSAGE_CHARS: usize = 32_768;

/// Something that a controller states about an object, and that becomes a condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// Condition type.
    pub r#type: &'static str,
    /// Whether it holds.
    pub status: ConditionStatus,
    /// One word for programs.
    pub reason: String,
    /// A sentence for people.
    pub message: String,
}

impl Fact {
    /// It holds.
    pub fn yes(r#type: &'static str, reason: &str, message: impl Into<String>) -> Self {
        Self::new(r#type, ConditionStatus::True, reason, message)
    }

    /// It does not hold.
    pub fn no(r#type: &'static str, reason: &str, message: impl Into<String>) -> Self {
        Self::new(r#type, ConditionStatus::False, reason, message)
    }

    /// It is not known.
    pub fn unknown(r#type: &'static str, reason: &str, message: impl Into<String>) -> Self {
        Self::new(r#type, ConditionStatus::Unknown, reason, message)
    }

    pub(crate) fn new(
        r#type: &'static str,
        status: ConditionStatus,
        reason: &str,
        message: impl Into<String>,
    ) -> Self {
        Self {
            r#type,
            status,
            reason: reason.to_owned(),
            message: message.into(),
        }
    }
}

/// Writes a fact into the conditions. The transition time changes with status, reason or message, and has whole seconds.
pub fn assert_fact(conditions: &mut Vec<Condition>, fact: &Fact, generation: i64, now: Timestamp) {
    let message = cut(&fact.message);
    match conditions.iter_mut().find(|c| c.r#type == fact.r#type) {
        Some(known) => {
            let same = known.status == fact.status
                && known.reason == fact.reason
                && known.message == message;
            if !same {
                known.status = fact.status;
                known.reason.clone_from(&fact.reason);
                known.message = message;
                known.last_transition_time = Time::new(now);
            }
            known.observed_generation = Some(generation);
        }
        None => conditions.push(Condition {
            r#type: fact.r#type.to_owned(),
            status: fact.status,
            observed_generation: Some(generation),
            last_transition_time: Time::new(now),
            reason: fact.reason.clone(),
            message,
        }),
    }
    conditions.sort_by(order);
}

/// Takes a condition away.
pub fn retract(conditions: &mut Vec<Condition>, r#type: &str) {
    conditions.retain(|c| c.r#type != r#type);
}

/// Stalled, Reconciling, Ready; then the higher observed generation, then by name (COM-API-007).
fn order(a: &Condition, b: &Condition) -> Ordering {
    fn rank(condition: &Condition) -> u8 {
        match condition.r#type.as_str() {
            condition_type::STALLED => 0,
            condition_type::RECONCILING => 1,
            condition_type::READY => 2,
            _ => 3,
        }
    }
    let generation = |c: &Condition| Reverse(c.observed_generation.unwrap_or(0));
    rank(a)
        .cmp(&rank(b))
        .then_with(|| generation(a).cmp(&generation(b)))
        .then_with(|| a.r#type.cmp(&b.r#type))
}

fn cut(message: &str) -> String {
    if message.chars().count() <= MAX_MESSAGE_CHARS {
        return message.to_owned();
    }
    let kept: String = message.chars().take(MAX_MESSAGE_CHARS - 3).collect();
    kept + "..."
}

/// The Ready that follows from the owned conditions: the worst group speaks, its first in the profile's order (COM-API-010).
/// `None` when no owned condition is present.
pub(crate) fn summary(profile: &Profile, conditions: &[Condition]) -> Option<Fact> {
    let group = |polarity: Polarity, status: ConditionStatus| match (polarity, status) {
        (Polarity::Negative, ConditionStatus::True) => 0,
        (Polarity::Positive, ConditionStatus::False) => 1,
        (Polarity::Positive, ConditionStatus::True) => 2,
        (Polarity::Negative, ConditionStatus::False) => 3,
        (_, ConditionStatus::Unknown) => 4,
    };
    let present = profile.owned.iter().filter_map(|owned| {
        let condition = conditions.iter().find(|c| c.r#type == owned.r#type)?;
        Some((group(owned.polarity, condition.status), condition))
    });
    // `min_by_key` keeps the first of equals, which is the profile's order.
    let (group, worst) = present.min_by_key(|(group, _)| *group)?;
    let status = match group {
        0 | 1 => ConditionStatus::False,
        2 | 3 => ConditionStatus::True,
        _ => ConditionStatus::Unknown,
    };
    Some(Fact::new(
        condition_type::READY,
        status,
        &worst.reason,
        &*worst.message,
    ))
}
