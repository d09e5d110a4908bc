//! What a server is started with.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

/// A user known by a fixed token.
#[derive(Clone, PartialEq, Eq)]
pub struct StaticUser {
    /// User name, e.g. `alice` or `system:serviceaccount:apps:deployer`.
    pub name: String,
    /// The bearer token.
    pub token: String,
    /// Groups besides `system:authenticated`.
    pub groups: Vec<String>,
}

impl std::fmt::Debug for StaticUser {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The token stays out of logs.
        f.debug_struct("StaticUser")
            .field("name", &self.name)
            .field("groups", &self.groups)
            .finish_non_exhaustive()
    }
}

/// Whether and how fast stand-ins for the cluster's own controllers act.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Workloads {
    /// Workloads become ready this long after they were made, unless annotations say otherwise.
    Ready {
        /// Time from creation of a pod to its readiness.
        after: Duration,
    },
    /// Nothing acts on workloads, as in an API server without a controller manager.
    Inert,
}

/// Settings of a server; all have defaults.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where to listen. Port 0 picks a free one.
    pub listen: SocketAddr,
    /// Users known by fixed tokens, besides `admin`.
    pub users: Vec<StaticUser>,
    /// Stand-ins for deployment, job and other controllers. Garbage collection, namespaces and
    /// custom resource definitions always work.
    pub workloads: Workloads,
    /// Events kept per resource for watches that resume.
    pub history: usize,
    /// Requests kept in the ledger.
    pub ledger: usize,
    /// Time between bookmarks on watches that ask for them.
    pub bookmark_interval: Duration,
    /// Whether to enforce RBAC. Without it every authenticated user may do all.
    pub rbac: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            users: Vec::new(),
            workloads: Workloads::Ready {
                after: Duration::from_millis(50),
            },
            history: 8192,
            ledger: 200_000,
            bookmark_interval: Duration::from_mins(1),
            rbac: true,
        }
    }
}
