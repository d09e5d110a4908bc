//! One turn of one object: finalizer, deletion, suspension, the pass itself, and the publishing of its report.

use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use flux_api::Status;
use flux_api::meta::{Condition, reason};
use flux_gocompat::GoDuration;
use flux_kube::{Error, PatchOptions};
use flux_object::Object;
use flux_report::{
    Before, Cadence, Disposition, Failure, Level, Outcome, Report, Requeue, ResultLabel, report,
    rest,
};
use futures::FutureExt;
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::controller::{Driver, Reconcile};
use crate::key::{ObjectKey, Priority};
use crate::log::Scope;
use crate::managed::Managed;
use crate::pass::{Parts, Pass, Place, Shared};
use crate::queue::Turn;
use crate::status::StatusWriter;
use crate::store::Entry;

/// A step is written when it has lasted this long.
const PROGRESS_AFTER: Duration = Duration::from_secs(1);
/// After a conflict the watch is about to bring the newer object.
const AFTER_CONFLICT: GoDuration = GoDuration::from_nanos(100_000_000);

/// A failure of the pass: the controller's own, or one of the chassis.
#[derive(Debug, thiserror::Error)]
enum Fault<F: Failure + 'static> {
    #[error(transparent)]
    Own(F),
    #[error("panic: {0}")]
    Panic(String),
    #[error("reconcile did not end within {0:?}")]
    TimedOut(Duration),
}

impl<F: Failure + 'static> Failure for Fault<F> {
    fn disposition(&self) -> Disposition {
        match self {
            Self::Own(failure) => failure.disposition(),
            Self::Panic(_) | Self::TimedOut(_) => {
                Disposition::backoff(reason::RECONCILIATION_FAILED)
            }
        }
    }

    fn message(&self) -> String {
        match self {
            Self::Own(failure) => failure.message(),
            Self::Panic(_) | Self::TimedOut(_) => self.to_string(),
        }
    }

    fn announcement(&self, cadence: &Cadence) -> Option<String> {
        match self {
            Self::Own(failure) => failure.announcement(cadence),
            Self::Panic(_) | Self::TimedOut(_) => None,
        }
    }
}

/// An object that its type cannot hold.
#[derive(Debug, thiserror::Error)]
#[error("object cannot be read: {0}")]
struct Unreadable(String);

impl Failure for Unreadable {
    fn disposition(&self) -> Disposition {
        Disposition::stall(reason::FAILED)
    }
}

impl<R: Reconcile> Driver<R> {
    /// One turn. Whatever happens inside, it ends with a requeue.
    pub(crate) async fn attempt(&self, turn: &Turn, place: Place, scope: &Arc<Scope>) -> Requeue {
        let started = Instant::now();
        let work = AssertUnwindSafe(self.look(turn, place, scope));
        let (requeue, label) = match work.catch_unwind().await {
            Ok(done) => done,
            Err(panic) => {
                tracing::error!(panic = panic_text(&*panic), "Observed a panic");
                (Requeue::Backoff, ResultLabel::Error)
            }
        };
        let (metrics, name) = (&self.env.metrics, &*self.name);
        let label = label.as_str();
        metrics
            .reconcile_total
            .with_label_values(&[name, label])
            .inc();
        if label == ResultLabel::Error.as_str() {
            metrics.reconcile_errors.with_label_values(&[name]).inc();
        }
        let span = started.elapsed();
        let time = metrics.reconcile_time.with_label_values(&[name]);
        time.observe(span.as_secs_f64());
        requeue
    }

    async fn look(&self, turn: &Turn, place: Place, scope: &Arc<Scope>) -> (Requeue, ResultLabel) {
        let started = Instant::now();
        let kind = R::Object::KIND;
        let object = match self.store.entry(&turn.key) {
            None => {
                self.env.metrics.forget(kind, &turn.key);
                return (Requeue::Never, ResultLabel::Success);
            }
            Some(Entry::Unread(object, why)) => return self.unreadable(&object, why).await,
            Some(Entry::Read(object)) => object,
        };
        let done = self.known(object, turn, place, scope).await;
        self.env
            .metrics
            .observe_duration(kind, &turn.key, started.elapsed());
        if self.store.entry(&turn.key).is_none() {
            self.env.metrics.forget(kind, &turn.key);
        }
        done
    }

    async fn known(
        &self,
        object: Arc<R::Object>,
        turn: &Turn,
        place: Place,
        scope: &Arc<Scope>,
    ) -> (Requeue, ResultLabel) {
        let finalizer = self.reconciler.profile().finalizer;
        let has = |f: &str| object.metadata().finalizers.iter().any(|known| known == f);
        let object = match finalizer {
            _ if object.is_deleting() => {
                if finalizer.is_some_and(has) {
                    return self.pass(object, turn.priority, (place, scope)).await;
                }
                return (Requeue::Never, ResultLabel::Success);
            }
            Some(finalizer) if !has(finalizer) => {
                match self.set_finalizer(&object, finalizer, true).await {
                    Ok(Some(object)) => object,
                    // It went away, or the watch brings the newer one.
                    Ok(None) => return (Requeue::Never, ResultLabel::Success),
                    Err(requeue) => return requeue,
                }
            }
            Some(_) | None => object,
        };
        if object.suspend() {
            return self.suspended(&object).await;
        }
        self.pass(object, turn.priority, (place, scope)).await
    }

    /// Adds or removes the finalizer; the version read is a precondition, as the list is written as a whole.
    async fn set_finalizer(
        &self,
        object: &R::Object,
        finalizer: &'static str,
        present: bool,
    ) -> Result<Option<Arc<R::Object>>, (Requeue, ResultLabel)> {
        let meta = object.metadata();
        let mut finalizers = meta.finalizers.clone();
        finalizers.retain(|f| f != finalizer);
        if present {
            finalizers.push(finalizer.to_owned());
        }
        let patch = json!({ "metadata": {
            "finalizers": if finalizers.is_empty() { Value::Null } else { json!(finalizers) },
            "resourceVersion": meta.resource_version,
        }});
        let key = object.key();
        let options = PatchOptions {
            field_manager: self.reconciler.profile().field_manager,
            ..PatchOptions::default()
        };
        let target = (&*key.namespace, &*key.name);
        let resource = R::Object::resource();
        let patched = self
            .env
            .client
            .merge_patch(&resource, target, &patch, &options)
            .await;
        match patched {
            Ok(written) if present => {
                self.store.put(written);
                Ok(self.store.get(&key))
            }
            Ok(_) => Ok(None),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) if error.is_conflict() => {
                Err((Requeue::After(AFTER_CONFLICT), ResultLabel::Requeue))
            }
            Err(error) => Err(self.unwritten("failed to write finalizer", &error)),
        }
    }

    /// A suspended object: its spec is seen and the reconcile request acknowledged, nothing else (COM-API-002, SRC-REC-013).
    async fn suspended(&self, object: &R::Object) -> (Requeue, ResultLabel) {
        tracing::info!("Reconciliation is suspended for this object");
        let mut status = object.status().cloned().unwrap_or_default();
        if let Some(at) = object.requested_at() {
            status.set_last_handled_reconcile_at(at.to_owned());
        }
        // Parity: an object that was never looked at stays so.
        if !status.conditions().is_empty() {
            let generation = object.generation();
            status.set_observed_generation(generation);
            if let Some(conditions) = status.conditions_mut() {
                rest(
                    self.reconciler.profile(),
                    conditions,
                    generation,
                    Timestamp::now(),
                );
            }
        }
        match self.writer(object).write(&status).await {
            Ok(()) => (Requeue::Never, ResultLabel::Success),
            Err(error) => self.unwritten("failed to write status", &error),
        }
    }

    fn writer(&self, object: &R::Object) -> StatusWriter {
        let store = self.store.clone();
        let written = Arc::new(move |object: Object| store.put(object));
        let manager = self.reconciler.profile().field_manager;
        StatusWriter::new(self.env.client.clone(), object, manager, written)
    }

    async fn pass(
        &self,
        object: Arc<R::Object>,
        priority: Priority,
        (place, scope): (Place, &Arc<Scope>),
    ) -> (Requeue, ResultLabel) {
        let key = object.key();
        let cadence = self.reconciler.cadence(&object);
        let shared = Arc::new(Shared {
            latest: Mutex::new(None),
            changed: Notify::new(),
            writer: tokio::sync::Mutex::new(self.writer(&object)),
        });
        let superseded = self.begin(&key, &object);
        let deleting = object.is_deleting();
        let mut pass = Pass::new(Parts {
            object: object.clone(),
            now: Timestamp::now(),
            cadence,
            priority,
            client: self.env.client.clone(),
            recorder: self.env.recorder.clone(),
            scope: scope.clone(),
            shared: shared.clone(),
            place,
            superseded,
            shutdown: self.env.shutdown.clone(),
        });
        let result = self.drive(&mut pass, &shared, deleting).await;
        if self.env.shutdown.is_cancelled() && result.is_err() {
            // Ending early because the process ends is no failure of the object.
            return (Requeue::Never, ResultLabel::Success);
        }
        self.publish(pass, result, &shared).await
    }

    /// Runs the controller's code beside the writing of progress, bounded in time and isolated from panics.
    async fn drive(
        &self,
        pass: &mut Pass<R::Object>,
        shared: &Shared<<R::Object as Managed>::Status>,
        deleting: bool,
    ) -> Result<Outcome, Fault<R::Failure>> {
        let limit = pass.cadence().timeout.map(hard_limit);
        let work = async {
            if deleting {
                self.reconciler.finalize(pass).await
            } else {
                self.reconciler.reconcile(pass).await
            }
        };
        let work = AssertUnwindSafe(Box::pin(work)).catch_unwind();
        let bounded = async {
            match limit {
                Some(limit) => tokio::time::timeout(limit, work).await.map_err(|_| limit),
                None => Ok(work.await),
            }
        };
        let mut progress = std::pin::pin!(write_progress(shared));
        let ended = tokio::select! {
            biased;
            ended = bounded => ended,
            () = &mut progress => return Err(Fault::Panic("progress ended".to_owned())),
        };
        // A write of progress that is under way is finished, so that it is known what the server has.
        tokio::select! {
            biased;
            _ = shared.writer.lock() => {}
            () = &mut progress => {}
        }
        let name = &*self.name;
        match ended {
            Ok(Ok(Ok(outcome))) => Ok(outcome),
            Ok(Ok(Err(failure))) => Err(Fault::Own(failure)),
            Ok(Err(panic)) => {
                let text = panic_text(&*panic);
                tracing::error!(panic = text, "Observed a panic");
                let metrics = &self.env.metrics;
                metrics.reconcile_panics.with_label_values(&[name]).inc();
                Err(Fault::Panic(text))
            }
            Err(limit) => {
                let metrics = &self.env.metrics;
                metrics.reconcile_timeouts.with_label_values(&[name]).inc();
                Err(Fault::TimedOut(limit))
            }
        }
    }

    /// Carries out a report: one status write, then the event, the log and the metrics.
    async fn publish(
        &self,
        mut pass: Pass<R::Object>,
        result: Result<Outcome, Fault<R::Failure>>,
        shared: &Shared<<R::Object as Managed>::Status>,
    ) -> (Requeue, ResultLabel) {
        let object = pass.shared_object();
        let report = report(
            self.reconciler.profile(),
            &Before {
                generation: object.generation(),
                conditions: pass.conditions(),
                cadence: pass.cadence(),
                elapsed: pass.elapsed(),
            },
            &result,
            Timestamp::now(),
        );
        let finalized = object.is_deleting() && result.is_ok();
        self.tell(&pass, &report);
        if finalized {
            return self.finalized(&object.key()).await;
        }
        let status = &mut pass.status;
        if let Some(conditions) = status.conditions_mut() {
            *conditions = report.conditions;
        }
        if let Some(generation) = report.observed_generation {
            status.set_observed_generation(generation);
        }
        if let Some(at) = object.requested_at() {
            status.set_last_handled_reconcile_at(at.to_owned());
        }
        match shared.writer.lock().await.write(status).await {
            Ok(()) => (report.requeue, report.result),
            Err(error) if error.is_not_found() => (Requeue::Never, ResultLabel::Success),
            Err(error) => self.unwritten("failed to write status", &error),
        }
    }

    fn tell(&self, pass: &Pass<R::Object>, report: &Report) {
        if let Some(event) = &report.event {
            let event = pass.completed(event.clone());
            self.env.recorder.record(&pass.subject(), event);
        }
        if let Some(log) = &report.log {
            match (log.level, &log.error) {
                (Level::Debug, _) => tracing::debug!("{}", log.message),
                (Level::Info, _) => tracing::info!("{}", log.message),
                (Level::Error, Some(error)) => tracing::error!(error, "{}", log.message),
                (Level::Error, None) => tracing::error!("{}", log.message),
            }
        }
    }

    async fn finalized(&self, key: &ObjectKey) -> (Requeue, ResultLabel) {
        // As it is now: the pass may have written the status.
        let (Some(object), Some(finalizer)) =
            (self.store.get(key), self.reconciler.profile().finalizer)
        else {
            return (Requeue::Never, ResultLabel::Success);
        };
        match self.set_finalizer(&object, finalizer, false).await {
            Ok(_) => (Requeue::Never, ResultLabel::Success),
            Err(requeue) => requeue,
        }
    }

    fn unwritten(&self, what: &'static str, error: &Error) -> (Requeue, ResultLabel) {
        if matches!(error, Error::NotLeader) && self.env.shutdown.is_cancelled() {
            return (Requeue::Never, ResultLabel::Success);
        }
        let error = format!("{what}: {}", flux_report::chain(error));
        tracing::error!(error, "Reconciler error");
        (Requeue::Backoff, ResultLabel::Error)
    }

    /// Says on the object itself that it cannot be read; the others of its kind are not touched.
    async fn unreadable(&self, object: &Object, why: String) -> (Requeue, ResultLabel) {
        let present = object.get(&["status", "conditions"]).cloned();
        let present: Vec<Condition> = present
            .and_then(|c| serde_json::from_value(c).ok())
            .unwrap_or_default();
        let before = Before {
            generation: object.generation(),
            conditions: &present,
            cadence: Cadence::default(),
            elapsed: Duration::ZERO,
        };
        let result = Err(Unreadable(why));
        let report = report(
            self.reconciler.profile(),
            &before,
            &result,
            Timestamp::now(),
        );
        let terminal = &self.env.metrics.terminal_errors;
        terminal.with_label_values(&[&self.name]).inc();
        if report.conditions == present || object.is_deleting() {
            return (report.requeue, report.result);
        }
        if let Err(unreadable) = &result {
            tracing::error!(error = %unreadable, "Reconciler error");
        }
        let patch = json!({ "status": { "conditions": report.conditions } });
        let options = PatchOptions {
            field_manager: self.reconciler.profile().field_manager,
            subresource: "status",
            ..PatchOptions::default()
        };
        let target = (object.namespace(), object.name());
        let resource = R::Object::resource();
        let client = &self.env.client;
        match client
            .merge_patch(&resource, target, &patch, &options)
            .await
        {
            Ok(_) => (report.requeue, report.result),
            Err(error) if error.is_not_found() => (Requeue::Never, ResultLabel::Success),
            Err(error) => self.unwritten("failed to write status", &error),
        }
    }
}

/// Writes the latest step once it has lasted a while. Never ends.
async fn write_progress<S: Status>(shared: &Shared<S>) {
    loop {
        shared.changed.notified().await;
        // A newer step starts the time again only after this one was written or replaced.
        tokio::time::sleep(PROGRESS_AFTER).await;
        let mut writer = shared.writer.lock().await;
        let latest = shared
            .latest
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(status) = latest
            && let Err(error) = writer.write(&status).await
        {
            tracing::debug!(error = %error, "progress not written");
        }
    }
}

/// Steps bound themselves by the object's timeout; this catches what forgets to.
fn hard_limit(timeout: GoDuration) -> Duration {
    timeout.to_std_or_zero().saturating_mul(2) + Duration::from_mins(2)
}

fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|t| (*t).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "unknown".to_owned())
}
