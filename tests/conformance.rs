//! Recorded timelines of upstream, played against both controllers, the embedded API server and a real Git server.
//!
//! Each scenario has its namespace; scenarios with equal flags share one world and run at the same time.
#![expect(
    clippy::disallowed_methods,
    reason = "a harness starts servers and waits for what happens"
)]

#[path = "conformance/compare.rs"]
mod compare;
#[path = "conformance/metrics.rs"]
mod metrics;
#[path = "conformance/play.rs"]
mod play;
#[path = "conformance/world.rs"]
mod world;

use std::collections::{BTreeMap, HashMap};
use std::process::ExitCode;

use flux_conformance::{Known, Run};
use futures::StreamExt;
use serde_json::Value;

use world::World;

fn main() -> ExitCode {
    let mut run = Run::from_args();
    run.area("conditions/kustomization", Known::none(), |area| {
        let mut worlds: BTreeMap<Vec<String>, Vec<(String, Value)>> = BTreeMap::new();
        for (name, recorded) in area.json_files("") {
            if let Some(why) = later(&recorded) {
                area.skip(&name, why);
            } else if area.wants(&name) {
                let flags = recorded["controller_flags"].as_array();
                let flags = flags.into_iter().flatten().filter_map(Value::as_str);
                let flags: Vec<String> = flags.map(str::to_owned).collect();
                worlds.entry(flags).or_default().push((name, recorded));
            }
        }
        let names: Vec<String> = worlds.values().flatten().map(|s| s.0.clone()).collect();
        let mut results = play_all(worlds);
        for name in names {
            let result = results.remove(&name);
            area.case(&name, || {
                result.unwrap_or_else(|| Err("not played".to_owned()))
            });
        }
    });
    let folder = run
        .root()
        .map(|root| root.join("conditions/kustomization/happy.json"));
    run.area("operations", Known::none(), |area| {
        let text = folder.and_then(|path| std::fs::read_to_string(path).ok());
        let first = serde_json::from_str(&text.unwrap_or_default()).unwrap_or_default();
        runtime().block_on(metrics::check(area, &first));
    });
    run.finish()
}

/// Why a scenario has to wait, if it does.
fn later(recorded: &Value) -> Option<&'static str> {
    let steps = recorded["timeline"].as_array().into_iter().flatten();
    let objects = steps.flat_map(|step| step["objects"].as_array().into_iter().flatten());
    for object in objects {
        let kind = object["kind"].as_str().unwrap_or_default();
        if ["OCIRepository", "Bucket", "HelmChart", "HelmRepository"].contains(&kind) {
            return Some("sources of other kinds are not served yet");
        }
        if object["spec"]["decryption"].is_object() {
            return Some("decryption is not built yet");
        }
        if object["spec"]["kubeConfig"].is_object() {
            return Some("remote clusters are not served yet");
        }
        let depends = object["spec"]["dependsOn"].as_array().into_iter().flatten();
        if depends.into_iter().any(|d| d["readyExpr"].is_string()) {
            return Some("expressions are not evaluated yet");
        }
    }
    None
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .expect("a runtime")
}

/// Plays every scenario in the world of its flags.
fn play_all(
    worlds: BTreeMap<Vec<String>, Vec<(String, Value)>>,
) -> HashMap<String, Result<(), String>> {
    runtime().block_on(async {
        let running = worlds.into_iter().map(|(flags, all)| play_in(flags, all));
        // Controllers of two worlds would both act on a cluster that they share.
        let at_once = if world::given().is_some() { 1 } else { 8 };
        let results = futures::stream::iter(running).buffer_unordered(at_once);
        results.concat().await.into_iter().collect()
    })
}

/// Plays scenarios of the same flags at the same time.
async fn play_in(
    flags: Vec<String>,
    scenarios: Vec<(String, Value)>,
) -> Vec<(String, Result<(), String>)> {
    let world = World::start(&flags).await;
    let played = scenarios.into_iter().map(|(name, recorded)| {
        let world = world.clone();
        tokio::spawn(async move {
            let result = play::replay(&world, &recorded).await;
            let namespace = recorded["namespace"].as_str().unwrap_or_default();
            world.leave(namespace).await;
            (name, result)
        })
    });
    let results = futures::future::join_all(played).await;
    world.stop().await;
    // A case without a result counts as not played.
    results.into_iter().filter_map(Result::ok).collect()
}
