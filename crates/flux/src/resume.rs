//! `flux resume`: lets suspended objects go on, and waits for them (CLI-SUS-005, CLI-SUS-006).

use flux_kube::Client;
use flux_object::Object;
use serde_json::Value;

use crate::cli::Fail;
use crate::cli::command::{Call, Command};
use crate::cli::flag::Flag;
use crate::kinds::Kind;
use crate::root::namespace;
use crate::suspend::{list, names, set};
use crate::{connect, say, verbs, wait};

const SOURCES: [Command; 5] = verbs::sources(|call| Box::pin(run(call)));
const IMAGES: [Command; 3] = verbs::images(|call| Box::pin(run(call)));

/// The verb.
pub(crate) const COMMAND: Command = Command::new("resume", "Let suspended objects go on")
    .persistent(&[
        verbs::ALL,
        Flag::switch(
            "wait",
            "wait for each object; by default only for a single one",
        ),
    ])
    .commands(&[
        verbs::alert(|call| Box::pin(run(call))),
        verbs::provider(|call| Box::pin(run(call))),
        verbs::helm_release(|call| Box::pin(run(call))),
        verbs::image_group(&IMAGES),
        verbs::kustomization(|call| Box::pin(run(call))),
        verbs::receiver(|call| Box::pin(run(call))),
        verbs::source_group(&SOURCES),
    ]);

async fn run(call: &Call) -> Result<(), Fail> {
    let kind = verbs::kind(call)?;
    let names = names(call, kind)?;
    let namespace = namespace(call);
    let client = connect::client(call).await?;
    let deadline = wait::deadline(call);
    let mut resumed = Vec::new();
    if names.is_empty() {
        let objects = list(&client, kind, &namespace, None).await?;
        if objects.is_empty() {
            let what = kind.kind;
            say::failure(&format!("no {what} objects found in {namespace} namespace"));
        }
        for object in objects {
            resumed.push(resume(&client, kind, &object).await?);
        }
    }
    for name in &names {
        let objects = list(&client, kind, &namespace, Some(name)).await?;
        if let Some(object) = objects.first() {
            resumed.push(resume(&client, kind, object).await?);
        } else {
            // Parity: the first name is told, whichever is missing.
            let (what, first) = (kind.kind, names.first().copied().unwrap_or_default());
            say::failure(&format!(
                "{what} object '{first}' not found in {namespace} namespace"
            ));
        }
    }
    let waits = if call.flags.given("wait") {
        call.flags.on("wait")
    } else {
        names.len() == 1
    };
    if !waits || resumed.is_empty() {
        return Ok(());
    }
    let waiting = resumed
        .iter()
        .map(|object| await_one(&client, kind, object, deadline));
    for _ in &resumed {
        say::waiting(&format!("waiting for {} reconciliation", kind.kind));
    }
    let results = futures::future::join_all(waiting).await;
    report(kind, &resumed, results)
}

async fn resume(client: &Client, kind: &Kind, object: &Object) -> Result<Object, Fail> {
    let (human, name, namespace) = (kind.human, object.name(), object.namespace());
    say::action(&format!("resuming {human} {name} in {namespace} namespace"));
    let object = set(client, kind, object, Value::Null).await?;
    say::success(&format!("{human} resumed"));
    Ok(object)
}

async fn await_one(
    client: &Client,
    kind: &Kind,
    object: &Object,
    deadline: tokio::time::Instant,
) -> Result<Object, Fail> {
    let name = (object.namespace(), object.name());
    wait::ready(client, kind, name, deadline).await
}

/// Tells how each went, by name.
fn report(kind: &Kind, objects: &[Object], results: Vec<Result<Object, Fail>>) -> Result<(), Fail> {
    let what = kind.kind;
    let mut named: Vec<(&str, Result<Object, Fail>)> =
        objects.iter().map(Object::name).zip(results).collect();
    named.sort_by_key(|(name, _)| *name);
    let mut failed = 0;
    for (name, result) in named {
        match result {
            Ok(object) => {
                say::success(&format!("{what} {name} reconciliation completed"));
                say::success(&kind.success(&object));
            }
            Err(fail) => {
                failed += 1;
                say::failure(&format!("{what} {name} reconciliation failed: {fail}"));
            }
        }
    }
    if failed == 0 {
        return Ok(());
    }
    Err(Fail::plain(format!(
        "reconciliation failed for {failed} {what}(s)"
    )))
}
