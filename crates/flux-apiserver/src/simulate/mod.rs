//! Stand-ins for the cluster's own controllers. Each reacts to changes in the store and to its own
//! timers, and writes through the same path as requests.

mod definitions;

use std::sync::Arc;

use tokio::sync::mpsc;

use crate::cluster::Cluster;
use crate::store::{Change, Store};

pub(crate) use definitions::{accept_definition, definition_accepted};

/// Streams of changes, opened before the first write so that none is missed.
pub(crate) struct Taps {
    _all: mpsc::UnboundedReceiver<Arc<Change>>,
}

impl Taps {
    pub(crate) fn open(store: &Store) -> Self {
        Self { _all: store.tap() }
    }
}

/// Starts the controllers; they end with the cluster.
pub(crate) fn start(_cluster: &Arc<Cluster>, _taps: Taps) {}
