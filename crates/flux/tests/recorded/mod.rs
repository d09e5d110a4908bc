//! Running recorded invocations: alone, and against an API server that holds a prepared fleet.

pub(crate) mod installed;
pub(crate) mod invoke;
pub(crate) mod online;
