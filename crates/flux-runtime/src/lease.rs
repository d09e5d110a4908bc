//! Leader election by a Lease, in the same manner and with the same names as upstream, so that both exclude each other.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use flux_kube::{Client, Error, PatchOptions, Resource, WriteGuard};
use flux_object::Object;
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// Names and durations of an election.
#[derive(Debug, Clone)]
pub(crate) struct Election {
    pub(crate) namespace: String,
    pub(crate) name: String,
    pub(crate) identity: String,
    pub(crate) lease_duration: Duration,
    pub(crate) renew_deadline: Duration,
    pub(crate) retry_period: Duration,
    pub(crate) release_on_cancel: bool,
}

/// Until when this process may write. Shared by all guarded clients.
#[derive(Debug, Default)]
pub(crate) struct Tenure(Mutex<Option<Instant>>);

impl Tenure {
    fn set(&self, until: Option<Instant>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = until;
    }
}

impl WriteGuard for Tenure {
    fn remaining(&self) -> Option<Duration> {
        let until = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        until?
            .checked_duration_since(Instant::now())
            .filter(|d| !d.is_zero())
    }
}

/// What the last look at the lease showed, by this process's clock only: clocks of others are not trusted.
struct Observed {
    record: Map<String, Value>,
    at: Instant,
}

/// A candidate, and the leader when it wins.
pub(crate) struct Candidate {
    client: Client,
    election: Election,
    tenure: Arc<Tenure>,
    observed: Option<Observed>,
}

impl Candidate {
    pub(crate) fn new(client: Client, election: Election, tenure: Arc<Tenure>) -> Self {
        Self {
            client,
            election,
            tenure,
            observed: None,
        }
    }

    /// Returns when the lease is held.
    pub(crate) async fn acquire(&mut self) {
        loop {
            match self.try_hold().await {
                Ok(true) => return,
                Ok(false) => {}
                Err(error) => {
                    let error = flux_report::chain(&error);
                    tracing::error!(logger = "runtime", error, "error retrieving resource lock");
                }
            }
            let spread = rand::random::<f64>() * 0.2;
            tokio::time::sleep(self.election.retry_period.mul_f64(1.0 + spread)).await;
        }
    }

    /// Renews the lease until it is lost or `shutdown` is cancelled; gives it back in the latter case.
    pub(crate) async fn hold(&mut self, shutdown: &CancellationToken) -> Result<(), Lost> {
        let mut renewed = Instant::now();
        loop {
            tokio::select! {
                () = shutdown.cancelled() => {
                    self.release().await;
                    return Ok(());
                }
                () = tokio::time::sleep(self.election.retry_period) => {}
            }
            let left =
                (renewed + self.election.renew_deadline).saturating_duration_since(Instant::now());
            let sent = Instant::now();
            match tokio::time::timeout(left, self.try_hold()).await {
                Ok(Ok(true)) => renewed = sent,
                Ok(Err(error)) => {
                    tracing::debug!(logger = "runtime", error = %error, "lease not renewed");
                }
                Ok(Ok(false)) | Err(_) => return Err(self.lost()),
            }
            if renewed.elapsed() >= self.election.renew_deadline {
                return Err(self.lost());
            }
        }
    }

    fn lost(&self) -> Lost {
        self.tenure.set(None);
        Lost
    }

    /// One attempt to take or renew the lease.
    async fn try_hold(&mut self) -> Result<bool, Error> {
        let sent = Instant::now();
        let leases = Resource::leases();
        let found = self
            .client
            .get(&leases, &self.election.namespace, &self.election.name)
            .await;
        let mut lease = match found {
            Ok(lease) => lease,
            Err(error) if error.is_not_found() => {
                let created = self
                    .client
                    .create(&leases, &self.record(None), &PatchOptions::default())
                    .await;
                return match created {
                    Ok(_) => Ok(self.won(sent)),
                    Err(error) if error.is_already_exists() => Ok(false),
                    Err(error) => Err(error),
                };
            }
            Err(error) => return Err(error),
        };
        if !self.may_take(&lease) {
            return Ok(false);
        }
        let record = self.record(Some(&lease));
        lease.as_map_mut().insert(
            "spec".to_owned(),
            record.get(&["spec"]).cloned().unwrap_or_default(),
        );
        let replaced = self
            .client
            .replace(&leases, &lease, &PatchOptions::default())
            .await;
        match replaced {
            Ok(_) => Ok(self.won(sent)),
            Err(error) if error.is_conflict() => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn won(&self, sent: Instant) -> bool {
        // Counted from before the request, so that it ends before anybody else may take over.
        self.tenure.set(Some(sent + self.election.lease_duration));
        true
    }

    /// Whether the lease is ours, free, or has not been renewed for its duration while we watched.
    fn may_take(&mut self, lease: &Object) -> bool {
        let spec = lease.get(&["spec"]).and_then(Value::as_object);
        let spec = spec.cloned().unwrap_or_default();
        let holder = spec.get("holderIdentity").and_then(Value::as_str);
        let holder = holder.unwrap_or_default();
        if holder.is_empty() || holder == self.election.identity {
            return true;
        }
        let seconds = spec.get("leaseDurationSeconds").and_then(Value::as_u64);
        let duration = seconds.map_or(self.election.lease_duration, Duration::from_secs);
        match &self.observed {
            Some(observed) if observed.record == spec => observed.at.elapsed() > duration,
            _ => {
                self.observed = Some(Observed {
                    record: spec,
                    at: Instant::now(),
                });
                false
            }
        }
    }

    fn record(&self, present: Option<&Object>) -> Object {
        let now = micro(Timestamp::now());
        let spec = |key: &str| present.and_then(|l| l.get(&["spec", key]).cloned());
        let ours = spec("holderIdentity").is_some_and(|h| h == *self.election.identity);
        let transitions = spec("leaseTransitions")
            .and_then(|t| t.as_i64())
            .unwrap_or(0);
        let acquired = spec("acquireTime").filter(|_| ours);
        let value = json!({
            "apiVersion": "coordination.k8s.io/v1",
            "kind": "Lease",
            "metadata": { "name": self.election.name, "namespace": self.election.namespace },
            "spec": {
                "holderIdentity": self.election.identity,
                "leaseDurationSeconds": self.election.lease_duration.as_secs(),
                "acquireTime": acquired.unwrap_or_else(|| now.clone().into()),
                "renewTime": now,
                "leaseTransitions": if ours || present.is_none() { transitions } else { transitions + 1 },
            },
        });
        Object::from_value(value).expect("it has an apiVersion and a kind")
    }

    /// Lets the next candidate in at once.
    async fn release(&self) {
        self.tenure.set(None);
        if !self.election.release_on_cancel {
            return;
        }
        let patch = json!({ "spec": {
            "holderIdentity": "",
            "leaseDurationSeconds": 1,
            "renewTime": micro(Timestamp::now()),
        }});
        let target = (&*self.election.namespace, &*self.election.name);
        let leases = Resource::leases();
        let options = PatchOptions::default();
        let released = self.client.merge_patch(&leases, target, &patch, &options);
        if let Ok(Err(error)) = tokio::time::timeout(Duration::from_secs(5), released).await {
            let error = flux_report::chain(&error);
            tracing::error!(logger = "runtime", error, "Failed to release lock");
        }
    }
}

/// The lease belongs to somebody else, or may soon.
#[derive(Debug, thiserror::Error)]
#[error("leader election lost")]
pub(crate) struct Lost;

fn micro(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S%.6fZ").to_string()
}
