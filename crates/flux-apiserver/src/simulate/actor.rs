//! Reads and writes of the server's own controllers.

use std::sync::Arc;

use serde_json::Value;

use crate::auth::User;
use crate::cluster::Cluster;
use crate::registry::Resource;
use crate::store::{Doc, Key, Stored};
use crate::verbs::{DeleteOptions, Desired, Propagation, Writer, delete_object, system_user};

/// One controller's hands.
pub(crate) struct Actor {
    pub(crate) cluster: Arc<Cluster>,
    user: User,
    manager: &'static str,
}

impl Actor {
    pub(crate) fn new(cluster: &Arc<Cluster>, manager: &'static str) -> Self {
        let user = system_user(&format!("system:{manager}"));
        Self {
            cluster: Arc::clone(cluster),
            user,
            manager,
        }
    }

    fn resource(&self, table: &str) -> Option<Arc<Resource>> {
        self.cluster.registry.snapshot().by_table(table).cloned()
    }

    fn with<T>(
        &self,
        table: &str,
        subresource: &str,
        then: impl FnOnce(&Writer<'_>) -> Option<T>,
    ) -> Option<T> {
        let resource = self.resource(table)?;
        then(&Writer {
            cluster: &self.cluster,
            resource: &resource,
            user: &self.user,
            manager: self.manager,
            subresource,
            dry_run: false,
        })
    }

    pub(crate) fn get(&self, table: &str, key: &Key) -> Option<Arc<Stored>> {
        self.cluster.store.get(table, key)
    }

    /// Creates an object; one of that name may be there already.
    pub(crate) fn create(&self, table: &str, namespace: &str, object: Value) {
        let Value::Object(doc) = object else { return };
        self.with(table, "", |writer| {
            writer
                .create(namespace, Desired::Changed(doc))
                .inspect_err(|error| tracing::debug!(message = error.message, table, "create"))
                .ok()
        });
    }

    /// Changes an object.
    pub(crate) fn modify(
        &self,
        table: &str,
        key: &Key,
        subresource: &str,
        mut change: impl FnMut(&mut Doc),
    ) {
        self.with(table, subresource, |writer| {
            writer
                .update(key, |live| {
                    let mut doc = live.doc.clone();
                    change(&mut doc);
                    Ok(doc)
                })
                .inspect_err(|error| tracing::debug!(message = error.message, table, "update"))
                .ok()
        });
    }

    /// Puts a status in place of the present one.
    pub(crate) fn set_status(&self, table: &str, key: &Key, status: &Value) {
        let Some(live) = self.get(table, key) else {
            return;
        };
        if live.doc.get("status") == Some(status) {
            return;
        }
        self.modify(table, key, "status", |doc| {
            doc.insert("status".to_owned(), status.clone());
        });
    }

    /// Deletes exactly this object, its dependents after it.
    pub(crate) fn delete(&self, table: &str, object: &Stored) {
        self.delete_with(table, object, Propagation::Background);
    }

    pub(crate) fn delete_with(&self, table: &str, object: &Stored, propagation: Propagation) {
        let Some(resource) = self.resource(table) else {
            return;
        };
        let options = DeleteOptions {
            uid: Some(object.uid().to_owned()),
            propagation: Some(propagation),
            grace: Some(0),
            ..DeleteOptions::default()
        };
        if let Err(error) = delete_object(&self.cluster, &resource, &object.key, &options) {
            tracing::debug!(message = error.message, table, "delete");
        }
    }
}
