//! The reconcile of a Kustomization: observe, plan, execute, report.

pub(crate) mod execute;
pub(crate) mod failure;
pub(crate) mod history;
pub(crate) mod observe;
pub(crate) mod plan;
pub(crate) mod step;

#[cfg(test)]
mod tests;

use flux_api::kustomize::Kustomization;
use flux_api::meta::{annotation::event_key, condition_type, finalizer, reason};
use flux_apply::{Action, Change};
use flux_report::{Event, Failure as _, Outcome, Owned, Profile};
use flux_runtime::{Managed, Pass};

use crate::context::Ctx;
use execute::build::Built;
use execute::health::go_duration;
use failure::Failure;
use history::remember;
use observe::{Observed, SourceState};
use plan::{Plan, origin_revision, plan};
use step::Step;

/// What the chassis has to know of the kind.
pub(crate) const PROFILE: Profile = Profile {
    kind: Kustomization::KIND,
    owned: &[Owned::positive(condition_type::HEALTHY)],
    finalizer: Some(finalizer::FLUX),
    field_manager: "gotk-kustomize-controller",
    summarized: false,
    timed_failures: true,
};

/// One pass over one Kustomization.
pub(crate) async fn reconcile(
    ctx: &Ctx,
    pass: &mut Pass<Kustomization>,
) -> Result<Outcome, Failure> {
    let object = pass.shared_object();
    let observed = observe::observe(ctx, &object);
    name_revision(pass, &observed);
    let plan = plan(&object, observed, &ctx.config)?;

    pass.step(Step::fetching(&plan)).await?;
    let source = execute::fetch(ctx, &plan).await?;

    pass.status.last_attempted_revision = Some(plan.source.revision.clone());
    pass.step(Step::building(&plan)).await?;
    let built = execute::build(ctx, &plan, source).await?;
    tell_unread(pass, &built);

    let digest = built.digest.clone();
    let result = carry_out(ctx, &plan, pass, built).await;
    record(pass, &plan, &digest, &result);
    let changes = result?;
    Ok(finish(pass, &plan, &changes))
}

/// Names the revision in all that is told from here on, also about dependencies that are not ready.
fn name_revision(pass: &mut Pass<Kustomization>, observed: &Observed) {
    let SourceState::Ready(artifact) = &observed.source else {
        return;
    };
    pass.event_key(event_key::REVISION, &*artifact.revision);
    if let Some(origin) = origin_revision(artifact) {
        pass.event_key(event_key::ORIGIN_REVISION, origin);
    }
    pass.log_field("revision", &*artifact.revision);
}

/// Brings the cluster to what was built.
async fn carry_out(
    ctx: &Ctx,
    plan: &Plan,
    pass: &mut Pass<Kustomization>,
    built: Built,
) -> Result<Vec<Change>, Failure> {
    pass.step(Step::applying(plan)).await?;
    let applied = execute::apply(ctx, plan, pass, built.objects).await?;
    pass.status.inventory = Some(execute::apply::inventory_of(&applied));
    execute::prune(ctx, plan, pass, &applied).await?;
    execute::await_health(ctx, plan, pass, &applied).await?;
    Ok(applied)
}

/// A deleted Kustomization takes along what it applied, if its policy says so.
pub(crate) async fn finalize(ctx: &Ctx, pass: &mut Pass<Kustomization>) -> Result<(), Failure> {
    execute::finalize::finalize(ctx, pass).await
}

/// Writes the outcome into the history, whatever it was. Interruptions are none.
fn record(
    pass: &mut Pass<Kustomization>,
    plan: &Plan,
    digest: &str,
    result: &Result<Vec<Change>, Failure>,
) {
    let status = match result {
        Ok(_) => reason::RECONCILIATION_SUCCEEDED,
        Err(Failure::Interrupted(_)) => return,
        Err(failure) => failure.disposition().reason,
    };
    let outcome = history::Outcome {
        digest,
        status,
        revision: &plan.source.revision,
        origin_revision: plan.source.origin_revision.as_deref(),
        elapsed: go_duration(pass.elapsed()),
        now: pass.now(),
    };
    remember(&mut pass.status.history, &outcome);
}

fn finish(pass: &mut Pass<Kustomization>, plan: &Plan, changes: &[Change]) -> Outcome {
    let revision = &plan.source.revision;
    let quiet = !plan.new_revision && !is_asked_for(pass) && !has_changed(changes);
    pass.status.last_applied_revision = Some(revision.clone());
    pass.status
        .last_applied_origin_revision
        .clone_from(&plan.source.origin_revision);
    let outcome = Outcome::ready(format!("Applied revision: {revision}"))
        .because(reason::RECONCILIATION_SUCCEEDED);
    if quiet {
        // A pass that found everything in place costs its heartbeat and nothing else.
        return outcome;
    }
    outcome
        .announce_duration(reason::RECONCILIATION_SUCCEEDED)
        .with(event_key::COMMIT_STATUS, event_key::COMMIT_STATUS_UPDATE)
}

fn has_changed(changes: &[Change]) -> bool {
    let told = [Action::Created, Action::Configured];
    changes.iter().any(|change| told.contains(&change.action))
}

/// Whether somebody waits for an answer: by a request, or by a new spec.
fn is_asked_for(pass: &Pass<Kustomization>) -> bool {
    let object = pass.object();
    let status = object.status.as_ref();
    let handled = status.and_then(|s| s.last_handled_reconcile_at.as_deref());
    let observed = status.and_then(|s| s.observed_generation);
    object.requested_at() != handled || observed != object.metadata.generation || !was_ready(object)
}

fn was_ready(object: &Kustomization) -> bool {
    plan::is_ready(object)
}

/// Names the files below the path that no kustomization.yaml lists.
fn tell_unread(pass: &Pass<Kustomization>, built: &Built) {
    if built.unread.is_empty() || !is_asked_for(pass) {
        return;
    }
    let text = format!(
        "files that no kustomization.yaml lists: {}",
        built.unread.join(", ")
    );
    pass.note(Event::info(reason::PROGRESSING, text));
}
