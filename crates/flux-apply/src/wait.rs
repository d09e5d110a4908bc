//! Waits for health: a subscription and a deadline, never a poll.

use std::fmt;
use std::pin::Pin;
use std::time::Duration;

use flux_kube::{Client, Error};
use flux_object::health::{self, Status};
use flux_object::{Gvk, Object, ObjectId};
use futures::{Stream, StreamExt, stream};

use crate::change::Change;
use crate::engine::Engine;
use crate::prune::Entry;
use crate::record::key;

/// How often a kind is looked for that the cluster does not know yet.
const KIND_RETRY: Duration = Duration::from_secs(2);

/// One object that is waited for.
#[derive(Debug, Clone)]
pub struct Target {
    /// The object, and the version of its API.
    pub entry: Entry,
    /// Whether its absence counts as done (KUS-HLT-006).
    pub expires: bool,
    /// Whether the identity that waits has just applied it. Other objects are looked at with that identity's own rights,
    /// never with what the tracker was shown.
    pub applied: bool,
}

/// The state of one object at the end of a wait.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetStatus {
    /// The object.
    pub id: ObjectId,
    /// Its state.
    pub status: Status,
}

/// Why a wait ended without success. Texts are those of upstream (KUS-HLT-004).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WaitError {
    /// The time is over.
    #[error("timeout waiting for: [{}]", Listed(.0))]
    Timeout(Vec<TargetStatus>),
    /// Some objects have failed for good.
    #[error("failed early due to stalled resources: [{}]", Listed(.0))]
    Stalled(Vec<TargetStatus>),
}

struct Listed<'a>(&'a [TargetStatus]);

impl fmt::Display for Listed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, target) in self.0.iter().enumerate() {
            let comma = if at == 0 { "" } else { ", " };
            write!(f, "{comma}{} status: '{}'", target.id, target.status)?;
        }
        Ok(())
    }
}

impl From<&Change> for Target {
    fn from(change: &Change) -> Self {
        Self {
            entry: Entry {
                id: change.id.clone(),
                version: change.version.clone(),
            },
            expires: change.expires,
            applied: true,
        }
    }
}

type States = Pin<Box<dyn Stream<Item = (usize, Option<Status>)> + Send>>;

impl Engine {
    /// Waits until every target is `Current`, one of them has failed (with `fail_fast`), or the limit is over.
    ///
    /// # Errors
    /// [`WaitError`] names the objects that are to blame.
    pub async fn wait(
        &self,
        client: &Client,
        targets: &[Target],
        limit: Duration,
    ) -> Result<(), WaitError> {
        let deadline = tokio::time::sleep(limit);
        tokio::pin!(deadline);
        let mut moved = self.tracker.subscribe();
        let keys: Vec<ObjectId> = targets.iter().map(|t| key_of(client, t)).collect();
        let mut statuses: Vec<Option<Status>> = vec![None; targets.len()];
        let mut watched: Vec<bool> = vec![false; targets.len()];
        let mut streams: stream::SelectAll<States> = stream::SelectAll::new();
        for (at, target) in targets.iter().enumerate() {
            let shown = target.applied || client.identity().is_none();
            let known = shown && self.tracker.facts(&keys[at]).is_some();
            if !known && !target.expires {
                watched[at] = true;
                streams.push(states(client, at, target.entry.clone()));
            }
        }
        loop {
            moved.borrow_and_update();
            for (at, target) in targets.iter().enumerate().filter(|(at, _)| !watched[*at]) {
                statuses[at] = Some(match self.tracker.facts(&keys[at]) {
                    Some(facts) if facts.deleting => Status::Terminating,
                    Some(facts) => facts.health,
                    None if target.expires => Status::Current,
                    None => Status::NotFound,
                });
            }
            if statuses.iter().all(|s| *s == Some(Status::Current)) {
                return Ok(());
            }
            let failed = select(targets, &statuses, |status| status == Status::Failed);
            if self.options.fail_fast && !failed.is_empty() {
                return Err(WaitError::Stalled(failed));
            }
            tokio::select! {
                changed = moved.changed() => if changed.is_err() { break },
                Some((at, status)) = streams.next() => statuses[at] = status,
                () = &mut deadline => break,
            }
        }
        let waiting = select(targets, &statuses, |status| status != Status::Current);
        Err(WaitError::Timeout(waiting))
    }
}

fn key_of(client: &Client, target: &Target) -> ObjectId {
    let id = &target.entry.id;
    let namespaced = client
        .discovery()
        .cached(&gvk_of(&target.entry))
        .is_none_or(|resource| resource.namespaced);
    key(id, namespaced)
}

/// The states of an object that is not ours, and so in none of our watches.
fn states(client: &Client, at: usize, entry: Entry) -> States {
    let (client, asked, named) = (client.clone(), client.clone(), entry.clone());
    let found = async move {
        loop {
            match client.discovery().resource(&gvk_of(&entry)).await {
                Ok(resource) => {
                    let name = (entry.id.namespace.as_str(), entry.id.name.as_str());
                    return client.watch_one(&resource, name);
                }
                Err(_) => tokio::time::sleep(KIND_RETRY).await,
            }
        }
    };
    let states = stream::once(found).flatten().then(move |state| {
        let (client, entry) = (asked.clone(), named.clone());
        async move { (at, look(&client, &entry, state).await) }
    });
    Box::pin(states)
}

/// The state that an event shows. An identity that may read an object but not watch it is answered by a read, at the pace
/// at which the watch tries again.
async fn look(
    client: &Client,
    entry: &Entry,
    event: Result<Option<Object>, Error>,
) -> Option<Status> {
    let object = match event {
        Err(error) if error.is_forbidden() => {
            let id = &entry.id;
            let resource = client.discovery().resource(&gvk_of(entry)).await.ok()?;
            match client.get(&resource, &id.namespace, &id.name).await {
                Err(error) if error.is_not_found() => Ok(None),
                answer => answer.map(Some),
            }
        }
        event => event,
    };
    match object {
        Ok(Some(object)) => Some(status_of(&object)),
        Ok(None) => Some(Status::NotFound),
        Err(_) => None,
    }
}

fn gvk_of(entry: &Entry) -> Gvk {
    Gvk::new(&*entry.id.group, &*entry.version, &*entry.id.kind)
}

fn status_of(object: &Object) -> Status {
    health::compute_for_flux(object, jiff::Timestamp::UNIX_EPOCH)
        .map_or(Status::Unknown, |health| health.status)
}

fn select(
    targets: &[Target],
    statuses: &[Option<Status>],
    wanted: impl Fn(Status) -> bool,
) -> Vec<TargetStatus> {
    targets
        .iter()
        .zip(statuses)
        .map(|(target, status)| TargetStatus {
            id: target.entry.id.clone(),
            status: status.unwrap_or(Status::NotFound),
        })
        .filter(|target| wanted(target.status))
        .collect()
}
