//! What a reconcile means to the world: conditions, observed generation, event, log, metrics and requeue, all as values.
//!
//! A controller states facts ([`Fact`]), progress ([`Step`]) and a result ([`Outcome`] or a [`Failure`]); [`report`] turns them into
//! a [`Report`], which the chassis carries out. Nobody else builds a condition.
//!
//! Reading order: [`Profile`] (what differs between kinds, as data), [`Outcome`], [`Failure`] and [`Disposition`], [`Step`], the
//! [`report`] itself, and the [`laws`] it keeps.

mod conditions;
mod disposition;
mod event;
pub mod laws;
mod outcome;
mod profile;
mod report;
mod step;

#[cfg(test)]
mod tests;

pub use conditions::{Fact, MAX_MESSAGE_CHARS, assert_fact, retract};
pub use disposition::{Disposition, Failure, Then, chain};
pub use event::{Event, Severity};
pub use outcome::{Announcement, Outcome, Words};
pub use profile::{Owned, Polarity, Profile};
pub use report::{Before, Cadence, Level, Log, Report, Requeue, ResultLabel, report, rest};
pub use step::{ReadyDuring, Step, progress};
