//! Everything a server keeps between requests, and over a restart of the listener.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::auth::{Rbac, Tokens};
use crate::faults::Faults;
use crate::ledger::Ledger;
use crate::options::Options;
use crate::registry::Registry;
use crate::store::Store;

/// The state of one cluster.
#[derive(Debug)]
pub(crate) struct Cluster {
    pub(crate) options: Options,
    pub(crate) store: Arc<Store>,
    pub(crate) registry: Registry,
    pub(crate) tokens: Tokens,
    pub(crate) rbac: Rbac,
    pub(crate) ledger: Ledger,
    pub(crate) faults: Faults,
    pub(crate) ca_pem: String,
    /// UIDs of the flow schema and priority level that answers name.
    pub(crate) flow: (String, String),
    /// Ends the server's own controllers.
    pub(crate) stop: CancellationToken,
    pub(crate) tasks: TaskTracker,
    next_address: AtomicU32,
    next_port: AtomicU32,
}

impl Cluster {
    pub(crate) fn new(options: Options, ca_pem: String) -> Arc<Self> {
        let store = Arc::new(Store::new(options.history));
        Arc::new(Self {
            registry: Registry::new(),
            tokens: Tokens::new(&options.users),
            rbac: Rbac::default(),
            ledger: Ledger::new(options.ledger),
            faults: Faults::new(Arc::clone(&store)),
            flow: (crate::clock::uid(), crate::clock::uid()),
            stop: CancellationToken::new(),
            tasks: TaskTracker::new(),
            next_address: AtomicU32::new(10),
            next_port: AtomicU32::new(0),
            ca_pem,
            store,
            options,
        })
    }

    /// The next free address of the service network 10.96.0.0/16.
    pub(crate) fn allocate_address(&self) -> String {
        let n = self.next_address.fetch_add(1, Ordering::Relaxed);
        format!("10.96.{}.{}", (n >> 8) & 0xff, n & 0xff)
    }

    /// The next free port of 30000-32767.
    pub(crate) fn allocate_port(&self) -> u32 {
        30_000 + self.next_port.fetch_add(1, Ordering::Relaxed) % 2768
    }
}
