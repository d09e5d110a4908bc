//! How Go spells things: durations, timestamps, quoted text, numbers, semantic versions and regular expressions.
//!
//! Everything here is pure. Readers usually want one of these:
//! - [`GoDuration`]: `metav1.Duration`, read and written as Go does (`5m` becomes `5m0s`).
//! - [`Time`] and [`MicroTime`]: `metav1.Time` and `metav1.MicroTime`.
//! - [`semver`]: versions and ranges as Masterminds/semver reads them.
//! - [`regexp`]: Go's regular expressions by way of the `regex` crate.
//! - [`quote::quote`]: Go's `%q`; [`number::format_float`]: Go's `%v` of a float.

pub mod duration;
pub mod number;
pub mod quote;
pub mod regexp;
pub mod semver;
pub mod time;

pub use duration::{GoDuration, ParseDurationError};
pub use time::{MicroTime, ParseTimeError, Time};
