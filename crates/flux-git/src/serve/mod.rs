//! A small Git server over repositories in memory: smart HTTP, reading only, protocol versions 0 to 2, shallow
//! fetches, any object by its id. Local mode and tests read from it, as does a stock `git clone`.
//!
//! It answers whole requests from memory; it is made for repositories of some megabytes, not for a forge.

mod bundle;
mod http;
mod pack;
mod repository;
mod upload;
mod walk;

pub use bundle::BundleError;
pub use http::Server;
pub use repository::{NewCommit, NewTag, Repository, RepositoryError};
pub use upload::{Talk, upload_pack};
