//! The Git wire protocol as a client speaks it: version 2, and version 0 or 1 where a server has nothing better.
//! A checkout never has objects to offer, so there is no negotiation: wants, depth, done.

mod fetch;
mod packet;
mod refs;

pub(crate) use fetch::{Fetch, fetch};
pub(crate) use packet::{flush, line};
pub(crate) use refs::{Server, greet, list_refs};

/// What we call ourselves. Some servers answer only to names that begin with `git/`.
pub(crate) const AGENT: &str = concat!("git/flux-", env!("CARGO_PKG_VERSION"));
