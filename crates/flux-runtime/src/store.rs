//! The objects of a kind in memory, kept by one watch. Objects that cannot be read are kept as they came.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard, Weak};
use std::time::Duration;

use flux_kube::{Client, Watch, WatchEvent};
use flux_object::Object;
use futures::StreamExt;
use tokio::sync::watch;

use crate::key::ObjectKey;
use crate::managed::Managed;

/// One object of a store.
#[derive(Debug)]
pub enum Entry<K> {
    /// The object.
    Read(Arc<K>),
    /// An object that the kind's type cannot hold, as it came, and why.
    Unread(Arc<Object>, String),
}

impl<K> Clone for Entry<K> {
    fn clone(&self) -> Self {
        match self {
            Self::Read(object) => Self::Read(object.clone()),
            Self::Unread(object, why) => Self::Unread(object.clone(), why.clone()),
        }
    }
}

/// A change of one object.
#[derive(Debug)]
pub struct Change<K> {
    /// Which object.
    pub key: ObjectKey,
    /// As it was; `None` when it is new or was unreadable.
    pub before: Option<Arc<K>>,
    /// As it is; `None` when it is gone or is unreadable.
    pub after: Option<Arc<K>>,
    /// Whether it is part of the first list after start-up.
    pub initial: bool,
    /// Whether it is there now, readable or not.
    pub exists: bool,
}

type Listener<K> = Arc<dyn Fn(&Change<K>) + Send + Sync>;
type IndexOf<K> = fn(&K) -> Vec<String>;

/// The objects of a kind. Cloning shares them.
pub struct Store<K> {
    shared: Arc<Shared<K>>,
}

struct Shared<K> {
    content: RwLock<Content<K>>,
    listeners: RwLock<Vec<Listener<K>>>,
    synced: watch::Sender<bool>,
}

struct Content<K> {
    objects: HashMap<ObjectKey, Slot<K>>,
    indexes: HashMap<&'static str, Index<K>>,
}

struct Slot<K> {
    entry: Entry<K>,
    version: u64,
}

struct Index<K> {
    of: IndexOf<K>,
    keys: HashMap<String, BTreeSet<ObjectKey>>,
}

impl<K> Clone for Store<K> {
    fn clone(&self) -> Self {
        Self {
            shared: self.shared.clone(),
        }
    }
}

impl<K> std::fmt::Debug for Store<K> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store").finish_non_exhaustive()
    }
}

/// A store that may be gone; for listeners that look at the store they belong to.
pub(crate) struct WeakStore<K>(Weak<Shared<K>>);

impl<K> WeakStore<K> {
    pub(crate) fn upgrade(&self) -> Option<Store<K>> {
        self.0.upgrade().map(|shared| Store { shared })
    }
}

impl<K: Managed> Default for Store<K> {
    fn default() -> Self {
        Self::new()
    }
}

impl<K: Managed> Store<K> {
    /// An empty store that nothing feeds.
    pub fn new() -> Self {
        Self {
            shared: Arc::new(Shared {
                content: RwLock::new(Content {
                    objects: HashMap::new(),
                    indexes: HashMap::new(),
                }),
                listeners: RwLock::default(),
                synced: watch::Sender::new(false),
            }),
        }
    }

    fn read(&self) -> RwLockReadGuard<'_, Content<K>> {
        let content = &self.shared.content;
        content.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Content<K>> {
        let content = &self.shared.content;
        content.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// An object, if it is there and readable.
    pub fn get(&self, key: &ObjectKey) -> Option<Arc<K>> {
        match &self.read().objects.get(key)?.entry {
            Entry::Read(object) => Some(object.clone()),
            Entry::Unread(..) => None,
        }
    }

    /// An object, readable or not.
    pub fn entry(&self, key: &ObjectKey) -> Option<Entry<K>> {
        self.read().objects.get(key).map(|slot| slot.entry.clone())
    }

    /// All readable objects, in no order.
    pub fn list(&self) -> Vec<Arc<K>> {
        let content = self.read();
        let readable = content
            .objects
            .values()
            .filter_map(|slot| match &slot.entry {
                Entry::Read(object) => Some(object.clone()),
                Entry::Unread(..) => None,
            });
        readable.collect()
    }

    /// How many objects there are.
    pub fn len(&self) -> usize {
        self.read().objects.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Keeps an index by the texts that `of` gives. Indexing again under the same name replaces it.
    pub fn index(&self, name: &'static str, of: fn(&K) -> Vec<String>) {
        let mut content = self.write();
        let mut index = Index {
            of,
            keys: HashMap::new(),
        };
        for (key, slot) in &content.objects {
            if let Entry::Read(object) = &slot.entry {
                index.insert(key, object);
            }
        }
        content.indexes.insert(name, index);
    }

    /// The objects that an index knows under a text, in order.
    pub fn indexed(&self, name: &'static str, text: &str) -> Vec<ObjectKey> {
        let content = self.read();
        let keys = content.indexes.get(name).and_then(|i| i.keys.get(text));
        keys.map(|k| k.iter().cloned().collect())
            .unwrap_or_default()
    }

    /// Returns when the first list is complete.
    pub async fn synced(&self) {
        let mut synced = self.shared.synced.subscribe();
        // The sender lives in the store itself.
        let _ = synced.wait_for(|done| *done).await;
    }

    /// Calls `listener` after every change. It must not block.
    pub fn subscribe(&self, listener: impl Fn(&Change<K>) + Send + Sync + 'static) {
        let listeners = &self.shared.listeners;
        let mut listeners = listeners.write().unwrap_or_else(PoisonError::into_inner);
        listeners.push(Arc::new(listener));
    }

    pub(crate) fn downgrade(&self) -> WeakStore<K> {
        WeakStore(Arc::downgrade(&self.shared))
    }

    /// Takes an object as the server has it now. Older versions than the one known are ignored.
    pub(crate) fn put(&self, object: Object) {
        let initial = !*self.shared.synced.borrow();
        let key = ObjectKey::new(object.namespace(), object.name());
        let version = object.resource_version().parse().unwrap_or(0);
        let entry = decode::<K>(object);
        let after = match &entry {
            Entry::Read(object) => Some(object.clone()),
            Entry::Unread(..) => None,
        };
        let before = {
            let mut content = self.write();
            let known = content.objects.get(&key);
            if known.is_some_and(|slot| slot.version >= version && version != 0) {
                return;
            }
            content.insert(&key, Slot { entry, version })
        };
        self.tell(&Change {
            key,
            before,
            after,
            initial,
            exists: true,
        });
    }

    pub(crate) fn remove(&self, key: &ObjectKey) {
        let (existed, before) = self.write().remove(key);
        if existed {
            self.tell(&Change {
                key: key.clone(),
                before,
                after: None,
                initial: false,
                exists: false,
            });
        }
    }

    fn tell(&self, change: &Change<K>) {
        let listeners = {
            let listeners = &self.shared.listeners;
            listeners
                .read()
                .unwrap_or_else(PoisonError::into_inner)
                .clone()
        };
        for listener in &listeners {
            listener(change);
        }
    }

    fn keys(&self) -> HashSet<ObjectKey> {
        self.read().objects.keys().cloned().collect()
    }

    /// Keeps the store in step with the server. Runs until dropped.
    pub(crate) async fn feed(self, client: Client, watch: Watch) {
        let mut events = client.watch(&K::resource(), watch);
        let mut unseen = HashSet::new();
        let mut failing: Option<String> = None;
        while let Some(event) = events.next().await {
            if event.is_ok() {
                failing = None;
            }
            match event {
                Ok(WatchEvent::Restarted) => unseen = self.keys(),
                Ok(WatchEvent::Applied(object)) => {
                    unseen.remove(&ObjectKey::new(object.namespace(), object.name()));
                    self.put(object);
                }
                Ok(WatchEvent::Deleted(object)) => {
                    self.remove(&ObjectKey::new(object.namespace(), object.name()));
                }
                Ok(WatchEvent::Synced { .. }) => {
                    for key in unseen.drain() {
                        self.remove(&key);
                    }
                    self.shared.synced.send_replace(true);
                }
                Ok(WatchEvent::Bookmark { .. }) => {}
                Err(error) => {
                    // A kind that is not installed has no objects; start-up does not wait for it.
                    if error.is_not_found() {
                        self.shared.synced.send_replace(true);
                    }
                    // Said once for each kind of failure, not at every try.
                    let text = flux_report::chain(&error);
                    if failing.as_ref() != Some(&text) {
                        tracing::error!(kind = K::KIND, error = %text, "Failed to watch");
                        failing = Some(text);
                    }
                }
            }
        }
    }
}

/// How long start-up waits for a kind before it goes on without it.
pub(crate) const SYNC_TIMEOUT: Duration = Duration::from_mins(2);

fn decode<K: Managed>(mut object: Object) -> Entry<K> {
    if let Some(metadata) = object.as_map_mut().get_mut("metadata")
        && let Some(metadata) = metadata.as_object_mut()
    {
        metadata.remove("managedFields");
    }
    // Read from borrowed values: the tree stays whole in case it cannot be read.
    match K::deserialize(object.as_map()) {
        Ok(read) => Entry::Read(Arc::new(read)),
        Err(error) => {
            let why = error.to_string();
            Entry::Unread(Arc::new(object), why)
        }
    }
}

impl<K: Managed> Content<K> {
    /// Puts an object in place and returns the readable one that was there.
    fn insert(&mut self, key: &ObjectKey, slot: Slot<K>) -> Option<Arc<K>> {
        let (_, before) = self.remove(key);
        if let Entry::Read(object) = &slot.entry {
            for index in self.indexes.values_mut() {
                index.insert(key, object);
            }
        }
        self.objects.insert(key.clone(), slot);
        before
    }

    fn remove(&mut self, key: &ObjectKey) -> (bool, Option<Arc<K>>) {
        match self.objects.remove(key).map(|slot| slot.entry) {
            Some(Entry::Read(object)) => {
                for index in self.indexes.values_mut() {
                    index.remove(key, &object);
                }
                (true, Some(object))
            }
            Some(Entry::Unread(..)) => (true, None),
            None => (false, None),
        }
    }
}

impl<K> Index<K> {
    fn insert(&mut self, key: &ObjectKey, object: &K) {
        for text in (self.of)(object) {
            self.keys.entry(text).or_default().insert(key.clone());
        }
    }

    fn remove(&mut self, key: &ObjectKey, object: &K) {
        for text in (self.of)(object) {
            if let Some(keys) = self.keys.get_mut(&text) {
                keys.remove(key);
                if keys.is_empty() {
                    self.keys.remove(&text);
                }
            }
        }
    }
}
