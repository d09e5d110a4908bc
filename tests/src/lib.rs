//! Support shared by the harnesses in this package: a cluster with running controllers and a Git server, the world that
//! a scenario acts on and asserts.
//!
//! The cluster is the embedded API server, or the one of `FLUX_CLUSTER_KUBECONFIG` when `FLUX_CLUSTER=1`.
#![expect(
    clippy::disallowed_methods,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "support of tests: it reads the environment, and a world that cannot be made ends the test"
)]

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use flux_apiserver::Server;
use flux_apiserver::{Entry, Options};
use flux_kube::{Apply, Client, Delete, PatchOptions, Resource, Watch, WatchEvent};
use flux_local::{Cluster, Controllers, Launch};
use flux_object::Object;
use flux_testkit::GitServer;
use futures::StreamExt;
use serde_json::{Value, json};

/// How long a scenario waits for what has to happen.
pub const PATIENCE: Duration = Duration::from_mins(1);

/// A cluster, controllers and a Git server of a scenario's own.
#[derive(Debug)]
pub struct World {
    /// The namespace of the scenario.
    pub namespace: String,
    /// A client with all rights.
    pub client: Client,
    /// Where sources live.
    pub git: GitServer,
    /// The cluster.
    pub cluster: Cluster,
    controllers: Option<Controllers>,
    flags: Vec<String>,
    storage: tempfile::TempDir,
    storage_address: String,
}

static NAMESPACES: AtomicU32 = AtomicU32::new(0);

impl World {
    /// A world whose controllers run.
    pub async fn start(name: &str) -> Self {
        Self::with_flags(name, &[]).await
    }

    /// A world whose controllers run with more flags.
    pub async fn with_flags(name: &str, flags: &[&str]) -> Self {
        let number = NAMESPACES.fetch_add(1, Ordering::Relaxed);
        let namespace = format!("{name}-{number}-{}", std::process::id());
        let cluster = cluster().await;
        let client = cluster.admin().await.expect("a client of the cluster");
        flux_local::prepare(&client)
            .await
            .expect("the definitions are taken");
        let mut all: Vec<String> = flags.iter().map(|flag| (*flag).to_owned()).collect();
        all.push("--interval-jitter-percentage=0".to_owned());
        if cluster.server().is_none() {
            // A shared cluster: every world sees its own namespace only.
            all.push("--watch-all-namespaces=false".to_owned());
        }
        let mut world = Self {
            namespace,
            client,
            git: GitServer::start().await,
            cluster,
            controllers: None,
            flags: all,
            storage: flux_testkit::temporary_folder(),
            storage_address: own_address(number),
        };
        world.create_namespace().await;
        world.start_controllers().await;
        world
    }

    /// Whether this is the embedded server; scenarios that count requests or order faults need it.
    pub fn server(&self) -> Option<&Server> {
        self.cluster.server()
    }

    async fn create_namespace(&self) {
        let object =
            json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": self.namespace}});
        self.apply_value(object)
            .await
            .expect("the namespace is made");
    }

    /// Starts the controllers (again), over the storage they had before.
    pub async fn start_controllers(&mut self) {
        let launch = Launch {
            flags: self.flags.clone(),
            namespace: Some(self.namespace.clone()),
            storage: Some(self.storage.path().to_path_buf()),
            // Restarted controllers serve where they did before, as behind a Service.
            storage_address: Some(self.storage_address.clone()),
            ..Launch::default()
        };
        let started = Controllers::start(&self.cluster, launch).await;
        self.controllers = Some(started.expect("the controllers start"));
    }

    /// Ends the controllers in the middle of what they do, and waits until they listen no more.
    pub async fn kill_controllers(&mut self) {
        if let Some(controllers) = self.controllers.take() {
            controllers.stop().await;
        }
    }

    /// Applies manifests as a person would; the namespace is filled in where it is missing.
    pub async fn apply(&self, yaml: &str) {
        if let Err(error) = self.try_apply(yaml).await {
            panic!("apply: {}", chain(&error));
        }
    }

    /// Applies manifests; the first refusal ends it.
    pub async fn try_apply(&self, yaml: &str) -> Result<(), flux_kube::Error> {
        let objects = flux_object::read::objects(yaml.as_bytes()).expect("manifests that parse");
        for mut object in objects {
            let cluster_wide = matches!(
                object.kind(),
                "Namespace" | "ClusterRole" | "ClusterRoleBinding" | "CustomResourceDefinition"
            );
            if object.namespace().is_empty() && !cluster_wide {
                object.set_namespace(&self.namespace);
            }
            self.apply_value(object.into_value()).await?;
        }
        Ok(())
    }

    async fn apply_value(&self, value: Value) -> Result<(), flux_kube::Error> {
        let object = Object::from_value(value).expect("an object");
        let resource = self.client.discovery().resource(&object.gvk()).await?;
        let options = Apply {
            field_manager: "person",
            force: true,
            ..Apply::default()
        };
        self.client
            .apply(&resource, &object, &options)
            .await
            .map(|_| ())
    }

    /// An object of the scenario's namespace, if it is there.
    pub async fn get(&self, resource: &Resource, name: &str) -> Option<Object> {
        match self.client.get(resource, &self.namespace, name).await {
            Ok(object) => Some(object),
            Err(error) if error.is_not_found() => None,
            Err(error) => panic!("get {name}: {}", chain(&error)),
        }
    }

    /// Deletes an object of the scenario's namespace.
    pub async fn delete(&self, resource: &Resource, name: &str) {
        let deleted = self
            .client
            .delete(resource, (&self.namespace, name), &Delete::default())
            .await;
        if let Err(error) = deleted {
            panic!("delete {name}: {}", chain(&error));
        }
    }

    /// Asks for a reconciliation, as `flux reconcile` does.
    pub async fn request(&self, resource: &Resource, name: &str, token: &str) {
        let patch =
            json!({"metadata": {"annotations": {"reconcile.fluxcd.io/requestedAt": token}}});
        self.patch(resource, name, &patch).await;
    }

    /// Merges a patch into an object.
    pub async fn patch(&self, resource: &Resource, name: &str, patch: &Value) {
        let options = PatchOptions {
            field_manager: "person",
            ..PatchOptions::default()
        };
        let patched = self
            .client
            .merge_patch(resource, (&self.namespace, name), patch, &options)
            .await;
        if let Err(error) = patched {
            panic!("patch {name}: {}", chain(&error));
        }
    }

    /// Waits until an object is as wanted; follows it, never asks twice.
    pub async fn until(
        &self,
        resource: &Resource,
        name: &str,
        what: &str,
        wanted: impl Fn(&Object) -> bool,
    ) -> Object {
        let watch = Watch {
            namespace: self.namespace.clone(),
            fields: format!("metadata.name={name}"),
            ..Watch::default()
        };
        let mut events = self.client.watch(resource, watch);
        let mut last = None;
        let found = tokio::time::timeout(PATIENCE, async {
            while let Some(event) = events.next().await {
                if let Ok(WatchEvent::Applied(object)) = event {
                    if wanted(&object) {
                        return Some(object);
                    }
                    last = Some(object);
                }
            }
            None
        })
        .await;
        match found {
            Ok(Some(object)) => object,
            _ => panic!(
                "{name} did not become {what}; last seen: {:?}",
                last.map(Object::into_value)
            ),
        }
    }

    /// Waits until an object is gone.
    pub async fn until_gone(&self, resource: &Resource, name: &str) {
        let watch = Watch {
            namespace: self.namespace.clone(),
            fields: format!("metadata.name={name}"),
            ..Watch::default()
        };
        let mut events = self.client.watch(resource, watch);
        let gone = tokio::time::timeout(PATIENCE, async {
            let mut seen = false;
            while let Some(event) = events.next().await {
                match event {
                    Ok(WatchEvent::Applied(_)) => seen = true,
                    Ok(WatchEvent::Deleted(_)) => return,
                    Ok(WatchEvent::Synced { .. }) if !seen => return,
                    _ => {}
                }
            }
        });
        assert!(gone.await.is_ok(), "{name} is still there");
    }

    /// Waits until the Ready condition has a status at the newest generation.
    pub async fn until_ready(&self, resource: &Resource, name: &str, status: &str) -> Object {
        self.until(resource, name, &format!("Ready={status}"), |object| {
            ready_is(object, status)
        })
        .await
    }

    /// What the controllers have asked of the server since `from`, watches and leases apart.
    pub fn requests_since(&self, from: u64) -> Vec<Entry> {
        let server = self
            .server()
            .expect("requests are counted at the embedded server");
        server.ledger().matching(|entry| {
            entry.sequence > from
                && entry.user.ends_with("-controller")
                && entry.verb != "watch"
                && entry.resource != "leases"
        })
    }

    /// The number of requests so far.
    pub fn now(&self) -> u64 {
        self.server()
            .expect("requests are counted at the embedded server")
            .ledger()
            .total()
    }

    /// Waits until an event about an object has a text in its message. Events are sent after the status is written.
    pub async fn until_event(&self, name: &str, part: &str) {
        let watch = Watch {
            namespace: self.namespace.clone(),
            fields: format!("involvedObject.name={name}"),
            ..Watch::default()
        };
        let mut events = self.client.watch(&Resource::events(), watch);
        let mut seen = Vec::new();
        let found = tokio::time::timeout(PATIENCE, async {
            while let Some(event) = events.next().await {
                if let Ok(WatchEvent::Applied(event)) = event
                    && let Some(message) = event.get_str(&["message"])
                {
                    if message.contains(part) {
                        return true;
                    }
                    seen.push(message.to_owned());
                }
            }
            false
        })
        .await;
        assert_eq!(
            found,
            Ok(true),
            "no event about {name} says {part:?}: {seen:?}"
        );
    }
}

/// An address of loopback of this world's own: no other world, in this process or another, can take its port.
fn own_address(number: u32) -> String {
    let process = std::process::id().to_be_bytes();
    let last = u8::try_from(number % 250).unwrap_or(0) + 1;
    let host = std::net::Ipv4Addr::new(127, process[2] | 0x80, process[3], last);
    let listener = std::net::TcpListener::bind((host, 0)).expect("a free port");
    listener.local_addr().expect("its address").to_string()
}

async fn cluster() -> Cluster {
    if std::env::var("FLUX_CLUSTER").as_deref() == Ok("1") {
        let path =
            std::env::var("FLUX_CLUSTER_KUBECONFIG").expect("FLUX_CLUSTER_KUBECONFIG is set");
        let text = std::fs::read_to_string(&path).expect("the kubeconfig of the cluster");
        return Cluster::Given(text);
    }
    Cluster::embedded(Options::default())
        .await
        .expect("the embedded server starts")
}

/// The Ready condition of an object.
pub fn ready(object: &Object) -> Option<&Value> {
    condition(object, "Ready")
}

/// A condition of an object.
pub fn condition<'a>(object: &'a Object, kind: &str) -> Option<&'a Value> {
    object
        .get_list(&["status", "conditions"])
        .iter()
        .find(|condition| condition["type"] == kind)
}

/// The message of the Ready condition.
pub fn message(object: &Object) -> String {
    ready(object)
        .and_then(|ready| ready["message"].as_str())
        .unwrap_or_default()
        .to_owned()
}

/// The reason of the Ready condition.
pub fn reason(object: &Object) -> String {
    ready(object)
        .and_then(|ready| ready["reason"].as_str())
        .unwrap_or_default()
        .to_owned()
}

fn ready_is(object: &Object, status: &str) -> bool {
    ready(object).is_some_and(|ready| {
        ready["status"] == status
            && ready["observedGeneration"].as_i64() == Some(object.generation())
    })
}

/// GitRepositories.
pub fn git_repositories() -> Resource {
    Resource::new(
        "source.toolkit.fluxcd.io/v1",
        "GitRepository",
        "gitrepositories",
        true,
    )
}

/// Kustomizations.
pub fn kustomizations() -> Resource {
    Resource::new(
        "kustomize.toolkit.fluxcd.io/v1",
        "Kustomization",
        "kustomizations",
        true,
    )
}

/// Deployments.
pub fn deployments() -> Resource {
    Resource::new("apps/v1", "Deployment", "deployments", true)
}

/// Services.
pub fn services() -> Resource {
    Resource::new("v1", "Service", "services", true)
}

/// An error with its causes in one line.
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(error) = next {
        text.push_str(": ");
        text.push_str(&error.to_string());
        next = error.source();
    }
    text
}
