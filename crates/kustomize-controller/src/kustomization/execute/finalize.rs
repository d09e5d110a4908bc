//! What happens when a Kustomization is deleted (KUS-DEL).

use flux_api::kustomize::{DeletionPolicy, Kustomization};
use flux_api::meta::{annotation::event_key, condition_type, reason};
use flux_apply::{Action, Entry, change};
use flux_kube::{Client, Resource};
use flux_report::Event;
use flux_runtime::Pass;

use crate::context::Ctx;
use crate::kustomization::execute::apply::client;
use crate::kustomization::execute::prune::errors;
use crate::kustomization::failure::Failure;
use crate::kustomization::plan::{account, deletes, owner, recorded, timeout};

pub(crate) async fn finalize(ctx: &Ctx, pass: &mut Pass<Kustomization>) -> Result<(), Failure> {
    let object = pass.shared_object();
    let entries = recorded(&object);
    if entries.is_empty() || !deletes(&object) {
        return Ok(());
    }
    if object.spec.kube_config.is_some() {
        // Deleting in the wrong cluster would be worse than leaving objects behind in the right one.
        return Err(Failure::Unsupported("spec.kubeConfig"));
    }
    let status = object.status.as_ref();
    if let Some(revision) = status.and_then(|s| s.last_applied_revision.clone()) {
        pass.event_key(event_key::REVISION, revision);
    }
    let account = account(&object, &ctx.config);
    if let Some((namespace, name)) = &account
        && !exists(&ctx.client, namespace, name).await
    {
        // Parity: without the account nothing can be deleted on its behalf, and the object is let go.
        let text = format!("unable to prune objects: \n{}", listed(&entries));
        pass.note(Event::error(reason::PRUNE_FAILED, text));
        return Ok(());
    }
    let client = client(ctx, account.as_ref())?;
    let pruned = ctx
        .engine
        .prune(&client, &owner(&object), entries.clone())
        .await;
    let lines = change::lines(&pruned.changes, &[Action::Deleted]);
    if !lines.is_empty() {
        pass.note(Event::info(&ready_reason(pass), lines));
    }
    if !pruned.failures.is_empty() {
        return Err(Failure::Finalize(errors(&pruned)));
    }
    if object.spec.deletion_policy == Some(DeletionPolicy::WaitForTermination) {
        let deleted: Vec<Entry> = pruned
            .changes
            .iter()
            .filter(|change| change.action == Action::Deleted)
            .map(|change| Entry {
                id: change.id.clone(),
                version: change.version.clone(),
            })
            .collect();
        let limit = timeout(&object.spec).to_std_or_zero();
        let wait = ctx.engine.wait_until_gone(&client, &deleted, limit);
        let left = pass.park(wait).await?;
        if !left.is_empty() {
            let text = format!(
                "failed to wait for resources termination: \n{}",
                listed(&left)
            );
            pass.note(Event::error(reason::PRUNE_FAILED, text));
        }
    }
    Ok(())
}

async fn exists(client: &Client, namespace: &str, name: &str) -> bool {
    let found = client
        .get_metadata(&Resource::service_accounts(), namespace, name)
        .await;
    !matches!(found, Err(error) if error.is_not_found())
}

fn listed(entries: &[Entry]) -> String {
    let names: Vec<String> = entries.iter().map(|entry| entry.id.to_string()).collect();
    names.join("\n")
}

/// Parity: events carry the reason of the Ready condition (KUS-EVT-001).
fn ready_reason(pass: &Pass<Kustomization>) -> String {
    pass.conditions()
        .iter()
        .find(|condition| condition.r#type == condition_type::READY)
        .map_or_else(|| "info".to_owned(), |condition| condition.reason.clone())
}
