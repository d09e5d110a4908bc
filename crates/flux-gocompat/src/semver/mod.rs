//! Semantic versions and ranges as Masterminds/semver v3.5 reads them, which Flux uses everywhere.
//!
//! `version` parses and orders, `constraint` reads ranges and checks versions against them, `choice` picks the newest.

mod choice;
mod constraint;
mod version;

pub use choice::{ChartVersion, ChoiceError, choose_chart, choose_tag, newest_first};
pub use constraint::{Constraint, ConstraintError};
pub use version::{Version, VersionError};
