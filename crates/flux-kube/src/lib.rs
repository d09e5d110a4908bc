//! Talking to a Kubernetes API server: one connection pool per cluster, requests under a stated identity, typed errors.
//!
//! Reading order: [`Client`] (how a request is sent, and on whose behalf), [`Identity`], [`Resource`] (where the objects of a kind
//! live), the operations in `operations` and `access`, [`watch`](WatchEvent) (a stream that never ends), [`Discovery`] (kind to
//! resource), `connect` (kubeconfig and in-cluster), [`Error`].
//!
//! Objects are [`flux_object::Object`]: nothing here knows a kind. Retries, back-off of operations and caching of objects belong to
//! the callers; the only state kept is the connection pool and the discovery cache.

mod access;
mod client;
mod connect;
mod discovery;
mod error;
mod identity;
mod limiter;
mod operations;
mod resource;
mod watch;

pub use access::{Access, Token};
pub use client::{Client, Observer, RequestRecord, WriteGuard};
pub use connect::{Credentials, Endpoint, Options, Trust};
pub use discovery::Discovery;
pub use error::{ApiStatus, Cause, Error};
pub use identity::{Identity, IdentityError};
pub use operations::{
    Apply, Delete, FieldValidation, List, Page, PatchOptions, Propagation, Written,
};
pub use resource::Resource;
pub use watch::{Watch, WatchEvent, WatchStream};
