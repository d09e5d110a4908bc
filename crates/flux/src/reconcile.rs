//! `flux reconcile`: asks a controller to look at an object now, and waits until it has (CLI-REC-*).

use std::future::Future;
use std::pin::Pin;

use flux_kube::{Client, PatchOptions};
use flux_object::Object;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::cli::Fail;
use crate::cli::command::{Call, Command};
use crate::cli::flag::Flag;
use crate::kinds::{self, Kind};
use crate::root::namespace;
use crate::wait::{self, Seen};
use crate::{connect, say, verbs};

const WITH_SOURCE: Flag = Flag::switch("with-source", "reconcile the source first");

const SOURCES: &[Command] = &[
    verbs::leaf("git", "GitRepositories", &[], |call| Box::pin(run(call))),
    verbs::leaf("oci", "OCIRepositories", &[], |call| Box::pin(run(call))),
    verbs::leaf("bucket", "Buckets", &[], |call| Box::pin(run(call))),
    verbs::leaf("helm", "HelmRepositories", &[], |call| Box::pin(run(call))),
    verbs::leaf("chart", "HelmCharts", &[], |call| Box::pin(run(call))).flags(&[WITH_SOURCE]),
];
const IMAGES: [Command; 3] = verbs::images(|call| Box::pin(run(call)));

/// The verb.
pub(crate) const COMMAND: Command = Command::new("reconcile", "Have an object reconciled now")
    .commands(&[
        verbs::helm_release(|call| Box::pin(run(call))).flags(&[
            WITH_SOURCE,
            Flag::switch("force", "force one install or upgrade"),
            Flag::switch("reset", "forget earlier failures"),
        ]),
        verbs::image_group(&IMAGES),
        verbs::kustomization(|call| Box::pin(run(call))).flags(&[WITH_SOURCE]),
        verbs::receiver(|call| Box::pin(run(call))),
        verbs::source_group(SOURCES),
    ]);

/// What one reconciliation needs to know.
#[derive(Clone, Copy)]
struct Request<'a> {
    client: &'a Client,
    deadline: Instant,
    with_source: bool,
    force: bool,
    reset: bool,
}

async fn run(call: &Call) -> Result<(), Fail> {
    let kind = verbs::kind(call)?;
    let name = call
        .arg(0)
        .ok_or_else(|| Fail::plain(format!("{} name is required", kind.kind)))?;
    let client = connect::client(call).await?;
    let request = Request {
        client: &client,
        deadline: wait::deadline(call),
        with_source: call.flags.on("with-source"),
        force: call.flags.on("force"),
        reset: call.flags.on("reset"),
    };
    reconcile(request, kind, (namespace(call), name.to_owned())).await
}

/// Boxed, since a source is reconciled the same way first.
fn reconcile<'a>(
    request: Request<'a>,
    kind: &'a Kind,
    (namespace, name): (String, String),
) -> Pin<Box<dyn Future<Output = Result<(), Fail>> + 'a>> {
    Box::pin(async move {
        let failed = |error: flux_kube::Error| connect::failed(&error);
        let resource = kind.resource();
        let object = request.client.get(&resource, &namespace, &name);
        let object = object.await.map_err(failed)?;
        if kind.is_static_object(&object) {
            say::success("reconciliation not supported by the object");
            return Ok(());
        }
        if object.get(&["spec", "suspend"]).and_then(Value::as_bool) == Some(true) {
            return Err(Fail::plain("resource is suspended"));
        }
        if request.with_source {
            let (source, at, deeper) = source_of(kind, &object)?;
            let request = Request {
                with_source: deeper,
                force: false,
                reset: false,
                ..request
            };
            reconcile(request, source, at).await?;
        }
        annotate(request, kind, &object).await?;
        let object = handled(request, kind, &object).await?;
        say::success(&kind.success(&object));
        Ok(())
    })
}

/// The source of an object, and whether that source's own source comes first (CLI-REC-005).
fn source_of(
    kind: &Kind,
    object: &Object,
) -> Result<(&'static Kind, (String, String), bool), Fail> {
    let chart = ["spec", "chart", "spec", "sourceRef"];
    let reference = [&["spec", "sourceRef"][..], &["spec", "chartRef"], &chart]
        .into_iter()
        .find_map(|path| object.get(path))
        .ok_or_else(|| Fail::plain(format!("{} {} names no source", kind.kind, object.name())))?;
    let text = |field: &str| reference[field].as_str().filter(|text| !text.is_empty());
    let space = text("namespace")
        .unwrap_or_else(|| object.namespace())
        .to_owned();
    if kind.kind == "HelmRelease" && object.get(&chart).is_some() {
        let name = format!("{}-{}", object.namespace(), object.name());
        return Ok((&kinds::HELM_CHART, (space, name), true));
    }
    let named = text("kind").unwrap_or_default();
    let allowed: &[&Kind] = match kind.kind {
        "HelmRelease" => &[&kinds::HELM_CHART, &kinds::OCI_REPOSITORY],
        "HelmChart" => &[
            &kinds::HELM_REPOSITORY,
            &kinds::GIT_REPOSITORY,
            &kinds::BUCKET,
        ],
        _ => &[
            &kinds::GIT_REPOSITORY,
            &kinds::OCI_REPOSITORY,
            &kinds::BUCKET,
        ],
    };
    let source = allowed
        .iter()
        .find(|source| source.kind == named)
        .and_then(|source| kinds::by_kind(source.kind))
        .ok_or_else(|| Fail::plain(format!("cannot reconcile source of kind {named}")))?;
    let name = text("name").unwrap_or_default().to_owned();
    Ok((source, (space, name), source.kind == "HelmChart"))
}

async fn annotate(request: Request<'_>, kind: &Kind, object: &Object) -> Result<(), Fail> {
    let (what, name, namespace) = (kind.kind, object.name(), object.namespace());
    say::action(&format!(
        "annotating {what} {name} in {namespace} namespace"
    ));
    let now = jiff::Timestamp::now().to_string();
    let mut annotations = json!({"reconcile.fluxcd.io/requestedAt": now});
    for (on, key) in [
        (request.force, "reconcile.fluxcd.io/forceAt"),
        (request.reset, "reconcile.fluxcd.io/resetAt"),
    ] {
        if on {
            annotations[key] = now.clone().into();
        }
    }
    let options = PatchOptions {
        field_manager: "flux",
        ..PatchOptions::default()
    };
    let patch = json!({"metadata": {"annotations": annotations}});
    request
        .client
        .merge_patch(&kind.resource(), (namespace, name), &patch, &options)
        .await
        .map_err(|error| connect::failed(&error))?;
    say::success(&format!("{what} annotated"));
    Ok(())
}

/// Waits until the request was handled and led to something.
async fn handled(request: Request<'_>, kind: &Kind, before: &Object) -> Result<Object, Fail> {
    let what = kind.kind;
    let path = ["status", "lastHandledReconcileAt"];
    let last = before.get_str(&path).unwrap_or_default().to_owned();
    say::waiting(&format!("waiting for {what} reconciliation"));
    wait::until(
        request.client,
        &kind.resource(),
        (before.namespace(), before.name()),
        request.deadline,
        |object| {
            if object.get_str(&path).unwrap_or_default() == last {
                return Seen::Pending;
            }
            match wait::current(object) {
                Seen::Pending => refused(what, object),
                seen => seen,
            }
        },
    )
    .await
}

/// An object that is not ready now, and says so of its present generation, has failed.
fn refused(what: &str, object: &Object) -> Seen {
    match kinds::condition(object, "Ready") {
        Some(ready)
            if ready["status"] == "False"
                && object.get_i64(&["status", "observedGeneration"])
                    == Some(object.generation()) =>
        {
            let message = ready["message"].as_str().unwrap_or_default();
            Seen::Failed(format!("{what} reconciliation failed: '{message}'"))
        }
        _ => Seen::Pending,
    }
}
