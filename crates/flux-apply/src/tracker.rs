//! One watch per kind that has objects of ours, and what it tells.
//!
//! The watches use the connection's own identity; what they show may stand in for a request of another identity only on
//! objects that this identity applied.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use flux_drift::managed;
use flux_kube::{Client, Resource, Watch, WatchEvent};
use flux_object::{Object, ObjectId};
use futures::StreamExt;
use tokio::sync::watch;
use tokio::task::AbortHandle;

use crate::record::{Applied, Digest, Facts, Lens, OwnedKeys, Record, newer};

/// How long an apply waits for the first list of a kind before it does without.
const SYNC_LIMIT: Duration = Duration::from_secs(10);

/// How a tracker looks at objects.
#[derive(Debug, Clone)]
pub struct TrackerOptions {
    /// Prefix of the owner labels, such as `kustomize.toolkit.fluxcd.io`.
    pub owner_group: String,
    /// The field manager of our applies.
    pub field_manager: String,
    /// Further managers whose fields are taken over (`--override-manager`).
    pub override_managers: Vec<String>,
}

/// What is known of the objects of one cluster.
#[derive(Debug)]
pub struct Tracker {
    shared: Arc<Shared>,
}

struct Shared {
    client: Client,
    lens: Lens,
    state: Mutex<State>,
    /// Counts the probes, so that each asks about another object.
    turns: AtomicUsize,
    /// Counts the events that changed something; waiting is waiting for it to move.
    moved: watch::Sender<u64>,
}

#[derive(Default)]
struct State {
    records: HashMap<ObjectId, Record>,
    kinds: HashMap<(String, String), Kind>,
}

struct Kind {
    version: String,
    task: AbortHandle,
    health: KindHealth,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum KindHealth {
    /// The first list is not complete.
    Starting,
    /// Events arrive.
    Live,
    /// The watch was refused or broke; what is known may be old.
    Broken,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared").finish_non_exhaustive()
    }
}

impl Drop for Tracker {
    fn drop(&mut self) {
        for kind in self.shared.state().kinds.values() {
            kind.task.abort();
        }
    }
}

impl Tracker {
    /// A tracker that knows nothing yet. `client` speaks with the connection's own identity.
    pub fn new(client: Client, options: &TrackerOptions) -> Self {
        let lens = Lens {
            group: options.owner_group.clone(),
            field_manager: options.field_manager.clone(),
            managers: managed::default_managers(&options.field_manager, &options.override_managers),
        };
        Self {
            shared: Arc::new(Shared {
                client,
                lens,
                state: Mutex::default(),
                turns: AtomicUsize::new(0),
                moved: watch::channel(0).0,
            }),
        }
    }

    /// The number of objects remembered.
    pub fn len(&self) -> usize {
        self.shared.state().records.len()
    }

    /// Whether nothing is remembered.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// A number that is another one each time.
    pub(crate) fn turn(&self) -> usize {
        self.shared.turns.fetch_add(1, Ordering::Relaxed)
    }

    pub(crate) fn client(&self) -> &Client {
        &self.shared.client
    }

    pub(crate) fn lens(&self) -> &Lens {
        &self.shared.lens
    }

    /// Starts watching kinds that are not watched, and returns when all of them are listed or cannot be.
    pub(crate) async fn follow(&self, resources: impl IntoIterator<Item = Arc<Resource>>) {
        let mut moved = self.shared.moved.subscribe();
        let mut wanted = Vec::new();
        for resource in resources {
            wanted.push((resource.group.clone(), resource.kind.clone()));
            self.start(&resource);
        }
        let starting = || {
            let state = self.shared.state();
            wanted
                .iter()
                .any(|kind| state.kinds[kind].health == KindHealth::Starting)
        };
        let listed = async {
            while starting() {
                if moved.changed().await.is_err() {
                    break;
                }
            }
        };
        // Without the list nothing is proven, so that every object is asked for.
        let _ = tokio::time::timeout(SYNC_LIMIT, listed).await;
    }

    fn start(&self, resource: &Arc<Resource>) {
        let key = (resource.group.clone(), resource.kind.clone());
        let mut state = self.shared.state();
        state.kinds.entry(key).or_insert_with(|| {
            let task = tokio::spawn(run(self.shared.clone(), resource.clone()));
            Kind {
                version: resource.version.clone(),
                task: task.abort_handle(),
                health: KindHealth::Starting,
            }
        });
    }

    /// Whether the watch of a kind shows what is in the cluster, in this version of its API.
    pub(crate) fn trusts(&self, resource: &Resource) -> bool {
        let key = (resource.group.clone(), resource.kind.clone());
        let state = self.shared.state();
        state
            .kinds
            .get(&key)
            .is_some_and(|kind| kind.health == KindHealth::Live && kind.version == resource.version)
    }

    /// Whether applying `desired` again as `identity` would change nothing.
    pub(crate) fn proves(&self, id: &ObjectId, desired: &Digest, identity: Option<&str>) -> bool {
        let state = self.shared.state();
        state
            .records
            .get(id)
            .is_some_and(|record| record.proves(desired, identity))
    }

    /// The facts of an object that holds exactly what an apply of `desired` would state.
    pub(crate) fn shows(&self, id: &ObjectId, desired: &Digest) -> Option<Facts> {
        let state = self.shared.state();
        state.records.get(id)?.shows(desired).cloned()
    }

    /// The last facts of an object.
    pub(crate) fn facts(&self, id: &ObjectId) -> Option<Facts> {
        self.shared.state().records.get(id)?.facts.clone()
    }

    /// Remembers an object as it is right after our own apply, or as found equal to what we would apply.
    pub(crate) fn applied(&self, id: &ObjectId, applied: Applied) {
        {
            let mut state = self.shared.state();
            let record = state.records.entry(id.clone()).or_default();
            let facts = applied.after.clone();
            record.applied = Some(applied);
            record.observe(facts);
        }
        self.shared.moved.send_modify(|count| *count += 1);
    }

    /// Forgets an object that we deleted.
    pub(crate) fn deleted(&self, id: &ObjectId) {
        self.shared.state().records.remove(id);
        self.shared.moved.send_modify(|count| *count += 1);
    }

    /// Moves each time something changed.
    pub(crate) fn subscribe(&self) -> watch::Receiver<u64> {
        self.shared.moved.subscribe()
    }
}

impl Record {
    /// Takes facts unless they are older than those known: a watch may lag behind the answer to our own write.
    fn observe(&mut self, facts: Facts) {
        let outdated = self.facts.as_ref().is_some_and(|known| {
            known.uid == facts.uid && newer(&known.resource_version, &facts.resource_version)
        });
        if !outdated {
            self.facts = Some(facts);
        }
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set_health(&self, resource: &Resource, health: KindHealth) {
        let key = (resource.group.clone(), resource.kind.clone());
        if let Some(kind) = self.state().kinds.get_mut(&key) {
            kind.health = health;
        }
        self.moved.send_modify(|count| *count += 1);
    }

    fn observe(&self, object: &Object) {
        let id = object.id();
        {
            let mut state = self.state();
            let record = state.records.entry(id).or_default();
            let none = OwnedKeys::default();
            let keys = record.applied.as_ref().map_or(&none, |a| &*a.keys);
            let facts = Facts::of(object, &self.lens, keys);
            record.observe(facts);
        }
        self.moved.send_modify(|count| *count += 1);
    }

    fn gone(&self, object: &Object) {
        {
            let mut state = self.state();
            let known = state.records.get(&object.id());
            let same = known
                .and_then(|record| record.facts.as_ref())
                .is_some_and(|facts| facts.uid == object.uid());
            if same {
                state.records.remove(&object.id());
            }
        }
        self.moved.send_modify(|count| *count += 1);
    }

    /// Forgets the objects of a kind that a list up to `version` did not name.
    fn keep_only(&self, resource: &Resource, seen: &HashSet<ObjectId>, version: &str) {
        self.state().records.retain(|id, record| {
            let of_kind = id.group == resource.group && id.kind == resource.kind;
            let written_later = record
                .facts
                .as_ref()
                .is_some_and(|facts| newer(&facts.resource_version, version));
            !of_kind || seen.contains(id) || written_later
        });
    }
}

/// Follows one kind for ever.
async fn run(shared: Arc<Shared>, resource: Arc<Resource>) {
    let watch = Watch {
        labels: format!("{}/name", shared.lens.group),
        ..Watch::default()
    };
    let mut events = shared.client.watch(&resource, watch);
    let mut listed: Option<HashSet<ObjectId>> = None;
    let mut broken = false;
    while let Some(event) = events.next().await {
        if broken && event.is_ok() && listed.is_none() {
            // The stream went on from where it was.
            broken = false;
            shared.set_health(&resource, KindHealth::Live);
        }
        match event {
            Ok(WatchEvent::Restarted) => listed = Some(HashSet::new()),
            Ok(WatchEvent::Applied(object)) => {
                if let Some(seen) = &mut listed {
                    seen.insert(object.id());
                }
                shared.observe(&object);
            }
            Ok(WatchEvent::Deleted(object)) => shared.gone(&object),
            Ok(WatchEvent::Synced { resource_version }) => {
                if let Some(seen) = listed.take() {
                    shared.keep_only(&resource, &seen, &resource_version);
                }
                shared.set_health(&resource, KindHealth::Live);
            }
            Ok(WatchEvent::Bookmark { .. }) => shared.set_health(&resource, KindHealth::Live),
            Err(error) => {
                broken = true;
                tracing::debug!(kind = %resource.kind, error = %error, "watch of managed objects broke");
                shared.set_health(&resource, KindHealth::Broken);
            }
        }
    }
}
