//! `flux suspend`: leaves objects as they are until they are resumed (CLI-SUS-*).

use flux_kube::{Client, List, PatchOptions};
use flux_object::Object;
use serde_json::{Value, json};

use crate::cli::Fail;
use crate::cli::command::{Call, Command};
use crate::kinds::Kind;
use crate::root::namespace;
use crate::{connect, say, verbs};

const SOURCES: [Command; 5] = verbs::sources(|call| Box::pin(run(call)));
const IMAGES: [Command; 3] = verbs::images(|call| Box::pin(run(call)));

/// The verb.
pub(crate) const COMMAND: Command = Command::new("suspend", "Leave objects as they are for now")
    .persistent(&[verbs::ALL])
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
    if names.is_empty() {
        let objects = list(&client, kind, &namespace, None).await?;
        if objects.is_empty() {
            return Err(Fail::plain("no objects found"));
        }
        for object in &objects {
            suspend(&client, kind, object).await?;
        }
        return Ok(());
    }
    // Parity: what goes wrong with one name is said, and the command still succeeds.
    for name in names {
        let result = match list(&client, kind, &namespace, Some(name)).await {
            Ok(objects) if objects.is_empty() => {
                let what = kind.kind;
                say::failure(&format!("{what} {name} not found in {namespace} namespace"));
                continue;
            }
            Ok(objects) => match objects.first() {
                Some(object) => suspend(&client, kind, object).await,
                None => Ok(()),
            },
            Err(fail) => Err(fail),
        };
        if let Err(fail) = result {
            let what = kind.kind;
            say::failure(&format!(
                "failed suspending {what} {name} in {namespace} namespace: {fail}"
            ));
        }
    }
    Ok(())
}

/// The names that were given, each once; empty with `--all`.
pub(crate) fn names<'a>(call: &'a Call, kind: &Kind) -> Result<Vec<&'a str>, Fail> {
    let mut names: Vec<&str> = Vec::new();
    for name in &call.args {
        if !names.contains(&name.as_str()) {
            names.push(name);
        }
    }
    if names.is_empty() && !call.flags.on("all") {
        return Err(Fail::plain(format!("{} name is required", kind.human)));
    }
    Ok(names)
}

/// The objects of a namespace, or the one with a name.
pub(crate) async fn list(
    client: &Client,
    kind: &Kind,
    namespace: &str,
    name: Option<&str>,
) -> Result<Vec<Object>, Fail> {
    let list = List {
        namespace: namespace.to_owned(),
        fields: name.map_or_else(String::new, |name| format!("metadata.name={name}")),
        ..List::default()
    };
    client
        .list(&kind.resource(), &list)
        .await
        .map(|page| page.objects)
        .map_err(|error| connect::failed(&error))
}

async fn suspend(client: &Client, kind: &Kind, object: &Object) -> Result<(), Fail> {
    let (human, name, namespace) = (kind.human, object.name(), object.namespace());
    say::action(&format!(
        "suspending {human} {name} in {namespace} namespace"
    ));
    set(client, kind, object, json!(true)).await?;
    say::success(&format!("{human} suspended"));
    Ok(())
}

/// Sets `spec.suspend`; null takes it out.
pub(crate) async fn set(
    client: &Client,
    kind: &Kind,
    object: &Object,
    on: Value,
) -> Result<Object, Fail> {
    client
        .merge_patch(
            &kind.resource(),
            (object.namespace(), object.name()),
            &json!({"spec": {"suspend": on}}),
            &PatchOptions {
                field_manager: "flux",
                ..PatchOptions::default()
            },
        )
        .await
        .map_err(|error| connect::failed(&error))
}
