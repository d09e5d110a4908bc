//! What was asked of the server: one entry for each finished request. Tests count requests here,
//! on the server's side, where no client can miscount.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

/// One request as the server saw it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entry {
    /// Position among all requests since the start, from 1.
    pub sequence: u64,
    /// Who asked, after authentication; empty if unauthenticated.
    pub user: String,
    /// On whose behalf, if impersonating.
    pub impersonated: Option<String>,
    /// `get`, `list`, `watch`, `create`, `update`, `patch`, `delete`, `deletecollection`, or the
    /// lower-case HTTP method for addresses that are no resource.
    pub verb: String,
    /// API group; empty for core.
    pub group: String,
    /// API version.
    pub version: String,
    /// Plural resource name; empty for addresses that are no resource.
    pub resource: String,
    /// Subresource, or empty.
    pub subresource: String,
    /// Namespace, or empty.
    pub namespace: String,
    /// Object name, or empty.
    pub name: String,
    /// Path without the query.
    pub path: String,
    /// `merge`, `json`, `strategic` or `apply` for patches, else empty.
    pub patch: &'static str,
    /// Whether the request was sent with `dryRun=All`.
    pub dry_run: bool,
    /// HTTP status code of the answer.
    pub code: u16,
    /// The client's name for itself.
    pub user_agent: String,
    /// The `fieldManager` query parameter.
    pub field_manager: String,
    /// Bytes of the request's body.
    pub request_bytes: usize,
}

#[derive(Debug, Default)]
struct Inner {
    entries: VecDeque<Entry>,
    sequence: u64,
}

/// The requests served, oldest first, bounded.
#[derive(Clone, Debug)]
pub struct Ledger {
    inner: Arc<Mutex<Inner>>,
    capacity: usize,
}

impl Ledger {
    pub(crate) fn new(capacity: usize) -> Self {
        Self {
            inner: Arc::default(),
            capacity,
        }
    }

    pub(crate) fn record(&self, mut entry: Entry) {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        inner.sequence += 1;
        entry.sequence = inner.sequence;
        if inner.entries.len() == self.capacity {
            inner.entries.pop_front();
        }
        inner.entries.push_back(entry);
    }

    /// A copy of all entries kept.
    pub fn entries(&self) -> Vec<Entry> {
        let inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        inner.entries.iter().cloned().collect()
    }

    /// The entries that satisfy `filter`.
    pub fn matching(&self, filter: impl Fn(&Entry) -> bool) -> Vec<Entry> {
        let inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        inner
            .entries
            .iter()
            .filter(|entry| filter(entry))
            .cloned()
            .collect()
    }

    /// How many entries satisfy `filter`.
    pub fn count(&self, filter: impl Fn(&Entry) -> bool) -> usize {
        let inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        inner.entries.iter().filter(|entry| filter(entry)).count()
    }

    /// How many requests were served since the start, forgotten ones included.
    pub fn total(&self) -> u64 {
        self.inner
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .sequence
    }

    /// Forgets all entries.
    pub fn clear(&self) {
        self.inner
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .entries
            .clear();
    }
}
