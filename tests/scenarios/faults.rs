//! Kills, restarts and outages: everything recovers by itself, nothing leaks, nothing is pruned that should stay.

use flux_apiserver::Match;
use flux_testkit::Fault;
use flux_tests::{World, deployments, git_repositories, kustomizations, services};

use crate::install::{DEPLOYMENT, SERVICE, app};

#[tokio::test(flavor = "multi_thread")]
async fn killed_controllers_converge_after_a_restart() {
    let mut world = World::start("kill").await;
    world.git.commit(
        "fleet.git",
        &[
            ("app/deployment.yaml", DEPLOYMENT),
            ("app/service.yaml", SERVICE),
        ],
    );
    world.apply(&app(&world, false)).await;
    // Killed as soon as the first object is there: the rest, the status and the events are lost.
    world.until(&deployments(), "web", "made", |_| true).await;
    world.kill_controllers().await;
    world
        .git
        .commit("fleet.git", &[("app/deployment.yaml", DEPLOYMENT)]);
    world.start_controllers().await;
    world.until_ready(&kustomizations(), "app", "True").await;
    world.until_gone(&services(), "web").await;
    assert!(world.get(&deployments(), "web").await.is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_with_nothing_to_do_writes_no_object() {
    let mut world = World::start("warm").await;
    world.git.commit(
        "fleet.git",
        &[
            ("app/deployment.yaml", DEPLOYMENT),
            ("app/service.yaml", SERVICE),
        ],
    );
    world.apply(&app(&world, true)).await;
    world.until_ready(&kustomizations(), "app", "True").await;
    let before = world.get(&services(), "web").await.expect("the service");
    world.kill_controllers().await;
    world.start_controllers().await;
    world.request(&kustomizations(), "app", "again").await;
    world
        .until(&kustomizations(), "app", "handled", |object| {
            object.get_str(&["status", "lastHandledReconcileAt"]) == Some("again")
        })
        .await;
    let after = world.get(&services(), "web").await.expect("the service");
    assert_eq!(before.resource_version(), after.resource_version());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_git_server_that_fails_is_asked_again() {
    let world = World::start("git").await;
    world
        .git
        .commit("fleet.git", &[("app/deployment.yaml", DEPLOYMENT)]);
    world
        .git
        .fail(Fault::Status(500, "out of order".to_owned()));
    world.apply(&app(&world, false)).await;
    world.until_ready(&git_repositories(), "app", "False").await;
    world.git.fail(Fault::None);
    world.until_ready(&git_repositories(), "app", "True").await;
    world.until_ready(&kustomizations(), "app", "True").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn api_server_restarts_and_cut_watches_are_survived() {
    let world = World::start("outage").await;
    let Some(server) = world.server() else { return };
    world
        .git
        .commit("fleet.git", &[("app/deployment.yaml", DEPLOYMENT)]);
    world.apply(&app(&world, false)).await;
    world.until_ready(&kustomizations(), "app", "True").await;
    server.faults().cut_watches();
    server.faults().compact();
    server.restart().await.expect("the server restarts");
    world.git.commit(
        "fleet.git",
        &[
            ("app/deployment.yaml", DEPLOYMENT),
            ("app/service.yaml", SERVICE),
        ],
    );
    world.request(&git_repositories(), "app", "after").await;
    world.until(&services(), "web", "made", |_| true).await;
    world.until_ready(&kustomizations(), "app", "True").await;
}

/// The writes of an install, each of which fails in turn.
const WRITES: &[(&str, &str, &str)] = &[
    ("patch", "gitrepositories", "status"),
    ("patch", "kustomizations", "status"),
    ("patch", "deployments", ""),
    ("patch", "services", ""),
    ("create", "events", ""),
];

#[tokio::test(flavor = "multi_thread")]
async fn a_write_that_fails_is_made_good() {
    for (verb, resource, subresource) in WRITES {
        let world = World::start("boundary").await;
        let Some(server) = world.server() else { return };
        world.git.commit(
            "fleet.git",
            &[
                ("app/deployment.yaml", DEPLOYMENT),
                ("app/service.yaml", SERVICE),
            ],
        );
        let matching = Match {
            subresource: (*subresource).to_owned(),
            ..Match::new(verb, resource)
        };
        server.faults().fail_next(matching, 2, 500);
        let manifests =
            app(&world, false).replace("  path: ./app", "  path: ./app\n  retryInterval: 1s");
        world.apply(&manifests).await;
        world.until_ready(&kustomizations(), "app", "True").await;
        assert!(
            world.get(&deployments(), "web").await.is_some(),
            "{verb} {resource}"
        );
        assert!(
            world.get(&services(), "web").await.is_some(),
            "{verb} {resource}"
        );
    }
}
