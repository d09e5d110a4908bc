//! Faults that tests switch on: refused requests, stalled requests, cut watches, lost history.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{Notify, broadcast};

use crate::ledger::Entry;
use crate::store::Store;

/// Which requests a fault hits. An empty field matches all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Match {
    /// `get`, `list`, `watch`, `create`, `update`, `patch`, `delete`, `deletecollection`.
    pub verb: String,
    /// API group; only looked at if `resource` is set and this is not empty.
    pub group: String,
    /// Plural resource name.
    pub resource: String,
    /// Subresource; `-` matches requests without one.
    pub subresource: String,
    /// Namespace.
    pub namespace: String,
    /// Object name.
    pub name: String,
}

impl Match {
    /// Requests with this verb on this plural resource name.
    pub fn new(verb: &str, resource: &str) -> Self {
        Self {
            verb: verb.to_owned(),
            resource: resource.to_owned(),
            ..Self::default()
        }
    }

    fn hits(&self, entry: &Entry) -> bool {
        let is = |want: &str, have: &str| want.is_empty() || want == have;
        is(&self.verb, &entry.verb)
            && is(&self.group, &entry.group)
            && is(&self.resource, &entry.resource)
            && (is(&self.subresource, &entry.subresource)
                || (self.subresource == "-" && entry.subresource.is_empty()))
            && is(&self.namespace, &entry.namespace)
            && is(&self.name, &entry.name)
    }
}

#[derive(Debug)]
struct Refusal {
    matching: Match,
    left: usize,
    code: u16,
    message: String,
}

#[derive(Debug, Default)]
struct Inner {
    refusals: Vec<Refusal>,
    stalls: Vec<(Match, Arc<Stall>)>,
}

#[derive(Debug, Default)]
struct Stall {
    released: std::sync::atomic::AtomicBool,
    notify: Notify,
}

/// Holds matching requests until dropped.
#[derive(Debug)]
pub struct StallGuard {
    faults: Faults,
    stall: Arc<Stall>,
}

impl Drop for StallGuard {
    fn drop(&mut self) {
        let mut inner = self
            .faults
            .inner
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        inner
            .stalls
            .retain(|(_, stall)| !Arc::ptr_eq(stall, &self.stall));
        drop(inner);
        self.stall
            .released
            .store(true, std::sync::atomic::Ordering::SeqCst);
        self.stall.notify.notify_waiters();
    }
}

/// The switches.
#[derive(Clone, Debug)]
pub struct Faults {
    inner: Arc<Mutex<Inner>>,
    cut: broadcast::Sender<()>,
    store: Arc<Store>,
}

impl Faults {
    pub(crate) fn new(store: Arc<Store>) -> Self {
        Self {
            inner: Arc::default(),
            cut: broadcast::channel(4).0,
            store,
        }
    }

    /// Answers the next `times` matching requests with `code` instead of serving them.
    pub fn fail_next(&self, matching: Match, times: usize, code: u16) {
        self.fail_next_with(matching, times, code, "fault injected by the test");
    }

    /// As [`Faults::fail_next`], with the message of the answer.
    pub fn fail_next_with(&self, matching: Match, times: usize, code: u16, message: &str) {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        inner.refusals.push(Refusal {
            matching,
            left: times,
            code,
            message: message.to_owned(),
        });
    }

    /// Forgets all refusals that have not been used up.
    pub fn clear(&self) {
        self.inner
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .refusals
            .clear();
    }

    /// Holds matching requests before they are served, until the guard is dropped.
    #[must_use = "the stall ends when the guard is dropped"]
    pub fn stall(&self, matching: Match) -> StallGuard {
        let stall = Arc::new(Stall::default());
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        inner.stalls.push((matching, Arc::clone(&stall)));
        drop(inner);
        StallGuard {
            faults: self.clone(),
            stall,
        }
    }

    /// Ends all open watches, as a dying connection or a restarted server does.
    pub fn cut_watches(&self) {
        let _ = self.cut.send(());
    }

    /// Forgets all history: a watch or a page from an earlier resourceVersion answers 410.
    pub fn compact(&self) {
        self.store.compact();
    }

    pub(crate) fn cuts(&self) -> broadcast::Receiver<()> {
        self.cut.subscribe()
    }

    /// Code and message if this request is to be refused.
    pub(crate) fn refusal(&self, entry: &Entry) -> Option<(u16, String)> {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let found = inner
            .refusals
            .iter_mut()
            .find(|r| r.left > 0 && r.matching.hits(entry))?;
        found.left -= 1;
        let answer = (found.code, found.message.clone());
        inner.refusals.retain(|r| r.left > 0);
        Some(answer)
    }

    /// Waits while a stall holds this request.
    pub(crate) async fn held(&self, entry: &Entry) {
        let stall = {
            let inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
            inner
                .stalls
                .iter()
                .find(|(m, _)| m.hits(entry))
                .map(|(_, stall)| Arc::clone(stall))
        };
        let Some(stall) = stall else { return };
        loop {
            let notified = stall.notify.notified();
            if stall.released.load(std::sync::atomic::Ordering::SeqCst) {
                return;
            }
            notified.await;
        }
    }
}
