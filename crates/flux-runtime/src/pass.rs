//! One attempt at one object: what a reconcile sees of the chassis.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use flux_api::Status;
use flux_api::meta::Condition;
use flux_kube::Client;
use flux_report::{Cadence, Event, Fact, Step, assert_fact, progress, retract};
use jiff::Timestamp;
use serde_json::Value;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::events::{Recorder, Subject};
use crate::key::{ObjectKey, Priority};
use crate::log::Scope;
use crate::managed::Managed;
use crate::status::StatusWriter;

/// Why a pass should end early.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Interrupted {
    /// The object was deleted or its spec changed.
    #[error("object changed while it was reconciled")]
    Superseded,
    /// The process is shutting down, or may no longer write.
    #[error("controller is shutting down")]
    ShuttingDown,
}

/// Why a status could not be written ahead of an effect.
#[derive(Debug, thiserror::Error)]
#[error("failed to write status")]
pub struct FlushError(#[source] pub flux_kube::Error);

/// The state that the driver of a pass shares with it.
pub(crate) struct Shared<S> {
    /// The status as of the last step, and whether it is still to be written.
    pub(crate) latest: Mutex<Option<S>>,
    pub(crate) changed: Notify,
    pub(crate) writer: tokio::sync::Mutex<StatusWriter>,
}

/// A worker's place, given back while the pass waits for something.
pub(crate) struct Place {
    pub(crate) slots: Arc<Semaphore>,
    pub(crate) permit: Option<OwnedSemaphorePermit>,
    pub(crate) active: prometheus::Gauge,
}

impl Place {
    pub(crate) fn new(
        slots: Arc<Semaphore>,
        permit: OwnedSemaphorePermit,
        active: prometheus::Gauge,
    ) -> Self {
        active.inc();
        Self {
            slots,
            permit: Some(permit),
            active,
        }
    }

    async fn occupy(&mut self) {
        // The semaphore is never closed.
        self.permit = self.slots.clone().acquire_owned().await.ok();
        if self.permit.is_some() {
            self.active.inc();
        }
    }

    fn leave(&mut self) {
        if self.permit.take().is_some() {
            self.active.dec();
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.leave();
    }
}

/// What a pass is given by its driver.
pub(crate) struct Parts<K: Managed> {
    pub(crate) object: Arc<K>,
    pub(crate) now: Timestamp,
    pub(crate) cadence: Cadence,
    pub(crate) priority: Priority,
    pub(crate) client: Client,
    pub(crate) recorder: Recorder,
    pub(crate) scope: Arc<Scope>,
    pub(crate) shared: Arc<Shared<K::Status>>,
    pub(crate) place: Place,
    pub(crate) superseded: CancellationToken,
    pub(crate) shutdown: CancellationToken,
}

/// One attempt at one object. The only way out besides the return value.
pub struct Pass<K: Managed> {
    /// The logbook: facts are written here when they become true. Conditions are written by the chassis.
    pub status: K::Status,
    parts: Parts<K>,
    started: Instant,
    metadata: Vec<(String, String)>,
}

impl<K: Managed> std::fmt::Debug for Pass<K> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pass")
            .field("key", &self.parts.object.key())
            .finish_non_exhaustive()
    }
}

impl<K: Managed> Pass<K> {
    pub(crate) fn new(parts: Parts<K>) -> Self {
        Self {
            status: parts.object.status().cloned().unwrap_or_default(),
            parts,
            started: Instant::now(),
            metadata: Vec::new(),
        }
    }

    /// The object as it was when the pass began. A new handle, so that the pass stays free to be changed.
    pub fn object(&self) -> &K {
        &self.parts.object
    }

    /// The same as a shared handle.
    pub fn shared_object(&self) -> Arc<K> {
        self.parts.object.clone()
    }

    /// Namespace and name.
    pub fn key(&self) -> ObjectKey {
        self.parts.object.key()
    }

    /// When the pass began.
    pub fn now(&self) -> Timestamp {
        self.parts.now
    }

    /// How long the pass has been running.
    pub fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    /// The times of the spec and the flags.
    pub fn cadence(&self) -> Cadence {
        self.parts.cadence
    }

    /// When the object's timeout ends, if it has one.
    pub fn deadline(&self) -> Option<Instant> {
        let timeout = self.parts.cadence.timeout?;
        Some(self.started + timeout.to_std_or_zero())
    }

    /// What woke the object. For metrics and pacing only: a reconcile never depends on it.
    pub fn priority(&self) -> Priority {
        self.parts.priority
    }

    /// The cluster, as the controller itself; writes are refused once the leader lease is gone.
    pub fn client(&self) -> &Client {
        &self.parts.client
    }

    /// The present conditions.
    pub fn conditions(&self) -> &[Condition] {
        self.status.conditions()
    }

    /// States progress. It is written if the step takes longer than a second.
    ///
    /// # Errors
    /// When the object was deleted or changed, or the process is shutting down: a good moment to stop.
    #[expect(
        clippy::unused_async,
        reason = "a place where a pass may be paused or stopped; callers await it"
    )]
    pub async fn step(&mut self, step: impl Step + Send + Sync) -> Result<(), Interrupted> {
        self.interrupted()?;
        let generation = self.parts.object.generation();
        if let Some(conditions) = self.status.conditions_mut() {
            progress(conditions, &step, generation, Timestamp::now());
        }
        tracing::debug!(step = step.message(), "step");
        let latest = &self.parts.shared.latest;
        *latest.lock().unwrap_or_else(PoisonError::into_inner) = Some(self.status.clone());
        self.parts.shared.changed.notify_one();
        Ok(())
    }

    /// States a fact that holds besides Ready, such as `ArtifactInStorage`.
    pub fn assert(&mut self, fact: &Fact) {
        let generation = self.parts.object.generation();
        if let Some(conditions) = self.status.conditions_mut() {
            assert_fact(conditions, fact, generation, Timestamp::now());
        }
    }

    /// Takes a fact back, such as `FetchFailed` after a fetch that went well.
    pub fn retract(&mut self, r#type: &str) {
        if let Some(conditions) = self.status.conditions_mut() {
            retract(conditions, r#type);
        }
    }

    /// Writes the status now: what must be on record before an effect (R8).
    ///
    /// # Errors
    /// When the server does not take it; the effect must not happen then.
    pub async fn flush(&mut self) -> Result<(), FlushError> {
        let latest = &self.parts.shared.latest;
        latest.lock().unwrap_or_else(PoisonError::into_inner).take();
        let mut writer = self.parts.shared.writer.lock().await;
        writer.write(&self.status).await.map_err(FlushError)
    }

    /// Sends an extra event. Never blocks.
    pub fn note(&self, event: Event) {
        let event = self.completed(event);
        self.parts.recorder.record(&self.subject(), event);
    }

    /// Adds a key to every event of this pass from here on, such as `revision`; without the API group.
    pub fn event_key(&mut self, key: &str, value: impl Into<String>) {
        self.metadata.retain(|(known, _)| known != key);
        self.metadata.push((key.to_owned(), value.into()));
    }

    /// Adds a field to every log line of this pass from here on.
    pub fn log_field(&self, key: &str, value: impl Into<Value>) {
        self.parts.scope.set(key, value.into());
    }

    /// Awaits something outside without holding a worker.
    ///
    /// # Errors
    /// When the object is deleted or changed, or the process shuts down, before it is over.
    pub async fn park<T>(&mut self, awaited: impl Future<Output = T>) -> Result<T, Interrupted> {
        self.interrupted()?;
        self.parts.place.leave();
        let result = tokio::select! {
            result = awaited => Ok(result),
            () = self.parts.superseded.cancelled() => Err(Interrupted::Superseded),
            () = self.parts.shutdown.cancelled() => Err(Interrupted::ShuttingDown),
        };
        self.parts.place.occupy().await;
        result
    }

    /// Runs work that keeps a processor busy on a thread of its own, so that waiting passes are not held up. The pass keeps its
    /// worker: workers bound exactly such work.
    pub async fn compute<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> T {
        let scope = self.parts.scope.clone();
        match tokio::task::spawn_blocking(move || scope.run_blocking(work)).await {
            Ok(value) => value,
            Err(error) => match error.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                // Cancelled: the process is ending, and so is this pass.
                Err(_) => std::future::pending().await,
            },
        }
    }

    /// Whether the pass should end early.
    ///
    /// # Errors
    /// The reason to end.
    pub fn interrupted(&self) -> Result<(), Interrupted> {
        if self.parts.shutdown.is_cancelled() {
            return Err(Interrupted::ShuttingDown);
        }
        if self.parts.superseded.is_cancelled() {
            return Err(Interrupted::Superseded);
        }
        Ok(())
    }

    /// The event with the keys of this pass; its own win.
    pub(crate) fn completed(&self, mut event: Event) -> Event {
        for (key, value) in &self.metadata {
            event
                .metadata
                .entry(key.clone())
                .or_insert_with(|| value.clone());
        }
        event
    }

    pub(crate) fn subject(&self) -> Subject {
        Subject::of(&*self.parts.object)
    }
}
