//! Everything a controller is apart from its domain.
//!
//! A program ([`Program`]) is run as a process ([`run`]) or inside another one ([`host`]). It puts its controllers together in a
//! [`Setup`]: a [`Controller`] is a [`Reconcile`] and what wakes it. Objects live in a [`Store`] per kind; those that want
//! attention wait in a queue; a turn becomes a [`Pass`], whose result `flux-report` turns into a report that is carried out here:
//! one status write, an event, a log line, metrics, and the next turn.
//!
//! Reading order: `program`, [`Setup`], [`Controller`], `attempt` (one turn), [`Pass`], `status`, `queue`, [`Store`], then the
//! parts around them: [`FlagSet`], [`log`], [`Metrics`], `events`, `lease`, `probes`.
#![expect(
    clippy::disallowed_methods,
    reason = "the chassis reads the clock and the environment, and spawns the tasks it owns"
)]

mod attempt;
mod controller;
mod events;
mod flags;
mod key;
mod lease;
pub mod log;
mod managed;
mod metrics;
mod pass;
mod probes;
mod program;
mod queue;
mod setup;
mod standard;
mod status;
mod store;

pub use controller::{Controller, Reconcile, Requests};
pub use events::{Recorder, Subject};
pub use flags::{Flag, FlagError, FlagSet, FlagType};
pub use key::{ObjectKey, Priority};
pub use managed::Managed;
pub use metrics::{Metrics, TokenCacheMetrics};
pub use pass::{FlushError, Interrupted, Pass};
pub use program::{Hosting, Program, Running, host, run};
pub use setup::{Setup, StartError, When};
pub use store::{Change, Entry, Store};
