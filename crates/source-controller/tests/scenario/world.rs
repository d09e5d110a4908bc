//! Everything around the controller: API server, Git server, a receiver of events, a folder for artifacts.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::routing::post;
use flux_apiserver::Server as ApiServer;
use flux_git::serve::{NewCommit, Server as GitServer};
use flux_git::{Person, Secret, Time};
use flux_http::ProxyEnvironment;
use flux_kube::{Client, Credentials, List, Resource, Trust};
use flux_object::Object;
use flux_runtime::{Hosting, Running};
use flux_tree::{FileTree, MemoryTree, TreePath, walk};
use serde_json::{Value, json};
use source_controller::SourceController;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use super::text;

/// The recorded date of the first commit of a repository, 2026-01-02T03:01:05Z; each further one is a minute later.
const FIRST_COMMIT: i64 = 1_767_322_865;

/// The servers of a run. Cheap to clone.
#[derive(Clone)]
pub(crate) struct World {
    pub(crate) client: Client,
    git: GitServer,
    private: GitServer,
    commits: Arc<Mutex<HashMap<String, (i64, MemoryTree)>>>,
    posted: Arc<Mutex<Vec<Value>>>,
    api: Arc<ApiServer>,
    running: Arc<Mutex<Option<Running>>>,
    _artifacts: Arc<tempfile::TempDir>,
}

/// A resource by its kind.
pub(crate) fn kind(kind: &str) -> Resource {
    match kind {
        "GitRepository" => Resource::new(
            "source.toolkit.fluxcd.io/v1",
            "GitRepository",
            "gitrepositories",
            true,
        ),
        "Secret" => Resource::secrets(),
        other => Resource::new("v1", other, &format!("{}s", other.to_lowercase()), true),
    }
}

impl World {
    pub(crate) async fn start() -> Self {
        let api = ApiServer::start(flux_apiserver::Options::default())
            .await
            .expect("an API server");
        let credentials = Credentials::Text {
            text: api.kubeconfig("admin"),
            context: None,
            trust: Trust::Own,
        };
        let client = Client::connect(credentials, &flux_kube::Options::default())
            .await
            .expect("a client");
        install_definitions(&client).await;
        let git = GitServer::new();
        let private = GitServer::with_basic("user", Secret::new("pass"));
        let git_address = serve(git_routes(&git, &private)).await;
        let posted = Arc::<Mutex<Vec<Value>>>::default();
        let events_address = serve(receiver(Arc::clone(&posted))).await;
        let artifacts = tempfile::tempdir().expect("a folder");
        let arguments = [
            format!("--storage-path={}", artifacts.path().display()),
            "--storage-addr=127.0.0.1:0".to_owned(),
            "--storage-adv-addr=source-controller.test".to_owned(),
            format!("--events-addr=http://{events_address}/"),
            "--metrics-addr=0".to_owned(),
            "--health-addr=0".to_owned(),
            "--concurrent=64".to_owned(),
        ];
        // The Git server stands behind a plain HTTP proxy, so that URLs are the recorded ones.
        let proxies = ProxyEnvironment::new(Some(&format!("http://{git_address}/")), None, "");
        let program = SourceController::default().with_proxies(proxies);
        let hosting = Hosting {
            arguments: arguments.to_vec(),
            client: Some(client.clone()),
            runtime_namespace: "flux-system".to_owned(),
            shutdown: CancellationToken::new(),
            process_metrics: false,
        };
        let running = flux_runtime::host(program, hosting)
            .await
            .expect("a controller");
        Self {
            client,
            git,
            private,
            commits: Arc::default(),
            posted,
            api: Arc::new(api),
            running: Arc::new(Mutex::new(Some(running))),
            _artifacts: Arc::new(artifacts),
        }
    }

    pub(crate) async fn stop(&self) {
        let running = self.running.lock().expect("no panic").take();
        if let Some(running) = running {
            running.shut_down();
            running.ended().await.expect("a quiet end");
        }
        self.api.stop().await;
    }

    pub(crate) async fn namespace(&self, name: &str) -> Result<(), String> {
        let resource = Resource::new("v1", "Namespace", "namespaces", false);
        self.create(
            &resource,
            json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": name } }),
        )
        .await
    }

    async fn create(&self, resource: &Resource, object: Value) -> Result<(), String> {
        let object = Object::from_value(object).map_err(|e| e.to_string())?;
        let created = self
            .client
            .create(resource, &object, &flux_kube::PatchOptions::default())
            .await;
        created.map(drop).map_err(|e| e.to_string())
    }

    /// Commits as the recorder did; the hashes are the recorded ones.
    pub(crate) fn commit(&self, step: &Value) -> Result<(), String> {
        let name = text(step, "repository");
        let mut all = self.commits.lock().expect("no panic");
        let (count, tree) = all.entry(name.to_owned()).or_default();
        let mut builder = tree.to_builder();
        for (path, content) in step["files"].as_object().into_iter().flatten() {
            let path = TreePath::clean(path).map_err(|e| e.to_string())?;
            let content = content.as_str().unwrap_or_default().to_owned();
            builder
                .file(&path, content.into(), false)
                .map_err(|e| e.to_string())?;
        }
        *tree = without(&builder.build(), &step["remove"])?;
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
        let server = if name.starts_with("private") {
            &self.private
        } else {
            &self.git
        };
        let hash = server
            .update(name, |repository| repository.commit(&new, tree))
            .map_err(|e| e.to_string())?;
        if hash != text(step, "commit") {
            return Err(format!("commit {hash}, want {}", text(step, "commit")));
        }
        if let Some(tag) = step["tag"].as_str() {
            let set = server.update(name, |repository| {
                repository.set_ref(&format!("refs/tags/{tag}"), &hash)
            });
            set.map_err(|e| e.to_string())?;
        }
        Ok(())
    }

    /// The Kubernetes events of a namespace.
    pub(crate) async fn events(&self, namespace: &str) -> Result<Vec<Value>, String> {
        let resource = Resource::new("v1", "Event", "events", true);
        let list = List {
            namespace: namespace.to_owned(),
            ..List::default()
        };
        let page = self
            .client
            .list(&resource, &list)
            .await
            .map_err(|e| e.to_string())?;
        Ok(page.objects.into_iter().map(Object::into_value).collect())
    }

    /// The events that were posted about objects of a namespace.
    pub(crate) fn posted(&self, namespace: &str) -> Vec<Value> {
        let posted = self.posted.lock().expect("no panic");
        posted
            .iter()
            .filter(|e| e["involvedObject"]["namespace"] == namespace)
            .cloned()
            .collect()
    }
}

async fn install_definitions(client: &Client) {
    let resource = Resource::new(
        "apiextensions.k8s.io/v1",
        "CustomResourceDefinition",
        "customresourcedefinitions",
        false,
    );
    for definition in flux_api::crd::definitions() {
        let object = Object::from_value(definition.object).expect("an object");
        client
            .create(&resource, &object, &flux_kube::PatchOptions::default())
            .await
            .expect("created");
    }
}

fn without(tree: &MemoryTree, removed: &Value) -> Result<MemoryTree, String> {
    let gone: Vec<&str> = removed
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    if gone.is_empty() {
        return Ok(tree.clone());
    }
    let mut kept = MemoryTree::builder();
    for (path, kind) in walk(tree, &TreePath::root()).map_err(|e| e.to_string())? {
        if kind.is_file() && !gone.contains(&path.as_str()) {
            let content = tree.read(&path).map_err(|e| e.to_string())?;
            kept.file(&path, content, false)
                .map_err(|e| e.to_string())?;
        }
    }
    Ok(kept.build())
}

fn git_routes(git: &GitServer, private: &GitServer) -> Router {
    let (open, closed) = (git.router(), private.router());
    Router::new().fallback(move |request: Request| {
        let path = request.uri().path().to_owned();
        let router = if path.starts_with("/private") {
            closed.clone()
        } else {
            open.clone()
        };
        async move {
            if path.starts_with("/error500") {
                return StatusCode::INTERNAL_SERVER_ERROR.into_response();
            }
            router
                .oneshot(request)
                .await
                .unwrap_or_else(|never| match never {})
        }
    })
}

fn receiver(posted: Arc<Mutex<Vec<Value>>>) -> Router {
    let take = move |body: Bytes| async move {
        posted
            .lock()
            .expect("no panic")
            .extend(serde_json::from_slice::<Value>(&body));
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
