//! Carries out an apply, prune and wait plan with server-side apply, and remembers what it saw.
//!
//! Reading order: [`Engine`] (apply in stages, prune, wait), `rules` (what annotations ask for), [`Tracker`] (one watch
//! per kind that makes a reconcile without changes cost nothing), `record` (the evidence kept of each object),
//! [`change`] (what is said of each object), [`ApplyError`].
//!
//! What is desired, in which order, and what differs are questions for `flux-object` and `flux-drift`; why something is
//! applied is known to the controllers alone.
#![expect(
    clippy::disallowed_methods,
    reason = "the tracker owns its watch tasks and ends them when it is dropped"
)]

pub mod change;
mod engine;
mod error;
mod item;
mod projection;
mod prune;
mod record;
mod rules;
mod stage;
mod tracker;
mod unknown;
mod wait;

#[cfg(test)]
mod tests;

pub use change::{Action, Change};
pub use engine::{Engine, EngineOptions, IgnoreRule, Ledger, LedgerError, Outcome, Request};
pub use error::{ApplyError, Operation};
pub use prune::{Entry, PruneFailure, Pruned};
pub use rules::Owner;
pub use tracker::{Tracker, TrackerOptions};
pub use wait::{Target, TargetStatus, WaitError};
