//! The recorded command line of upstream, held against the built program.
#![expect(
    clippy::disallowed_methods,
    reason = "a harness writes the files that a program reads"
)]

use std::path::Path;
use std::process::ExitCode;

use flux_conformance::command_line::{self, Program};
use flux_conformance::{Known, Run};

fn main() -> ExitCode {
    let mut run = Run::from_args();
    run.area("operations/kustomize-controller", Known::none(), |area| {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        let options = flux_apiserver::Options::default();
        let server = runtime
            .block_on(flux_apiserver::Server::start(options))
            .expect("an API server");
        let folder = tempfile::tempdir().expect("a folder");
        let kubeconfig = folder.path().join("kubeconfig");
        std::fs::write(&kubeconfig, server.kubeconfig("admin")).expect("written");
        let program = Program {
            name: "kustomize-controller",
            path: Path::new(env!("CARGO_BIN_EXE_kustomize-controller")),
            flags: &[],
            kubeconfig: &kubeconfig,
        };
        command_line::check(area, program);
        runtime.block_on(server.stop());
    });
    run.finish()
}
