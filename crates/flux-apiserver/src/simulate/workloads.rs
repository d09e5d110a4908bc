//! The loop behind deployments, stateful sets, daemon sets, jobs and pods: changes and timers mark
//! objects, marked objects are looked at once.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

use crate::clock;
use crate::cluster::Cluster;
use crate::simulate::actor::Actor;
use crate::simulate::{Tap, daemon, deployment, jobs, pods, replicas, smaller, stateful};
use crate::store::{Change, ChangeKind, Key, Stored, at};

/// The kinds with a stand-in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Kind {
    Pod,
    ReplicaSet,
    ReplicationController,
    Deployment,
    StatefulSet,
    DaemonSet,
    Job,
    Claim,
    Service,
    Budget,
    ApiService,
}

impl Kind {
    const ALL: [(Self, &'static str); 11] = [
        (Self::Pod, "pods"),
        (Self::ReplicaSet, "replicasets.apps"),
        (Self::ReplicationController, "replicationcontrollers"),
        (Self::Deployment, "deployments.apps"),
        (Self::StatefulSet, "statefulsets.apps"),
        (Self::DaemonSet, "daemonsets.apps"),
        (Self::Job, "jobs.batch"),
        (Self::Claim, "persistentvolumeclaims"),
        (Self::Service, "services"),
        (Self::Budget, "poddisruptionbudgets.policy"),
        (Self::ApiService, "apiservices.apiregistration.k8s.io"),
    ];

    fn of(table: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .find(|(_, t)| *t == table)
            .map(|(kind, _)| *kind)
    }

    pub(crate) fn table(self) -> &'static str {
        Self::ALL
            .iter()
            .find(|(kind, _)| *kind == self)
            .map_or("", |(_, table)| table)
    }
}

/// How a workload is to behave, from `simulate.flux.local/ready-after` and `.../ready`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// Ready after this time.
    Ready(Duration),
    /// Never ready.
    Never,
    /// Fails after this time.
    Fail(Duration),
}

const AFTER: &str = "simulate.flux.local/ready-after";
const READY: &str = "simulate.flux.local/ready";

/// What the stand-ins know.
pub(crate) struct Workshop {
    pub(crate) actor: Actor,
    default: Duration,
    dirty: BTreeSet<(Kind, Key)>,
    timers: BTreeMap<(Instant, u64), (Kind, Key)>,
    sequence: u64,
    owned: HashMap<String, BTreeSet<(Kind, Key)>>,
    /// When each object was first seen, by UID.
    since: HashMap<String, Instant>,
}

pub(crate) async fn run(cluster: Arc<Cluster>, mut tap: Tap, default: Duration) {
    let mut shop = Workshop {
        actor: Actor::new(&cluster, "kube-controller-manager"),
        default,
        dirty: BTreeSet::new(),
        timers: BTreeMap::new(),
        sequence: 0,
        owned: HashMap::new(),
        since: HashMap::new(),
    };
    loop {
        let next = shop.timers.first_key_value().map(|((at, _), _)| *at);
        tokio::select! {
            change = tap.recv() => match change {
                Some(change) => shop.see(&change),
                None => return,
            },
            () = until(next) => shop.fire(),
        }
        while let Ok(change) = tap.try_recv() {
            shop.see(&change);
        }
        while let Some((kind, key)) = shop.dirty.pop_first() {
            shop.look(kind, &key);
        }
        // Requests share the runtime with this loop.
        tokio::task::yield_now().await;
    }
}

async fn until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at).await,
        None => std::future::pending().await,
    }
}

/// The UID of the controlling owner.
pub(crate) fn controller(object: &Stored) -> Option<&Value> {
    let owners = object
        .meta()
        .get("ownerReferences")
        .and_then(Value::as_array)?;
    owners
        .iter()
        .find(|o| o.get("controller") == Some(&Value::Bool(true)))
}

impl Workshop {
    fn see(&mut self, change: &Change) {
        let Some(kind) = Kind::of(&change.table) else {
            return;
        };
        let object = &change.object;
        let place = (kind, object.key.clone());
        let owner = controller(object)
            .and_then(|o| o.get("uid"))
            .and_then(Value::as_str);
        if let Some(owner) = owner {
            let set = self.owned.entry(owner.to_owned()).or_default();
            if change.kind == ChangeKind::Deleted {
                set.remove(&place);
            } else {
                set.insert(place.clone());
            }
            self.mark_owner(object);
        }
        if change.kind == ChangeKind::Deleted {
            self.owned.remove(object.uid());
            self.since.remove(object.uid());
        } else {
            self.since
                .entry(object.uid().to_owned())
                .or_insert_with(Instant::now);
            self.dirty.insert(place);
        }
    }

    fn mark_owner(&mut self, object: &Stored) {
        let Some(owner) = controller(object) else {
            return;
        };
        let text = |field: &str| owner.get(field).and_then(Value::as_str).unwrap_or("");
        let kind = match text("kind") {
            "ReplicaSet" => Kind::ReplicaSet,
            "ReplicationController" => Kind::ReplicationController,
            "Deployment" => Kind::Deployment,
            "StatefulSet" => Kind::StatefulSet,
            "DaemonSet" => Kind::DaemonSet,
            "Job" => Kind::Job,
            _ => return,
        };
        self.dirty
            .insert((kind, Key::new(object.namespace(), text("name"))));
    }

    fn fire(&mut self) {
        let now = Instant::now();
        while let Some(entry) = self.timers.first_entry() {
            if entry.key().0 > now {
                return;
            }
            self.dirty.insert(entry.remove());
        }
    }

    /// Looks at an object again at a moment.
    pub(crate) fn wake(&mut self, at: Instant, kind: Kind, key: &Key) {
        self.sequence += 1;
        self.timers.insert((at, self.sequence), (kind, key.clone()));
    }

    /// Whether this long has passed since the object was first seen; if not, it is looked at then.
    pub(crate) fn due(&mut self, kind: Kind, object: &Stored, after: Duration) -> bool {
        let since = self
            .since
            .get(object.uid())
            .copied()
            .unwrap_or_else(Instant::now);
        let at = since + after;
        if Instant::now() >= at {
            return true;
        }
        self.wake(at, kind, &object.key);
        false
    }

    fn look(&mut self, kind: Kind, key: &Key) {
        let Some(object) = self.actor.get(kind.table(), key) else {
            return;
        };
        if object.deleting() && kind != Kind::Pod {
            return;
        }
        match kind {
            Kind::Pod => pods::look(self, &object),
            Kind::ReplicaSet | Kind::ReplicationController => replicas::look(self, kind, &object),
            Kind::Deployment => deployment::look(self, &object),
            Kind::StatefulSet => stateful::look(self, &object),
            Kind::DaemonSet => daemon::look(self, &object),
            Kind::Job => jobs::look(self, &object),
            Kind::Claim => smaller::claim(self, &object),
            Kind::Service => smaller::service(self, &object),
            Kind::Budget => smaller::budget(self, &object),
            Kind::ApiService => smaller::api_service(self, &object),
        }
    }

    /// The objects of a kind that an object controls.
    pub(crate) fn children(&self, owner: &Stored, kind: Kind) -> Vec<Arc<Stored>> {
        let set = self.owned.get(owner.uid()).into_iter().flatten();
        set.filter(|(k, _)| *k == kind)
            .filter_map(|(kind, key)| self.actor.get(kind.table(), key))
            .collect()
    }

    /// What is to become of an object: its own annotations decide, else those of its owners.
    pub(crate) fn fate(&self, object: &Stored) -> Fate {
        if !pods::fits(object) {
            return Fate::Never;
        }
        let mut next: Option<Arc<Stored>> = None;
        for _ in 0..3 {
            let current = next.as_deref().unwrap_or(object);
            let (after, ready) = (current.annotation(AFTER), current.annotation(READY));
            if after.is_some() || ready.is_some() {
                let after = after.and_then(clock::duration).unwrap_or(self.default);
                return match ready {
                    Some("never" | "false") => Fate::Never,
                    Some("fail") => Fate::Fail(after),
                    _ => Fate::Ready(after),
                };
            }
            let Some(owner) = controller(current) else {
                break;
            };
            let text = |field: &str| owner.get(field).and_then(Value::as_str).unwrap_or("");
            let table = match text("kind") {
                "ReplicaSet" => "replicasets.apps",
                "Deployment" => "deployments.apps",
                "StatefulSet" => "statefulsets.apps",
                "DaemonSet" => "daemonsets.apps",
                "Job" => "jobs.batch",
                "CronJob" => "cronjobs.batch",
                _ => break,
            };
            let key = Key::new(current.namespace(), text("name"));
            next = self.actor.get(table, &key);
            if next.is_none() {
                break;
            }
        }
        Fate::Ready(self.default)
    }
}

/// An owner reference of the kind controllers write.
pub(crate) fn owner(api_version: &str, kind: &str, object: &Stored) -> Value {
    json!([{
        "apiVersion": api_version, "kind": kind, "name": object.name(), "uid": object.uid(),
        "controller": true, "blockOwnerDeletion": true,
    }])
}

/// A number field, 0 if absent.
pub(crate) fn number(object: &Stored, path: &str) -> i64 {
    at(&object.doc, path).and_then(Value::as_i64).unwrap_or(0)
}

/// A condition; the time of the last change of status stays.
pub(crate) fn condition(old: &Stored, wanted: Value, updated: bool) -> Value {
    let mut wanted = wanted;
    let list = at(&old.doc, "status.conditions").and_then(Value::as_array);
    let before = list
        .into_iter()
        .flatten()
        .find(|c| c["type"] == wanted["type"]);
    let now = Value::from(clock::now());
    let time = |c: Option<&Value>, field: &str| {
        c.and_then(|c| c.get(field))
            .cloned()
            .unwrap_or_else(|| now.clone())
    };
    let same_status = before.filter(|b| b["status"] == wanted["status"]);
    wanted["lastTransitionTime"] = time(same_status, "lastTransitionTime");
    if updated {
        let same = same_status
            .filter(|b| b["reason"] == wanted["reason"] && b["message"] == wanted["message"]);
        wanted["lastUpdateTime"] = time(same, "lastUpdateTime");
    }
    wanted
}

/// The hash that names what a template made, spelled like upstream's.
pub(crate) fn hash(template: &Value) -> String {
    const LETTERS: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";
    let mut hash: u32 = 0x811c_9dc5;
    for byte in template.to_string().bytes() {
        hash = (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193);
    }
    let digits = hash.to_string();
    digits
        .bytes()
        .map(|b| char::from(LETTERS[usize::from(b) % LETTERS.len()]))
        .collect()
}
