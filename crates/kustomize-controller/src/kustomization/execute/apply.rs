//! The objects of a build go to the cluster, and their names to the inventory first.

use std::collections::HashSet;

use flux_api::kustomize::{Inventory, InventoryEntry, Kustomization};
use flux_api::meta::reason;
use flux_apply::{Action, Change, Entry, Ledger, LedgerError, Request, change};
use flux_kube::{Client, Identity};
use flux_object::{Object, inventory};
use flux_report::Event;
use flux_runtime::Pass;
use futures::FutureExt;
use futures::future::BoxFuture;

use crate::context::Ctx;
use crate::kustomization::failure::Failure;
use crate::kustomization::plan::Plan;

/// Writes the inventory into the status before the first object is created (R8).
struct StatusLedger<'a> {
    pass: &'a mut Pass<Kustomization>,
    before: &'a [Entry],
}

impl Ledger for StatusLedger<'_> {
    fn record<'a>(&'a mut self, entries: &'a [Entry]) -> BoxFuture<'a, Result<(), LedgerError>> {
        async move {
            let known: HashSet<&Entry> = entries.iter().collect();
            let kept = self.before.iter().filter(|entry| !known.contains(entry));
            let all: Vec<Entry> = entries.iter().chain(kept).cloned().collect();
            self.pass.status.inventory = Some(recorded(&all));
            self.pass.flush().await.map_err(LedgerError::from)
        }
        .boxed()
    }
}

/// The client that acts as the account of the plan.
pub(crate) fn client(ctx: &Ctx, account: Option<&(String, String)>) -> Result<Client, Failure> {
    match account {
        None => Ok(ctx.client.clone()),
        Some((namespace, name)) => {
            let identity = Identity::service_account(namespace, name).map_err(Failure::Identity)?;
            Ok(ctx.client.as_identity(identity))
        }
    }
}

/// Applies; gives the changes in the order of apply.
pub(crate) async fn apply(
    ctx: &Ctx,
    plan: &Plan,
    pass: &mut Pass<Kustomization>,
    objects: Vec<Object>,
) -> Result<Vec<Change>, Failure> {
    let client = client(ctx, plan.account.as_ref())?;
    let known: HashSet<_> = plan
        .inventory
        .iter()
        .map(|entry| entry.id.clone())
        .collect();
    let request = Request {
        client: &client,
        owner: &plan.owner,
        force: plan.spec.force,
        recorded: &known,
        ignore: &plan.ignore,
    };
    let outcome = {
        let mut ledger = StatusLedger {
            pass,
            before: &plan.inventory,
        };
        ctx.engine.apply(&request, objects, &mut ledger).await
    };
    let told = [Action::Created, Action::Configured];
    let lines = change::lines(&outcome.changes, &told);
    if let Some(error) = outcome.error {
        return Err(Failure::Apply {
            error: Box::new(error),
            lines,
        });
    }
    if !lines.is_empty() {
        pass.note(Event::info(reason::PROGRESSING, lines));
    }
    Ok(outcome.changes)
}

/// The inventory of what was applied, in the order of apply.
pub(crate) fn inventory_of(changes: &[Change]) -> Inventory {
    let entries: Vec<Entry> = changes
        .iter()
        .map(|change| Entry {
            id: change.id.clone(),
            version: change.version.clone(),
        })
        .collect();
    recorded(&entries)
}

fn recorded(entries: &[Entry]) -> Inventory {
    Inventory {
        entries: entries
            .iter()
            .map(|entry| InventoryEntry {
                id: inventory::format(&entry.id),
                version: entry.version.clone(),
            })
            .collect(),
    }
}
