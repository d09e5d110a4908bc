//! Garbage collection by owner references: background, foreground and orphan.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use serde_json::Value;

use crate::cluster::Cluster;
use crate::simulate::Tap;
use crate::simulate::actor::Actor;
use crate::store::{Change, ChangeKind, Doc, Key, Stored, meta_mut};
use crate::verbs::Propagation;

const FOREGROUND: &str = "foregroundDeletion";
const ORPHAN: &str = "orphan";

type Place = (Arc<str>, Key);

struct Collector {
    actor: Actor,
    /// UIDs of all objects there are.
    alive: HashSet<String>,
    /// Objects by the UID of each owner.
    dependents: HashMap<String, BTreeSet<Place>>,
    /// Owners that wait for their dependents, by UID.
    waiting: HashMap<String, Place>,
}

pub(crate) async fn run(cluster: Arc<Cluster>, mut tap: Tap) {
    let mut collector = Collector {
        actor: Actor::new(&cluster, "kube-controller-manager"),
        alive: HashSet::new(),
        dependents: HashMap::new(),
        waiting: HashMap::new(),
    };
    while let Some(change) = tap.recv().await {
        collector.see(&change);
    }
}

fn owners(object: &Stored) -> impl Iterator<Item = &Value> {
    object
        .meta()
        .get("ownerReferences")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
}

fn uid(owner: &Value) -> &str {
    owner.get("uid").and_then(Value::as_str).unwrap_or("")
}

impl Collector {
    fn see(&mut self, change: &Change) {
        let object = &change.object;
        let place = (Arc::clone(&change.table), object.key.clone());
        if let Some(previous) = &change.previous {
            for owner in owners(previous) {
                if let Some(set) = self.dependents.get_mut(uid(owner)) {
                    set.remove(&place);
                }
            }
        }
        if change.kind == ChangeKind::Deleted {
            self.alive.remove(object.uid());
            self.waiting.remove(object.uid());
            self.owner_gone(object.uid());
            self.dependent_gone(object);
            return;
        }
        self.alive.insert(object.uid().to_owned());
        let mut lost = false;
        for owner in owners(object) {
            let uid = uid(owner);
            self.dependents
                .entry(uid.to_owned())
                .or_default()
                .insert(place.clone());
            lost |= !self.alive.contains(uid);
        }
        if lost {
            self.release(&place, None);
        }
        if object.deleting() {
            self.owner_ending(place, object);
        } else if let Some(previous) = &change.previous {
            // A dependent that lets go of its owner may be what the owner waits for.
            self.dependent_gone(previous);
        }
    }

    /// Deletes what only the lost owner owned, takes the reference from what others own too.
    fn owner_gone(&mut self, owner: &str) {
        for place in self.dependents.remove(owner).unwrap_or_default() {
            self.release(&place, Some(owner));
        }
    }

    fn release(&self, place: &Place, gone: Option<&str>) {
        let (table, key) = place;
        let Some(object) = self.actor.get(table, key) else {
            return;
        };
        let absent = |owner: &Value| Some(uid(owner)) == gone || !self.alive.contains(uid(owner));
        let mut all = owners(&object).peekable();
        if all.peek().is_none() || !owners(&object).any(absent) {
            return;
        }
        if owners(&object).all(absent) {
            let propagation = match object.finalizers() {
                f if f.contains(&ORPHAN) => Propagation::Orphan,
                f if f.contains(&FOREGROUND) => Propagation::Foreground,
                _ => Propagation::Background,
            };
            if !object.deleting() {
                self.actor.delete_with(table, &object, propagation);
            }
            return;
        }
        let lost: Vec<String> = owners(&object)
            .filter(|o| absent(o))
            .map(|o| uid(o).to_owned())
            .collect();
        self.drop_references(place, &lost);
    }

    fn drop_references(&self, place: &Place, lost: &[String]) {
        self.actor.modify(&place.0, &place.1, "", |doc| {
            retain(doc, "ownerReferences", |o| {
                !lost.iter().any(|l| l == uid(o))
            });
        });
    }

    /// An owner that is to go first lets its dependents go, or loses them.
    fn owner_ending(&mut self, place: Place, object: &Stored) {
        let finalizers = object.finalizers();
        if finalizers.contains(&ORPHAN) {
            let lost = [object.uid().to_owned()];
            let dependents = self
                .dependents
                .get(object.uid())
                .cloned()
                .unwrap_or_default();
            for dependent in dependents {
                self.drop_references(&dependent, &lost);
            }
            self.finish(&place, ORPHAN);
        } else if finalizers.contains(&FOREGROUND) {
            self.waiting.insert(object.uid().to_owned(), place);
            let dependents = self
                .dependents
                .get(object.uid())
                .cloned()
                .unwrap_or_default();
            for (table, key) in dependents {
                if let Some(dependent) = self.actor.get(&table, &key).filter(|d| !d.deleting()) {
                    self.actor
                        .delete_with(&table, &dependent, Propagation::Foreground);
                }
            }
            self.check(object.uid());
        }
    }

    fn dependent_gone(&mut self, object: &Stored) {
        for owner in owners(object) {
            self.check(uid(owner));
        }
    }

    /// Ends the wait of an owner without blocking dependents.
    fn check(&mut self, owner: &str) {
        let Some(place) = self.waiting.get(owner).cloned() else {
            return;
        };
        let blocked = self
            .dependents
            .get(owner)
            .into_iter()
            .flatten()
            .any(|(table, key)| {
                self.actor.get(table, key).is_some_and(|dependent| {
                    owners(&dependent).any(|o| {
                        uid(o) == owner && o.get("blockOwnerDeletion") == Some(&true.into())
                    })
                })
            });
        if !blocked {
            self.waiting.remove(owner);
            self.finish(&place, FOREGROUND);
        }
    }

    fn finish(&self, place: &Place, finalizer: &str) {
        self.actor.modify(&place.0, &place.1, "", |doc| {
            retain(doc, "finalizers", |f| f.as_str() != Some(finalizer));
        });
    }
}

/// Filters a list of the metadata; an empty list goes away.
pub(crate) fn retain(doc: &mut Doc, field: &str, keep: impl Fn(&Value) -> bool) {
    let fields = meta_mut(doc);
    let Some(list) = fields.get_mut(field).and_then(Value::as_array_mut) else {
        return;
    };
    list.retain(|item| keep(item));
    if list.is_empty() {
        fields.remove(field);
    }
}
