//! What tests stand on: real servers in this process, on ports of their own, with faults to order.
//! A dev-dependency only; nothing shipped depends on it.
//!
//! - [`GitServer`]: repositories over HTTP; [`SshGitServer`]: the same over SSH.
//! - [`Fault`]: what a server does wrong on purpose.
//! - [`temporary_folder`]: a folder that is gone when the test is.
#![expect(
    clippy::disallowed_methods,
    reason = "a server of a test runs as a task that ends when the server is dropped"
)]

mod fault;
mod git;
mod ssh;

pub use fault::Fault;
pub use git::GitServer;
pub use ssh::SshGitServer;

/// A folder of the test's own, deleted when dropped.
///
/// # Panics
/// When it cannot be made; a test cannot go on without.
pub fn temporary_folder() -> tempfile::TempDir {
    tempfile::Builder::new()
        .prefix("flux-test-")
        .tempdir()
        .expect("a temporary folder")
}
