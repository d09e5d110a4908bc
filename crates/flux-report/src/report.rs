//! From the result of a reconcile to everything that is told about it.

use std::time::Duration;

use flux_api::meta::{Condition, ConditionStatus, condition_type, reason};
use flux_gocompat::GoDuration;
use jiff::Timestamp;

use crate::conditions::{Fact, assert_fact, retract, summary};
use crate::disposition::{Disposition, Failure, Then};
use crate::event::{Event, Severity};
use crate::outcome::{Outcome, Words};
use crate::profile::{Polarity, Profile};

/// The times that the spec and the flags give.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Cadence {
    /// After success.
    pub interval: Option<GoDuration>,
    /// After failure; the interval when absent.
    pub retry: Option<GoDuration>,
    /// While a dependency is not ready (`--requeue-dependency`).
    pub dependency: Option<GoDuration>,
    /// Of the whole reconcile.
    pub timeout: Option<GoDuration>,
}

impl Cadence {
    /// The retry interval, or else the interval.
    pub fn retry_or_interval(&self) -> Option<GoDuration> {
        self.retry.or(self.interval)
    }
}

/// What was known when the reconcile ended.
#[derive(Debug, Clone, Copy)]
pub struct Before<'a> {
    /// Generation of the spec that was reconciled.
    pub generation: i64,
    /// The conditions, with the progress and the facts of this pass.
    pub conditions: &'a [Condition],
    /// The times that apply.
    pub cadence: Cadence,
    /// How long the reconcile took.
    pub elapsed: Duration,
}

/// When the object is looked at again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Requeue {
    /// When it changes.
    Never,
    /// At once.
    Now,
    /// Rate-limited.
    Backoff,
    /// After this time, spread by the interval's jitter.
    Interval(GoDuration),
    /// After exactly this time.
    After(GoDuration),
}

/// How loud a log line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// Only when looking for it.
    Debug,
    /// Normal.
    Info,
    /// Something went wrong.
    Error,
}

/// One log line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Log {
    /// How loud.
    pub level: Level,
    /// The words.
    pub message: String,
    /// The error, in a field of its own.
    pub error: Option<String>,
}

/// The `result` label of `controller_runtime_reconcile_total`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResultLabel {
    /// Nothing follows.
    Success,
    /// Rate-limited.
    Error,
    /// At once.
    Requeue,
    /// After a time.
    RequeueAfter,
}

impl ResultLabel {
    /// The label value.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Error => "error",
            Self::Requeue => "requeue",
            Self::RequeueAfter => "requeue_after",
        }
    }
}

/// Everything that is told about a reconcile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// The conditions to store, in order.
    pub conditions: Vec<Condition>,
    /// The observed generation to store; `None` leaves it.
    pub observed_generation: Option<i64>,
    /// The event to send.
    pub event: Option<Event>,
    /// The line to log.
    pub log: Option<Log>,
    /// The metric label.
    pub result: ResultLabel,
    /// When to look again.
    pub requeue: Requeue,
}

/// Turns a result into a report. Pure.
pub fn report<F: Failure>(
    profile: &Profile,
    before: &Before<'_>,
    result: &Result<Outcome, F>,
    now: Timestamp,
) -> Report {
    match result {
        Ok(outcome) => succeeded(profile, before, outcome, now),
        Err(failure) => failed(
            profile,
            before,
            &Failed {
                disposition: failure.disposition(),
                message: failure.message(),
                announcement: failure.announcement(&before.cadence),
            },
            now,
        ),
    }
}

/// What becomes of the conditions of an object that is not to be reconciled. Where Ready follows from the others it is
/// judged once more; elsewhere everything stays (SRC-REC-013).
pub fn rest(profile: &Profile, conditions: &mut Vec<Condition>, generation: i64, now: Timestamp) {
    if !profile.summarized {
        return;
    }
    retract(conditions, condition_type::STALLED);
    if let Some(ready) = summary(profile, conditions) {
        assert_fact(conditions, &ready, generation, now);
    }
}

/// A failure without its type.
struct Failed {
    disposition: Disposition,
    message: String,
    announcement: Option<String>,
}

fn succeeded(profile: &Profile, before: &Before<'_>, outcome: &Outcome, now: Timestamp) -> Report {
    let mut conditions = before.conditions.to_vec();
    let requeue = if outcome.again {
        Requeue::Now
    } else {
        match (outcome.requeue_after, before.cadence.interval) {
            (Some(span), _) => Requeue::After(span),
            (None, Some(span)) => Requeue::Interval(span),
            (None, None) => Requeue::Never,
        }
    };
    let mut observed_generation = None;
    if let Some((reason, message)) = &outcome.ready {
        retract(&mut conditions, condition_type::RECONCILING);
        retract(&mut conditions, condition_type::STALLED);
        for owned in profile.owned {
            if owned.polarity == Polarity::Negative {
                retract(&mut conditions, owned.r#type);
            }
        }
        let ready = Fact::yes(condition_type::READY, reason, message.clone());
        assert_fact(&mut conditions, &ready, before.generation, now);
        observed_generation = Some(before.generation);
    }
    let words = |words: &Words| match words {
        Words::Stated(text) => text.clone(),
        Words::Timed => finished(before, requeue),
    };
    let told = outcome.announcement.as_ref().map(|a| Event {
        severity: a.severity,
        reason: a.reason.clone(),
        message: words(&a.words),
        metadata: a.metadata.clone(),
    });
    let log = told.as_ref().map(|event| Log {
        level: Level::Info,
        message: event.message.clone(),
        error: None,
    });
    Report {
        conditions,
        observed_generation,
        event: told,
        log,
        result: label(requeue),
        requeue,
    }
}

fn finished(before: &Before<'_>, requeue: Requeue) -> String {
    let elapsed = go_duration(before.elapsed);
    match requeue {
        Requeue::Interval(next) | Requeue::After(next) => {
            format!("Reconciliation finished in {elapsed}, next run in {next}")
        }
        Requeue::Never | Requeue::Now | Requeue::Backoff => {
            format!("Reconciliation finished in {elapsed}")
        }
    }
}

fn failed(profile: &Profile, before: &Before<'_>, failed: &Failed, now: Timestamp) -> Report {
    let mut conditions = before.conditions.to_vec();
    let disposition = &failed.disposition;
    mark(profile, before, failed, (&mut conditions, now));
    let stalled = disposition.then == Then::Stall;
    if stalled {
        retract(&mut conditions, condition_type::RECONCILING);
        let fact = Fact::yes(
            condition_type::STALLED,
            disposition.reason,
            &*failed.message,
        );
        assert_fact(&mut conditions, &fact, before.generation, now);
    } else {
        retract(&mut conditions, condition_type::STALLED);
        retrying(&mut conditions, before.generation, now);
    }
    let requeue = match disposition.then {
        Then::Backoff => Requeue::Backoff,
        Then::Retry => disposition
            .after
            .or(before.cadence.retry_or_interval())
            .map_or(Requeue::Backoff, Requeue::After),
        Then::Wait => disposition
            .after
            .or(before.cadence.dependency)
            .map_or(Requeue::Backoff, Requeue::After),
        Then::Stall => Requeue::Never,
        Then::Again => Requeue::Now,
    };
    Report {
        conditions,
        observed_generation: stalled.then_some(before.generation),
        event: event(failed),
        log: Some(log(profile, before, failed, requeue)),
        result: label(requeue),
        requeue,
    }
}

/// Ready=False, the condition that carries the failure, and the facts it states.
fn mark(
    profile: &Profile,
    before: &Before<'_>,
    failed: &Failed,
    (conditions, now): (&mut Vec<Condition>, Timestamp),
) {
    let disposition = &failed.disposition;
    for fact in &disposition.facts {
        assert_fact(conditions, fact, before.generation, now);
    }
    if let Some(r#type) = disposition.marks {
        let status = match profile.polarity(r#type) {
            Polarity::Negative => ConditionStatus::True,
            Polarity::Positive => ConditionStatus::False,
        };
        let fact = Fact::new(r#type, status, disposition.reason, &*failed.message);
        assert_fact(conditions, &fact, before.generation, now);
    }
    let own = Fact::no(condition_type::READY, disposition.reason, &*failed.message);
    // The gravest condition speaks, which may be an older one; only a verification that failed speaks for itself (SRC-REC-008).
    let summed = disposition
        .marks
        .is_some_and(|r#type| profile.polarity(r#type) == Polarity::Negative);
    let ready = if profile.summarized && summed {
        summary(profile, conditions)
            .filter(|f| f.status == ConditionStatus::False)
            .unwrap_or(own)
    } else {
        own
    };
    assert_fact(conditions, &ready, before.generation, now);
}

/// Progress that was under way becomes progress with retry, in the words it had.
fn retrying(conditions: &mut Vec<Condition>, generation: i64, now: Timestamp) {
    let under_way = conditions
        .iter()
        .find(|c| c.r#type == condition_type::RECONCILING && c.status == ConditionStatus::True);
    // Parity: a failure before the first step, such as a missing dependency, leaves no Reconciling condition.
    if let Some(message) = under_way.map(|c| c.message.clone()) {
        let fact = Fact::yes(
            condition_type::RECONCILING,
            reason::PROGRESSING_WITH_RETRY,
            message,
        );
        assert_fact(conditions, &fact, generation, now);
    }
}

fn event(failed: &Failed) -> Option<Event> {
    let disposition = &failed.disposition;
    if disposition.quiet {
        return None;
    }
    Some(Event {
        severity: if disposition.whispered {
            Severity::Trace
        } else {
            severity(disposition.then)
        },
        reason: disposition.reason.to_owned(),
        message: failed
            .announcement
            .clone()
            .unwrap_or_else(|| failed.message.clone()),
        metadata: disposition.metadata.clone(),
    })
}

fn severity(then: Then) -> Severity {
    match then {
        Then::Backoff | Then::Retry | Then::Stall => Severity::Error,
        Then::Wait | Then::Again => Severity::Info,
    }
}

fn log(profile: &Profile, before: &Before<'_>, failed: &Failed, requeue: Requeue) -> Log {
    let then = failed.disposition.then;
    let announced = failed.announcement.as_ref();
    if failed.disposition.whispered {
        return Log {
            level: Level::Info,
            message: "reconciliation waiting".to_owned(),
            error: None,
        };
    }
    if severity(then) == Severity::Info || (failed.disposition.quiet && announced.is_some()) {
        return Log {
            level: Level::Info,
            message: announced.unwrap_or(&failed.message).clone(),
            error: None,
        };
    }
    let message = match (then, requeue) {
        (Then::Stall, _) => "Reconciler stalled".to_owned(),
        (_, Requeue::After(next)) if profile.timed_failures => format!(
            "Reconciliation failed after {}, next try in {next}",
            go_duration(before.elapsed)
        ),
        _ => "Reconciler error".to_owned(),
    };
    Log {
        level: Level::Error,
        message,
        error: Some(failed.message.clone()),
    }
}

fn label(requeue: Requeue) -> ResultLabel {
    match requeue {
        Requeue::Never => ResultLabel::Success,
        Requeue::Now => ResultLabel::Requeue,
        Requeue::Backoff => ResultLabel::Error,
        Requeue::Interval(_) | Requeue::After(_) => ResultLabel::RequeueAfter,
    }
}

fn go_duration(span: Duration) -> GoDuration {
    GoDuration::from_nanos(i64::try_from(span.as_nanos()).unwrap_or(i64::MAX))
}
