//! What is true of every object after a reconcile, whatever the kind and the result.

use flux_api::meta::{Condition, ConditionStatus, condition_type};

use crate::profile::{Polarity, Profile};

/// A law that does not hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Violation {
    /// Ready is absent.
    #[error("condition Ready is absent")]
    NoReady,
    /// Ready=True beside something bad.
    #[error("Ready is True beside {0}")]
    ReadyBeside(String),
    /// Both Stalled and Reconciling.
    #[error("Stalled stands beside Reconciling")]
    StalledAndReconciling,
    /// Stalled or Reconciling that is not True.
    #[error("{0} is present and not True")]
    NotTrue(String),
    /// A type twice.
    #[error("condition {0} is present twice")]
    Twice(String),
    /// A condition judged for a later generation than exists.
    #[error("condition {0} was judged for a generation that does not exist")]
    Future(String),
    /// Observed, and neither ready nor stalled.
    #[error("generation is observed while Ready was judged for another")]
    Observed,
}

/// Every law that the conditions of an object break.
pub fn check(
    profile: &Profile,
    conditions: &[Condition],
    generation: i64,
    observed_generation: Option<i64>,
) -> Vec<Violation> {
    let mut violations = Vec::new();
    let find = |t: &str| conditions.iter().find(|c| c.r#type == t);
    for (at, condition) in conditions.iter().enumerate() {
        if conditions[..at]
            .iter()
            .any(|c| c.r#type == condition.r#type)
        {
            violations.push(Violation::Twice(condition.r#type.clone()));
        }
        if condition.observed_generation.unwrap_or(0) > generation {
            violations.push(Violation::Future(condition.r#type.clone()));
        }
    }
    let exclusive = [condition_type::STALLED, condition_type::RECONCILING].map(find);
    for condition in exclusive.into_iter().flatten() {
        if condition.status != ConditionStatus::True {
            violations.push(Violation::NotTrue(condition.r#type.clone()));
        }
    }
    if exclusive.iter().all(Option::is_some) {
        violations.push(Violation::StalledAndReconciling);
    }
    let Some(ready) = find(condition_type::READY) else {
        violations.push(Violation::NoReady);
        return violations;
    };
    if ready.status == ConditionStatus::True {
        let negative = profile
            .owned
            .iter()
            .filter(|o| o.polarity == Polarity::Negative)
            .filter_map(|o| find(o.r#type))
            .filter(|c| c.status == ConditionStatus::True);
        let stalled = exclusive.into_iter().flatten();
        for condition in negative.chain(stalled) {
            violations.push(Violation::ReadyBeside(condition.r#type.clone()));
        }
    }
    if observed_generation == Some(generation) && ready.observed_generation != Some(generation) {
        violations.push(Violation::Observed);
    }
    violations
}
