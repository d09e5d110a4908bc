//! Benchmarks of the whole system on the embedded server: B1 (time to Ready) and B4 (no-op) of the performance design.
//!
//! `cargo xtask bench [B1 B4] [--count N]` prints requests, wall and CPU time, and resident memory; it decides nothing.
#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a benchmark reads the clock and the process's own accounts, and prints"
)]

use std::time::{Duration, Instant};

use flux_api::meta::annotation;
use flux_tests::{World, kustomizations};
use futures::StreamExt;
use serde_json::json;

#[tokio::main]
async fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let count = args
        .iter()
        .position(|arg| arg == "--count")
        .and_then(|at| args.get(at + 1))
        .and_then(|text| text.parse().ok())
        .unwrap_or(1000);
    let wants = |name: &str| {
        !args.iter().any(|arg| arg.starts_with('B')) || args.iter().any(|arg| arg == name)
    };
    println!("| benchmark | Kustomizations | requests | wall s | cpu s | rss MiB |");
    println!("|---|---|---|---|---|---|");
    let world = World::with_flags("bench", &["--concurrent=10"]).await;
    let meter = Meter::start(&world);
    install(&world, count).await;
    if wants("B1") {
        meter.print("B1 install, 4 objects each, wait", count, &world);
    }
    if wants("B4") {
        for tick in 1..=3 {
            let meter = Meter::start(&world);
            no_op(&world, count, tick).await;
            meter.print(&format!("B4 no-op tick {tick}"), count, &world);
        }
    }
}

/// Figures of the process (controllers and embedded server together) since a moment.
struct Meter {
    requests: u64,
    wall: Instant,
    cpu: Duration,
}

impl Meter {
    fn start(world: &World) -> Self {
        Self {
            requests: world.now(),
            wall: Instant::now(),
            cpu: cpu(),
        }
    }

    fn print(&self, name: &str, count: usize, world: &World) {
        let requests = world.requests_since(self.requests).len();
        println!(
            "| {name} | {count} | {requests} | {:.2} | {:.2} | {:.0} |",
            self.wall.elapsed().as_secs_f64(),
            (cpu().saturating_sub(self.cpu)).as_secs_f64(),
            resident_mib(),
        );
    }
}

async fn install(world: &World, count: usize) {
    let objects = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\ndata: {a: \"1\"}\n---\n\
                   apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: web}\n---\n\
                   apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {selector: {app: web}, ports: [{port: 80}]}\n---\n\
                   apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  selector: {matchLabels: {app: web}}\n  \
                   template:\n    metadata: {labels: {app: web}}\n    spec: {containers: [{name: web, image: web}]}\n";
    world.git.commit("fleet.git", &[("app/all.yaml", objects)]);
    world
        .apply(&format!(
            "apiVersion: source.toolkit.fluxcd.io/v1\nkind: GitRepository\nmetadata: {{name: app}}\nspec: {{interval: 1h, \
             url: \"{}\", ref: {{branch: main}}}}\n",
            world.git.url("fleet.git")
        ))
        .await;
    for number in 0..count {
        world
            .apply(&format!(
                "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {{name: app-{number}}}\nspec: \
                 {{interval: 1h, path: ./app, prune: true, wait: true, timeout: 10m, nameSuffix: \"-{number}\", \
                 targetNamespace: {}, sourceRef: {{kind: GitRepository, name: app}}}}\n",
                world.namespace
            ))
            .await;
    }
    follow(world, count, |object| {
        flux_tests::ready(object).is_some_and(|ready| ready["status"] == "True")
    })
    .await;
}

async fn no_op(world: &World, count: usize, tick: usize) {
    let token = format!("tick-{tick}");
    for number in 0..count {
        let patch =
            json!({"metadata": {"annotations": {annotation::RECONCILE_REQUESTED_AT: token}}});
        world
            .patch(&kustomizations(), &format!("app-{number}"), &patch)
            .await;
    }
    follow(world, count, |object| {
        object.get_str(&["status", "lastHandledReconcileAt"]) == Some(token.as_str())
    })
    .await;
}

/// Follows all Kustomizations until each of them is as wanted.
async fn follow(world: &World, count: usize, wanted: impl Fn(&flux_object::Object) -> bool) {
    let watch = flux_kube::Watch {
        namespace: world.namespace.clone(),
        ..flux_kube::Watch::default()
    };
    let mut events = world.client.watch(&kustomizations(), watch);
    let mut done = std::collections::BTreeSet::new();
    while let Some(event) = events.next().await {
        if let Ok(flux_kube::WatchEvent::Applied(object)) = event
            && wanted(&object)
        {
            done.insert(object.name().to_owned());
            if done.len() == count {
                return;
            }
        }
    }
}

/// CPU time of this process, from the kernel's account in ticks of 10 ms.
fn cpu() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after_name = stat.rsplit_once(") ").map_or("", |(_, rest)| rest);
    let field = |at: usize| {
        after_name
            .split(' ')
            .nth(at)
            .and_then(|text| text.parse::<u64>().ok())
            .unwrap_or(0)
    };
    Duration::from_millis((field(11) + field(12)) * 10)
}

fn resident_mib() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .and_then(|text| text.trim().trim_end_matches(" kB").parse::<f64>().ok())
        .unwrap_or(0.0)
        / 1024.0
}
