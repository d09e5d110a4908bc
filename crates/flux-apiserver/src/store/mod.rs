//! Where objects live: one table per resource, one global resourceVersion, a bounded history, and
//! the fan-out to watches. One lock guards all; nothing is computed under it that could be
//! computed before.

mod selector;
mod stored;
mod watch;

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::Value;
use tokio::sync::mpsc;

pub(crate) use selector::{FieldSelector, LabelSelector, Selection, labels_match_query};
pub(crate) use stored::{Doc, Key, Stored, meta, meta_mut, str_at};
pub(crate) use watch::{Change, ChangeKind, Delivery, Filter, WatchItem};

/// Why a write did not happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    /// An object of this name is there already.
    Exists,
    /// The object is not the one that was read before.
    Changed,
}

/// One write.
#[derive(Debug)]
pub(crate) enum Write {
    /// Only if there is none yet.
    Create(Doc),
    /// Only if the object is still the one given.
    Update(Arc<Stored>, Doc),
    /// Only if the object is still the one given; the document is its last state.
    Delete(Arc<Stored>, Doc),
}

#[derive(Debug, Default)]
struct Table {
    objects: BTreeMap<Key, Arc<Stored>>,
    history: VecDeque<Arc<Change>>,
    /// Changes up to and including this version are not in `history` any more.
    compacted: u64,
    watchers: Vec<watch::Watcher>,
}

#[derive(Debug, Default)]
struct Inner {
    version: u64,
    compacted: u64,
    tables: HashMap<Arc<str>, Table>,
    taps: Vec<mpsc::UnboundedSender<Arc<Change>>>,
    next_watcher: u64,
}

/// All objects of a cluster.
#[derive(Debug)]
pub(crate) struct Store {
    inner: Mutex<Inner>,
    history: usize,
    /// Counts writes to RBAC resources, so that readers know when to build their index anew.
    rbac_epoch: AtomicU64,
}

/// A consistent read of many objects.
#[derive(Debug)]
pub(crate) struct Listed {
    pub(crate) version: u64,
    pub(crate) items: Vec<Arc<Stored>>,
}

/// Where a watch starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Start {
    /// With all objects there are now, then changes.
    Now,
    /// With changes only, from now on.
    Latest,
    /// With the changes after this version.
    After(u64),
}

/// The history needed for a read or a watch is gone, or is in the future.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum History {
    /// Oldest version that could have been asked for.
    Gone(u64),
    /// Current version.
    Future(u64),
}

impl Store {
    pub(crate) fn new(history: usize) -> Self {
        Self {
            inner: Mutex::default(),
            history: history.max(16),
            rbac_epoch: AtomicU64::new(0),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The version of the newest write.
    pub(crate) fn version(&self) -> u64 {
        self.lock().version
    }

    pub(crate) fn rbac_epoch(&self) -> u64 {
        self.rbac_epoch.load(Ordering::Acquire)
    }

    pub(crate) fn get(&self, table: &str, key: &Key) -> Option<Arc<Stored>> {
        self.lock().tables.get(table)?.objects.get(key).cloned()
    }

    /// All objects of a table, or of one namespace.
    pub(crate) fn list(&self, table: &str, namespace: Option<&str>) -> Listed {
        let inner = self.lock();
        let items = inner
            .tables
            .get(table)
            .map_or_else(Vec::new, |t| select(t, namespace));
        Listed {
            version: inner.version,
            items,
        }
    }

    /// The objects as they were at a version, worked out from the history.
    pub(crate) fn list_at(
        &self,
        table: &str,
        namespace: Option<&str>,
        version: u64,
    ) -> Result<Listed, History> {
        let inner = self.lock();
        if version > inner.version {
            return Err(History::Future(inner.version));
        }
        let Some(t) = inner.tables.get(table) else {
            return Ok(Listed {
                version,
                items: Vec::new(),
            });
        };
        let floor = t.compacted.max(inner.compacted);
        if version < floor {
            return Err(History::Gone(floor));
        }
        let mut view: BTreeMap<Key, Arc<Stored>> = select(t, namespace)
            .into_iter()
            .map(|s| (s.key.clone(), s))
            .collect();
        for change in t.history.iter().rev().take_while(|c| c.version() > version) {
            let key = &change.object.key;
            if namespace.is_some_and(|ns| *ns != *key.namespace) {
                continue;
            }
            match &change.previous {
                Some(previous) => view.insert(key.clone(), Arc::clone(previous)),
                None => view.remove(key),
            };
        }
        Ok(Listed {
            version,
            items: view.into_values().collect(),
        })
    }

    /// Carries out one write and tells all watches.
    pub(crate) fn write(
        &self,
        table: &Arc<str>,
        key: &Key,
        write: Write,
    ) -> Result<Arc<Stored>, Refused> {
        let mut guard = self.lock();
        let inner = &mut *guard;
        let t = inner.tables.entry(Arc::clone(table)).or_default();
        let current = t.objects.get(key);
        let (kind, doc) = match (write, current) {
            (Write::Create(_), Some(_)) => return Err(Refused::Exists),
            (Write::Create(doc), None) => (ChangeKind::Added, doc),
            (Write::Update(expected, doc), Some(now)) if Arc::ptr_eq(&expected, now) => {
                (ChangeKind::Modified, doc)
            }
            (Write::Delete(expected, doc), Some(now)) if Arc::ptr_eq(&expected, now) => {
                (ChangeKind::Deleted, doc)
            }
            _ => return Err(Refused::Changed),
        };
        inner.version += 1;
        let stored = Arc::new(Stored::new(inner.version, key.clone(), doc));
        let previous = if kind == ChangeKind::Deleted {
            t.objects.remove(key)
        } else {
            t.objects.insert(key.clone(), Arc::clone(&stored))
        };
        let change = Arc::new(Change {
            table: Arc::clone(table),
            kind,
            object: Arc::clone(&stored),
            previous,
        });
        if t.history.len() >= self.history
            && let Some(old) = t.history.pop_front()
        {
            t.compacted = old.version();
        }
        t.history.push_back(Arc::clone(&change));
        t.watchers.retain(|watcher| watcher.offer(&change));
        inner
            .taps
            .retain(|tap| tap.send(Arc::clone(&change)).is_ok());
        if table.ends_with(".rbac.authorization.k8s.io") {
            self.rbac_epoch.fetch_add(1, Ordering::AcqRel);
        }
        Ok(stored)
    }

    /// Opens a watch; the objects or changes it starts with come back at once.
    pub(crate) fn watch(
        &self,
        table: &Arc<str>,
        filter: Filter,
        start: Start,
    ) -> Result<Delivery, History> {
        let mut guard = self.lock();
        let inner = &mut *guard;
        let t = inner.tables.entry(Arc::clone(table)).or_default();
        let mut first = Vec::new();
        match start {
            Start::Latest => {}
            Start::Now => {
                for object in select(t, filter.namespace.as_deref()) {
                    if filter.accepts(&object) {
                        first.push(WatchItem::added(object));
                    }
                }
            }
            Start::After(version) => {
                let floor = t.compacted.max(inner.compacted);
                if version < floor {
                    return Err(History::Gone(floor));
                }
                if version > inner.version {
                    return Err(History::Future(inner.version));
                }
                let from = t.history.partition_point(|c| c.version() <= version);
                first.extend(t.history.range(from..).filter_map(|c| filter.item(c)));
            }
        }
        inner.next_watcher += 1;
        let (watcher, items) = watch::Watcher::new(inner.next_watcher, filter);
        t.watchers.push(watcher);
        Ok(Delivery {
            version: inner.version,
            first,
            items,
        })
    }

    /// Every change from now on, for the server's own controllers.
    pub(crate) fn tap(&self) -> mpsc::UnboundedReceiver<Arc<Change>> {
        let (sender, receiver) = mpsc::unbounded_channel();
        self.lock().taps.push(sender);
        receiver
    }

    /// Drops closed watches; called when one ends, so that idle tables do not collect them.
    pub(crate) fn sweep(&self, table: &str) {
        if let Some(t) = self.lock().tables.get_mut(table) {
            t.watchers.retain(watch::Watcher::open);
        }
    }

    /// Forgets all history.
    pub(crate) fn compact(&self) {
        let mut inner = self.lock();
        inner.compacted = inner.version;
        for table in inner.tables.values_mut() {
            table.history.clear();
        }
    }

    /// Names of all tables with objects in them.
    pub(crate) fn tables(&self) -> Vec<Arc<str>> {
        let inner = self.lock();
        let filled = inner.tables.iter().filter(|(_, t)| !t.objects.is_empty());
        filled.map(|(name, _)| Arc::clone(name)).collect()
    }

    /// Number of objects in a table.
    pub(crate) fn len(&self, table: &str) -> usize {
        self.lock().tables.get(table).map_or(0, |t| t.objects.len())
    }
}

fn select(table: &Table, namespace: Option<&str>) -> Vec<Arc<Stored>> {
    match namespace {
        None => table.objects.values().cloned().collect(),
        Some(ns) => table
            .objects
            .range(Key::new(ns, "")..)
            .take_while(|(key, _)| *key.namespace == *ns)
            .map(|(_, object)| Arc::clone(object))
            .collect(),
    }
}

/// Looks a dotted path up in a document.
pub(crate) fn at<'a>(doc: &'a Doc, path: &str) -> Option<&'a Value> {
    let mut parts = path.split('.');
    let mut value = doc.get(parts.next()?)?;
    for part in parts {
        value = value.get(part)?;
    }
    Some(value)
}
