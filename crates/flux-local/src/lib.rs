//! `flux-local`: an API server and all controllers in one process, running a fleet repository from its working copy.
//!
//! Reading order: [`Fleet`] (what is run), `host` (the repository over Git), `bootstrap` (what is applied before the
//! controllers start), `controllers` (what runs), [`Progress`] (how it is doing), [`Local`] (all of it together).
//! The scenario tests drive the same library.
#![expect(
    clippy::disallowed_methods,
    reason = "a program that people start: it reads folders and clocks and owns its tasks"
)]

mod bootstrap;
mod cluster;
mod controllers;
mod error;
mod example;
mod fleet;
pub mod host;
mod local;
mod progress;

pub use bootstrap::prepare;
pub use cluster::Cluster;
pub use controllers::{Controllers, Launch};
pub use error::Error;
pub use fleet::Fleet;
pub use host::Host;
pub use local::{Local, Options};
pub use progress::{Health, Progress, State, Summary};
