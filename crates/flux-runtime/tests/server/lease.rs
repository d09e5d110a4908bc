//! Leader election: one writes, the other takes over when the lease is given back.

use flux_kube::Resource;
use serde_json::json;

use crate::controller::start;
use crate::world::{repositories, repository, soon, world};

#[tokio::test(flavor = "multi_thread")]
async fn one_leads_and_hands_over() {
    let world = world().await.with_repositories().await;
    let flags = [
        "--enable-leader-election",
        "--leader-election-retry-period=200ms",
    ];
    let first = start(&world, &flags).await.unwrap();
    world.create(&repositories(), &repository("one")).await;
    world.ready("one", "True").await;
    let lease = ("default", "test-controller-leader-election");
    let held = world
        .client
        .get(&Resource::leases(), lease.0, lease.1)
        .await
        .unwrap();
    assert_eq!(held.get_i64(&["spec", "leaseDurationSeconds"]), Some(35));

    let mut second = start(&world, &flags).await.unwrap();
    world.create(&repositories(), &repository("two")).await;
    world.ready("two", "True").await;
    assert!(
        second.told.try_recv().is_err(),
        "the second does not lead yet"
    );

    first.running.shut_down();
    soon(first.running.ended()).await.unwrap();
    second.hears("reconcile one").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_lease_ends_the_controller() {
    let world = world().await.with_repositories().await;
    let flags = [
        "--enable-leader-election",
        "--leader-election-retry-period=100ms",
    ];
    let stage = start(&world, &flags).await.unwrap();
    world.create(&repositories(), &repository("one")).await;
    world.ready("one", "True").await;
    let stolen =
        json!({ "spec": { "holderIdentity": "somebody-else", "leaseDurationSeconds": 3600 } });
    let leases = Resource::leases();
    world
        .patch(&leases, "test-controller-leader-election", stolen)
        .await;
    let error = soon(stage.running.ended()).await.unwrap_err();
    assert_eq!(error.source.to_string(), "leader election lost");
}
