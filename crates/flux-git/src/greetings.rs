//! Greetings of servers, kept so that asking again for the references of a repository takes one request, not two.
//! Kept are only capabilities of protocol version 2, of servers that did not redirect, apart by trust and proxy.
//! A remembered greeting may be outdated: whoever uses one and fails asks for a new one before giving up.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, PoisonError};

/// The most servers that are remembered.
const MOST: usize = 10_000;

/// What a server can do, by command.
pub(crate) type Capabilities = BTreeMap<String, String>;

/// Capabilities by the way to a repository.
#[derive(Debug, Default)]
pub(crate) struct Greetings {
    known: Mutex<HashMap<Vec<u8>, Capabilities>>,
}

impl Greetings {
    pub(crate) fn get(&self, way: &[u8]) -> Option<Capabilities> {
        self.known
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(way)
            .cloned()
    }

    pub(crate) fn remember(&self, way: Vec<u8>, capabilities: Capabilities) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MOST {
            known.clear();
        }
        known.insert(way, capabilities);
    }

    pub(crate) fn forget(&self, way: &[u8]) {
        self.known
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(way);
    }
}
