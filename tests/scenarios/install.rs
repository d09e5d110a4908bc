//! Install, change, prune; and what each of them costs in requests.

use flux_kube::Resource;
use flux_tests::{World, deployments, git_repositories, kustomizations, services};

pub(crate) const DEPLOYMENT: &str = "
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  replicas: 1
  selector:
    matchLabels: {app: web}
  template:
    metadata:
      labels: {app: web}
    spec:
      containers:
      - name: web
        image: registry.example.com/web:1
";

pub(crate) const SERVICE: &str = "
apiVersion: v1
kind: Service
metadata:
  name: web
spec:
  selector: {app: web}
  ports:
  - port: 80
";

const ACCOUNT: &str = "
apiVersion: v1
kind: ServiceAccount
metadata:
  name: web
";

const INGRESS: &str = "
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: web
spec:
  rules:
  - host: web.example.com
    http:
      paths:
      - path: /
        pathType: Prefix
        backend:
          service:
            name: web
            port:
              number: 80
";

/// A source and a Kustomization named `app` of the folder `app`.
pub(crate) fn app(world: &World, wait: bool) -> String {
    format!(
        "
apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata:
  name: app
spec:
  interval: 1h
  url: {}
  ref:
    branch: main
---
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata:
  name: app
spec:
  interval: 1h
  path: ./app
  prune: true
  wait: {wait}
  timeout: 1m
  targetNamespace: {}
  sourceRef:
    kind: GitRepository
    name: app
",
        world.git.url("fleet.git"),
        world.namespace,
    )
}

fn four() -> Vec<(&'static str, &'static str)> {
    vec![
        ("app/deployment.yaml", DEPLOYMENT),
        ("app/service.yaml", SERVICE),
        ("app/account.yaml", ACCOUNT),
        ("app/ingress.yaml", INGRESS),
    ]
}

/// Requests about one Kustomization and its objects, for a failure message.
fn shown(entries: &[flux_apiserver::Entry]) -> String {
    let lines: Vec<String> = entries
        .iter()
        .map(|e| {
            let dry = if e.dry_run { " dry-run" } else { "" };
            format!(
                "{} {}/{} {}{dry} {}",
                e.verb, e.resource, e.subresource, e.name, e.code
            )
        })
        .collect();
    lines.join("\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_push_is_applied_pruned_and_within_budget() {
    let world = World::start("install").await;
    world.git.commit("fleet.git", &four());
    let manifests = app(&world, true);
    let (source, kustomization) = manifests.split_once("---").expect("two documents");
    world.apply(source).await;
    world.until_ready(&git_repositories(), "app", "True").await;
    world.apply(kustomization).await;
    let installed = world.until_ready(&kustomizations(), "app", "True").await;
    assert_eq!(
        installed
            .get_list(&["status", "inventory", "entries"])
            .len(),
        4
    );
    assert!(world.get(&services(), "web").await.is_some());

    within_budget(&world).await;

    // One object changes, one goes.
    let changed = DEPLOYMENT.replace("web:1", "web:2");
    world.git.commit(
        "fleet.git",
        &[
            ("app/deployment.yaml", &changed),
            ("app/service.yaml", SERVICE),
            ("app/account.yaml", ACCOUNT),
        ],
    );
    let service = world.get(&services(), "web").await.expect("the service");
    world.request(&git_repositories(), "app", "push").await;
    world
        .until(&deployments(), "web", "at its second image", |object| {
            object
                .get(&["spec", "template", "spec", "containers"])
                .is_some_and(|containers| containers[0]["image"] == "registry.example.com/web:2")
        })
        .await;
    let ingresses = Resource::new("networking.k8s.io/v1", "Ingress", "ingresses", true);
    world.until_gone(&ingresses, "web").await;
    let after = world.get(&services(), "web").await.expect("the service");
    assert_eq!(
        service.resource_version(),
        after.resource_version(),
        "the service was not to be written"
    );
}

/// What the install cost, and what a request costs that finds everything in place.
async fn within_budget(world: &World) {
    let Some(server) = world.server() else { return };
    let about_app = |entry: &flux_apiserver::Entry| {
        entry.user.ends_with(":kustomize-controller")
            && entry.verb != "watch"
            && entry.verb != "list"
            && !entry.resource.is_empty()
            && entry.resource != "leases"
    };
    for message in ["created", "Health check passed", "Reconciliation finished"] {
        world.until_event("app", message).await;
    }
    let install = server.ledger().matching(about_app);
    // Finalizer, progress with intent, 4 dry-runs, 4 applies, status: 11; and the three Events that upstream sends.
    assert!(
        install.len() <= 14,
        "install took {} requests\n{}",
        install.len(),
        shown(&install)
    );

    // A request that finds everything in place: its status, and the event that answers it.
    let before = world.now();
    world.request(&kustomizations(), "app", "rest").await;
    world
        .until(&kustomizations(), "app", "handled", |object| {
            object.get_str(&["status", "lastHandledReconcileAt"]) == Some("rest")
        })
        .await;
    let rest = world.requests_since(before);
    assert!(
        rest.len() <= 2,
        "a request took {} requests\n{}",
        rest.len(),
        shown(&rest)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interval_at_rest_costs_one_request() {
    let world = World::start("rest").await;
    if world.server().is_none() {
        return;
    }
    world.git.commit("fleet.git", &four());
    let every_second =
        app(&world, true).replacen("path: ./app", "path: ./app\n  retryInterval: 1s", 1);
    let (source, kustomization) = every_second.split_once("---").expect("two documents");
    world.apply(source).await;
    world
        .apply(&kustomization.replace("interval: 1h", "interval: 1s"))
        .await;
    let runs = |object: &flux_object::Object| {
        object
            .get_list(&["status", "history"])
            .first()
            .and_then(|entry| entry["totalReconciliations"].as_i64())
    };
    let reached = |count: i64| move |object: &flux_object::Object| runs(object) >= Some(count);
    world
        .until(&kustomizations(), "app", "run three times", reached(3))
        .await;
    let before = world.now();
    let first = world
        .get(&kustomizations(), "app")
        .await
        .as_ref()
        .and_then(runs)
        .unwrap_or_default();
    world
        .until(
            &kustomizations(),
            "app",
            "run three times more",
            reached(first + 3),
        )
        .await;
    let rest = world.requests_since(before);
    // One status write for each run; one more may have begun.
    assert!(
        rest.len() <= 4,
        "three intervals took {} requests\n{}",
        rest.len(),
        shown(&rest)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn deleting_a_kustomization_deletes_what_it_made() {
    let world = World::start("delete").await;
    world.git.commit("fleet.git", &four());
    world.apply(&app(&world, false)).await;
    world.until_ready(&kustomizations(), "app", "True").await;
    world.delete(&kustomizations(), "app").await;
    world.until_gone(&kustomizations(), "app").await;
    world.until_gone(&deployments(), "web").await;
    assert!(world.get(&services(), "web").await.is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dependency_is_waited_for_by_event() {
    // The clock would wake it after an hour: only an event is in time.
    let world = World::with_flags("depends", &["--requeue-dependency=1h"]).await;
    world.git.commit("fleet.git", &four());
    let second = app(&world, false)
        .split("---")
        .nth(1)
        .unwrap_or_default()
        .replace("name: app\nspec", "name: second\nspec");
    let second = second.replace(
        "  interval: 1h\n",
        "  interval: 1h\n  dependsOn:\n  - name: app\n",
    );
    world.apply(&second).await;
    world
        .until(&kustomizations(), "second", "waiting", |object| {
            flux_tests::reason(object) == "DependencyNotReady"
                || flux_tests::reason(object) == "ArtifactFailed"
        })
        .await;
    world.apply(&app(&world, false)).await;
    world.until_ready(&kustomizations(), "second", "True").await;
}
