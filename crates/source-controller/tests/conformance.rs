//! Recorded timelines of upstream, played against this controller, the embedded API server and a real Git server.
#![expect(
    clippy::disallowed_methods,
    reason = "a harness starts servers and waits for what happens"
)]

mod scenario;

use std::collections::HashMap;
use std::path::Path;
use std::process::ExitCode;

use flux_conformance::command_line::{self, Program};
use flux_conformance::{Known, Run};
use serde_json::Value;

use scenario::{World, compare};

fn main() -> ExitCode {
    let mut run = Run::from_args();
    run.area("conditions/gitrepository", Known::none(), |area| {
        let files = area.json_files("");
        let mut results = play(files);
        for (name, _) in area.json_files("") {
            let result = results
                .remove(&name)
                .unwrap_or_else(|| Err("not played".to_owned()));
            area.case(&name, || result);
        }
    });
    run.area("operations/source-controller", Known::none(), |area| {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        let server = runtime
            .block_on(flux_apiserver::Server::start(
                flux_apiserver::Options::default(),
            ))
            .expect("an API server");
        let folder = tempfile::tempdir().expect("a folder");
        let kubeconfig = folder.path().join("kubeconfig");
        std::fs::write(&kubeconfig, server.kubeconfig("admin")).expect("written");
        let program = Program {
            name: "source-controller",
            path: Path::new(env!("CARGO_BIN_EXE_source-controller")),
            flags: &[
                format!("--storage-path={}", folder.path().display()),
                "--storage-addr=127.0.0.1:0".to_owned(),
            ],
            kubeconfig: &kubeconfig,
        };
        command_line::check(area, program);
        runtime.block_on(server.stop());
    });
    run.finish()
}

/// Plays all scenarios at once, each in its namespace, in one world.
fn play(files: Vec<(String, Value)>) -> HashMap<String, Result<(), String>> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let world = World::start().await;
        let played = files.into_iter().map(|(name, recorded)| {
            let world = world.clone();
            tokio::spawn(async move {
                let seen = scenario::play(&world, &recorded).await;
                (name, seen.and_then(|seen| compare(&recorded, &seen)))
            })
        });
        let mut results = HashMap::new();
        for task in futures::future::join_all(played).await {
            let (name, result) = task.expect("no panic");
            results.insert(name, result);
        }
        world.stop().await;
        results
    })
}
