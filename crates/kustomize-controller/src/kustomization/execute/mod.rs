//! Effects, one function per step.

pub(crate) mod apply;
pub(crate) mod build;
pub(crate) mod fetch;
pub(crate) mod finalize;
pub(crate) mod health;
pub(crate) mod overlay;
pub(crate) mod prune;
pub(crate) mod substitute;

pub(crate) use apply::apply;
pub(crate) use build::build;
pub(crate) use fetch::fetch;
pub(crate) use health::await_health;
pub(crate) use prune::prune;
