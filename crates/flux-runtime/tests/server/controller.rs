//! The chassis: what a pass costs, what it survives, and what wakes it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use flux_api::meta::condition_type;
use flux_api::source::GitRepository;
use flux_report::{Disposition, Failure, Outcome, Owned, Profile, Step};
use flux_runtime::{
    Controller, FlagSet, Hosting, Interrupted, Pass, Priority, Program, Reconcile, Running, Setup,
    StartError, host,
};
use serde_json::json;
use tokio::sync::{Notify, mpsc};
use tokio_util::sync::CancellationToken;

use crate::world::{World, condition, repositories, repository, soon, world};

const PROFILE: Profile = Profile {
    kind: "GitRepository",
    owned: &[Owned::negative(condition_type::FETCH_FAILED)],
    finalizer: Some("finalizers.fluxcd.io"),
    field_manager: "test-controller",
    summarized: true,
    timed_failures: false,
};

#[derive(Debug, thiserror::Error)]
pub(crate) enum Broken {
    #[error("repository is away")]
    Away,
    #[error("interrupted")]
    Interrupted(#[from] Interrupted),
}

impl Failure for Broken {
    fn disposition(&self) -> Disposition {
        match self {
            Self::Away => {
                Disposition::backoff("GitOperationFailed").marks(condition_type::FETCH_FAILED)
            }
            Self::Interrupted(_) => Disposition::again("Interrupted").quiet(),
        }
    }
}

struct Working;

impl Step for Working {
    fn message(&self) -> String {
        "working".to_owned()
    }
}

/// What the reconciler does is in the object's name; what it did is told.
pub(crate) struct Scripted {
    pub(crate) told: mpsc::UnboundedSender<String>,
    release: Arc<Notify>,
    tries: AtomicUsize,
}

impl Reconcile for Scripted {
    type Object = GitRepository;
    type Failure = Broken;

    fn profile(&self) -> &'static Profile {
        &PROFILE
    }

    async fn reconcile(&self, pass: &mut Pass<GitRepository>) -> Result<Outcome, Broken> {
        let name = pass.object().name().to_owned();
        let _ = self.told.send(format!("reconcile {name}"));
        pass.step(Working).await?;
        match name.as_str() {
            "flaky" if self.tries.fetch_add(1, Ordering::SeqCst) == 0 => return Err(Broken::Away),
            "panics" if self.tries.fetch_add(1, Ordering::SeqCst) == 0 => panic!("at the disco"),
            "parked" => {
                let release = self.release.clone();
                pass.park(async move { release.notified().await }).await?;
            }
            "slow" => {
                let release = self.release.clone();
                release.notified().await;
            }
            _ => {}
        }
        pass.retract(condition_type::FETCH_FAILED);
        pass.event_key("revision", "main@sha1:0");
        Ok(Outcome::ready("stored it").announce("NewArtifact", format!("stored {name}")))
    }

    async fn finalize(&self, pass: &mut Pass<GitRepository>) -> Result<Outcome, Broken> {
        pass.step(Working).await?;
        // Writing the status of an object that is being deleted supersedes nothing.
        pass.flush().await.map_err(|_| Broken::Away)?;
        pass.park(tokio::task::yield_now()).await?;
        let _ = self.told.send(format!("finalize {}", pass.object().name()));
        Ok(Outcome::settled())
    }
}

struct TestProgram {
    told: mpsc::UnboundedSender<String>,
    release: Arc<Notify>,
}

impl Program for TestProgram {
    fn name(&self) -> &'static str {
        "test-controller"
    }

    fn flags(&self, _flags: &mut FlagSet) {}

    fn gates(&self) -> &'static [(&'static str, bool)] {
        &[("Known", false)]
    }

    async fn assemble(&self, setup: &mut Setup) -> Result<(), StartError> {
        let all = setup.store::<GitRepository>();
        let scripted = Scripted {
            told: self.told.clone(),
            release: self.release.clone(),
            tries: AtomicUsize::new(0),
        };
        let controller = Controller::new(scripted)
            .index("url", |object| vec![object.spec.url.clone()])
            .wake_on(&all, |change, own| {
                let is_leader = change.key.name == "leader" && change.before.is_none();
                let url = "https://git.test/follower.git";
                let followers = own.indexed("url", url).into_iter().filter(|_| is_leader);
                followers
                    .map(|key| (key, Priority::DependencyReady))
                    .collect()
            });
        setup.controller(controller);
        Ok(())
    }
}

pub(crate) struct Stage {
    pub(crate) running: Running,
    pub(crate) told: mpsc::UnboundedReceiver<String>,
    release: Arc<Notify>,
}

pub(crate) async fn start(world: &World, arguments: &[&str]) -> Result<Stage, StartError> {
    let (sender, told) = mpsc::unbounded_channel();
    let release = Arc::new(Notify::new());
    let program = TestProgram {
        told: sender,
        release: release.clone(),
    };
    let standard = ["--metrics-addr=127.0.0.1:0", "--health-addr=127.0.0.1:0"];
    let hosting = Hosting {
        arguments: standard
            .iter()
            .chain(arguments)
            .map(|a| (*a).to_owned())
            .collect(),
        client: Some(world.client.clone()),
        runtime_namespace: "default".to_owned(),
        shutdown: CancellationToken::new(),
        process_metrics: false,
    };
    let running = host(program, hosting).await?;
    Ok(Stage {
        running,
        told,
        release,
    })
}

impl Stage {
    pub(crate) async fn hears(&mut self, want: &str) {
        soon(async {
            while let Some(said) = self.told.recv().await {
                if said == want {
                    return;
                }
            }
        })
        .await;
    }

    async fn get(&self, path: &str) -> String {
        use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
        let address = self.running.metrics_address().unwrap();
        let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).await.unwrap();
        text
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_pass_costs_a_finalizer_a_status_and_an_event() {
    let world = world().await.with_repositories().await;
    let stage = start(&world, &[]).await.unwrap();
    world.create(&repositories(), &repository("happy")).await;
    let ready = world.ready("happy", "True").await;
    assert_eq!(ready.finalizers(), ["finalizers.fluxcd.io"]);
    assert_eq!(ready.get_i64(&["status", "observedGeneration"]), Some(1));
    assert!(condition(&ready, "Reconciling").is_none());
    let events = flux_kube::Resource::events();
    let list = flux_kube::List {
        namespace: "default".to_owned(),
        ..flux_kube::List::default()
    };
    let event = soon(async {
        loop {
            let page = world.client.list(&events, &list).await.unwrap();
            let found = page
                .objects
                .into_iter()
                .find(|e| e.get_str(&["reason"]) == Some("NewArtifact"));
            if let Some(event) = found {
                return event;
            }
            tokio::task::yield_now().await;
        }
    })
    .await;
    assert_eq!(event.get_str(&["message"]), Some("stored happy"));
    assert_eq!(
        event.annotation("source.toolkit.fluxcd.io/revision"),
        Some("main@sha1:0")
    );
    let ours = world.server.ledger().matching(|e| {
        e.resource == "gitrepositories" && e.verb == "patch" && e.field_manager == "test-controller"
    });
    let kinds: Vec<&str> = ours.iter().map(|e| e.subresource.as_str()).collect();
    assert_eq!(kinds, ["", "status"], "one write each");

    let metrics = stage.get("/metrics").await;
    for line in [
        "gotk_reconcile_duration_seconds_count{kind=\"GitRepository\",name=\"happy\",namespace=\"default\"} 1",
        "controller_runtime_reconcile_total{controller=\"gitrepository\",result=\"requeue_after\"} 1",
        "workqueue_adds_total{controller=\"gitrepository\",name=\"gitrepository\"}",
        "controller_runtime_max_concurrent_reconciles{controller=\"gitrepository\"} 4",
    ] {
        assert!(metrics.contains(line), "{line}\n{metrics}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn failures_back_off_and_recover() {
    let world = world().await.with_repositories().await;
    let _stage = start(&world, &["--min-retry-delay=300ms"]).await.unwrap();
    world.create(&repositories(), &repository("flaky")).await;
    let failed = world.ready("flaky", "False").await;
    assert_eq!(condition(&failed, "FetchFailed").unwrap()["status"], "True");
    assert_eq!(
        condition(&failed, "Reconciling").unwrap()["reason"],
        "ProgressingWithRetry"
    );
    assert_eq!(
        condition(&failed, "Ready").unwrap()["message"],
        "repository is away"
    );
    assert!(failed.get_i64(&["status", "observedGeneration"]).is_none());
    let recovered = world.ready("flaky", "True").await;
    assert!(condition(&recovered, "FetchFailed").is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_stays_with_its_object() {
    let world = world().await.with_repositories().await;
    let _stage = start(&world, &["--min-retry-delay=300ms", "--concurrent=1"])
        .await
        .unwrap();
    world.create(&repositories(), &repository("panics")).await;
    world.create(&repositories(), &repository("fine")).await;
    world.ready("fine", "True").await;
    let failed = world.ready("panics", "True").await;
    assert!(condition(&failed, "Stalled").is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_parked_pass_holds_no_worker() {
    let world = world().await.with_repositories().await;
    let mut stage = start(&world, &["--concurrent=1"]).await.unwrap();
    world.create(&repositories(), &repository("parked")).await;
    stage.hears("reconcile parked").await;
    world.create(&repositories(), &repository("other")).await;
    world.ready("other", "True").await;
    // Still waiting: its progress is written after a second.
    let waiting = world.ready("parked", "Unknown").await;
    assert_eq!(
        condition(&waiting, "Reconciling").unwrap()["message"],
        "working"
    );
    stage.release.notify_waiters();
    world.ready("parked", "True").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_generation_ends_a_wait() {
    let world = world().await.with_repositories().await;
    let mut stage = start(&world, &["--concurrent=1"]).await.unwrap();
    world.create(&repositories(), &repository("parked")).await;
    stage.hears("reconcile parked").await;
    world
        .patch(
            &repositories(),
            "parked",
            json!({ "spec": { "interval": "20m" } }),
        )
        .await;
    stage.hears("reconcile parked").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unreadable_object_harms_nobody_else() {
    let world = world().await.with_repositories().await;
    let mut bad = repository("bad");
    bad.as_map_mut()["spec"]["interval"] = json!({ "not": "a duration" });
    world.create(&repositories(), &bad).await;
    let _stage = start(&world, &[]).await.unwrap();
    world.create(&repositories(), &repository("good")).await;
    world.ready("good", "True").await;
    let stalled = world.ready("bad", "False").await;
    assert_eq!(condition(&stalled, "Stalled").unwrap()["status"], "True");
    world
        .patch(
            &repositories(),
            "bad",
            json!({ "spec": { "interval": "1m" } }),
        )
        .await;
    world.ready("bad", "True").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn deletion_finalizes_and_lets_go() {
    let world = world().await.with_repositories().await;
    let mut stage = start(&world, &[]).await.unwrap();
    world.create(&repositories(), &repository("happy")).await;
    world.ready("happy", "True").await;
    let delete = flux_kube::Delete::default();
    let target = ("default", "happy");
    world
        .client
        .delete(&repositories(), target, &delete)
        .await
        .unwrap();
    stage.hears("finalize happy").await;
    world.gone(&repositories(), target).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_and_suspension() {
    let world = world().await.with_repositories().await;
    let mut stage = start(&world, &[]).await.unwrap();
    world.create(&repositories(), &repository("happy")).await;
    world.ready("happy", "True").await;
    stage.hears("reconcile happy").await;
    let ask = |at: &str| json!({ "metadata": { "annotations": { "reconcile.fluxcd.io/requestedAt": at } } });
    world.patch(&repositories(), "happy", ask("t1")).await;
    stage.hears("reconcile happy").await;
    let handled = |at: &'static str| {
        move |o: &flux_object::Object| o.get_str(&["status", "lastHandledReconcileAt"]) == Some(at)
    };
    let target = ("default", "happy");
    world.until(&repositories(), target, handled("t1")).await;

    world
        .patch(
            &repositories(),
            "happy",
            json!({ "spec": { "suspend": true } }),
        )
        .await;
    world.patch(&repositories(), "happy", ask("t2")).await;
    world.until(&repositories(), target, handled("t2")).await;
    assert!(
        stage.told.try_recv().is_err(),
        "suspended objects are not reconciled"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn progress_is_written_once_a_second_has_passed() {
    let world = world().await.with_repositories().await;
    let stage = start(&world, &[]).await.unwrap();
    world.create(&repositories(), &repository("slow")).await;
    world.ready("slow", "Unknown").await;
    stage.release.notify_waiters();
    world.ready("slow", "True").await;
    let writes = world
        .server
        .ledger()
        .count(|e| e.subresource == "status" && e.verb == "patch");
    assert_eq!(writes, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_objects_cost_two_writes_each() {
    let world = world().await.with_repositories().await;
    for n in 0..300 {
        world
            .create(&repositories(), &repository(&format!("r{n}")))
            .await;
    }
    let stage = start(&world, &["--concurrent=10"]).await.unwrap();
    for n in 0..300 {
        world.ready(&format!("r{n}"), "True").await;
    }
    let writes = world.server.ledger().count(|e| {
        e.resource == "gitrepositories" && e.verb == "patch" && e.field_manager == "test-controller"
    });
    assert_eq!(writes, 600);
    stage.running.shut_down();
    soon(stage.running.ended()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn start_up_refuses_what_upstream_refuses() {
    let world = world().await;
    for (argument, what, why) in [
        (
            "--feature-gates=Nope=true",
            "unable to load feature gates",
            "feature-gate 'Nope' not supported",
        ),
        (
            "--interval-jitter-percentage=100",
            "unable to set global jitter",
            "the interval jitter percentage must be a non-negative value and less than 100",
        ),
        (
            "--metrics-addr=nope",
            "problem running manager",
            "failed to start metrics server: failed to create listener: listen tcp: address nope: missing port in address",
        ),
        (
            "--events-addr=::bad",
            "unable to create event recorder",
            "parse \"::bad\": missing protocol scheme",
        ),
    ] {
        let Err(error) = start(&world, &[argument]).await else {
            panic!("{argument} was accepted");
        };
        assert_eq!(
            (error.what.as_str(), error.source.to_string().as_str()),
            (what, why)
        );
    }
    let Err(error) = start(&world, &["--watch-label-selector=!!"]).await else {
        panic!("a bad selector was accepted");
    };
    assert_eq!(
        error.what,
        "unable to configure watch label selector for manager"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_of_another_object_wakes_by_index() {
    let world = world().await.with_repositories().await;
    let mut stage = start(&world, &[]).await.unwrap();
    world.create(&repositories(), &repository("follower")).await;
    world.ready("follower", "True").await;
    stage.hears("reconcile follower").await;
    // The follower refers to `leader` by its URL; see the index of the test program.
    world.create(&repositories(), &repository("leader")).await;
    stage.hears("reconcile follower").await;
}
