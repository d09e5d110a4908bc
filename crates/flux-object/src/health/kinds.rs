//! The rules of the kinds that are older than the standard conditions.

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::Object;
use crate::health::{Condition, HealthError, HealthStatus, generation, observed_generation};

/// How long a Pod may wait for a node before that counts as failure.
const SCHEDULE_WINDOW: SignedDuration = SignedDuration::from_secs(15);

type Computed = Result<HealthStatus, HealthError>;

pub(super) fn compute(
    object: &Object,
    conditions: &[Condition],
    now: Timestamp,
) -> Result<Option<HealthStatus>, HealthError> {
    let group = object.group();
    let status = match (group, object.kind()) {
        ("", "Service") => Ok(service(object)),
        ("", "Pod") => pod(object, conditions, now),
        ("", "Secret" | "ConfigMap") | ("batch", "CronJob") => {
            Ok(HealthStatus::current("Resource is always ready"))
        }
        ("", "PersistentVolumeClaim") => Ok(volume_claim(object)),
        ("apps", "StatefulSet") => Ok(stateful_set(object)),
        ("apps" | "extensions", "DaemonSet") => daemon_set(object),
        ("apps" | "extensions", "Deployment") => Ok(deployment(object, conditions)),
        ("apps" | "extensions", "ReplicaSet") => Ok(replica_set(object, conditions)),
        ("policy", "PodDisruptionBudget") => Ok(HealthStatus::current(
            "AllowedDisruptions has been computed.",
        )),
        ("batch", "Job") => Ok(job(object, conditions)),
        ("apiextensions.k8s.io", "CustomResourceDefinition") => Ok(definition(conditions)),
        _ => return Ok(None),
    };
    status.map(Some)
}

/// The Job reader of the Flux controllers: in progress until finished.
#[expect(clippy::unnecessary_wraps, reason = "one shape for all readers")]
pub(super) fn flux_job(object: &Object, conditions: &[Condition]) -> Computed {
    let job = JobCounts::of(object);
    Ok(job.finished(conditions).unwrap_or_else(|| {
        if job.started {
            HealthStatus::in_progress("JobInProgress", job.progress())
        } else {
            HealthStatus::in_progress(
                "JobNotStarted",
                format!(
                    "Job not started. active: {}/{}",
                    job.active, job.parallelism
                ),
            )
        }
    }))
}

fn number(object: &Object, path: &[&str], absent: i64) -> i64 {
    object.get_i64(path).unwrap_or(absent)
}

fn status_number(object: &Object, field: &str) -> i64 {
    number(object, &["status", field], 0)
}

fn is_true(conditions: &[Condition], kind: &str) -> bool {
    conditions
        .iter()
        .any(|c| c.kind == kind && c.status == "True")
}

/// `<what>: <have>/<want>` when there is less than wanted.
fn less(what: &str, reason: &str, have: i64, want: i64) -> Option<HealthStatus> {
    (want > have).then(|| HealthStatus::in_progress(reason, format!("{what}: {have}/{want}")))
}

fn extra(have: i64, want: i64) -> Option<HealthStatus> {
    (have > want).then(|| {
        HealthStatus::in_progress("ExtraPods", format!("Pending termination: {}", have - want))
    })
}

fn deployment(object: &Object, conditions: &[Condition]) -> HealthStatus {
    const NO_DEADLINE: i64 = i32::MAX as i64;
    // Without a deadline the Progressing condition is never set.
    let deadline = number(object, &["spec", "progressDeadlineSeconds"], NO_DEADLINE);
    let mut progressing = deadline == NO_DEADLINE;
    for condition in conditions.iter().filter(|c| c.kind == "Progressing") {
        if condition.reason == "ProgressDeadlineExceeded" {
            let mut failed = HealthStatus::failed(&condition.reason, &condition.message);
            "Progress deadline exceeded".clone_into(&mut failed.message);
            return failed;
        }
        progressing |= condition.status == "True" && condition.reason == "NewReplicaSetAvailable";
    }
    let wanted = number(object, &["spec", "replicas"], 1);
    let replicas = status_number(object, "replicas");
    let updated = status_number(object, "updatedReplicas");
    let available = status_number(object, "availableReplicas");
    let ready = status_number(object, "readyReplicas");
    less("Replicas", "LessReplicas", replicas, wanted)
        .or_else(|| less("Updated", "LessUpdated", updated, wanted))
        .or_else(|| extra(replicas, wanted))
        .or_else(|| less("Available", "LessAvailable", available, updated))
        .or_else(|| less("Ready", "LessReady", ready, wanted))
        .unwrap_or_else(|| {
            if !progressing {
                HealthStatus::in_progress("ReplicaSetNotAvailable", "ReplicaSet not Available")
            } else if !is_true(conditions, "Available") {
                HealthStatus::in_progress("DeploymentNotAvailable", "Deployment not Available")
            } else {
                HealthStatus::current(format!("Deployment is available. Replicas: {replicas}"))
            }
        })
}

fn stateful_set(object: &Object) -> HealthStatus {
    if object.get_str(&["spec", "updateStrategy", "type"]) == Some("OnDelete") {
        return HealthStatus::current("StatefulSet is using the ondelete update strategy");
    }
    let wanted = number(object, &["spec", "replicas"], 1);
    let replicas = status_number(object, "replicas");
    let ready = status_number(object, "readyReplicas");
    let current = status_number(object, "currentReplicas");
    let updated = status_number(object, "updatedReplicas");
    let unfinished = less("Replicas", "LessReplicas", replicas, wanted)
        .or_else(|| less("Ready", "LessReady", ready, wanted))
        .or_else(|| extra(replicas, wanted));
    if let Some(status) = unfinished {
        return status;
    }
    let partition = number(
        object,
        &["spec", "updateStrategy", "rollingUpdate", "partition"],
        -1,
    );
    if partition != -1 {
        return less("updated", "PartitionRollout", updated, wanted - partition).unwrap_or_else(
            || HealthStatus::current(format!("Partition rollout complete. updated: {updated}")),
        );
    }
    if let Some(status) = less("current", "LessCurrent", current, wanted) {
        return status;
    }
    let revision = |field| object.get_str(&["status", field]).unwrap_or_default();
    if revision("currentRevision") != revision("updateRevision") {
        return HealthStatus::in_progress(
            "RevisionMismatch",
            "Waiting for updated revision to match current",
        );
    }
    scheduled(replicas)
}

fn scheduled(replicas: i64) -> HealthStatus {
    HealthStatus::current(format!(
        "All replicas scheduled as expected. Replicas: {replicas}"
    ))
}

fn daemon_set(object: &Object) -> Computed {
    let missing = |what: &str, reason: &str| {
        HealthStatus::in_progress(reason, format!("{} {what} not found", object.kind()))
    };
    if generation(object)?.is_none() {
        return Ok(missing("metadata.generation", "NoGeneration"));
    }
    if observed_generation(object)?.is_none() {
        return Ok(missing("status.observedGeneration", "NoObservedGeneration"));
    }
    let wanted = number(object, &["status", "desiredNumberScheduled"], -1);
    if wanted == -1 {
        return Ok(HealthStatus::in_progress(
            "NoDesiredNumber",
            "Missing .status.desiredNumberScheduled",
        ));
    }
    let check = |what, reason, field| less(what, reason, status_number(object, field), wanted);
    Ok(check("Current", "LessCurrent", "currentNumberScheduled")
        .or_else(|| check("Updated", "LessUpdated", "updatedNumberScheduled"))
        .or_else(|| check("Available", "LessAvailable", "numberAvailable"))
        .or_else(|| check("Ready", "LessReady", "numberReady"))
        .unwrap_or_else(|| scheduled(wanted)))
}

fn replica_set(object: &Object, conditions: &[Condition]) -> HealthStatus {
    if is_true(conditions, "ReplicaFailure") {
        return HealthStatus::in_progress(
            "ReplicaFailure",
            "Replica Failure condition. Check Pods",
        );
    }
    let wanted = number(object, &["spec", "replicas"], 1);
    let replicas = status_number(object, "replicas");
    let check = |what, reason, field| less(what, reason, status_number(object, field), wanted);
    check("Labelled", "LessLabelled", "fullyLabeledReplicas")
        .or_else(|| check("Available", "LessAvailable", "availableReplicas"))
        .or_else(|| check("Ready", "LessReady", "readyReplicas"))
        .or_else(|| extra(replicas, wanted))
        .unwrap_or_else(|| {
            HealthStatus::current(format!("ReplicaSet is available. Replicas: {replicas}"))
        })
}

fn volume_claim(object: &Object) -> HealthStatus {
    match object.get_str(&["status", "phase"]).unwrap_or("unknown") {
        "Bound" => HealthStatus::current("PVC is Bound"),
        phase => HealthStatus::in_progress("NotBound", format!("PVC is not Bound. phase: {phase}")),
    }
}

fn service(object: &Object) -> HealthStatus {
    let address = object.get_str(&["spec", "clusterIP"]).unwrap_or_default();
    if object.get_str(&["spec", "type"]) == Some("LoadBalancer") && address.is_empty() {
        return HealthStatus::in_progress(
            "NoIPAssigned",
            "ClusterIP not set. Service type: LoadBalancer",
        );
    }
    HealthStatus::current("Service is ready")
}

fn definition(conditions: &[Condition]) -> HealthStatus {
    for condition in conditions {
        let Condition {
            kind,
            status,
            reason,
            message,
        } = condition;
        match (kind.as_str(), status.as_str()) {
            ("NamesAccepted", "False") => return HealthStatus::failed(reason, message),
            ("Established", "False") if reason != "Installing" => {
                return HealthStatus::failed(reason, message);
            }
            ("Established", "True") => return HealthStatus::current("CRD is established"),
            _ => {}
        }
    }
    HealthStatus::in_progress("Installing", "Install in progress")
}

fn pod(object: &Object, conditions: &[Condition], now: Timestamp) -> Computed {
    let status = match object.get_str(&["status", "phase"]).unwrap_or_default() {
        "Succeeded" => HealthStatus::current("Pod has completed successfully"),
        "Failed" => HealthStatus::current("Pod has completed, but not successfully"),
        "Running" => running_pod(object, conditions),
        "Pending" => pending_pod(object, conditions, now),
        "" => HealthStatus::in_progress("PodNotObserved", "Pod phase not available"),
        other => return Err(HealthError::UnknownPhase(other.to_owned())),
    };
    Ok(status)
}

fn running_pod(object: &Object, conditions: &[Condition]) -> HealthStatus {
    if is_true(conditions, "Ready") {
        return HealthStatus::current("Pod is Ready");
    }
    let looping: Vec<&str> = object
        .get_list(&["status", "containerStatuses"])
        .iter()
        .filter(|container| {
            container
                .pointer("/state/waiting/reason")
                .and_then(Value::as_str)
                == Some("CrashLoopBackOff")
        })
        .filter_map(|container| container.get("name")?.as_str())
        .collect();
    if looping.is_empty() {
        HealthStatus::in_progress("PodRunningNotReady", "Pod is running but is not Ready")
    } else {
        HealthStatus::failed(
            "ContainerCrashLooping",
            format!("Containers in CrashLoop state: {}", looping.join(",")),
        )
    }
}

fn pending_pod(object: &Object, conditions: &[Condition], now: Timestamp) -> HealthStatus {
    let unscheduled = conditions
        .iter()
        .find(|c| c.kind == "PodScheduled" && c.status == "False");
    if unscheduled.is_none_or(|c| c.reason != "Unschedulable") {
        return HealthStatus::in_progress("PodPending", "Pod is in the Pending phase");
    }
    let created = object
        .get_str(&["metadata", "creationTimestamp"])
        .and_then(|at| at.parse::<Timestamp>().ok());
    if created.is_some_and(|created| now - SCHEDULE_WINDOW < created) {
        HealthStatus::in_progress("PodNotScheduled", "Pod has not been scheduled")
    } else {
        HealthStatus::failed("PodUnschedulable", "Pod could not be scheduled")
    }
}

fn job(object: &Object, conditions: &[Condition]) -> HealthStatus {
    let job = JobCounts::of(object);
    job.finished(conditions).unwrap_or_else(|| {
        if job.started {
            HealthStatus::current(job.progress())
        } else {
            HealthStatus::in_progress("JobNotStarted", "Job not started")
        }
    })
}

struct JobCounts {
    parallelism: i64,
    completions: i64,
    succeeded: i64,
    active: i64,
    failed: i64,
    started: bool,
}

impl JobCounts {
    fn of(object: &Object) -> Self {
        let parallelism = number(object, &["spec", "parallelism"], 1);
        Self {
            parallelism,
            completions: number(object, &["spec", "completions"], parallelism),
            succeeded: status_number(object, "succeeded"),
            active: status_number(object, "active"),
            failed: status_number(object, "failed"),
            started: object
                .get_str(&["status", "startTime"])
                .is_some_and(|at| !at.is_empty()),
        }
    }

    fn finished(&self, conditions: &[Condition]) -> Option<HealthStatus> {
        let first = conditions.iter().find(|c| {
            c.status == "True" && matches!(c.kind.as_str(), "Complete" | "Failed" | "Suspended")
        })?;
        Some(match first.kind.as_str() {
            "Complete" => HealthStatus::current(format!(
                "Job Completed. succeeded: {}/{}",
                self.succeeded, self.completions
            )),
            "Failed" => HealthStatus::failed(
                "JobFailed",
                format!("Job Failed. failed: {}/{}", self.failed, self.completions),
            ),
            _ => HealthStatus::current("Job is suspended"),
        })
    }

    fn progress(&self) -> String {
        format!(
            "Job in progress. success:{}, active: {}, failed: {}",
            self.succeeded, self.active, self.failed
        )
    }
}
