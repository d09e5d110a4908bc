//! The controllers, in this process.

use flux_apiserver::Server;
use flux_git::Mirror;

use crate::Error;

/// The running controllers; they stop with this.
#[derive(Debug)]
pub struct Controllers {}

/// Starts them.
pub(crate) async fn start(_server: &Server, _mirrors: Vec<Mirror>) -> Result<Controllers, Error> {
    Ok(Controllers {})
}
