//! The whole controller on the embedded API server, with an artifact from a server of the test's own.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::get;
use flux_api::kustomize::Kustomization;
use flux_api::source::GitRepository;
use flux_apiserver::{Options, Server};
use flux_artifact::{Algorithm, archive};
use flux_kube::{Apply, Client, Credentials, Delete, PatchOptions, Resource, Trust};
use flux_object::Object;
use flux_runtime::{Hosting, Managed, Running, host};
use flux_tree::MemoryTree;
use flux_tree::ignore::Matcher;
use futures::StreamExt;
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::KustomizeController;

const NAMESPACE: &str = "default";
const LIMIT: Duration = Duration::from_secs(30);

struct Cluster {
    server: Server,
    client: Client,
    running: Running,
    artifacts: String,
    files: Files,
    _tasks: JoinSet<std::io::Result<()>>,
}

type Files = Arc<std::sync::Mutex<BTreeMap<String, Bytes>>>;

async fn serve(State(files): State<Files>, Path(name): Path<String>) -> Result<Bytes, StatusCode> {
    let files = files.lock().expect("no panic holds it");
    files.get(&name).cloned().ok_or(StatusCode::NOT_FOUND)
}

impl Cluster {
    async fn start() -> Self {
        let server = Server::start(Options::default()).await.expect("a server");
        let credentials = Credentials::Text {
            text: server.kubeconfig("admin"),
            context: None,
            trust: Trust::Own,
        };
        let client = Client::connect(credentials, &flux_kube::Options::default())
            .await
            .expect("a client");
        let definitions = Resource::new(
            "apiextensions.k8s.io/v1",
            "CustomResourceDefinition",
            "customresourcedefinitions",
            false,
        );
        for definition in flux_api::crd::definitions() {
            apply(&client, &definitions, definition.object).await;
        }
        client.discovery().invalidate();
        let files = Files::default();
        let router = Router::new()
            .route("/{name}", get(serve))
            .with_state(files.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a port");
        let address = listener.local_addr().expect("an address");
        let mut tasks = JoinSet::new();
        tasks.spawn(async move { axum::serve(listener, router).await });
        let hosting = Hosting {
            arguments: ["--metrics-addr=127.0.0.1:0", "--health-addr=127.0.0.1:0"]
                .map(str::to_owned)
                .to_vec(),
            client: Some(client.clone()),
            runtime_namespace: "flux-system".to_owned(),
            shutdown: CancellationToken::new(),
            process_metrics: false,
        };
        let running = host(KustomizeController, hosting).await.expect("it starts");
        Self {
            server,
            client,
            running,
            artifacts: format!("http://{address}"),
            files,
            _tasks: tasks,
        }
    }

    /// Publishes files as the artifact of the source, as source-controller would.
    async fn publish(&self, revision: &str, manifests: &[(&str, &str)]) {
        let owned = manifests
            .iter()
            .map(|(path, text)| (*path, (*text).to_owned()));
        let tree = MemoryTree::from_files(owned).expect("a tree");
        let mut packed = Vec::new();
        let done = archive::pack(&tree, &Matcher::default(), Algorithm::Sha256, &mut packed)
            .expect("an archive");
        let digest = done.digest.to_string();
        let name = digest.replace(':', "-");
        let url = format!("{}/{name}", self.artifacts);
        self.files
            .lock()
            .expect("no panic holds it")
            .insert(name, packed.into());
        let status = json!({"status": {"observedGeneration": 1, "artifact": {
            "path": "x", "url": url, "revision": revision, "digest": digest,
            "lastUpdateTime": "2026-01-01T00:00:00Z",
        }}});
        let options = PatchOptions {
            subresource: "status",
            ..PatchOptions::default()
        };
        self.client
            .merge_patch(
                &GitRepository::resource(),
                (NAMESPACE, "src"),
                &status,
                &options,
            )
            .await
            .expect("a status");
    }

    /// Waits until the Kustomization fulfils a condition; `None` means that it is gone.
    async fn until(&self, what: impl Fn(Option<&Object>) -> bool) -> Option<Object> {
        let mut states = self
            .client
            .watch_one(&Kustomization::resource(), (NAMESPACE, "apps"));
        let wait = async {
            loop {
                let state = states.next().await.expect("a watch does not end");
                if let Ok(object) = state
                    && what(object.as_ref())
                {
                    return object;
                }
            }
        };
        tokio::time::timeout(LIMIT, wait).await.expect("in time")
    }

    async fn applied(&self, revision: &str) -> Object {
        let object = self
            .until(|object| object.is_some_and(|object| is_ready(object, revision)))
            .await;
        object.expect("it is there")
    }

    /// The requests of the controller since the last call, by verb and resource; `dry-run` is a verb of its own.
    fn requests(&self) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        for entry in self.server.ledger().entries() {
            let ours = entry.user_agent.starts_with("flux/");
            if !ours || entry.resource.is_empty() || matches!(&*entry.verb, "watch" | "list") {
                continue;
            }
            let verb = if entry.dry_run {
                "dry-run"
            } else {
                &entry.verb
            };
            *counts
                .entry(format!("{verb} {}", entry.resource))
                .or_default() += 1;
        }
        self.server.ledger().clear();
        counts
    }
}

fn is_ready(object: &Object, revision: &str) -> bool {
    let ready = object
        .get_list(&["status", "conditions"])
        .iter()
        .any(|c| c["type"] == "Ready" && c["status"] == "True");
    ready && object.get_str(&["status", "lastAppliedRevision"]) == Some(revision)
}

async fn apply(client: &Client, resource: &Resource, value: Value) {
    let object = Object::from_value(value).expect("an object");
    let options = Apply {
        field_manager: "user",
        force: true,
        ..Apply::default()
    };
    client
        .apply(resource, &object, &options)
        .await
        .expect("an object that is accepted");
}

/// Four objects: a Deployment, a Service, an Ingress and a ServiceAccount.
fn manifests(image: &str) -> String {
    format!(
        r#"
apiVersion: apps/v1
kind: Deployment
metadata: {{name: web}}
spec:
  selector: {{matchLabels: {{app: web}}}}
  template:
    metadata: {{labels: {{app: web}}}}
    spec: {{containers: [{{name: c, image: "{image}"}}]}}
---
apiVersion: v1
kind: Service
metadata: {{name: web}}
spec: {{selector: {{app: web}}, ports: [{{port: 80}}]}}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {{name: web}}
spec: {{rules: [{{host: "${{host}}", http: {{paths: [{{path: /, pathType: Prefix,
  backend: {{service: {{name: web, port: {{number: 80}}}}}}}}]}}}}]}}
---
apiVersion: v1
kind: ServiceAccount
metadata: {{name: web}}
"#
    )
}

fn counts(pairs: &[(&str, usize)]) -> BTreeMap<String, usize> {
    pairs
        .iter()
        .map(|(key, n)| ((*key).to_owned(), *n))
        .collect()
}

/// What is about the cluster and not about telling people of it.
fn without_events(mut counts: BTreeMap<String, usize>) -> BTreeMap<String, usize> {
    counts.retain(|key, _| !key.ends_with(" events"));
    counts
}

async fn create_source(cluster: &Cluster) {
    let source = json!({
        "apiVersion": "source.toolkit.fluxcd.io/v1", "kind": "GitRepository",
        "metadata": {"name": "src", "namespace": NAMESPACE},
        "spec": {"interval": "10m", "url": "http://git.test/x.git"},
    });
    apply(&cluster.client, &GitRepository::resource(), source).await;
}

async fn create_kustomization(cluster: &Cluster) {
    let kustomization = json!({
        "apiVersion": "kustomize.toolkit.fluxcd.io/v1", "kind": "Kustomization",
        "metadata": {"name": "apps", "namespace": NAMESPACE},
        "spec": {
            "interval": "1h", "path": "./deploy", "prune": true, "wait": true,
            "targetNamespace": NAMESPACE, "postBuild": {"substitute": {"host": "a.example.com"}},
            "sourceRef": {"kind": "GitRepository", "name": "src"},
        },
    });
    apply(&cluster.client, &Kustomization::resource(), kustomization).await;
}

/// Asks for a reconcile, and waits until it is done. Only what came after the question is counted then.
async fn ask(cluster: &Cluster) {
    let asked = json!({"metadata": {"annotations": {"reconcile.fluxcd.io/requestedAt": "now"}}});
    cluster
        .client
        .merge_patch(
            &Kustomization::resource(),
            (NAMESPACE, "apps"),
            &asked,
            &PatchOptions::default(),
        )
        .await
        .expect("a request");
    cluster.requests();
    cluster
        .until(|object| {
            object.is_some_and(|object| {
                object.get_str(&["status", "lastHandledReconcileAt"]) == Some("now")
            })
        })
        .await;
}

#[tokio::test]
async fn a_kustomization_lives_within_its_budget() {
    let cluster = Cluster::start().await;
    create_source(&cluster).await;
    let first = manifests("example.com/app:1");
    cluster
        .publish("main@sha1:1", &[("deploy/a.yaml", &first)])
        .await;
    cluster.requests();
    create_kustomization(&cluster).await;
    let installed = cluster.applied("main@sha1:1").await;
    // The test's own apply is one of the patches on Kustomizations; the finalizer and two writes of the status are ours.
    assert_eq!(
        without_events(cluster.requests()),
        counts(&[
            ("dry-run deployments", 1),
            ("dry-run ingresses", 1),
            ("dry-run serviceaccounts", 1),
            ("dry-run services", 1),
            ("patch deployments", 1),
            ("patch ingresses", 1),
            ("patch kustomizations", 4),
            ("patch serviceaccounts", 1),
            ("patch services", 1),
        ])
    );
    assert_eq!(
        installed
            .get_list(&["status", "inventory", "entries"])
            .len(),
        4
    );

    let second = manifests("example.com/app:2");
    cluster
        .publish("main@sha1:2", &[("deploy/a.yaml", &second)])
        .await;
    cluster.requests();
    cluster.applied("main@sha1:2").await;
    assert_eq!(
        without_events(cluster.requests()),
        counts(&[("patch deployments", 1), ("patch kustomizations", 1)])
    );

    ask(&cluster).await;
    assert_eq!(
        without_events(cluster.requests()),
        counts(&[("patch kustomizations", 1)]),
        "nothing is asked of what is in place"
    );

    let target = (NAMESPACE, "apps");
    cluster
        .client
        .delete(&Kustomization::resource(), target, &Delete::default())
        .await
        .expect("a deletion");
    cluster.until(|object| object.is_none()).await;
    let left = cluster
        .client
        .get(&Resource::service_accounts(), NAMESPACE, "web")
        .await;
    assert!(left.is_err_and(|error| error.is_not_found()));
    cluster.running.shut_down();
}
