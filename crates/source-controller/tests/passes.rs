//! Whole passes: the controller on the embedded API server, a real Git server, artifacts fetched as consumers do.
#![expect(
    clippy::disallowed_methods,
    reason = "a test looks at the files of the storage and waits for what happens"
)]

use std::path::PathBuf;
use std::time::Duration;

use flux_apiserver::Server;
use flux_artifact::{FetchOptions, Fetcher};
use flux_http::{ClientOptions, Clients, ProxyEnvironment, SystemRoots};
use flux_kube::{Client, Credentials, Delete, List, PatchOptions, Resource, Trust};
use flux_object::Object;
use flux_runtime::{Hosting, Running};
use flux_testkit::GitServer;
use flux_tree::{FileTree, MemoryTree, TreePath, walk};
use serde_json::{Value, json};
use source_controller::SourceController;
use tokio_util::sync::CancellationToken;

const NAMESPACE: &str = "apps";
const PATIENCE: Duration = Duration::from_secs(20);

struct Fixture {
    api: Server,
    client: Client,
    running: Running,
    artifacts: tempfile::TempDir,
}

fn git_repositories() -> Resource {
    Resource::new(
        "source.toolkit.fluxcd.io/v1",
        "GitRepository",
        "gitrepositories",
        true,
    )
}

impl Fixture {
    async fn new() -> Self {
        let api = Server::start(flux_apiserver::Options::default())
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
        let artifacts = flux_testkit::temporary_folder();
        let definitions = Resource::new(
            "apiextensions.k8s.io/v1",
            "CustomResourceDefinition",
            "customresourcedefinitions",
            false,
        );
        for definition in flux_api::crd::definitions() {
            create(&client, &definitions, definition.object).await;
        }
        let namespace =
            json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": NAMESPACE } });
        create(
            &client,
            &Resource::new("v1", "Namespace", "namespaces", false),
            namespace,
        )
        .await;
        let hosting = Hosting {
            arguments: vec![
                format!("--storage-path={}", artifacts.path().display()),
                "--storage-addr=127.0.0.1:0".to_owned(),
                "--metrics-addr=0".to_owned(),
                "--health-addr=0".to_owned(),
            ],
            client: Some(client.clone()),
            runtime_namespace: "flux-system".to_owned(),
            shutdown: CancellationToken::new(),
            process_metrics: false,
        };
        let program = SourceController::default().with_proxies(ProxyEnvironment::default());
        let running = flux_runtime::host(program, hosting)
            .await
            .expect("a controller");
        Self {
            api,
            client,
            running,
            artifacts,
        }
    }

    async fn stop(self) {
        self.running.shut_down();
        self.running.ended().await.expect("a quiet end");
        self.api.stop().await;
    }

    async fn source(&self, name: &str, spec: Value) {
        let object = json!({
            "apiVersion": "source.toolkit.fluxcd.io/v1",
            "kind": "GitRepository",
            "metadata": { "name": name, "namespace": NAMESPACE },
            "spec": spec,
        });
        create(&self.client, &git_repositories(), object).await;
    }

    async fn secret(&self, name: &str, data: Value) {
        let object = json!({
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": { "name": name, "namespace": NAMESPACE },
            "stringData": data,
        });
        create(&self.client, &Resource::secrets(), object).await;
    }

    async fn patch(&self, name: &str, patch: Value) {
        let target = (NAMESPACE, name);
        let options = PatchOptions {
            field_manager: "user",
            ..PatchOptions::default()
        };
        self.client
            .merge_patch(&git_repositories(), target, &patch, &options)
            .await
            .expect("patched");
    }

    /// Asks for a pass and waits until it is over.
    async fn request(&self, name: &str, token: &str) -> Value {
        let annotations = json!({ "reconcile.fluxcd.io/requestedAt": token });
        self.patch(name, json!({ "metadata": { "annotations": annotations } }))
            .await;
        self.until(name, |status| status["lastHandledReconcileAt"] == token)
            .await
    }

    async fn ready(&self, name: &str) -> Value {
        self.until(name, |status| {
            condition(status, "Ready")["status"] == "True"
        })
        .await
    }

    /// The status once it is as wanted.
    async fn until(&self, name: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let mut last = Value::Null;
        let reached = async {
            loop {
                if let Ok(object) = self.client.get(&git_repositories(), NAMESPACE, name).await {
                    last = object.into_value()["status"].take();
                    if wanted(&last) {
                        return;
                    }
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        let reached = tokio::time::timeout(PATIENCE, reached).await;
        assert!(reached.is_ok(), "{name} is {last:#}");
        last
    }

    /// The artifact as a consumer sees it.
    async fn files(&self, status: &Value) -> std::sync::Arc<MemoryTree> {
        let clients = Clients::new(SystemRoots::none(), ProxyEnvironment::default());
        let client = clients.client(&ClientOptions::default()).expect("a client");
        let artifact = &status["artifact"];
        let (url, digest) = (artifact["url"].as_str(), artifact["digest"].as_str());
        Fetcher::new(client, FetchOptions::default())
            .fetch(url.expect("a URL"), digest.expect("a digest"))
            .await
            .expect("fetched")
    }

    fn file(&self, status: &Value) -> PathBuf {
        self.artifacts
            .path()
            .join(status["artifact"]["path"].as_str().expect("a path"))
    }

    async fn reasons(&self) -> Vec<String> {
        let list = List {
            namespace: NAMESPACE.to_owned(),
            ..List::default()
        };
        let page = self
            .client
            .list(&Resource::new("v1", "Event", "events", true), &list)
            .await;
        let events = page.expect("events").objects;
        events
            .iter()
            .filter_map(|event| event.get_str(&["reason"]).map(str::to_owned))
            .collect()
    }
}

async fn create(client: &Client, resource: &Resource, object: Value) {
    let object = Object::from_value(object).expect("an object");
    client
        .create(resource, &object, &PatchOptions::default())
        .await
        .expect("created");
}

fn condition<'a>(status: &'a Value, r#type: &str) -> &'a Value {
    let found = status["conditions"]
        .as_array()
        .into_iter()
        .flatten()
        .find(|c| c["type"] == r#type);
    found.unwrap_or(&Value::Null)
}

fn paths(tree: &dyn FileTree) -> Vec<String> {
    let walked = walk(tree, &TreePath::root()).expect("walked");
    walked
        .into_iter()
        .filter(|(_, kind)| kind.is_file())
        .map(|(path, _)| path.to_string())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_becomes_an_artifact_and_nothing_new_costs_one_listing() {
    let (fixture, git) = (Fixture::new().await, GitServer::start().await);
    let hash = git.commit(
        "org/project/_git/repo",
        &[("a.yaml", "a: 1\n"), (".gitignore", "x"), ("logo.png", "")],
    );
    let url = git.url("org/project/_git/repo");
    fixture
        .source(
            "web",
            json!({ "url": url, "interval": "10m", "ref": { "branch": "main" } }),
        )
        .await;
    let status = fixture.ready("web").await;
    assert_eq!(status["artifact"]["revision"], format!("main@sha1:{hash}"));
    assert_eq!(status["observedGeneration"], 1);
    assert_eq!(paths(&*fixture.files(&status).await), ["a.yaml"]);

    let before = git.requests().len();
    let again = fixture.request("web", "now").await;
    assert_eq!(again["artifact"], status["artifact"]);
    let asked = git.requests().split_off(before);
    assert_eq!(asked.len(), 1, "one listing: {asked:?}");

    let moved = git.commit("org/project/_git/repo", &[("b.yaml", "b: 1\n")]);
    let status = fixture.request("web", "later").await;
    assert_eq!(status["artifact"]["revision"], format!("main@sha1:{moved}"));
    assert_eq!(condition(&status, "ArtifactOutdated"), &Value::Null);
    assert_eq!(paths(&*fixture.files(&status).await), ["b.yaml"]);
    fixture.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_kind_of_reference_is_fetched_twice() {
    let (fixture, git) = (Fixture::new().await, GitServer::start().await);
    let hash = git.commit("web.git", &[("a.yaml", "a: 1\n")]);
    git.annotated_tag("web.git", "v1.2.0", &hash);
    for (name, reference, revision) in [
        (
            "branch",
            json!({ "branch": "main" }),
            format!("main@sha1:{hash}"),
        ),
        (
            "tag",
            json!({ "tag": "v1.2.0" }),
            format!("v1.2.0@sha1:{hash}"),
        ),
        (
            "semver",
            json!({ "semver": "1.x" }),
            format!("v1.2.0@sha1:{hash}"),
        ),
        (
            "name",
            json!({ "name": "refs/heads/main" }),
            format!("refs/heads/main@sha1:{hash}"),
        ),
        ("commit", json!({ "commit": hash }), format!("sha1:{hash}")),
        (
            "both",
            json!({ "commit": hash, "branch": "main" }),
            format!("main@sha1:{hash}"),
        ),
    ] {
        let spec = json!({ "url": git.url("web.git"), "interval": "10m", "ref": reference });
        fixture.source(name, spec).await;
        let status = fixture.ready(name).await;
        assert_eq!(status["artifact"]["revision"], revision, "{name}");
        let before = git.requests().len();
        let again = fixture.request(name, "again").await;
        assert_eq!(again["artifact"], status["artifact"], "{name}");
        let asked = git.requests().split_off(before);
        assert!(asked.len() <= 1, "{name}: {asked:?}");
    }
    fixture.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lost_and_damaged_files_are_stored_again() {
    let (fixture, git) = (Fixture::new().await, GitServer::start().await);
    git.commit("web.git", &[("a.yaml", "a: 1\n")]);
    let url = git.url("web.git");
    fixture
        .source(
            "web",
            json!({ "url": url, "interval": "10m", "ref": { "branch": "main" } }),
        )
        .await;
    let status = fixture.ready("web").await;

    std::fs::remove_file(fixture.file(&status)).expect("removed");
    let rebuilt = fixture.request("web", "lost").await;
    assert_eq!(rebuilt["artifact"]["digest"], status["artifact"]["digest"]);
    assert_eq!(paths(&*fixture.files(&rebuilt).await), ["a.yaml"]);

    std::fs::write(fixture.file(&status), "damaged").expect("written");
    let repaired = fixture.request("web", "damaged").await;
    assert_eq!(paths(&*fixture.files(&repaired).await), ["a.yaml"]);
    let told = async {
        while !fixture
            .reasons()
            .await
            .contains(&"ArtifactVerificationFailed".to_owned())
        {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, told).await.expect("told");
    fixture.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn credentials_are_read_from_the_secret() {
    let (fixture, git) = (
        Fixture::new().await,
        GitServer::start_with_basic("ann", "s3cret").await,
    );
    git.commit("web.git", &[("a.yaml", "a: 1\n")]);
    let spec = json!({ "url": git.url("web.git"), "interval": "10m", "ref": { "branch": "main" }, "secretRef": { "name": "cred" } });
    fixture.source("web", spec).await;
    let failed = fixture
        .until("web", |s| condition(s, "Ready")["status"] == "False")
        .await;
    let message = condition(&failed, "FetchFailed")["message"]
        .as_str()
        .unwrap_or_default();
    assert_eq!(
        message,
        "failed to get secret 'apps/cred': secrets \"cred\" not found"
    );
    fixture
        .secret("cred", json!({ "username": "ann", "password": "s3cret" }))
        .await;
    let status = fixture.request("web", "now").await;
    assert_eq!(condition(&status, "Ready")["status"], "True");
    assert_eq!(condition(&status, "FetchFailed"), &Value::Null);
    fixture.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn included_and_sparse_files_make_one_artifact() {
    let (fixture, git) = (Fixture::new().await, GitServer::start().await);
    git.commit(
        "libs.git",
        &[("base/k.yaml", "k: 1\n"), ("other/x.yaml", "x: 1\n")],
    );
    git.commit(
        "web.git",
        &[
            ("deploy/a.yaml", "a: 1\n"),
            ("docs/d.md", "d"),
            ("top.yaml", "t"),
        ],
    );
    let libs =
        json!({ "url": git.url("libs.git"), "interval": "10m", "ref": { "branch": "main" } });
    fixture.source("libs", libs).await;
    fixture.ready("libs").await;
    let include =
        json!([{ "repository": { "name": "libs" }, "fromPath": "base", "toPath": "deploy/libs" }]);
    let spec = json!({
        "url": git.url("web.git"), "interval": "10m", "ref": { "branch": "main" },
        "include": include, "sparseCheckout": ["./deploy"],
    });
    fixture.source("web", spec).await;
    let status = fixture.ready("web").await;
    assert_eq!(
        paths(&*fixture.files(&status).await),
        ["deploy/a.yaml", "deploy/libs/k.yaml"]
    );
    assert_eq!(
        status["includedArtifacts"].as_array().map(Vec::len),
        Some(1)
    );

    // Files that exist are not replaced by included ones.
    let taken = json!([{ "repository": { "name": "libs" }, "toPath": "deploy" }]);
    fixture
        .patch("web", json!({ "spec": { "include": taken } }))
        .await;
    let failed = fixture
        .until("web", |s| {
            condition(s, "StorageOperationFailed")["status"] == "True"
        })
        .await;
    assert_eq!(condition(&failed, "Ready")["reason"], "CopyFailure");
    assert_eq!(
        failed["artifact"], status["artifact"],
        "the last artifact stays"
    );
    fixture.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn deletion_removes_the_files_also_while_suspended() {
    let (fixture, git) = (Fixture::new().await, GitServer::start().await);
    git.commit("web.git", &[("a.yaml", "a: 1\n")]);
    fixture
        .source(
            "web",
            json!({ "url": git.url("web.git"), "interval": "10m", "ref": { "branch": "main" } }),
        )
        .await;
    let status = fixture.ready("web").await;
    fixture
        .patch("web", json!({ "spec": { "suspend": true } }))
        .await;
    let before = git.requests().len();
    let resting = fixture.request("web", "ignored").await;
    assert_eq!(git.requests().len(), before);
    assert_eq!(resting["observedGeneration"], 2);
    assert_eq!(condition(&resting, "Ready")["observedGeneration"], 2);
    assert_eq!(resting["artifact"], status["artifact"]);
    assert!(fixture.file(&status).exists());
    let target = (NAMESPACE, "web");
    fixture
        .client
        .delete(&git_repositories(), target, &Delete::default())
        .await
        .expect("deleted");
    let gone = async {
        while fixture
            .client
            .get(&git_repositories(), NAMESPACE, "web")
            .await
            .is_ok()
        {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, gone).await.expect("gone");
    assert!(!fixture.file(&status).exists());
    fixture.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn failures_are_told_in_upstream_s_words() {
    let (fixture, git) = (Fixture::new().await, GitServer::start().await);
    git.put("empty.git", flux_git::serve::Repository::new());
    git.commit("web.git", &[("a.yaml", "a: 1\n")]);
    let (empty, web) = (git.url("empty.git"), git.url("web.git"));
    let main = json!({ "branch": "main" });
    let file = json!([{ "repository": { "name": "waiting" } }]);
    let tag = json!({ "mode": "Tag", "secretRef": { "name": "keys" } });
    fixture.secret("keys", json!({ "a.asc": "none" })).await;
    for (name, spec, stalled, reason, message) in [
        (
            "waiting",
            json!({ "url": empty, "interval": "10m", "ref": main }),
            false,
            "EmptyGitRepository",
            "git repository is empty",
        ),
        (
            "including",
            json!({ "url": web, "interval": "10m", "ref": main, "include": file }),
            false,
            "NoArtifact",
            "no artifact available for include 'waiting'",
        ),
        (
            "tagless",
            json!({ "url": web, "interval": "10m", "ref": main, "verify": tag }),
            true,
            "InvalidVerificationMode",
            "cannot verify tag object's signature if a tag reference is not specified",
        ),
        (
            "cloudy",
            json!({ "url": web, "interval": "10m", "ref": main, "provider": "azure" }),
            true,
            "InvalidProviderConfiguration",
            "provider 'azure' is not supported yet",
        ),
    ] {
        fixture.source(name, spec).await;
        let status = fixture
            .until(name, |s| condition(s, "Ready")["status"] == "False")
            .await;
        let ready = condition(&status, "Ready");
        assert_eq!(
            (&ready["reason"], &ready["message"]),
            (&json!(reason), &json!(message)),
            "{name}"
        );
        assert_eq!(
            condition(&status, "Stalled")["status"] == "True",
            stalled,
            "{name}"
        );
        assert_eq!(
            status["observedGeneration"],
            if stalled { 1 } else { -1 },
            "{name}"
        );
    }
    fixture.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forged_status_reaches_no_foreign_files() {
    let (fixture, git) = (Fixture::new().await, GitServer::start().await);
    for name in ["web", "other"] {
        git.commit(&format!("{name}.git"), &[("a.yaml", name)]);
        let url = git.url(&format!("{name}.git"));
        let spec = json!({ "url": url, "interval": "10m", "ref": { "branch": "main" } });
        fixture.source(name, spec).await;
    }
    let (web, other) = (fixture.ready("web").await, fixture.ready("other").await);
    // A digest that does not fit would have the file removed.
    let forged = json!({ "path": other["artifact"]["path"], "digest": web["artifact"]["digest"] });
    let options = PatchOptions {
        field_manager: "user",
        subresource: "status",
        ..PatchOptions::default()
    };
    let patch = json!({ "status": { "artifact": forged } });
    let target = (NAMESPACE, "web");
    fixture
        .client
        .merge_patch(&git_repositories(), target, &patch, &options)
        .await
        .expect("patched");
    let status = fixture.request("web", "forged").await;
    assert_eq!(status["artifact"]["path"], web["artifact"]["path"]);
    assert!(fixture.file(&other).exists());

    let include = json!([{ "repository": { "name": "other" } }]);
    let stolen = json!({ "status": { "artifact": { "path": web["artifact"]["path"] } } });
    let target = (NAMESPACE, "other");
    fixture
        .patch("other", json!({ "spec": { "suspend": true } }))
        .await;
    fixture
        .client
        .merge_patch(&git_repositories(), target, &stolen, &options)
        .await
        .expect("patched");
    fixture
        .patch("web", json!({ "spec": { "include": include } }))
        .await;
    let failed = fixture
        .until("web", |s| {
            condition(s, "StorageOperationFailed")["status"] == "True"
        })
        .await;
    let message = condition(&failed, "Ready")["message"]
        .as_str()
        .unwrap_or_default();
    assert!(
        message.ends_with("artifact belongs to another object"),
        "{message}"
    );
    fixture.stop().await;
}

/// Puts a commit of one file, signed with an SSH key, on `main`; its hash.
fn commit_signed(git: &GitServer, name: &str, key: &ssh_key::PrivateKey) -> String {
    git.update(name, |repository| {
        let blob = repository.put_raw("blob", "a: 1\n".into()).expect("a blob");
        let mut tree = b"100644 a.yaml\0".to_vec();
        tree.extend(hex::decode(blob).expect("a hash"));
        let tree = repository.put_raw("tree", tree.into()).expect("a tree");
        let person = "Ann <ann@example.com> 1767322865 +0000";
        let head = format!("tree {tree}\nauthor {person}\ncommitter {person}\n");
        let payload = format!("{head}\nsigned\n");
        let signature = key
            .sign("git", ssh_key::HashAlg::Sha512, payload.as_bytes())
            .expect("signed");
        let pem = signature.to_pem(ssh_key::LineEnding::LF).expect("armored");
        let header = pem.trim_end().replace('\n', "\n ");
        let raw = format!("{head}gpgsig {header}\n\nsigned\n");
        let hash = repository.put_raw("commit", raw.into()).expect("a commit");
        repository.set_ref("refs/heads/main", &hash).expect("moved");
        hash
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn only_commits_by_trusted_keys_are_stored() {
    let (fixture, git) = (Fixture::new().await, GitServer::start().await);
    let seed = ssh_key::private::Ed25519Keypair::from_seed(&[7; 32]);
    let key = ssh_key::PrivateKey::from(seed);
    let hash = commit_signed(&git, "web.git", &key);
    let public = key.public_key().to_openssh().expect("a key");
    fixture
        .secret("keys", json!({ "ann.sshpub": public }))
        .await;
    let spec = json!({
        "url": git.url("web.git"), "interval": "10m", "ref": { "branch": "main" },
        "verify": { "mode": "HEAD", "secretRef": { "name": "keys" } },
    });
    fixture.source("web", spec).await;
    let status = fixture.ready("web").await;
    let fingerprint = key.public_key().fingerprint(ssh_key::HashAlg::Sha256);
    let told = format!("verified signature of\n\t- commit '{hash}' with key '{fingerprint}'");
    assert_eq!(condition(&status, "SourceVerified")["message"], told);
    assert_eq!(status["sourceVerificationMode"], "HEAD");

    git.commit("web.git", &[("b.yaml", "b: 1\n")]);
    let refused = fixture.request("web", "unsigned").await;
    assert_eq!(
        condition(&refused, "Ready")["reason"],
        "InvalidCommitSignature"
    );
    assert_eq!(
        refused["artifact"], status["artifact"],
        "the last trusted artifact stays"
    );
    fixture.stop().await;
}
