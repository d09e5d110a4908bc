//! An embedded Kubernetes API server for local use and for tests, over HTTPS on loopback.
//!
//! ```text
//! let server = Server::start(Options::default()).await?;
//! let kubeconfig = server.kubeconfig("admin");
//! ```
//!
//! A request passes `http` (wire), `pipeline` (authentication, impersonation, RBAC, faults, ledger),
//! `verbs` (what each verb does), `admission` (defaults and validation of built-in kinds) and ends
//! in `store` (objects, resourceVersions, history, watches). `registry` knows which resources there
//! are: built-in and custom resources take the same way. `simulate` stands in for the cluster's
//! controllers and reacts to changes in the store. It knows no Kubernetes client.

#![expect(
    clippy::disallowed_methods,
    reason = "the server owns its clock and its tasks; callers see neither"
)]

mod admission;
mod auth;
mod bootstrap;
mod clock;
mod cluster;
mod discovery;
mod error;
mod faults;
mod http;
mod ledger;
mod openapi;
mod options;
mod pipeline;
mod print;
mod registry;
pub mod schema;
mod server;
mod simulate;
mod store;
mod tls;
mod verbs;

pub use faults::{Faults, Match, StallGuard};
pub use ledger::{Entry, Ledger};
pub use options::{Options, StaticUser, Workloads};
pub use server::{Server, StartError};
