//! The laws over all outcomes, and the words of a few recorded ones.

use std::time::Duration;

use flux_api::meta::{Condition, ConditionStatus, condition_type, reason};
use flux_gocompat::GoDuration;
use jiff::Timestamp;
use proptest::prelude::*;

use crate::{
    Before, Cadence, Disposition, Failure, Level, Outcome, Owned, Profile, ReadyDuring, Report,
    Requeue, Step, Then, assert_fact, laws, progress, report,
};

const PROFILE: Profile = Profile {
    kind: "GitRepository",
    owned: &[
        Owned::negative(condition_type::STORAGE_OPERATION_FAILED),
        Owned::negative(condition_type::FETCH_FAILED),
        Owned::positive(condition_type::SOURCE_VERIFIED),
        Owned::positive(condition_type::ARTIFACT_IN_STORAGE),
    ],
    finalizer: Some("finalizers.fluxcd.io"),
    field_manager: "source-controller",
    summarized: true,
    timed_failures: false,
};
const TIMED: Profile = Profile {
    owned: &[Owned::positive(condition_type::HEALTHY)],
    summarized: false,
    timed_failures: true,
    ..PROFILE
};

#[derive(Debug, Clone, thiserror::Error)]
#[error("{words}")]
struct Broken {
    words: String,
    told: Option<String>,
    disposition: Box<Disposition>,
}

impl Failure for Broken {
    fn disposition(&self) -> Disposition {
        (*self.disposition).clone()
    }

    fn announcement(&self, _cadence: &Cadence) -> Option<String> {
        self.told.clone()
    }
}

struct Doing(&'static str, ReadyDuring);

impl Step for Doing {
    fn message(&self) -> String {
        self.0.to_owned()
    }

    fn ready(&self) -> ReadyDuring {
        self.1.clone()
    }
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_700_000_000 + second).unwrap()
}

fn cadence() -> Cadence {
    Cadence {
        interval: Some(GoDuration::from_secs(600)),
        retry: Some(GoDuration::from_secs(10)),
        dependency: Some(GoDuration::from_secs(30)),
        timeout: None,
    }
}

fn judge(profile: &Profile, conditions: &[Condition], result: &Result<Outcome, Broken>) -> Report {
    let before = Before {
        generation: 1,
        conditions,
        cadence: cadence(),
        elapsed: Duration::from_millis(250),
    };
    report(profile, &before, result, at(9))
}

/// `type=status reason: message`, one a line.
fn lines(conditions: &[Condition]) -> String {
    let line = |c: &Condition| {
        format!(
            "{}={} {}: {}",
            c.r#type,
            c.status.as_str(),
            c.reason,
            c.message
        )
    };
    conditions.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn broken(words: &str, disposition: Disposition) -> Result<Outcome, Broken> {
    Err(Broken {
        words: words.to_owned(),
        told: None,
        disposition: Box::new(disposition),
    })
}

#[test]
fn a_fetch_failure_keeps_the_words_of_the_step() {
    let mut conditions = Vec::new();
    progress(
        &mut conditions,
        &Doing("building artifact", ReadyDuring::Same),
        1,
        at(0),
    );
    let disposition =
        Disposition::backoff("GitOperationFailed").marks(condition_type::FETCH_FAILED);
    let report = judge(
        &PROFILE,
        &conditions,
        &broken("unable to clone", disposition),
    );
    assert_eq!(
        lines(&report.conditions),
        "Reconciling=True ProgressingWithRetry: building artifact\n\
         Ready=False GitOperationFailed: unable to clone\n\
         FetchFailed=True GitOperationFailed: unable to clone"
    );
    assert_eq!(report.requeue, Requeue::Backoff);
    assert_eq!(report.observed_generation, None);
    let log = report.log.unwrap();
    assert_eq!(
        (log.level, log.message.as_str()),
        (Level::Error, "Reconciler error")
    );
    assert_eq!(log.error.as_deref(), Some("unable to clone"));
}

#[test]
fn a_positive_condition_carries_a_failure_as_false() {
    let disposition =
        Disposition::backoff("VerificationError").marks(condition_type::SOURCE_VERIFIED);
    let report = judge(&PROFILE, &[], &broken("no key", disposition));
    assert_eq!(
        lines(&report.conditions),
        "Ready=False VerificationError: no key\nSourceVerified=False VerificationError: no key"
    );
}

#[test]
fn success_leaves_only_good_news() {
    let mut conditions = Vec::new();
    progress(
        &mut conditions,
        &Doing("building artifact", ReadyDuring::Same),
        1,
        at(0),
    );
    for fact in [
        crate::Fact::yes(condition_type::FETCH_FAILED, "GitOperationFailed", "old"),
        crate::Fact::yes(
            condition_type::ARTIFACT_IN_STORAGE,
            "Succeeded",
            "stored artifact",
        ),
    ] {
        assert_fact(&mut conditions, &fact, 1, at(0));
    }
    let outcome = Outcome::ready("stored artifact").announce("NewArtifact", "stored it");
    let report = judge(&PROFILE, &conditions, &Ok(outcome));
    assert_eq!(
        lines(&report.conditions),
        "Ready=True Succeeded: stored artifact\nArtifactInStorage=True Succeeded: stored artifact"
    );
    assert_eq!(report.observed_generation, Some(1));
    assert_eq!(report.event.unwrap().reason, "NewArtifact");
    assert_eq!(
        report.requeue,
        Requeue::Interval(GoDuration::from_secs(600))
    );
}

#[test]
fn a_missing_dependency_is_info_and_leaves_no_progress() {
    let failure = Err(Broken {
        words: "dependency 'a/b' not found".to_owned(),
        told: Some("Dependencies do not meet ready condition, retrying in 30s".to_owned()),
        disposition: Box::new(Disposition::wait(reason::DEPENDENCY_NOT_READY)),
    });
    let report = judge(&TIMED, &[], &failure);
    assert_eq!(
        lines(&report.conditions),
        "Ready=False DependencyNotReady: dependency 'a/b' not found"
    );
    let event = report.event.unwrap();
    assert_eq!(event.severity, crate::Severity::Info);
    assert_eq!(
        event.message,
        "Dependencies do not meet ready condition, retrying in 30s"
    );
    assert_eq!(report.requeue, Requeue::After(GoDuration::from_secs(30)));
}

#[test]
fn timed_words() {
    let done = Outcome::ready("Applied revision: x")
        .because(reason::RECONCILIATION_SUCCEEDED)
        .announce_duration(reason::RECONCILIATION_SUCCEEDED)
        .with("commit_status", "update");
    let report = judge(&TIMED, &[], &Ok(done));
    let event = report.event.unwrap();
    assert_eq!(
        event.message,
        "Reconciliation finished in 250ms, next run in 10m0s"
    );
    assert_eq!(event.metadata["commit_status"], "update");

    let failure = broken(
        "health check failed",
        Disposition::retry("HealthCheckFailed"),
    );
    let log = judge(&TIMED, &[], &failure).log.unwrap();
    assert_eq!(
        log.message,
        "Reconciliation failed after 250ms, next try in 10s"
    );
    assert_eq!(log.error.as_deref(), Some("health check failed"));
}

#[test]
fn transition_time_follows_status_reason_and_message_only() {
    let mut conditions = Vec::new();
    let fact = crate::Fact::no(condition_type::READY, "A", "b");
    assert_fact(&mut conditions, &fact, 1, at(0));
    assert_fact(&mut conditions, &fact, 2, at(5));
    assert_eq!(conditions[0].last_transition_time.timestamp(), at(0));
    assert_eq!(conditions[0].observed_generation, Some(2));
    let other = crate::Fact::no(condition_type::READY, "A", "c");
    assert_fact(&mut conditions, &other, 2, at(5));
    assert_eq!(conditions[0].last_transition_time.timestamp(), at(5));
}

#[test]
fn long_messages_are_cut() {
    let mut conditions = Vec::new();
    let fact = crate::Fact::no(condition_type::READY, "A", "ä".repeat(40_000));
    assert_fact(&mut conditions, &fact, 1, at(0));
    assert_eq!(
        conditions[0].message.chars().count(),
        crate::MAX_MESSAGE_CHARS
    );
    assert!(conditions[0].message.ends_with("ä..."));
}

fn any_condition() -> impl Strategy<Value = (usize, u8, bool)> {
    (0..PROFILE.owned.len() + 3, 0..3_u8, any::<bool>())
}

fn history(parts: &[(usize, u8, bool)]) -> Vec<Condition> {
    let types = [
        condition_type::READY,
        condition_type::STALLED,
        condition_type::RECONCILING,
    ];
    let mut conditions = Vec::new();
    for &(index, status, old) in parts {
        let r#type = types
            .get(index)
            .copied()
            .unwrap_or_else(|| PROFILE.owned[index - types.len()].r#type);
        let fact = match (index, status) {
            (1 | 2, _) | (_, 0) => crate::Fact::yes(r#type, "Old", "old"),
            (_, 1) => crate::Fact::no(r#type, "Old", "old"),
            _ => crate::Fact::unknown(r#type, "Old", "old"),
        };
        assert_fact(&mut conditions, &fact, i64::from(!old), at(0));
    }
    conditions
}

fn any_result() -> impl Strategy<Value = Result<Outcome, Broken>> {
    let marks = prop::option::of(0..PROFILE.owned.len());
    prop_oneof![
        "[a-z]{1,8}".prop_map(|message| Ok(Outcome::ready(message))),
        (0..5_u8, marks, any::<bool>()).prop_map(|(then, marks, quiet)| {
            let mut disposition = match then {
                0 => Disposition::backoff("Failed"),
                1 => Disposition::retry("Failed"),
                2 => Disposition::wait("Failed"),
                3 => Disposition::stall("Failed"),
                _ => Disposition::again("Failed"),
            };
            disposition.marks = marks.map(|i| PROFILE.owned[i].r#type);
            disposition.quiet = quiet;
            broken("it broke", disposition)
        }),
    ]
}

proptest! {
    #[test]
    fn every_report_keeps_the_laws(
        parts in prop::collection::vec(any_condition(), 0..6),
        steps in prop::collection::vec(any::<bool>(), 0..3),
        result in any_result(),
        timed in any::<bool>(),
    ) {
        let profile = if timed { &TIMED } else { &PROFILE };
        let mut conditions = history(&parts);
        for keep in steps {
            let ready = if keep { ReadyDuring::Keep } else { ReadyDuring::Same };
            progress(&mut conditions, &Doing("working", ready), 1, at(1));
        }
        let report = judge(profile, &conditions, &result);
        let observed = report.observed_generation;
        prop_assert_eq!(laws::check(profile, &report.conditions, 1, observed), vec![]);
        let ready = report.conditions.iter().find(|c| c.r#type == condition_type::READY);
        prop_assert_eq!(
            ready.map(|c| c.status),
            Some(if result.is_ok() { ConditionStatus::True } else { ConditionStatus::False })
        );
        if let Err(failure) = &result {
            prop_assert_eq!(report.event.is_none(), failure.disposition.quiet);
            let stalled = failure.disposition.then == Then::Stall;
            prop_assert_eq!(report.requeue == Requeue::Never, stalled);
            prop_assert_eq!(report.observed_generation.is_some(), stalled);
        }
    }

    #[test]
    fn reporting_twice_changes_nothing(
        parts in prop::collection::vec(any_condition(), 0..6),
        result in any_result(),
    ) {
        let first = judge(&PROFILE, &history(&parts), &result);
        let second = judge(&PROFILE, &first.conditions, &result);
        prop_assert_eq!(first.conditions, second.conditions);
    }
}
