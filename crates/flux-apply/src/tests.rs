//! The engine against the embedded API server: what it does to the cluster, and how many requests that takes.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use flux_apiserver::{Options, Server, Workloads};
use flux_kube::{Apply, Client, Credentials, Identity, Resource, Trust};
use flux_object::selector::{PatternOptions, PatternSelector};
use flux_object::{Object, ObjectId};
use futures::FutureExt;
use futures::future::BoxFuture;
use serde_json::{Value, json};

use crate::change::Action;
use crate::{
    Engine, EngineOptions, Entry, IgnoreRule, Ledger, LedgerError, Outcome, Owner, Request, Target,
    Tracker, TrackerOptions, WaitError,
};

const GROUP: &str = "kustomize.toolkit.fluxcd.io";
const SECOND: Duration = Duration::from_secs(20);

struct Fixture {
    server: Server,
    client: Client,
    engine: Engine,
    owner: Owner,
}

/// Remembers what was recorded, and how many writes had been done by then.
#[derive(Default)]
struct Notebook {
    recorded: Vec<Vec<Entry>>,
}

impl Ledger for Notebook {
    fn record<'a>(&'a mut self, entries: &'a [Entry]) -> BoxFuture<'a, Result<(), LedgerError>> {
        self.recorded.push(entries.to_vec());
        futures::future::ready(Ok(())).boxed()
    }
}

async fn connect(server: &Server) -> Client {
    let credentials = Credentials::Text {
        text: server.kubeconfig("admin"),
        context: None,
        trust: Trust::Own,
    };
    Client::connect(credentials, &flux_kube::Options::default())
        .await
        .expect("a client")
}

impl Fixture {
    async fn new() -> Self {
        let options = Options {
            workloads: Workloads::Ready {
                after: Duration::from_millis(50),
            },
            ..Options::default()
        };
        let server = Server::start(options).await.expect("a server");
        let client = connect(&server).await;
        Self {
            engine: engine(&client),
            client,
            server,
            owner: Owner {
                group: GROUP.to_owned(),
                name: "apps".to_owned(),
                namespace: "flux-system".to_owned(),
            },
        }
    }

    async fn apply(&self, objects: Vec<Object>) -> Outcome {
        self.apply_recorded(objects, &mut Notebook::default()).await
    }

    async fn apply_recorded(&self, objects: Vec<Object>, notebook: &mut Notebook) -> Outcome {
        self.apply_ignoring(objects, &[], notebook).await
    }

    async fn apply_ignoring(
        &self,
        objects: Vec<Object>,
        ignore: &[IgnoreRule],
        notebook: &mut Notebook,
    ) -> Outcome {
        self.engine
            .apply(
                &Request {
                    client: &self.client,
                    owner: &self.owner,
                    force: false,
                    recorded: &HashSet::new(),
                    ignore,
                },
                objects,
                notebook,
            )
            .await
    }

    /// Requests about objects (not watches, lists or discovery) since the last call.
    fn requests(&self) -> usize {
        let count = self.server.ledger().count(|entry| {
            !entry.resource.is_empty() && !matches!(entry.verb.as_str(), "watch" | "list")
        });
        self.server.ledger().clear();
        count
    }

    async fn get(&self, resource: &Resource, name: &str) -> Option<Object> {
        self.client.get(resource, "default", name).await.ok()
    }

    /// Waits until the tracker has seen what was done behind its back.
    async fn seen(&self, what: impl Fn(&Tracker) -> bool) {
        let mut moved = self.engine.tracker().subscribe();
        let wait = async {
            while !what(self.engine.tracker()) {
                moved.changed().await.expect("the tracker lives");
            }
        };
        tokio::time::timeout(SECOND, wait).await.expect("an event");
    }
}

fn engine(client: &Client) -> Engine {
    let tracker = Tracker::new(
        client.clone(),
        &TrackerOptions {
            owner_group: GROUP.to_owned(),
            field_manager: "kustomize-controller".to_owned(),
            override_managers: Vec::new(),
        },
    );
    Engine::new(Arc::new(tracker), EngineOptions::default())
}

fn object(value: Value) -> Object {
    Object::from_value(value).expect("a test object")
}

fn config_map(name: &str, value: &str) -> Object {
    object(json!({
        "apiVersion": "v1", "kind": "ConfigMap",
        "metadata": {"name": name, "namespace": "default"},
        "data": {"key": value},
    }))
}

fn id(name: &str) -> ObjectId {
    config_map(name, "").id()
}

fn actions(outcome: &Outcome) -> Vec<Action> {
    assert!(outcome.error.is_none(), "{:?}", outcome.error);
    outcome.changes.iter().map(|change| change.action).collect()
}

#[tokio::test]
async fn a_second_apply_costs_nothing() {
    let fixture = Fixture::new().await;
    let objects = || vec![config_map("a", "1"), config_map("b", "1")];
    assert_eq!(
        actions(&fixture.apply(objects()).await),
        [Action::Created; 2]
    );
    assert_eq!(fixture.requests(), 4, "a dry run and an apply each");
    assert_eq!(
        actions(&fixture.apply(objects()).await),
        [Action::Unchanged; 2]
    );
    assert_eq!(fixture.requests(), 0);
}

#[tokio::test]
async fn one_change_is_one_request() {
    let fixture = Fixture::new().await;
    let _ = fixture
        .apply(vec![config_map("a", "1"), config_map("b", "1")])
        .await;
    fixture.requests();
    let outcome = fixture
        .apply(vec![config_map("a", "1"), config_map("b", "2")])
        .await;
    assert_eq!(actions(&outcome), [Action::Unchanged, Action::Configured]);
    assert_eq!(fixture.requests(), 1);
    let live = fixture
        .get(&Resource::config_maps(), "b")
        .await
        .expect("it exists");
    assert_eq!(live.get(&["data", "key"]), Some(&json!("2")));
    assert_eq!(live.label("kustomize.toolkit.fluxcd.io/name"), Some("apps"));
}

#[tokio::test]
async fn a_restart_finds_everything_in_place() {
    let fixture = Fixture::new().await;
    let objects = || vec![config_map("a", "1"), config_map("b", "1")];
    let _ = fixture.apply(objects()).await;
    let restarted = Fixture {
        engine: engine(&fixture.client),
        ..fixture
    };
    restarted.requests();
    assert_eq!(
        actions(&restarted.apply(objects()).await),
        [Action::Unchanged; 2]
    );
    assert_eq!(restarted.requests(), 0, "the live objects are proof enough");
}

#[tokio::test]
async fn drift_is_reverted() {
    let fixture = Fixture::new().await;
    let _ = fixture.apply(vec![config_map("a", "1")]).await;
    let before = fixture.engine.tracker().facts(&id("a")).expect("facts");
    let edit = Apply {
        field_manager: "someone",
        force: true,
        ..Apply::default()
    };
    fixture
        .client
        .apply(&Resource::config_maps(), &config_map("a", "edited"), &edit)
        .await
        .expect("an edit");
    fixture
        .seen(|tracker| {
            tracker
                .facts(&id("a"))
                .is_some_and(|facts| facts.content != before.content)
        })
        .await;
    assert_eq!(
        actions(&fixture.apply(vec![config_map("a", "1")]).await),
        [Action::Configured]
    );
    let live = fixture
        .get(&Resource::config_maps(), "a")
        .await
        .expect("it exists");
    assert_eq!(live.get(&["data", "key"]), Some(&json!("1")));
}

#[tokio::test]
async fn nothing_of_a_stage_is_written_when_one_object_is_refused() {
    let fixture = Fixture::new().await;
    let bad = object(json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": "web", "namespace": "default"},
        "spec": {"selector": {"matchLabels": {"app": "web"}}, "template": {
            "metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "c"}]},
        }},
    }));
    let mut notebook = Notebook::default();
    let outcome = fixture
        .apply_recorded(vec![config_map("a", "1"), bad], &mut notebook)
        .await;
    let error = outcome.error.expect("a refusal").to_string();
    assert_eq!(error, "Deployment/default/web dry-run failed (Invalid)");
    assert!(fixture.get(&Resource::config_maps(), "a").await.is_none());
    assert!(
        notebook.recorded.is_empty(),
        "nothing was about to be created"
    );
}

#[tokio::test]
async fn the_inventory_is_recorded_before_the_first_write() {
    let fixture = Fixture::new().await;
    let mut notebook = Notebook::default();
    let objects = vec![config_map("b", "1"), config_map("a", "1")];
    let _ = fixture.apply_recorded(objects, &mut notebook).await;
    let recorded: Vec<Vec<&str>> = notebook
        .recorded
        .iter()
        .map(|entries| entries.iter().map(|e| e.id.name.as_str()).collect())
        .collect();
    assert_eq!(recorded, [["a", "b"]]);
}

#[tokio::test]
async fn a_custom_resource_is_applied_after_its_definition() {
    let fixture = Fixture::new().await;
    let definition = object(json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": "widgets.example.com"},
        "spec": {
            "group": "example.com", "scope": "Namespaced",
            "names": {"plural": "widgets", "singular": "widget", "kind": "Widget", "listKind": "WidgetList"},
            "versions": [{"name": "v1", "served": true, "storage": true, "schema": {"openAPIV3Schema": {
                "type": "object", "x-kubernetes-preserve-unknown-fields": true,
            }}}],
        },
    }));
    let widget = object(json!({
        "apiVersion": "example.com/v1", "kind": "Widget",
        "metadata": {"name": "w", "namespace": "default"}, "spec": {"size": 1},
    }));
    let outcome = fixture.apply(vec![widget, definition]).await;
    assert_eq!(actions(&outcome), [Action::Created; 2]);
    assert_eq!(outcome.changes[0].id.kind, "CustomResourceDefinition");
}

#[tokio::test]
async fn only_our_own_objects_are_pruned() {
    let fixture = Fixture::new().await;
    let mut kept = config_map("kept", "1");
    kept.set_annotation("kustomize.toolkit.fluxcd.io/prune", "disabled");
    let _ = fixture.apply(vec![config_map("a", "1"), kept]).await;
    let other = Apply {
        field_manager: "other",
        ..Apply::default()
    };
    fixture
        .client
        .apply(
            &Resource::config_maps(),
            &config_map("foreign", "1"),
            &other,
        )
        .await
        .expect("a foreign object");
    let entry = |name: &str| Entry {
        id: id(name),
        version: "v1".to_owned(),
    };
    let stale = ["a", "kept", "foreign", "absent"].map(entry).to_vec();
    let pruned = fixture
        .engine
        .prune(&fixture.client, &fixture.owner, stale)
        .await;
    assert!(pruned.failures.is_empty());
    let done: Vec<String> = pruned.changes.iter().map(ToString::to_string).collect();
    assert_eq!(
        done,
        [
            "ConfigMap/default/kept skipped",
            "ConfigMap/default/foreign skipped",
            "ConfigMap/default/absent deleted",
            "ConfigMap/default/a deleted",
        ]
    );
    assert!(fixture.get(&Resource::config_maps(), "a").await.is_none());
    assert!(
        fixture
            .get(&Resource::config_maps(), "foreign")
            .await
            .is_some()
    );
}

#[tokio::test]
async fn annotations_leave_objects_alone() {
    let fixture = Fixture::new().await;
    let mut once = config_map("once", "1");
    once.set_annotation("kustomize.toolkit.fluxcd.io/ssa", "IfNotPresent");
    let mut never = config_map("never", "1");
    never.set_annotation("kustomize.toolkit.fluxcd.io/ssa", "Ignore");
    let first = fixture.apply(vec![once, never.clone()]).await;
    assert_eq!(actions(&first), [Action::Skipped, Action::Created]);
    let mut changed = config_map("once", "2");
    changed.set_annotation("kustomize.toolkit.fluxcd.io/ssa", "IfNotPresent");
    let second = fixture.apply(vec![changed, never]).await;
    assert_eq!(actions(&second), [Action::Skipped; 2]);
    let live = fixture
        .get(&Resource::config_maps(), "once")
        .await
        .expect("it exists");
    assert_eq!(live.get(&["data", "key"]), Some(&json!("1")));
}

#[tokio::test]
async fn a_wait_names_what_is_missing() {
    let fixture = Fixture::new().await;
    let outcome = fixture.apply(vec![config_map("a", "1")]).await;
    let present: Vec<Target> = outcome.changes.iter().map(Target::from).collect();
    let waited = fixture.engine.wait(&fixture.client, &present, SECOND).await;
    assert_eq!(waited, Ok(()));
    let absent = Target {
        entry: Entry {
            id: id("absent"),
            version: "v1".to_owned(),
        },
        expires: false,
        applied: false,
    };
    let limit = Duration::from_millis(300);
    let failed = fixture.engine.wait(&fixture.client, &[absent], limit).await;
    let error = failed.expect_err("a timeout");
    assert!(matches!(error, WaitError::Timeout(_)));
    assert_eq!(
        error.to_string(),
        "timeout waiting for: [ConfigMap/default/absent status: 'NotFound']"
    );
}

#[tokio::test]
async fn a_wait_ends_when_the_object_is_ready() {
    let fixture = Fixture::new().await;
    let deployment = object(json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": "web", "namespace": "default"},
        "spec": {"selector": {"matchLabels": {"app": "web"}}, "template": {
            "metadata": {"labels": {"app": "web"}},
            "spec": {"containers": [{"name": "c", "image": "example.com/app:1"}]},
        }},
    }));
    let outcome = fixture.apply(vec![deployment]).await;
    assert_eq!(actions(&outcome), [Action::Created]);
    let targets: Vec<Target> = outcome.changes.iter().map(Target::from).collect();
    fixture.requests();
    let waited = fixture.engine.wait(&fixture.client, &targets, SECOND).await;
    assert_eq!(waited, Ok(()));
    let reads = fixture
        .server
        .ledger()
        .count(|entry| entry.verb == "get" && entry.resource == "deployments");
    assert_eq!(reads, 0, "health comes from the watch");
}

#[tokio::test]
async fn ignored_fields_stay_as_others_set_them() {
    let fixture = Fixture::new().await;
    let rules = [IgnoreRule {
        selector: PatternSelector::new(&PatternOptions {
            kind: "ConfigMap",
            ..PatternOptions::default()
        })
        .expect("a selector"),
        paths: vec!["/data/key".to_owned()],
    }];
    let desired = |other: &str| {
        let mut object = config_map("a", "1");
        if let Some(data) = object.as_map_mut().get_mut("data") {
            data["other"] = other.into();
        }
        vec![object]
    };
    let mut notebook = Notebook::default();
    let first = fixture
        .apply_ignoring(desired("x"), &rules, &mut notebook)
        .await;
    assert_eq!(actions(&first), [Action::Created]);
    let edit = Apply {
        field_manager: "someone",
        force: true,
        ..Apply::default()
    };
    fixture
        .client
        .apply(&Resource::config_maps(), &config_map("a", "edited"), &edit)
        .await
        .expect("an edit");
    let second = fixture
        .apply_ignoring(desired("y"), &rules, &mut notebook)
        .await;
    assert_eq!(actions(&second), [Action::Configured]);
    let live = fixture
        .get(&Resource::config_maps(), "a")
        .await
        .expect("it exists");
    assert_eq!(
        live.get(&["data"]),
        Some(&json!({"key": "edited", "other": "y"}))
    );
}

#[tokio::test]
async fn rights_that_were_taken_back_are_noticed_though_nothing_changed() {
    let fixture = Fixture::new().await;
    let rights = |verbs: Value| {
        object(json!({
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role",
            "metadata": {"name": "tenant", "namespace": "default"},
            "rules": [{"apiGroups": [""], "resources": ["configmaps"], "verbs": verbs}],
        }))
    };
    let binding = object(json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding",
        "metadata": {"name": "tenant", "namespace": "default"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "tenant"},
        "subjects": [{"kind": "ServiceAccount", "name": "tenant", "namespace": "default"}],
    }));
    let user = Apply {
        field_manager: "user",
        force: true,
        ..Apply::default()
    };
    let rbac = "rbac.authorization.k8s.io/v1";
    let roles = Resource::new(rbac, "Role", "roles", true);
    let bindings = Resource::new(rbac, "RoleBinding", "rolebindings", true);
    let set = async |verbs: Value| {
        let role = rights(verbs);
        let client = &fixture.client;
        client.apply(&roles, &role, &user).await.expect("a role");
    };
    set(json!(["get", "create", "patch"])).await;
    let client = &fixture.client;
    client
        .apply(&bindings, &binding, &user)
        .await
        .expect("a binding");
    let identity = Identity::service_account("default", "tenant").expect("a name");
    let tenant = Fixture {
        client: client.as_identity(identity),
        engine: engine(client),
        owner: fixture.owner.clone(),
        server: fixture.server,
    };
    let objects = || vec![config_map("a", "1"), config_map("b", "1")];
    assert_eq!(
        actions(&tenant.apply(objects()).await),
        [Action::Created; 2]
    );
    tenant.requests();
    assert_eq!(
        actions(&tenant.apply(objects()).await),
        [Action::Unchanged; 2]
    );
    assert_eq!(tenant.requests(), 1, "one question about one object");
    set(json!(["get"])).await;
    let outcome = tenant.apply(objects()).await;
    let error = outcome.error.expect("a refusal").to_string();
    assert!(error.ends_with("dry-run failed (Forbidden)"), "{error}");
}
