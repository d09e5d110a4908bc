//! Jobs: pods that end well or badly.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

use crate::clock;
use crate::simulate::pods;
use crate::simulate::workloads::{Kind, Workshop, condition, number, owner};
use crate::store::{Stored, at};

pub(crate) fn look(shop: &mut Workshop, job: &Stored) {
    if finished(job) {
        expire(shop, job);
        return;
    }
    if at(&job.doc, "spec.suspend") == Some(&Value::Bool(true)) {
        suspend(shop, job);
        return;
    }
    let all = shop.children(job, Kind::Pod);
    let in_phase = |phase: &str| {
        all.iter()
            .filter(|p| at(&p.doc, "status.phase") == Some(&Value::from(phase)))
            .count()
    };
    let (well, badly) = (in_phase("Succeeded"), in_phase("Failed"));
    let parallel = usize::try_from(number(job, "spec.parallelism")).unwrap_or(1);
    let wanted = at(&job.doc, "spec.completions").and_then(Value::as_i64);
    let wanted = wanted
        .and_then(|w| usize::try_from(w).ok())
        .unwrap_or(parallel);
    let limit = usize::try_from(number(job, "spec.backoffLimit")).unwrap_or(6);
    let active = all.len() - well - badly;
    if well >= wanted {
        finish(shop, job, well, badly, true);
        return;
    }
    // Broken pods do not get better, so the limit is reached without waiting for each attempt.
    if badly > 0 {
        finish(shop, job, well, badly.max(limit + 1), false);
        return;
    }
    let missing = (wanted - well).min(parallel).saturating_sub(active);
    let template = at(&job.doc, "spec.template").cloned().unwrap_or_default();
    for _ in 0..missing {
        let owner = owner("batch/v1", "Job", job);
        let pod = pods::from_template(&template, owner, &format!("{}-", job.name()));
        shop.actor.create("pods", job.namespace(), pod);
    }
    write_active(shop, job, &all, well, active);
}

fn finished(job: &Stored) -> bool {
    let list = at(&job.doc, "status.conditions").and_then(Value::as_array);
    list.into_iter()
        .flatten()
        .any(|c| matches!(c["type"].as_str(), Some("Complete" | "Failed")) && c["status"] == "True")
}

fn start(job: &Stored) -> Value {
    at(&job.doc, "status.startTime")
        .cloned()
        .unwrap_or_else(|| clock::now().into())
}

fn write_active(shop: &Workshop, job: &Stored, all: &[Arc<Stored>], well: usize, active: usize) {
    let ready = all.iter().filter(|p| pods::ready(p)).count();
    let mut status = json!({
        "startTime": start(job), "ready": ready, "terminating": 0, "uncountedTerminatedPods": {},
    });
    if active > 0 {
        status["active"] = active.into();
    }
    if well > 0 {
        status["succeeded"] = well.into();
    }
    shop.actor.set_status("jobs.batch", &job.key, &status);
}

fn one(job: &Stored, kind: &str, reason: &str, message: &str) -> Value {
    let wanted = json!({"type": kind, "status": "True", "reason": reason, "message": message});
    let mut wanted = condition(job, wanted, false);
    wanted["lastProbeTime"] = wanted["lastTransitionTime"].clone();
    wanted
}

fn finish(shop: &Workshop, job: &Stored, well: usize, badly: usize, success: bool) {
    let (first, last, reason, message) = if success {
        (
            "SuccessCriteriaMet",
            "Complete",
            "CompletionsReached",
            "Reached expected number of succeeded pods",
        )
    } else {
        (
            "FailureTarget",
            "Failed",
            "BackoffLimitExceeded",
            "Job has reached the specified backoff limit",
        )
    };
    let mut status = json!({
        "startTime": start(job),
        "ready": 0,
        "terminating": 0,
        "uncountedTerminatedPods": {},
        "conditions": [one(job, first, reason, message), one(job, last, reason, message)],
    });
    if well > 0 {
        status["succeeded"] = well.into();
    }
    if badly > 0 {
        status["failed"] = badly.into();
    }
    if success {
        status["completionTime"] = clock::now().into();
    }
    shop.actor.set_status("jobs.batch", &job.key, &status);
}

fn suspend(shop: &Workshop, job: &Stored) {
    for pod in shop.children(job, Kind::Pod) {
        if !pod.deleting() {
            shop.actor.delete("pods", &pod);
        }
    }
    let status = json!({
        "ready": 0, "terminating": 0, "uncountedTerminatedPods": {},
        "conditions": [one(job, "Suspended", "JobSuspended", "Job suspended")],
    });
    shop.actor.set_status("jobs.batch", &job.key, &status);
}

/// Deletes a finished job when its time to live is over.
fn expire(shop: &mut Workshop, job: &Stored) {
    let ttl = at(&job.doc, "spec.ttlSecondsAfterFinished").and_then(Value::as_u64);
    let Some(ttl) = ttl else { return };
    let list = at(&job.doc, "status.conditions").and_then(Value::as_array);
    let ended = list
        .into_iter()
        .flatten()
        .filter_map(|c| c["lastTransitionTime"].as_str())
        .filter_map(|t| t.parse::<jiff::Timestamp>().ok())
        .max();
    let past = ended.map_or(0, |t| clock::unix() - t.as_second());
    let left = ttl.saturating_sub(u64::try_from(past).unwrap_or(0));
    if left == 0 {
        shop.actor.delete("jobs.batch", job);
    } else {
        shop.wake(
            Instant::now() + Duration::from_secs(left),
            Kind::Job,
            &job.key,
        );
    }
}
