//! Keeps the number of entries of kind `Update` small.

use std::collections::BTreeMap;

use crate::managed::{Managed, ManagerKey, Operation};

const MOST_UPDATE_MANAGERS: usize = 10;
const OLD_UPDATES: &str = "ancient-changes";

/// Merges the oldest entries of updates, version by version, until there are no more than ten.
pub(super) fn cap(managed: &mut Managed) {
    let is_update = |key: &&ManagerKey| key.operation == Operation::Update;
    let mut updaters: Vec<ManagerKey> = managed.owners.keys().filter(is_update).cloned().collect();
    let mut count = updaters.len();
    if count <= MOST_UPDATE_MANAGERS {
        return;
    }
    updaters.sort_by_cached_key(|key| (managed.times.get(key).cloned(), key.clone()));
    let mut first_of_version: BTreeMap<String, ManagerKey> = BTreeMap::new();
    for key in updaters {
        if count <= MOST_UPDATE_MANAGERS {
            break;
        }
        let version = key.api_version.clone();
        let Some(first) = first_of_version.get(&version) else {
            first_of_version.insert(version, key);
            continue;
        };
        let bucket = ManagerKey::new(OLD_UPDATES, Operation::Update, &version, "");
        if !managed.owners.contains_key(&bucket)
            && let Some(owned) = managed.owners.remove(first)
        {
            managed.owners.insert(bucket.clone(), owned);
        }
        // The bucket itself may be among the old entries; merged into itself it does not go away.
        let Some(owned) = managed.owners.get(&key).cloned() else {
            continue;
        };
        if key != bucket {
            managed.owners.remove(&key);
        }
        if let Some(into) = managed.owners.get_mut(&bucket) {
            into.set = into.set.union(&owned.set);
        }
        count -= 1;
        // The entry merged in is the more recent one.
        if let Some(time) = managed.times.get(&key).cloned() {
            managed.times.insert(bucket, time);
        }
    }
}
