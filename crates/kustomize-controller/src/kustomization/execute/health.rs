//! Waits until the applied objects are healthy, without holding a worker.

use std::time::Duration;

use flux_api::kustomize::Kustomization;
use flux_api::meta::{ConditionStatus, condition_type, reason};
use flux_apply::{Action, Change, Target};
use flux_gocompat::GoDuration;
use flux_report::{Event, Fact};
use flux_runtime::Pass;

use crate::context::Ctx;
use crate::kustomization::execute::apply::client;
use crate::kustomization::failure::Failure;
use crate::kustomization::plan::{Plan, is_self};
use crate::kustomization::step::Step;

pub(crate) async fn await_health(
    ctx: &Ctx,
    plan: &Plan,
    pass: &mut Pass<Kustomization>,
    applied: &[Change],
) -> Result<(), Failure> {
    let targets = targets(plan, pass.object(), applied);
    if targets.is_empty() {
        pass.retract(condition_type::HEALTHY);
        return Ok(());
    }
    let healthy_before = pass
        .conditions()
        .iter()
        .any(|c| c.r#type == condition_type::HEALTHY && c.status == ConditionStatus::True);
    pass.step(Step::checking(plan)).await?;
    let client = client(ctx, plan.account.as_ref())?;
    let begun = pass.elapsed();
    let limit = plan.timeout.to_std_or_zero();
    let wait = ctx.engine.wait(&client, &targets, limit);
    let result = pass.park(wait).await?;
    let elapsed = go_duration(pass.elapsed().saturating_sub(begun));
    result.map_err(|error| Failure::Unhealthy { elapsed, error })?;
    let message = format!("Health check passed in {elapsed}");
    pass.assert(&Fact::yes(
        condition_type::HEALTHY,
        reason::SUCCEEDED,
        &*message,
    ));
    let changed = applied
        .iter()
        .any(|change| matches!(change.action, Action::Created | Action::Configured));
    if !healthy_before || (plan.new_revision && changed) {
        pass.note(Event::info(reason::PROGRESSING, message));
    }
    Ok(())
}

/// Whose health decides (KUS-HLT-001).
fn targets(plan: &Plan, object: &Kustomization, applied: &[Change]) -> Vec<Target> {
    if !plan.spec.wait {
        return plan.checks.clone();
    }
    applied
        .iter()
        .filter(|change| change.action != Action::Skipped && !is_self(object, &change.id))
        .map(Target::from)
        .collect()
}

pub(crate) fn go_duration(span: Duration) -> GoDuration {
    GoDuration::from_nanos(i64::try_from(span.as_nanos()).unwrap_or(i64::MAX))
}
