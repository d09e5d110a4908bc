//! The recorded command line of upstream, held against the built program.
#![expect(
    clippy::disallowed_methods,
    reason = "a harness writes the files that a program reads"
)]

use std::path::Path;
use std::process::ExitCode;

use flux_conformance::command_line::{self, Program};
use flux_conformance::{Known, Run};
use flux_kube::{Client, Credentials, PatchOptions, Resource, Trust};
use flux_object::Object;
use serde_json::json;

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
        runtime.block_on(populate(&server));
        command_line::check_log(area, program, "Kustomization");
        runtime.block_on(server.stop());
    });
    run.finish()
}

/// Defines the kinds, and makes an object that wants a source that is not there.
async fn populate(server: &flux_apiserver::Server) {
    let credentials = Credentials::Text {
        text: server.kubeconfig("admin"),
        context: None,
        trust: Trust::Own,
    };
    let client = Client::connect(credentials, &flux_kube::Options::default())
        .await
        .expect("a client");
    let group = "apiextensions.k8s.io/v1";
    let kind = "CustomResourceDefinition";
    let resource = Resource::new(group, kind, "customresourcedefinitions", false);
    let options = PatchOptions::default();
    for definition in flux_api::crd::definitions() {
        let object = Object::from_value(definition.object).expect("an object");
        let created = client.create(&resource, &object, &options).await;
        created.expect("created");
    }
    let (group, kind) = ("kustomize.toolkit.fluxcd.io/v1", "Kustomization");
    let resource = Resource::new(group, kind, "kustomizations", true);
    let object = json!({
        "apiVersion": group, "kind": kind, "metadata": { "name": "app", "namespace": "default" },
        "spec": {
            "interval": "10m", "prune": true, "sourceRef": { "kind": "GitRepository", "name": "src" },
        },
    });
    let object = Object::from_value(object).expect("an object");
    let created = client.create(&resource, &object, &options).await;
    created.expect("created");
}
