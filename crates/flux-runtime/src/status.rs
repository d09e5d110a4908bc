//! Writing the status of one object: what changed, in as few requests as possible.

use std::sync::Arc;

use flux_api::Status;
use flux_kube::{Client, Error, PatchOptions};
use flux_object::Object;
use serde_json::{Map, Value, json};

use crate::key::ObjectKey;
use crate::managed::Managed;

/// Writes the differences between what the server has and what it should have.
pub(crate) struct StatusWriter {
    client: Client,
    resource: flux_kube::Resource,
    key: ObjectKey,
    field_manager: &'static str,
    /// The status as it was last written or read.
    baseline: Value,
    /// Takes the object that a write returned.
    written: Arc<dyn Fn(Object) + Send + Sync>,
}

impl StatusWriter {
    pub(crate) fn new<K: Managed>(
        client: Client,
        object: &K,
        field_manager: &'static str,
        written: Arc<dyn Fn(Object) + Send + Sync>,
    ) -> Self {
        Self {
            client,
            resource: K::resource(),
            key: object.key(),
            field_manager,
            baseline: object.status().map_or_else(empty, value),
            written,
        }
    }

    /// Brings the server's status up to `status`; nothing is sent when nothing differs.
    pub(crate) async fn write<S: Status>(&mut self, status: &S) -> Result<(), Error> {
        self.write_value(value(status)).await
    }

    pub(crate) async fn write_value(&mut self, wanted: Value) -> Result<(), Error> {
        let Some(patch) = difference(&self.baseline, &wanted) else {
            return Ok(());
        };
        let options = PatchOptions {
            field_manager: self.field_manager,
            subresource: "status",
            ..PatchOptions::default()
        };
        let target = (&*self.key.namespace, &*self.key.name);
        let body = json!({ "status": patch });
        let object = self
            .client
            .merge_patch(&self.resource, target, &body, &options)
            .await?;
        self.baseline = wanted;
        (self.written)(object);
        Ok(())
    }
}

fn empty() -> Value {
    Value::Object(Map::new())
}

fn value<S: Status>(status: &S) -> Value {
    // A status is plain data with text keys, which always serialises.
    serde_json::to_value(status).unwrap_or_else(|_| empty())
}

/// The merge patch that leads from one value to the other; `None` when they are equal.
pub(crate) fn difference(from: &Value, to: &Value) -> Option<Value> {
    if from == to {
        return None;
    }
    let (Value::Object(from), Value::Object(to)) = (from, to) else {
        return Some(to.clone());
    };
    let mut patch = Map::new();
    for key in from.keys().filter(|key| !to.contains_key(*key)) {
        patch.insert(key.clone(), Value::Null);
    }
    for (key, wanted) in to {
        let change = match from.get(key) {
            Some(present) => difference(present, wanted),
            None => Some(wanted.clone()),
        };
        if let Some(change) = change {
            patch.insert(key.clone(), change);
        }
    }
    Some(Value::Object(patch))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patches_hold_only_what_differs() {
        let from = json!({ "a": 1, "b": { "c": 1, "d": 2 }, "gone": true, "list": [1] });
        let to = json!({ "a": 1, "b": { "c": 1, "d": 3 }, "list": [1, 2], "new": "x" });
        let patch = difference(&from, &to);
        let want = json!({ "b": { "d": 3 }, "gone": null, "list": [1, 2], "new": "x" });
        assert_eq!(patch, Some(want));
        assert_eq!(difference(&from, &from), None);
    }
}
