//! Stand-ins for the cluster's own controllers. Each reacts to changes in the store and to its own
//! timers, and writes through the same path as requests.

mod actor;
mod daemon;
mod definitions;
mod deployment;
mod garbage;
mod jobs;
mod namespaces;
mod pods;
mod replicas;
mod roles;
mod smaller;
mod stateful;
mod workloads;

use std::sync::Arc;

use tokio::sync::mpsc;

use crate::cluster::Cluster;
use crate::options::Workloads;
use crate::store::{Change, Store};

pub(crate) use actor::Actor;
pub(crate) use definitions::{
    FINALIZER, accept_definition, definition_accepted, established, terminating,
};
pub(crate) use pods::NODE;

/// Streams of changes, opened before the first write so that none is missed.
pub(crate) struct Taps {
    garbage: Tap,
    namespaces: Tap,
    workloads: Tap,
    roles: Tap,
}

pub(crate) type Tap = mpsc::UnboundedReceiver<Arc<Change>>;

impl Taps {
    pub(crate) fn open(store: &Store) -> Self {
        Self {
            garbage: store.tap(),
            namespaces: store.tap(),
            workloads: store.tap(),
            roles: store.tap(),
        }
    }
}

/// What the controllers would do to a new cluster, done before the first request.
pub(crate) fn settle(cluster: &Arc<Cluster>) {
    namespaces::furnish_all(cluster);
    roles::aggregate_all(cluster);
}

/// Starts the controllers; they end with the cluster.
pub(crate) fn start(cluster: &Arc<Cluster>, taps: Taps) {
    let spawn = |task: std::pin::Pin<Box<dyn Future<Output = ()> + Send>>| {
        let stop = cluster.stop.clone();
        cluster.tasks.spawn(async move {
            tokio::select! {
                () = stop.cancelled() => {}
                () = task => {}
            }
        });
    };
    spawn(Box::pin(garbage::run(Arc::clone(cluster), taps.garbage)));
    spawn(Box::pin(namespaces::run(
        Arc::clone(cluster),
        taps.namespaces,
    )));
    spawn(Box::pin(roles::run(Arc::clone(cluster), taps.roles)));
    if let Workloads::Ready { after } = cluster.options.workloads {
        spawn(Box::pin(workloads::run(
            Arc::clone(cluster),
            taps.workloads,
            after,
        )));
    }
}
