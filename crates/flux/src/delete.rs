//! `flux delete`: deletes one object, after asking (CLI-DEL-*).

use flux_kube::Delete;

use crate::cli::Fail;
use crate::cli::command::{Call, Command};
use crate::cli::flag::Flag;
use crate::root::namespace;
use crate::{connect, prompt, say, verbs};

const SOURCES: [Command; 5] = verbs::sources(|call| Box::pin(run(call)));
const IMAGES: [Command; 3] = verbs::images(|call| Box::pin(run(call)));

/// The verb.
pub(crate) const COMMAND: Command = Command::new("delete", "Delete an object")
    .persistent(&[Flag::switch("silent", "delete without asking").short('s')])
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
    let human = kind.human;
    // Parity: names after the first are not looked at.
    let name = call
        .arg(0)
        .ok_or_else(|| Fail::plain(format!("{human} name is required")))?;
    let namespace = namespace(call);
    let client = connect::client(call).await?;
    let failed = |error: flux_kube::Error| connect::failed(&error);
    let resource = kind.resource();
    client
        .get(&resource, &namespace, name)
        .await
        .map_err(failed)?;
    if !call.flags.on("silent") {
        prompt::confirm(&format!("Are you sure you want to delete this {human}"))?;
    }
    say::action(&format!("deleting {human} {name} in {namespace} namespace"));
    client
        .delete(&resource, (&namespace, name), &Delete::default())
        .await
        .map_err(failed)?;
    say::success(&format!("{human} deleted"));
    Ok(())
}
