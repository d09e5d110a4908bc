//! Changes, and which watch hears of which.

use std::sync::Arc;

use tokio::sync::mpsc;

use crate::store::selector::Selection;
use crate::store::stored::Stored;

/// A watch that falls this many items behind is closed, as upstream closes slow watchers.
const BACKLOG: usize = 16_384;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ChangeKind {
    Added,
    Modified,
    Deleted,
}

impl ChangeKind {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Added => "ADDED",
            Self::Modified => "MODIFIED",
            Self::Deleted => "DELETED",
        }
    }
}

/// One write, as history keeps it.
#[derive(Debug)]
pub(crate) struct Change {
    pub(crate) table: Arc<str>,
    pub(crate) kind: ChangeKind,
    pub(crate) object: Arc<Stored>,
    pub(crate) previous: Option<Arc<Stored>>,
}

impl Change {
    pub(crate) fn version(&self) -> u64 {
        self.object.version
    }
}

/// What one watch is told.
#[derive(Clone, Debug)]
pub(crate) struct WatchItem {
    pub(crate) kind: ChangeKind,
    pub(crate) object: Arc<Stored>,
}

impl WatchItem {
    pub(crate) fn added(object: Arc<Stored>) -> Self {
        Self {
            kind: ChangeKind::Added,
            object,
        }
    }
}

/// Which objects a watch is about.
#[derive(Clone, Debug, Default)]
pub(crate) struct Filter {
    pub(crate) namespace: Option<String>,
    pub(crate) selection: Selection,
}

impl Filter {
    pub(crate) fn accepts(&self, object: &Stored) -> bool {
        self.namespace
            .as_deref()
            .is_none_or(|ns| *ns == *object.key.namespace)
            && self.selection.accepts(&object.doc)
    }

    /// How this watch sees a change: an object that no longer matches is deleted for it.
    pub(crate) fn item(&self, change: &Change) -> Option<WatchItem> {
        if self
            .namespace
            .as_deref()
            .is_some_and(|ns| *ns != *change.object.key.namespace)
        {
            return None;
        }
        if self.selection.is_empty() {
            return Some(WatchItem {
                kind: change.kind,
                object: Arc::clone(&change.object),
            });
        }
        let before = change.previous.as_deref().is_some_and(|p| self.accepts(p));
        let after = change.kind != ChangeKind::Deleted && self.accepts(&change.object);
        let kind = match (before, after) {
            (false, true) => ChangeKind::Added,
            (true, true) => ChangeKind::Modified,
            (true, false) => ChangeKind::Deleted,
            (false, false) => return None,
        };
        let object =
            match (&change.previous, kind, change.kind) {
                // The last state that matched, at the version of the change.
                (Some(previous), ChangeKind::Deleted, ChangeKind::Modified) => Arc::new(
                    Stored::new(change.version(), previous.key.clone(), previous.doc.clone()),
                ),
                _ => Arc::clone(&change.object),
            };
        Some(WatchItem { kind, object })
    }
}

/// The store's end of a watch.
#[derive(Debug)]
pub(crate) struct Watcher {
    filter: Filter,
    sender: mpsc::Sender<WatchItem>,
}

impl Watcher {
    pub(crate) fn new(_id: u64, filter: Filter) -> (Self, mpsc::Receiver<WatchItem>) {
        let (sender, receiver) = mpsc::channel(BACKLOG);
        (Self { filter, sender }, receiver)
    }

    /// Passes a change on; `false` once the watch is over.
    pub(crate) fn offer(&self, change: &Change) -> bool {
        match self.filter.item(change) {
            None => !self.sender.is_closed(),
            Some(item) => self.sender.try_send(item).is_ok(),
        }
    }

    pub(crate) fn open(&self) -> bool {
        !self.sender.is_closed()
    }
}

/// A watch as opened.
#[derive(Debug)]
pub(crate) struct Delivery {
    /// Version of the store when the watch was opened.
    pub(crate) version: u64,
    pub(crate) first: Vec<WatchItem>,
    pub(crate) items: mpsc::Receiver<WatchItem>,
}
