//! What a program puts its controllers together with.

use std::collections::BTreeMap;
use std::sync::Arc;

use flux_kube::{Client, Resource, Watch, WatchEvent};
use flux_object::Object;
use futures::StreamExt;
use futures::future::BoxFuture;
use tokio_util::sync::CancellationToken;

use crate::controller::{Controller, Env, Prepared, Reconcile, Requests, Stores, prepare};
use crate::events::Recorder;
use crate::flags::FlagSet;
use crate::managed::Managed;
use crate::metrics::{Metrics, TokenCacheMetrics};
use crate::store::Store;

/// Why a program cannot start. Logged as it is, with exit status 1.
#[derive(Debug, thiserror::Error)]
#[error("{what}")]
pub struct StartError {
    /// What failed, in the words of the log line.
    pub what: String,
    /// Why.
    #[source]
    pub source: Box<dyn std::error::Error + Send + Sync>,
}

impl StartError {
    /// From what failed and why.
    pub fn new(
        what: impl Into<String>,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        Self {
            what: what.into(),
            source: source.into(),
        }
    }
}

/// When a task runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// From the start.
    Always,
    /// Once this process leads.
    Leading,
}

pub(crate) struct Task {
    pub(crate) when: When,
    pub(crate) future: BoxFuture<'static, ()>,
}

/// Hands out what controllers are built from, and takes the controllers.
pub struct Setup {
    pub(crate) flags: FlagSet,
    pub(crate) gates: BTreeMap<String, bool>,
    pub(crate) env: Env,
    pub(crate) token_cache: Option<TokenCacheMetrics>,
    pub(crate) name: &'static str,
    pub(crate) runtime_namespace: String,
    pub(crate) scope_namespace: String,
    pub(crate) stores: Stores,
    pub(crate) controllers: Vec<Prepared>,
    pub(crate) tasks: Vec<Task>,
}

impl std::fmt::Debug for Setup {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Setup")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

impl Setup {
    /// The parsed flags.
    pub fn flags(&self) -> &FlagSet {
        &self.flags
    }

    /// Whether a feature gate is on.
    pub fn gate(&self, name: &str) -> bool {
        self.gates.get(name).copied().unwrap_or(false)
    }

    /// The cluster. Writes are refused while this process does not lead.
    pub fn client(&self) -> &Client {
        &self.env.client
    }

    /// The metrics of this program.
    pub fn metrics(&self) -> &Metrics {
        &self.env.metrics
    }

    /// The metrics of the credential cache; `None` for programs without its flags.
    pub fn token_cache_metrics(&self) -> Option<&TokenCacheMetrics> {
        self.token_cache.as_ref()
    }

    /// Sends events outside a pass.
    pub fn recorder(&self) -> &Recorder {
        &self.env.recorder
    }

    /// Name of the program, such as `kustomize-controller`.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The namespace this program runs in (`RUNTIME_NAMESPACE`).
    pub fn runtime_namespace(&self) -> &str {
        &self.runtime_namespace
    }

    /// The namespace everything is limited to; empty for all (`--watch-all-namespaces`).
    pub fn scope_namespace(&self) -> &str {
        &self.scope_namespace
    }

    /// Cancelled when the program ends.
    pub fn shutdown(&self) -> CancellationToken {
        self.env.shutdown.clone()
    }

    /// All objects of a kind that controllers of ours refer to. One watch, however often it is asked for.
    pub fn store<K: Managed>(&mut self) -> Store<K> {
        self.stores.get(&self.scope_namespace, "")
    }

    /// The objects of a kind that this program reconciles: those of its shard (`--watch-label-selector`).
    pub fn own_store<K: Managed>(&mut self) -> Store<K> {
        let labels = self.flags.text("watch-label-selector").to_owned();
        self.stores.get(&self.scope_namespace, &labels)
    }

    /// Adds a controller over [`Setup::own_store`]. The answer asks for turns of its objects.
    pub fn controller<R: Reconcile>(&mut self, controller: Controller<R>) -> Requests {
        let store = self.own_store::<R::Object>();
        let prepared = prepare(controller, &store, self.env.clone());
        let requests = prepared.requests.clone();
        self.controllers.push(prepared);
        requests
    }

    /// Calls `changed` for every change of the objects of any resource, after the first list. Nothing is kept. `changed` must not
    /// block; its second argument says whether the object still exists.
    pub fn observe(
        &mut self,
        resource: Resource,
        watch: Watch,
        changed: impl Fn(&Object, bool) + Send + Sync + 'static,
    ) {
        let client = self.env.client.clone();
        self.task(When::Always, async move {
            let mut events = client.watch(&resource, watch);
            let mut synced = false;
            while let Some(event) = events.next().await {
                match event {
                    Ok(WatchEvent::Synced { .. }) => synced = true,
                    Ok(WatchEvent::Applied(object)) if synced => changed(&object, true),
                    Ok(WatchEvent::Deleted(object)) if synced => changed(&object, false),
                    Ok(_) => {}
                    Err(error) => {
                        let error = flux_report::chain(&error);
                        tracing::debug!(kind = resource.kind, error, "Failed to watch");
                    }
                }
            }
        });
    }

    /// Keeps the discovery cache of the cluster in step with its definitions. Needs the right to list and watch them.
    pub fn follow_discovery(&mut self) {
        let client = self.env.client.clone();
        self.task(When::Always, async move { client.follow_discovery().await });
    }

    /// Runs a future for the life of the program. It is dropped at the shutdown.
    pub fn task(&mut self, when: When, future: impl Future<Output = ()> + Send + 'static) {
        self.tasks.push(Task {
            when,
            future: Box::pin(future),
        });
    }

    pub(crate) fn take_controllers(&mut self) -> Vec<Prepared> {
        std::mem::take(&mut self.controllers)
    }

    /// What refreshes the gauges that depend on the time.
    pub(crate) fn refresh(&self) -> Arc<dyn Fn() + Send + Sync> {
        let observers: Vec<_> = self.controllers.iter().map(Prepared::observe).collect();
        Arc::new(move || {
            for observe in &observers {
                observe();
            }
        })
    }
}
