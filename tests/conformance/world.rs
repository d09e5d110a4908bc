//! Everything around the controllers: API server, Git server, a receiver of events.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::http::StatusCode;
use axum::routing::post;
use flux_git::serve::NewCommit;
use flux_git::{Person, Time};
use flux_http::ProxyEnvironment;
use flux_kube::{Client, List, Resource, Watch, WatchEvent};
use flux_local::Cluster;
use flux_object::Object;
use flux_runtime::{Hosting, Program, Running};
use flux_testkit::GitServer;
use flux_tree::{FileTree, MemoryTree, TreePath, walk};
use futures::StreamExt;
use kustomize_controller::KustomizeController;
use serde_json::{Value, json};
use source_controller::SourceController;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::play::text;

/// The recorded date of the first commit of a repository, 2026-01-02T03:01:05Z; each further one is a minute later.
const FIRST_COMMIT: i64 = 1_767_322_865;

/// A repository that had commits before its recording began: the hash of its commit cannot be made again.
const OLDER: &str = "ks-remote-base-denied.git";

/// Kinds that the recorder looked for at the end.
const LEFT: [&str; 6] = [
    "ConfigMap",
    "Secret",
    "Service",
    "Deployment",
    "Job",
    "ServiceAccount",
];

/// Namespace, kind and name, and the object unless it is gone.
type History = Arc<Mutex<Vec<(String, String, Option<Value>)>>>;

/// The servers of a run. Cheap to clone.
#[derive(Clone)]
pub(crate) struct World {
    pub(crate) client: Client,
    inner: Arc<Inner>,
}

/// What is known of an object.
pub(crate) enum Newest {
    /// It was not seen yet.
    Unknown,
    /// It was deleted.
    Gone,
    /// Its newest version.
    There(Value),
}

struct Inner {
    git: GitServer,
    commits: Mutex<HashMap<String, (i64, MemoryTree)>>,
    renamed: Mutex<Vec<(String, String)>>,
    posted: Arc<Mutex<Vec<Value>>>,
    history: History,
    cluster: Cluster,
    storage: String,
    running: Mutex<Vec<Running>>,
    _artifacts: tempfile::TempDir,
}

/// The kubeconfig of the cluster to play on, when it is not the embedded server.
pub(crate) fn given() -> Option<String> {
    if std::env::var("FLUX_CLUSTER").as_deref() != Ok("1") {
        return None;
    }
    let path = std::env::var("FLUX_CLUSTER_KUBECONFIG").expect("FLUX_CLUSTER_KUBECONFIG is set");
    Some(std::fs::read_to_string(path).expect("the kubeconfig of the cluster"))
}

async fn cluster() -> Cluster {
    if let Some(kubeconfig) = given() {
        return Cluster::Given(kubeconfig);
    }
    let options = flux_apiserver::Options::default();
    Cluster::embedded(options).await.expect("an API server")
}

/// A resource by its kind.
pub(crate) fn kind(kind: &str) -> Resource {
    let plural = format!("{}s", kind.to_lowercase());
    match kind {
        "GitRepository" => flux_tests::git_repositories(),
        "Kustomization" => flux_tests::kustomizations(),
        "Deployment" => Resource::new("apps/v1", kind, &plural, true),
        "Job" => Resource::new("batch/v1", kind, &plural, true),
        "Secret" => Resource::secrets(),
        other => Resource::new("v1", other, &plural, true),
    }
}

impl World {
    /// Starts a world whose kustomize-controller has these flags besides the recorder's own.
    pub(crate) async fn start(flags: &[String]) -> Self {
        Self::start_with(&["--enable-leader-election=false".to_owned()], flags).await
    }

    /// Starts a world with flags for both controllers, and more for kustomize-controller.
    pub(crate) async fn start_with(both: &[String], flags: &[String]) -> Self {
        let cluster = cluster().await;
        let client = cluster.admin().await.expect("a client");
        flux_local::prepare(&client).await.expect("definitions");
        let git = GitServer::start().await;
        let posted = Arc::<Mutex<Vec<Value>>>::default();
        let events = serve(receiver(Arc::clone(&posted))).await;
        let artifacts = tempfile::tempdir().expect("a folder");
        let storage = free_address();
        let mut common = vec![
            format!("--events-addr=http://{events}/"),
            "--metrics-addr=127.0.0.1:0".to_owned(),
            "--health-addr=127.0.0.1:0".to_owned(),
            "--concurrent=64".to_owned(),
        ];
        common.extend_from_slice(both);
        let mut source = common.clone();
        source.push(format!("--storage-path={}", artifacts.path().display()));
        source.push(format!("--storage-addr={storage}"));
        source.push(format!("--storage-adv-addr={storage}"));
        common.extend_from_slice(flags);
        // The Git server stands behind a plain HTTP proxy, so that URLs are the recorded ones.
        let proxy = format!("http://{}/", git.address());
        let proxies = ProxyEnvironment::new(Some(&proxy), None, "");
        let program = SourceController::default().with_proxies(proxies);
        let running = vec![
            host(program, source, &client).await,
            host(KustomizeController, common, &client).await,
        ];
        let history = History::default();
        for of in ["GitRepository", "Kustomization"] {
            tokio::spawn(watch(client.clone(), kind(of), Arc::clone(&history)));
        }
        let inner = Inner {
            git,
            commits: Mutex::default(),
            renamed: Mutex::default(),
            posted,
            history,
            cluster,
            storage,
            running: Mutex::new(running),
            _artifacts: artifacts,
        };
        Self {
            client,
            inner: Arc::new(inner),
        }
    }

    /// Ends the controllers and the server.
    pub(crate) async fn stop(&self) {
        let running = std::mem::take(&mut *self.inner.running.lock().expect("no panic"));
        for program in running {
            program.shut_down();
            program.ended().await.expect("a quiet end");
        }
        if let Some(server) = self.inner.cluster.server() {
            server.stop().await;
        }
    }

    /// Where the controllers show their metrics: source-controller, kustomize-controller.
    pub(crate) fn metrics(&self) -> Vec<std::net::SocketAddr> {
        let running = self.inner.running.lock().expect("no panic");
        running
            .iter()
            .filter_map(Running::metrics_address)
            .collect()
    }

    pub(crate) async fn namespace(&self, name: &str) -> Result<(), String> {
        let resource = Resource::new("v1", "Namespace", "namespaces", false);
        let object =
            json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": name } });
        let object = Object::from_value(object).map_err(|e| e.to_string())?;
        let options = flux_kube::PatchOptions::default();
        let created = self.client.create(&resource, &object, &options).await;
        created.map(drop).map_err(|e| e.to_string())
    }

    /// Removes a namespace from a cluster that outlives the run, while the controllers can still let go of its objects.
    pub(crate) async fn leave(&self, name: &str) {
        if self.inner.cluster.server().is_some() {
            return;
        }
        for of in ["Kustomization", "GitRepository"] {
            for object in self.list(&kind(of), name).await.unwrap_or_default() {
                let short = text(&object["metadata"], "name");
                // What cannot be deleted stays; the next run then finds the namespace taken, and says so.
                let _ = self
                    .client
                    .delete(&kind(of), (name, short), &flux_kube::Delete::default())
                    .await;
            }
        }
        let resource = Resource::new("v1", "Namespace", "namespaces", false);
        let _ = self
            .client
            .delete(&resource, ("", name), &flux_kube::Delete::default())
            .await;
    }

    /// Commits as the recorder did; the hashes are the recorded ones.
    pub(crate) fn commit(&self, step: &Value) -> Result<(), String> {
        let name = text(step, "repository");
        let mut all = self.inner.commits.lock().expect("no panic");
        let (count, tree) = all.entry(name.to_owned()).or_default();
        *tree = changed(tree, step)?;
        let time = Time {
            seconds: FIRST_COMMIT + *count * 60,
            offset_minutes: 0,
        };
        *count += 1;
        let person = Person {
            name: "A U Thor".to_owned(),
            email: "author@example.com".to_owned(),
            time,
        };
        let message = format!("{}\n", step["msg"].as_str().unwrap_or("commit"));
        let new = NewCommit {
            branch: "main",
            author: person.clone(),
            committer: person,
            message: &message,
        };
        let committed = self
            .inner
            .git
            .update(name, |repository| repository.commit(&new, &*tree));
        let hash = committed.map_err(|e| e.to_string())?;
        let want = text(step, "commit");
        if hash != want && name == OLDER {
            let mut renamed = self.inner.renamed.lock().expect("no panic");
            renamed.push((hash.clone(), want.to_owned()));
        } else if hash != want {
            return Err(format!("commit {hash}, want {want}"));
        }
        if let Some(tag) = step["tag"].as_str() {
            self.inner.git.tag(name, tag, &hash);
        }
        Ok(())
    }

    /// The Kubernetes events of a namespace about Flux objects.
    pub(crate) async fn events(&self, namespace: &str) -> Result<Vec<Value>, String> {
        let events = self.list(&Resource::events(), namespace).await?;
        let about = |e: &Value| text(&e["involvedObject"], "apiVersion").contains("fluxcd.io");
        Ok(events.into_iter().filter(about).collect())
    }

    /// What the recorder would have found in the namespace at the end.
    pub(crate) async fn objects(&self, namespace: &str) -> Result<Vec<Value>, String> {
        let mut all = Vec::new();
        for of in LEFT {
            for mut object in self.list(&kind(of), namespace).await? {
                let name = text(&object["metadata"], "name");
                if name != "kube-root-ca.crt" && (of, name) != ("ServiceAccount", "default") {
                    object["kind"] = json!(of);
                    all.push(object);
                }
            }
        }
        Ok(all)
    }

    async fn list(&self, resource: &Resource, namespace: &str) -> Result<Vec<Value>, String> {
        let list = List {
            namespace: namespace.to_owned(),
            ..List::default()
        };
        let page = self.client.list(resource, &list).await;
        let page = page.map_err(|e| e.to_string())?;
        let objects = page.objects.into_iter().map(Object::into_value);
        Ok(objects.map(|object| self.recorded_words(&object)).collect())
    }

    /// The events that were posted about objects of a namespace.
    pub(crate) fn posted(&self, namespace: &str) -> Vec<Value> {
        let posted = self.inner.posted.lock().expect("no panic");
        let about = |e: &&Value| e["involvedObject"]["namespace"] == namespace;
        let own = posted.iter().filter(about);
        own.map(|event| self.recorded_words(event)).collect()
    }

    /// All versions of the Flux objects of a namespace.
    pub(crate) fn history(&self, namespace: &str) -> Vec<(String, Option<Value>)> {
        let history = self.inner.history.lock().expect("no panic");
        let own = history.iter().filter(|entry| entry.0 == namespace);
        own.map(|(_, name, object)| (name.clone(), object.clone()))
            .collect()
    }

    /// The newest version of an object.
    pub(crate) fn newest(&self, namespace: &str, name: &str) -> Newest {
        let history = self.inner.history.lock().expect("no panic");
        let mut newest = history.iter().rev();
        match newest.find(|entry| entry.0 == namespace && entry.1 == name) {
            Some((_, _, Some(object))) => Newest::There(object.clone()),
            Some((_, _, None)) => Newest::Gone,
            None => Newest::Unknown,
        }
    }

    /// A value with the addresses of this run replaced by the recorded hosts.
    pub(crate) fn recorded_words(&self, value: &Value) -> Value {
        let text = value.to_string();
        let mut text = text.replace(&self.inner.storage, "source-controller.test");
        for (hash, recorded) in &*self.inner.renamed.lock().expect("no panic") {
            text = text.replace(hash, recorded);
        }
        serde_json::from_str(&text).unwrap_or_default()
    }
}

async fn host<P: Program>(program: P, arguments: Vec<String>, client: &Client) -> Running {
    let hosting = Hosting {
        arguments,
        client: Some(client.clone()),
        runtime_namespace: "flux-system".to_owned(),
        shutdown: CancellationToken::new(),
        process_metrics: false,
    };
    flux_runtime::host(program, hosting)
        .await
        .expect("a controller")
}

async fn watch(client: Client, resource: Resource, history: History) {
    let mut events = client.watch(&resource, Watch::default());
    while let Some(event) = events.next().await {
        let (object, gone) = match event {
            Ok(WatchEvent::Applied(object)) => (object, false),
            Ok(WatchEvent::Deleted(object)) => (object, true),
            _ => continue,
        };
        let name = format!("{}/{}", resource.kind, object.name());
        let namespace = object.namespace().to_owned();
        let value = (!gone).then(|| object.into_value());
        let mut history = history.lock().expect("no panic");
        history.push((namespace, name, value));
    }
}

/// The tree after a step.
fn changed(tree: &MemoryTree, step: &Value) -> Result<MemoryTree, String> {
    let gone = step["remove"].as_array().into_iter().flatten();
    let gone: Vec<&str> = gone.filter_map(Value::as_str).collect();
    let mut builder = MemoryTree::builder();
    for (path, kind) in walk(tree, &TreePath::root()).map_err(|e| e.to_string())? {
        if kind.is_file() && !gone.contains(&path.as_str()) {
            let content = tree.read(&path).map_err(|e| e.to_string())?;
            let kept = builder.file(&path, content, false);
            kept.map_err(|e| e.to_string())?;
        }
    }
    for (path, content) in step["files"].as_object().into_iter().flatten() {
        let path = TreePath::clean(path).map_err(|e| e.to_string())?;
        let content = content.as_str().unwrap_or_default().to_owned();
        let added = builder.file(&path, content.into(), false);
        added.map_err(|e| e.to_string())?;
    }
    Ok(builder.build())
}

fn receiver(posted: Arc<Mutex<Vec<Value>>>) -> Router {
    let take = move |body: Bytes| async move {
        let event = serde_json::from_slice::<Value>(&body);
        posted.lock().expect("no panic").extend(event);
        StatusCode::ACCEPTED
    };
    Router::new().route("/", post(take))
}

async fn serve(router: Router) -> std::net::SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("bound");
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

/// An address of loopback that nobody listens on.
fn free_address() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("its address").to_string()
}
