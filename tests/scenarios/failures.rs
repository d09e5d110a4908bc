//! What goes wrong, and what the user reads: upstream's reason, and a message that says what and where.

use flux_tests::{World, git_repositories, kustomizations, message, reason};

use crate::install::{DEPLOYMENT, SERVICE, app};

/// Waits for Ready=False with a reason and a text in its message.
async fn fails(world: &World, resource: &flux_kube::Resource, reason_: &str, part: &str) {
    world
        .until(
            resource,
            "app",
            &format!("{reason_} with {part:?}"),
            |object| {
                flux_tests::ready(object).is_some_and(|ready| ready["status"] == "False")
                    && reason(object) == reason_
                    && message(object).contains(part)
            },
        )
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_branch_is_named() {
    let world = World::start("branch").await;
    world
        .git
        .commit("fleet.git", &[("app/deployment.yaml", DEPLOYMENT)]);
    world
        .apply(&app(&world, false).replace("branch: main", "branch: nope"))
        .await;
    fails(
        &world,
        &git_repositories(),
        "GitOperationFailed",
        "failed to checkout and determine revision",
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_credentials_are_told() {
    let world = World::start("credentials").await;
    let git = flux_testkit::GitServer::start_with_basic("user", "right").await;
    git.commit("fleet.git", &[("app/deployment.yaml", DEPLOYMENT)]);
    let manifests = app(&world, false)
        .replace(&world.git.url("fleet.git"), &git.url("fleet.git"))
        .replace(
            "  ref:\n    branch: main",
            "  secretRef:\n    name: wrong\n  ref:\n    branch: main",
        );
    world
        .apply("{apiVersion: v1, kind: Secret, metadata: {name: wrong}, stringData: {username: user, password: wrong}}")
        .await;
    world.apply(&manifests).await;
    fails(
        &world,
        &git_repositories(),
        "GitOperationFailed",
        "authentication required",
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_host_is_told() {
    let world = World::start("host").await;
    let manifests = app(&world, false).replace(
        &world.git.url("fleet.git"),
        "http://nowhere.invalid/fleet.git",
    );
    world.apply(&manifests).await;
    fails(
        &world,
        &git_repositories(),
        "GitOperationFailed",
        "nowhere.invalid",
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_path_is_named() {
    let world = World::start("path").await;
    world
        .git
        .commit("fleet.git", &[("app/deployment.yaml", DEPLOYMENT)]);
    world
        .apply(&app(&world, false).replace("./app", "./nope"))
        .await;
    fails(&world, &kustomizations(), "ArtifactFailed", "nope").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_yaml_error_names_file_line_and_column() {
    let world = World::start("yaml").await;
    let broken = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: broken\ndata:\n  a: b: c\n";
    world.git.commit(
        "fleet.git",
        &[
            ("app/deployment.yaml", DEPLOYMENT),
            ("app/broken.yaml", broken),
        ],
    );
    world.apply(&app(&world, false)).await;
    fails(&world, &kustomizations(), "BuildFailed", "broken.yaml").await;
    let object = world
        .get(&kustomizations(), "app")
        .await
        .expect("the Kustomization");
    let text = message(&object);
    assert!(
        text.contains("broken.yaml:6:") || (text.contains("line 6") && text.contains("column")),
        "{text}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_not_listed_is_named_in_an_event() {
    let world = World::start("unlisted").await;
    let list = "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources:\n- deployment.yaml\n";
    world.git.commit(
        "fleet.git",
        &[
            ("app/kustomization.yaml", list),
            ("app/deployment.yaml", DEPLOYMENT),
            ("app/forgotten.yaml", SERVICE),
        ],
    );
    world.apply(&app(&world, false)).await;
    world.until_ready(&kustomizations(), "app", "True").await;
    world.until_event("app", "forgotten.yaml").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unhealthy_deployment_is_named() {
    let world = World::start("unhealthy").await;
    let never = DEPLOYMENT
        .replace("metadata:\n  name: web\n", "metadata:\n  name: web\n  annotations:\n    simulate.flux.local/ready: never\n")
        .replace(
            "    metadata:\n      labels: {app: web}\n",
            "    metadata:\n      labels: {app: web}\n      annotations: {simulate.flux.local/ready: never}\n",
        );
    world
        .git
        .commit("fleet.git", &[("app/deployment.yaml", &never)]);
    world
        .apply(&app(&world, true).replace("timeout: 1m", "timeout: 3s"))
        .await;
    fails(&world, &kustomizations(), "HealthCheckFailed", "Deployment").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_object_is_named() {
    let world = World::start("refused").await;
    let wrong = SERVICE.replace("port: 80", "port: 800000");
    world.git.commit(
        "fleet.git",
        &[
            ("app/service.yaml", &wrong),
            ("app/deployment.yaml", DEPLOYMENT),
        ],
    );
    world.apply(&app(&world, false)).await;
    fails(
        &world,
        &kustomizations(),
        "ReconciliationFailed",
        "Service/",
    )
    .await;
    assert!(
        world.get(&flux_tests::deployments(), "web").await.is_none(),
        "nothing of a set is applied when one object of it is refused"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_right_is_told() {
    let world = World::start("right").await;
    world
        .git
        .commit("fleet.git", &[("app/deployment.yaml", DEPLOYMENT)]);
    world
        .apply("{apiVersion: v1, kind: ServiceAccount, metadata: {name: powerless}}")
        .await;
    let manifests = app(&world, false).replace(
        "  path: ./app",
        "  path: ./app\n  serviceAccountName: powerless",
    );
    world.apply(&manifests).await;
    fails(
        &world,
        &kustomizations(),
        "ReconciliationFailed",
        "forbidden",
    )
    .await;
}
