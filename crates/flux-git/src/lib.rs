//! Git: list references, check a commit out, serve a repository. Knows nothing of Flux kinds; credentials, trust,
//! proxies and limits arrive as values, and what a repository contains is data, never configuration.
//!
//! - [`Client`]: the front door. One listing, one fetch of depth 1, no work tree.
//! - [`Remote`], [`Reference`], [`CheckoutOptions`]: what is asked.
//! - [`Checkout`], [`Commit`], [`GitTree`]: what comes back; a commit's files are a [`flux_tree::FileTree`].
//! - [`revision`]: the text form of revisions.
//! - [`serve`]: a small smart-HTTP server over repositories in memory.
//! - [`Error`], [`Cause`]: what failed, and what the caller can do.

mod checkout;
mod client;
mod commit;
mod error;
mod greetings;
mod mirror;
mod object;
mod pack;
mod protocol;
mod reference;
mod remote;
pub mod revision;
mod secret;
pub mod serve;
mod submodule;
mod transport;
mod tree;
mod versions;

pub use client::{Checkout, CheckoutOptions, Client, Limits, Unmoved};
pub use commit::{Commit, Person, Signature, Tag, Time};
pub use error::{Cause, Error, ObjectNotFound};
pub use mirror::Mirror;
pub use reference::{Reference, RemoteRef};
pub use remote::{ClientCertificate, Credentials, Proxy, Remote, SshIdentity, Tls, UrlError};
pub use secret::Secret;
pub use transport::SshIdentityError;
pub use tree::GitTree;
