//! Deletes what is no longer desired, if it is still ours.

use std::sync::Arc;
use std::time::Duration;

use flux_kube::{Client, Delete, Error, Resource};
use flux_object::{ObjectId, order};
use futures::future::BoxFuture;
use futures::{FutureExt, StreamExt, stream};

use crate::change::{Action, Change};
use crate::engine::Engine;
use crate::error::{ApplyError, Operation};
use crate::record::{Facts, OwnedKeys, key};
use crate::rules::Owner;

/// One object of an inventory.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Entry {
    /// The object.
    pub id: ObjectId,
    /// Version of its API, without the group.
    pub version: String,
}

/// An object that could not be deleted.
#[derive(Debug)]
pub struct PruneFailure {
    /// The object; it stays in the inventory.
    pub entry: Entry,
    /// Why.
    pub error: ApplyError,
}

/// What a prune did.
#[derive(Debug, Default)]
#[must_use]
pub struct Pruned {
    /// What was deleted or skipped, in the order of deletion.
    pub changes: Vec<Change>,
    /// What could not be deleted.
    pub failures: Vec<PruneFailure>,
}

impl Entry {
    fn change(&self, action: Action) -> Change {
        Change {
            id: self.id.clone(),
            version: self.version.clone(),
            action,
            expires: false,
        }
    }
}

impl Engine {
    /// Deletes objects in the reverse order of apply (KUS-PRN-002, -003). An object is deleted only while it carries the
    /// labels of `owner` and no annotation asks to keep it.
    pub async fn prune(&self, client: &Client, owner: &Owner, stale: Vec<Entry>) -> Pruned {
        let mut stale = stale;
        order::sort_for_delete(&mut stale, |entry| entry.id.clone());
        let mut pruned = Pruned::default();
        let mut queue = stale.into_iter().peekable();
        while let Some(first) = queue.next() {
            let rank = order::rank(&first.id.kind);
            let mut same = vec![first];
            while let Some(next) = queue.next_if(|entry| order::rank(&entry.id.kind) == rank) {
                same.push(next);
            }
            let deletions: Vec<BoxFuture<'_, Result<Action, ApplyError>>> = same
                .iter()
                .map(|entry| self.prune_one(client, owner, entry).boxed())
                .collect();
            let results: Vec<Result<Action, ApplyError>> = stream::iter(deletions)
                .buffered(self.options.concurrency)
                .collect()
                .await;
            for (entry, result) in same.into_iter().zip(results) {
                match result {
                    Ok(action) => pruned.changes.push(entry.change(action)),
                    Err(error) => pruned.failures.push(PruneFailure { entry, error }),
                }
            }
        }
        pruned
    }

    /// Waits until none of the objects exists any more; the answer names those that still do.
    pub async fn wait_until_gone(
        &self,
        client: &Client,
        entries: &[Entry],
        limit: Duration,
    ) -> Vec<Entry> {
        let waits = entries.iter().map(|entry| async move {
            let gone = tokio::time::timeout(limit, self.gone(client, entry)).await;
            gone.is_err().then(|| entry.clone())
        });
        let left = futures::future::join_all(waits).await;
        left.into_iter().flatten().collect()
    }

    async fn gone(&self, client: &Client, entry: &Entry) {
        let Ok(Some(resource)) = self.resource(client, entry).await else {
            return;
        };
        let name = (entry.id.namespace.as_str(), entry.id.name.as_str());
        let mut states = client.watch_one(&resource, name);
        while let Some(state) = states.next().await {
            if matches!(state, Ok(None)) {
                return;
            }
        }
    }

    async fn prune_one(
        &self,
        client: &Client,
        owner: &Owner,
        entry: &Entry,
    ) -> Result<Action, ApplyError> {
        let id = &entry.id;
        let refused = |operation| move |error| ApplyError::refused(id, operation, error);
        let found = self.resource(client, entry).await;
        let Some(resource) = found.map_err(refused(Operation::Query))? else {
            // The kind is gone, and its objects with it.
            return Ok(Action::Deleted);
        };
        let Some(facts) = self.look(client, &resource, id).await? else {
            return Ok(Action::Deleted);
        };
        let ours = facts.owner.0 == owner.name && facts.owner.1 == owner.namespace;
        if !ours || facts.wishes.survives_prune() {
            return Ok(Action::Skipped);
        }
        let options = Delete {
            uid: Some(&facts.uid),
            ..Delete::default()
        };
        let name = (id.namespace.as_str(), id.name.as_str());
        match client.delete(&resource, name, &options).await {
            Ok(()) => {}
            Err(error) if error.is_not_found() => {}
            Err(error) => return Err(ApplyError::refused(id, Operation::Delete, error)),
        }
        if !facts.deleting {
            self.tracker.deleted(&key(id, resource.namespaced));
        }
        Ok(Action::Deleted)
    }

    /// The object as the watch shows it, else as the API server answers.
    async fn look(
        &self,
        client: &Client,
        resource: &Resource,
        id: &ObjectId,
    ) -> Result<Option<Facts>, ApplyError> {
        let known = self.tracker.facts(&key(id, resource.namespaced));
        if known.is_some() && self.tracker.trusts(resource) {
            return Ok(known);
        }
        // Not being in the watch may mean that the owner labels are gone; the object itself has to tell.
        match client.get(resource, &id.namespace, &id.name).await {
            Ok(object) => Ok(Some(Facts::of(
                &object,
                self.tracker.lens(),
                &OwnedKeys::default(),
            ))),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(ApplyError::refused(id, Operation::Query, error)),
        }
    }

    /// The resource of an entry, in the version it was applied in or else in the one that the server prefers.
    pub(crate) async fn resource(
        &self,
        client: &Client,
        entry: &Entry,
    ) -> Result<Option<Arc<Resource>>, Error> {
        let id = &entry.id;
        let gvk = flux_object::Gvk::new(&*id.group, &*entry.version, &*id.kind);
        match client.discovery().resource(&gvk).await {
            Ok(resource) => Ok(Some(resource)),
            Err(Error::NoMatch(_)) => match client.discovery().preferred(&id.group, &id.kind).await
            {
                Ok(resource) => Ok(Some(resource)),
                Err(Error::NoMatch(_)) => Ok(None),
                Err(error) => Err(error),
            },
            Err(error) => Err(error),
        }
    }
}
