//! What every namespace contains, and how a namespace or a definition ends.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::auth::Issue;
use crate::clock;
use crate::cluster::Cluster;
use crate::simulate::Tap;
use crate::simulate::actor::Actor;
use crate::simulate::definitions;
use crate::store::{Change, ChangeKind, Key, Stored};

struct Lifecycle {
    actor: Actor,
    /// Namespaces that are to end.
    ending: BTreeSet<String>,
    /// Definitions that are to end.
    definitions: HashSet<String>,
}

const DEFINITIONS: &str = "customresourcedefinitions.apiextensions.k8s.io";

pub(crate) async fn run(cluster: Arc<Cluster>, mut tap: Tap) {
    let mut lifecycle = Lifecycle {
        actor: Actor::new(&cluster, "kube-controller-manager"),
        ending: BTreeSet::new(),
        definitions: HashSet::new(),
    };
    while let Some(change) = tap.recv().await {
        lifecycle.see(&change);
        let mut recheck: BTreeSet<String> = BTreeSet::new();
        let mut tables: BTreeSet<Arc<str>> = BTreeSet::new();
        lifecycle.note(&change, &mut recheck, &mut tables);
        // Many deletions at once need one look.
        while let Ok(change) = tap.try_recv() {
            lifecycle.see(&change);
            lifecycle.note(&change, &mut recheck, &mut tables);
        }
        for namespace in recheck {
            lifecycle.end_namespace(&namespace);
        }
        for table in tables {
            lifecycle.end_definition(&table);
        }
    }
}

/// Furnishes all namespaces there are.
pub(crate) fn furnish_all(cluster: &Arc<Cluster>) {
    let actor = Actor::new(cluster, "kube-controller-manager");
    for namespace in cluster.store.list("namespaces", None).items {
        furnish(&actor, namespace.name());
    }
}

/// The default service account and the certificate authority.
fn furnish(actor: &Actor, namespace: &str) {
    let active = actor.get("namespaces", &Key::new("", namespace));
    if active.is_none_or(|n| n.deleting()) {
        return;
    }
    if actor
        .get("serviceaccounts", &Key::new(namespace, "default"))
        .is_none()
    {
        let account = json!({"metadata": {"name": "default"}});
        actor.create("serviceaccounts", namespace, account);
    }
    if actor
        .get("configmaps", &Key::new(namespace, "kube-root-ca.crt"))
        .is_none()
    {
        let authority = json!({
            "metadata": {"name": "kube-root-ca.crt"},
            "data": {"ca.crt": actor.cluster.ca_pem},
        });
        actor.create("configmaps", namespace, authority);
    }
}

impl Lifecycle {
    fn note(
        &self,
        change: &Change,
        recheck: &mut BTreeSet<String>,
        tables: &mut BTreeSet<Arc<str>>,
    ) {
        let namespace = change.object.namespace();
        if self.ending.contains(namespace) {
            recheck.insert(namespace.to_owned());
        }
        if &*change.table == "namespaces" && self.ending.contains(change.object.name()) {
            recheck.insert(change.object.name().to_owned());
        }
        if self.definitions.contains(&*change.table) {
            tables.insert(Arc::clone(&change.table));
        }
        if &*change.table == DEFINITIONS && self.definitions.contains(change.object.name()) {
            tables.insert(change.object.name().into());
        }
    }

    fn see(&mut self, change: &Change) {
        let object = &change.object;
        let gone = change.kind == ChangeKind::Deleted;
        match &*change.table {
            "namespaces" if gone => {
                self.ending.remove(object.name());
            }
            "namespaces" if object.deleting() => {
                self.ending.insert(object.name().to_owned());
            }
            "namespaces" if change.kind == ChangeKind::Added => furnish(&self.actor, object.name()),
            "serviceaccounts" if gone && object.name() == "default" => {
                furnish(&self.actor, object.namespace());
            }
            "configmaps" if gone && object.name() == "kube-root-ca.crt" => {
                furnish(&self.actor, object.namespace());
            }
            "secrets" if change.kind == ChangeKind::Added => self.fill_token(object),
            DEFINITIONS if gone => {
                self.definitions.remove(object.name());
            }
            DEFINITIONS if object.deleting() => {
                self.definitions.insert(object.name().to_owned());
            }
            _ => {}
        }
    }

    /// Puts a token into a secret that asks for one of a service account.
    fn fill_token(&self, secret: &Stored) {
        let asks =
            crate::store::str_at(&secret.doc, "type") == "kubernetes.io/service-account-token";
        let name = secret.annotation("kubernetes.io/service-account.name");
        let (true, Some(name)) = (asks, name) else {
            return;
        };
        let namespace = secret.namespace();
        let Some(account) = self
            .actor
            .get("serviceaccounts", &Key::new(namespace, name))
        else {
            return;
        };
        let token = self.actor.cluster.tokens.issue(&Issue {
            namespace,
            name,
            uid: account.uid(),
            seconds: 10 * 365 * 24 * 3600,
            audiences: &[],
        });
        let encode = |text: &str| Value::from(STANDARD.encode(text));
        let authority = encode(&self.actor.cluster.ca_pem);
        self.actor.modify("secrets", &secret.key, "", |doc| {
            doc.insert(
                "data".to_owned(),
                json!({"token": encode(&token), "ca.crt": authority, "namespace": encode(namespace)}),
            );
            let annotations = crate::store::meta_mut(doc).entry("annotations");
            annotations.or_insert_with(|| json!({}))["kubernetes.io/service-account.uid"] =
                account.uid().into();
        });
    }

    fn content(&self, namespace: &str) -> Vec<(Arc<str>, Arc<Stored>)> {
        let store = &self.actor.cluster.store;
        let tables = store.tables().into_iter();
        tables
            .flat_map(|table| {
                let items = store.list(&table, Some(namespace)).items;
                items
                    .into_iter()
                    .map(move |item| (Arc::clone(&table), item))
            })
            .collect()
    }

    /// Deletes what is in a namespace; without content the namespace itself goes.
    fn end_namespace(&mut self, name: &str) {
        let key = Key::new("", name);
        let Some(namespace) = self.actor.get("namespaces", &key) else {
            self.ending.remove(name);
            return;
        };
        for (table, object) in self.content(name) {
            if !object.deleting() {
                self.actor.delete(&table, &object);
            }
        }
        let left = self.content(name);
        if left.is_empty() {
            self.actor.modify("namespaces", &key, "finalize", |doc| {
                doc.insert("spec".to_owned(), json!({}));
            });
            return;
        }
        let status = remaining(&namespace, &left);
        self.actor.set_status("namespaces", &key, &status);
    }

    /// Deletes the objects of a definition; without objects the definition itself goes.
    fn end_definition(&self, name: &str) {
        let store = &self.actor.cluster.store;
        for object in store.list(name, None).items {
            if !object.deleting() {
                self.actor.delete(name, &object);
            }
        }
        if store.len(name) == 0 {
            self.actor
                .modify(DEFINITIONS, &Key::new("", name), "", |doc| {
                    super::garbage::retain(doc, "finalizers", |f| f != definitions::FINALIZER);
                });
        }
    }
}

/// The status of a namespace whose content has finalizers.
fn remaining(namespace: &Stored, left: &[(Arc<str>, Arc<Stored>)]) -> Value {
    let mut kinds: std::collections::BTreeMap<&str, usize> = std::collections::BTreeMap::new();
    let mut finalizers: std::collections::BTreeMap<String, usize> =
        std::collections::BTreeMap::new();
    for (table, object) in left {
        *kinds.entry(table).or_default() += 1;
        for finalizer in object.finalizers() {
            *finalizers.entry(finalizer.to_owned()).or_default() += 1;
        }
    }
    let list = |items: Vec<String>| items.join(", ");
    let resources = list(
        kinds
            .iter()
            .map(|(k, n)| format!("{k} has {n} resource instances"))
            .collect(),
    );
    let waits = list(
        finalizers
            .iter()
            .map(|(f, n)| format!("{f} in {n} resource instances"))
            .collect(),
    );
    let old = crate::store::at(&namespace.doc, "status.conditions").and_then(Value::as_array);
    let condition = |kind: &str, status: &str, reason: &str, message: &str| {
        let same = old.and_then(|c| {
            c.iter()
                .find(|c| c["type"] == kind && c["status"] == status)
        });
        let since = same
            .and_then(|c| c["lastTransitionTime"].as_str())
            .map(str::to_owned);
        json!({
            "type": kind, "status": status, "reason": reason, "message": message,
            "lastTransitionTime": since.unwrap_or_else(clock::now),
        })
    };
    json!({
        "phase": "Terminating",
        "conditions": [
            condition("NamespaceDeletionDiscoveryFailure", "False", "ResourcesDiscovered", "All resources successfully discovered"),
            condition("NamespaceDeletionGroupVersionParsingFailure", "False", "ParsedGroupVersions", "All legacy kube types successfully parsed"),
            condition("NamespaceDeletionContentFailure", "False", "ContentDeleted", "All content successfully deleted, may be waiting on finalization"),
            condition("NamespaceContentRemaining", "True", "SomeResourcesRemain", &format!("Some resources are remaining: {resources}")),
            condition("NamespaceFinalizersRemaining", "True", "SomeFinalizersRemain", &format!("Some content in the namespace has finalizers remaining: {waits}")),
        ],
    })
}
