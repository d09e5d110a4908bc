//! Decoded trees by URL and digest, least recently used out first, bounded by bytes.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use flux_tree::MemoryTree;
use tokio::sync::OnceCell;

pub(super) type Key = (String, String);
type Slot = Arc<OnceCell<Arc<MemoryTree>>>;

#[derive(Debug)]
pub(super) struct Cache {
    most_bytes: usize,
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    slots: HashMap<Key, Used>,
    bytes: usize,
    clock: u64,
}

#[derive(Debug)]
struct Used {
    slot: Slot,
    /// Bytes of the tree; zero while it is being fetched.
    weight: usize,
    last: u64,
}

impl Cache {
    pub(super) fn new(most_bytes: usize) -> Self {
        Self {
            most_bytes,
            kept: Mutex::default(),
        }
    }

    /// The place of a tree, which all callers share.
    pub(super) fn slot(&self, key: &Key) -> Slot {
        let mut kept = self.lock();
        kept.clock += 1;
        let last = kept.clock;
        // Places of fetches that were given up; nobody waits at them any more.
        kept.slots
            .retain(|_, used| used.weight > 0 || Arc::strong_count(&used.slot) > 1);
        let used = kept.slots.entry(key.clone()).or_insert_with(|| Used {
            slot: Slot::default(),
            weight: 0,
            last,
        });
        used.last = last;
        Arc::clone(&used.slot)
    }

    /// Accounts for a fetch that ended, and makes room. `weight` is none for one that failed.
    pub(super) fn settle(&self, key: &Key, weight: Option<usize>) {
        let mut kept = self.lock();
        match weight {
            // Someone else may be trying with the same slot; it comes back with its own result.
            None => {
                if kept
                    .slots
                    .get(key)
                    .is_some_and(|used| Arc::strong_count(&used.slot) <= 2 && used.weight == 0)
                {
                    kept.slots.remove(key);
                }
            }
            Some(weight) => {
                if let Some(used) = kept.slots.get_mut(key)
                    && used.weight == 0
                {
                    used.weight = weight;
                    kept.bytes += weight;
                }
            }
        }
        while kept.bytes > self.most_bytes {
            let oldest = kept
                .slots
                .iter()
                .filter(|(_, used)| used.weight > 0)
                .min_by_key(|(_, used)| used.last);
            let Some(key) = oldest.map(|(key, _)| key.clone()) else {
                break;
            };
            if let Some(gone) = kept.slots.remove(&key) {
                kept.bytes -= gone.weight;
            }
        }
    }

    /// A panic elsewhere leaves the numbers consistent enough for a cache.
    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
