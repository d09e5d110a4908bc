//! What is no longer part of the build is deleted, and what could not be deleted stays on record.

use std::collections::HashSet;

use flux_api::kustomize::{InventoryEntry, Kustomization};
use flux_api::meta::reason;
use flux_apply::{Action, Change, Entry, Pruned, change};
use flux_object::inventory;
use flux_report::{Event, chain};
use flux_runtime::Pass;

use crate::context::Ctx;
use crate::kustomization::execute::apply::client;
use crate::kustomization::failure::Failure;
use crate::kustomization::plan::Plan;

/// Deletes stale objects. The inventory of the status keeps those that survived.
pub(crate) async fn prune(
    ctx: &Ctx,
    plan: &Plan,
    pass: &mut Pass<Kustomization>,
    applied: &[Change],
) -> Result<(), Failure> {
    if !plan.spec.prune {
        return Ok(());
    }
    let current: HashSet<_> = applied.iter().map(|change| &change.id).collect();
    let stale: Vec<Entry> = plan
        .inventory
        .iter()
        .filter(|entry| !current.contains(&entry.id))
        .cloned()
        .collect();
    if stale.is_empty() {
        return Ok(());
    }
    let client = client(ctx, plan.account.as_ref())?;
    let pruned = ctx.engine.prune(&client, &plan.owner, stale).await;
    let lines = change::lines(&pruned.changes, &[Action::Deleted, Action::Skipped]);
    if !lines.is_empty() {
        pass.note(Event::info(reason::PROGRESSING, lines));
    }
    if pruned.failures.is_empty() {
        return Ok(());
    }
    let kept = pruned.failures.iter().map(|failure| InventoryEntry {
        id: inventory::format(&failure.entry.id),
        version: failure.entry.version.clone(),
    });
    let inventory = pass.status.inventory.get_or_insert_default();
    inventory.entries.extend(kept);
    Err(Failure::Prune(errors(&pruned)))
}

/// The errors of a prune in one line.
pub(crate) fn errors(pruned: &Pruned) -> String {
    let errors: Vec<String> = pruned
        .failures
        .iter()
        .map(|failure| chain(&failure.error))
        .collect();
    errors.join(";")
}
