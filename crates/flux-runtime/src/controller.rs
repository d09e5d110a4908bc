//! A controller: a reconciler, what wakes it, and the loop that gives objects their turns.

use std::any::Any;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use flux_kube::Client;
use flux_report::{Cadence, Failure, Outcome, Profile, Requeue};
use futures::future::BoxFuture;
use serde_json::Value;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::events::Recorder;
use crate::key::{ObjectKey, Priority};
use crate::log::Scope;
use crate::managed::Managed;
use crate::metrics::Metrics;
use crate::pass::{Pass, Place};
use crate::queue::{Queue, Turn};
use crate::store::{Change, Store};

/// What a kind's controller does; everything else is the chassis.
pub trait Reconcile: Send + Sync + 'static {
    /// The kind.
    type Object: Managed;
    /// Everything that can go wrong.
    type Failure: Failure + Send + Sync + 'static;

    /// The kind's data.
    fn profile(&self) -> &'static Profile;

    /// The times of one object. The default has the spec's interval only.
    fn cadence(&self, object: &Self::Object) -> Cadence {
        Cadence {
            interval: object.interval(),
            ..Cadence::default()
        }
    }

    /// One pass over one object that is neither suspended nor being deleted.
    fn reconcile(
        &self,
        pass: &mut Pass<Self::Object>,
    ) -> impl Future<Output = Result<Outcome, Self::Failure>> + Send;

    /// What must be done before an object may go; suspended ones come here too. The finalizer is taken off afterwards.
    fn finalize(
        &self,
        _pass: &mut Pass<Self::Object>,
    ) -> impl Future<Output = Result<Outcome, Self::Failure>> + Send {
        async { Ok(Outcome::settled()) }
    }
}

/// Asks for objects of a controller. Cheap to clone.
#[derive(Clone)]
pub struct Requests {
    queue: Arc<Queue>,
}

impl std::fmt::Debug for Requests {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Requests").finish_non_exhaustive()
    }
}

impl Requests {
    /// Asks for one object.
    pub fn add(&self, key: &ObjectKey, priority: Priority) {
        self.queue.add(key, priority);
    }

    /// Asks for one object after a time.
    pub fn add_after(&self, key: &ObjectKey, priority: Priority, delay: Duration) {
        self.queue.add_after(key, priority, delay);
    }
}

type IndexOf<K> = fn(&K) -> Vec<String>;
type Wake<K> = Box<dyn FnOnce(&Store<K>, &Requests) + Send>;

/// A reconciler together with what wakes it.
pub struct Controller<R: Reconcile> {
    reconciler: R,
    name: String,
    indexes: Vec<(&'static str, IndexOf<R::Object>)>,
    wakes: Vec<Wake<R::Object>>,
    concurrent: Option<usize>,
}

impl<R: Reconcile> std::fmt::Debug for Controller<R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Controller")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

impl<R: Reconcile> Controller<R> {
    /// A controller that is woken by its own kind only.
    pub fn new(reconciler: R) -> Self {
        Self {
            reconciler,
            name: R::Object::KIND.to_lowercase(),
            indexes: Vec::new(),
            wakes: Vec::new(),
            concurrent: None,
        }
    }

    /// Keeps an index over the controller's own objects, for use in [`Controller::wake_on`].
    #[must_use]
    pub fn index(mut self, name: &'static str, of: fn(&R::Object) -> Vec<String>) -> Self {
        self.indexes.push((name, of));
        self
    }

    /// Wakes objects when those of another kind change. `map` says which, and how urgently; it must not block.
    #[must_use]
    pub fn wake_on<W, F>(mut self, other: &Store<W>, map: F) -> Self
    where
        W: Managed,
        F: Fn(&Change<W>, &Store<R::Object>) -> Vec<(ObjectKey, Priority)> + Send + Sync + 'static,
    {
        let other = other.clone();
        self.wakes.push(Box::new(move |own, requests| {
            let (own, requests) = (own.downgrade(), requests.clone());
            other.subscribe(move |change| {
                // The first list wakes nobody: every object of ours has a turn at start-up anyway.
                let Some(own) = own.upgrade().filter(|_| !change.initial) else {
                    return;
                };
                for (key, priority) in map(change, &own) {
                    requests.add(&key, priority);
                }
            });
        }));
        self
    }

    /// Another number of workers than `--concurrent`.
    #[must_use]
    pub fn concurrent(mut self, workers: usize) -> Self {
        self.concurrent = Some(workers);
        self
    }
}

/// What every controller of a process shares.
#[derive(Clone)]
pub(crate) struct Env {
    pub(crate) client: Client,
    pub(crate) recorder: Recorder,
    pub(crate) metrics: Metrics,
    /// Share of an interval by which it is lengthened or shortened at most.
    pub(crate) jitter: f64,
    pub(crate) delays: (Duration, Duration),
    pub(crate) concurrent: usize,
    pub(crate) shutdown: CancellationToken,
}

/// A controller without its types, ready to be started.
pub(crate) struct Prepared {
    pub(crate) requests: Requests,
    pub(crate) run: Box<dyn FnOnce() -> BoxFuture<'static, ()> + Send>,
}

impl Prepared {
    pub(crate) fn observe(&self) -> Arc<dyn Fn() + Send + Sync> {
        let queue = self.requests.queue.clone();
        Arc::new(move || queue.observe())
    }
}

/// The loop of one controller.
pub(crate) struct Driver<R: Reconcile> {
    pub(crate) reconciler: R,
    pub(crate) store: Store<R::Object>,
    pub(crate) env: Env,
    pub(crate) name: String,
    pub(crate) scope: Scope,
    queue: Arc<Queue>,
    workers: usize,
    slots: Arc<Semaphore>,
    running: Mutex<HashMap<ObjectKey, Running>>,
}

struct Running {
    generation: i64,
    deleting: bool,
    superseded: CancellationToken,
}

/// Puts a controller together; nothing runs yet.
pub(crate) fn prepare<R: Reconcile>(
    controller: Controller<R>,
    store: &Store<R::Object>,
    env: Env,
) -> Prepared {
    let Controller {
        reconciler,
        name,
        indexes,
        wakes,
        concurrent,
    } = controller;
    let workers = concurrent.unwrap_or(env.concurrent).max(1);
    let queue = Arc::new(Queue::new(env.metrics.queue(&name), env.delays));
    env.metrics.announce(&name, workers);
    let requests = Requests {
        queue: queue.clone(),
    };
    for (index, of) in indexes {
        store.index(index, of);
    }
    for wake in wakes {
        wake(store, &requests);
    }
    let driver = Arc::new(Driver {
        reconciler,
        scope: Scope::controller(&name, R::Object::GROUP, R::Object::KIND),
        store: store.clone(),
        env,
        name,
        queue,
        workers,
        slots: Arc::new(Semaphore::new(workers)),
        running: Mutex::default(),
    });
    let listener = Arc::downgrade(&driver);
    store.subscribe(move |change| {
        if let Some(driver) = listener.upgrade() {
            driver.changed(change);
        }
    });
    Prepared {
        requests,
        run: Box::new(move || Box::pin(driver.run())),
    }
}

impl<R: Reconcile> Driver<R> {
    /// Decides what a change of an own object means (COM-API-005).
    fn changed(&self, change: &Change<R::Object>) {
        let current = change
            .after
            .as_ref()
            .map(|o| (o.generation(), o.is_deleting()));
        if let Some(running) = self.running().get(&change.key)
            && current != Some((running.generation, running.deleting))
        {
            running.superseded.cancel();
        }
        if let Some(priority) = wakes(change) {
            self.queue.add(&change.key, priority);
        }
    }

    fn running(&self) -> std::sync::MutexGuard<'_, HashMap<ObjectKey, Running>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A token that is cancelled when the object changes while its pass runs.
    pub(crate) fn begin(&self, key: &ObjectKey, object: &R::Object) -> CancellationToken {
        let superseded = CancellationToken::new();
        let running = Running {
            generation: object.generation(),
            deleting: object.is_deleting(),
            superseded: superseded.clone(),
        };
        self.running().insert(key.clone(), running);
        // A change between reading the object and the line above was told to nobody.
        let current = self.store.get(key);
        if current.is_none_or(|c| {
            c.generation() != object.generation() || c.is_deleting() != object.is_deleting()
        }) {
            superseded.cancel();
        }
        superseded
    }

    async fn run(self: Arc<Self>) {
        let scope = Arc::new(self.scope.bare());
        scope
            .run(async {
                tracing::info!("Starting Controller");
                scope.set("worker count", self.workers.into());
                tracing::info!("Starting workers");
                scope.set("worker count", Value::Null);
                let tracker = TaskTracker::new();
                tokio::select! {
                    () = self.env.shutdown.cancelled() => {}
                    () = self.dispatch(&tracker) => {}
                }
                tracing::info!("Shutdown signal received, waiting for all workers to finish");
                tracker.close();
                // Running passes see the shutdown themselves; what does not end in time is dropped with the runtime.
                if tokio::time::timeout(GRACE, tracker.wait()).await.is_ok() {
                    tracing::info!("All workers finished");
                }
            })
            .await;
    }

    /// Gives out turns as workers become free: the object is chosen last, so that the most urgent one goes first.
    async fn dispatch(self: &Arc<Self>, tracker: &TaskTracker) {
        let active = self.env.metrics.active_workers.clone();
        loop {
            self.queue.ready().await;
            let Ok(permit) = self.slots.clone().acquire_owned().await else {
                return;
            };
            let Some(turn) = self.queue.take() else {
                continue;
            };
            let active = active.with_label_values(&[&self.name]);
            let place = Place::new(self.slots.clone(), permit, active);
            let driver = self.clone();
            tracker.spawn(async move { driver.turn(turn, place).await });
        }
    }

    async fn turn(&self, turn: Turn, place: Place) {
        let key = turn.key.clone();
        let id = reconcile_id();
        let scope = Arc::new(self.scope.pass(&key, id));
        let requeue = scope
            .run(Box::pin(self.attempt(&turn, place, &scope)))
            .await;
        self.running().remove(&key);
        match requeue {
            Requeue::Backoff => self.queue.back_off(&key),
            Requeue::Never | Requeue::Now | Requeue::Interval(_) | Requeue::After(_) => {
                self.queue.forget_failures(&key);
            }
        }
        match requeue {
            Requeue::Never | Requeue::Backoff => {}
            Requeue::Now => self.queue.add(&key, Priority::Retry),
            Requeue::Interval(span) => {
                let spread = (rand::random::<f64>() * 2.0 - 1.0) * self.env.jitter;
                let delay = span.to_std_or_zero().mul_f64(1.0 + spread);
                self.queue.add_after(&key, Priority::Interval, delay);
            }
            Requeue::After(span) => {
                self.queue
                    .add_after(&key, Priority::Retry, span.to_std_or_zero());
            }
        }
        self.queue.done(&key);
    }
}

/// How long running passes have to end at a shutdown.
const GRACE: Duration = Duration::from_secs(8);

/// A random UUID, as controller-runtime gives every pass.
fn reconcile_id() -> String {
    let raw: u128 = rand::random();
    let bits = (raw & !(0xf << 76) & !(0x3 << 62)) | (0x4 << 76) | (0x2 << 62);
    let hex = format!("{bits:032x}");
    format!(
        "{}-{}-{}-{}-{}",
        &hex[..8],
        &hex[8..12],
        &hex[12..16],
        &hex[16..20],
        &hex[20..]
    )
}

/// How urgently a change of an own object asks for a turn; `None` when it does not.
fn wakes<K: Managed>(change: &Change<K>) -> Option<Priority> {
    if !change.exists {
        // Its series and its queue entry are cleaned up in its turn.
        return Some(Priority::Interval);
    }
    let Some(after) = &change.after else {
        return Some(Priority::NewRevision);
    };
    let Some(before) = &change.before else {
        return Some(if change.initial {
            Priority::StartUp
        } else {
            Priority::NewRevision
        });
    };
    if before.metadata().uid != after.metadata().uid {
        return Some(Priority::NewRevision);
    }
    let requested = after.requested_at().filter(|at| !at.is_empty());
    if requested.is_some() && requested != before.requested_at() {
        return Some(Priority::UserRequest);
    }
    let changed =
        before.generation() != after.generation() || before.is_deleting() != after.is_deleting();
    changed.then_some(Priority::NewRevision)
}

/// Stores by kind and selector, so that a kind is watched once.
#[derive(Default)]
pub(crate) struct Stores {
    known: HashMap<(std::any::TypeId, String), Box<dyn Any + Send + Sync>>,
    feeds: Vec<Feed>,
}

/// A store's watch that has not been started.
pub(crate) struct Feed {
    pub(crate) kind: &'static str,
    pub(crate) run: Box<dyn FnOnce(Client) -> BoxFuture<'static, ()> + Send>,
    pub(crate) synced: BoxFuture<'static, ()>,
}

impl Stores {
    pub(crate) fn get<K: Managed>(&mut self, namespace: &str, labels: &str) -> Store<K> {
        let id = (std::any::TypeId::of::<K>(), labels.to_owned());
        if let Some(store) = self
            .known
            .get(&id)
            .and_then(|s| s.downcast_ref::<Store<K>>())
        {
            return store.clone();
        }
        let store = Store::<K>::new();
        self.known.insert(id, Box::new(store.clone()));
        let watch = flux_kube::Watch {
            namespace: namespace.to_owned(),
            labels: labels.to_owned(),
            ..flux_kube::Watch::default()
        };
        let (fed, awaited) = (store.clone(), store.clone());
        self.feeds.push(Feed {
            kind: K::KIND,
            run: Box::new(move |client| Box::pin(fed.feed(client, watch))),
            synced: Box::pin(async move { awaited.synced().await }),
        });
        store
    }

    pub(crate) fn take_feeds(&mut self) -> Vec<Feed> {
        std::mem::take(&mut self.feeds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flux_api::source::GitRepository;

    fn repository(generation: i64, requested: Option<&str>) -> Arc<GitRepository> {
        let mut value = serde_json::json!({
            "metadata": { "name": "a", "namespace": "b", "generation": generation },
            "spec": { "url": "https://git.test/a.git", "interval": "1m" },
        });
        if let Some(at) = requested {
            value["metadata"]["annotations"]["reconcile.fluxcd.io/requestedAt"] = at.into();
        }
        Arc::new(serde_json::from_value(value).unwrap())
    }

    fn change(
        before: Option<Arc<GitRepository>>,
        after: Option<Arc<GitRepository>>,
    ) -> Change<GitRepository> {
        Change {
            key: ObjectKey::new("b", "a"),
            exists: after.is_some(),
            before,
            after,
            initial: false,
        }
    }

    #[test]
    fn what_wakes() {
        let plain = || Some(repository(1, None));
        let asked = |at| Some(repository(1, Some(at)));
        for (before, after, want) in [
            (None, plain(), Some(Priority::NewRevision)),
            (plain(), plain(), None),
            (
                plain(),
                Some(repository(2, None)),
                Some(Priority::NewRevision),
            ),
            (plain(), asked("t1"), Some(Priority::UserRequest)),
            (asked("t1"), asked("t1"), None),
            (asked("t1"), asked("t2"), Some(Priority::UserRequest)),
            (asked("t1"), plain(), None),
            (plain(), None, Some(Priority::Interval)),
        ] {
            assert_eq!(wakes(&change(before, after)), want);
        }
    }

    #[test]
    fn reconcile_ids_are_uuids() {
        let id = reconcile_id();
        assert_eq!(id.len(), 36);
        assert_eq!(id.as_bytes()[14], b'4');
        assert!(matches!(id.as_bytes()[19], b'8' | b'9' | b'a' | b'b'));
    }
}
