//! GitRepository: a commit becomes an artifact.
//!
//! Look after what is stored, read what the object refers to, decide, ask the repository, verify, store.
//! A repository that did not move costs one listing of its references.

mod access;
mod execute;
mod failure;
mod observe;
mod plan;
mod step;
#[cfg(test)]
mod tests;
mod verification;

use flux_api::meta::annotation::event_key;
use flux_api::meta::condition_type::{
    ARTIFACT_IN_STORAGE, ARTIFACT_OUTDATED, FETCH_FAILED, INCLUDE_UNAVAILABLE, SOURCE_VERIFIED,
    STORAGE_OPERATION_FAILED,
};
use flux_api::meta::{Condition, ConditionStatus, finalizer, reason};
use flux_api::source::{GitRepository, reason as source_reason};
use flux_git::{Checkout, Commit};
use flux_report::{Event, Fact, Outcome, Owned, Profile};
use flux_runtime::Pass;
use flux_tree::TreePath;

use crate::context::Ctx;
use execute::Stored;
pub(crate) use failure::Failure;
use plan::{Plan, Surroundings};
use step::Step;

/// What the chassis has to know of the kind (SRC-REC-007).
pub(crate) const PROFILE: Profile = Profile {
    kind: "GitRepository",
    owned: &[
        Owned::negative(STORAGE_OPERATION_FAILED),
        Owned::negative(FETCH_FAILED),
        Owned::negative(INCLUDE_UNAVAILABLE),
        Owned::negative(ARTIFACT_OUTDATED),
        Owned::positive(ARTIFACT_IN_STORAGE),
        Owned::positive(SOURCE_VERIFIED),
    ],
    finalizer: Some(finalizer::FLUX),
    field_manager: crate::NAME,
    summarized: true,
    timed_failures: false,
};

/// One pass over one GitRepository.
pub(crate) async fn reconcile(
    ctx: &Ctx,
    pass: &mut Pass<GitRepository>,
) -> Result<Outcome, Failure> {
    let begun = plan::begun(pass.object());
    pass.step(begun).await.map_err(Failure::Pass)?;
    let stored = execute::look_after_storage(ctx, pass.object(), pass.now()).await?;
    record_stored(pass, &stored).await?;

    let observed = observe::observe(ctx, pass.object()).await?;
    let surroundings = Surroundings {
        environment: &ctx.environment,
        object_identity: ctx.object_identity,
    };
    let plan = plan::plan(pass.object(), stored.artifact, observed, &surroundings)?;
    pass.retract(INCLUDE_UNAVAILABLE);
    if let Some(step) = plan.includes_differ.clone() {
        pass.step(step).await.map_err(Failure::Pass)?;
    }

    let commit = match execute::checkout(ctx, &plan).await? {
        Checkout::Fetched(commit) => *commit,
        Checkout::Unmoved(pointer) => return Ok(unmoved(pass, &plan, &plan.revision(&pointer))),
        Checkout::Empty => return Err(Failure::EmptyRepository),
    };
    let sparse = execute::sparse_directories(pass.object(), &commit).await?;
    pass.retract(FETCH_FAILED);
    verify(ctx, pass, &commit).await?;

    let revision = plan.revision(&commit.pointer);
    if let Some(step) = plan.news(&revision) {
        pass.step(step).await.map_err(Failure::Pass)?;
    }
    if plan.up_to_date(&revision).is_some() {
        return Ok(unmoved(pass, &plan, &revision));
    }
    store(ctx, pass, &plan, (&commit, sparse)).await
}

/// Removes what is stored for a deleted GitRepository.
pub(crate) async fn finalize(
    ctx: &Ctx,
    pass: &mut Pass<GitRepository>,
) -> Result<Outcome, Failure> {
    let removed = execute::remove_stored(ctx, pass.object()).await?;
    pass.status.artifact = None;
    let done = Outcome::settled();
    if !removed {
        return Ok(done);
    }
    let message = "garbage collected artifacts for deleted resource";
    Ok(done.whisper(reason::GARBAGE_COLLECTION_SUCCEEDED, message))
}

/// Records what the storage has; nothing there is the beginning of a new artifact (SRC-REC-003, SRC-STO-014).
async fn record_stored(pass: &mut Pass<GitRepository>, stored: &Stored) -> Result<(), Failure> {
    let Stored {
        artifact,
        disappeared,
        damaged,
        collected,
    } = stored;
    if *collected > 0 {
        let message = format!("garbage collected {collected} artifacts");
        pass.note(Event::trace(reason::GARBAGE_COLLECTION_SUCCEEDED, message));
    }
    if let Some(why) = damaged {
        let message = format!("failed to verify integrity of artifact: {why}");
        pass.note(Event::error(
            source_reason::ARTIFACT_VERIFICATION_FAILED,
            message,
        ));
    }
    pass.status.artifact.clone_from(artifact);
    if artifact.is_none() {
        pass.retract(ARTIFACT_IN_STORAGE);
        let step = Step::Building {
            disappeared: *disappeared,
        };
        pass.step(step).await.map_err(Failure::Pass)?;
    }
    // A verification that failed before is judged anew.
    if holds(pass.conditions(), SOURCE_VERIFIED, ConditionStatus::False) {
        pass.retract(SOURCE_VERIFIED);
    }
    Ok(())
}

/// Nothing changed since the stored artifact (SRC-GCO-002).
fn unmoved(pass: &mut Pass<GitRepository>, plan: &Plan, revision: &str) -> Outcome {
    let Some(artifact) = plan.stored.clone() else {
        return Outcome::settled();
    };
    if recovered(pass.object().conditions()) {
        pass.note(
            Event::info(
                reason::SUCCEEDED,
                format!("stored artifact for commit '{revision}'"),
            )
            .with(event_key::REVISION, &artifact.revision)
            .with(event_key::DIGEST, &artifact.digest),
        );
    }
    let done = in_storage(pass, &artifact.revision);
    if plan.compares_references() {
        let message =
            format!("no changes since last reconciliation: observed revision '{revision}'");
        return done.whisper(source_reason::GIT_OPERATION_SUCCEEDED, message);
    }
    let message = format!("artifact up-to-date with remote revision: '{revision}'");
    done.whisper(source_reason::ARTIFACT_UP_TO_DATE, message)
}

/// Verifies the commit if the spec asks for it, and records that it did (SRC-GVF-007, SRC-GVF-009).
async fn verify(ctx: &Ctx, pass: &mut Pass<GitRepository>, commit: &Commit) -> Result<(), Failure> {
    let object = pass.shared_object();
    let Some(verification) = &object.spec.verify else {
        pass.retract(SOURCE_VERIFIED);
        pass.status.source_verification_mode = None;
        return Ok(());
    };
    let keys = observe::public_keys(ctx, object.namespace(), verification).await?;
    let signed = plan::signed(verification, object.spec.reference.as_ref())?;
    let told = verification::verify(commit, signed, &keys, pass.now().as_second())?;
    pass.status.source_verification_mode = Some(plan::mode(verification).as_str().to_owned());
    pass.assert(&Fact::yes(SOURCE_VERIFIED, reason::SUCCEEDED, told.clone()));
    pass.note(Event::trace(reason::SUCCEEDED, told));
    Ok(())
}

/// Stores the commit and records what the artifact was made from.
async fn store(
    ctx: &Ctx,
    pass: &mut Pass<GitRepository>,
    plan: &Plan,
    (commit, sparse): (&Commit, Vec<TreePath>),
) -> Result<Outcome, Failure> {
    let object = pass.shared_object();
    let published = execute::store(ctx, &object, plan, (commit, sparse)).await?;
    let artifact = execute::artifact(published, plan.revision(&commit.pointer), pass.now());
    let before = object
        .status
        .as_ref()
        .and_then(|status| status.artifact.as_ref());
    let new = before.is_none_or(|before| before.digest != artifact.digest);

    let status = &mut pass.status;
    status.included_artifacts.clone_from(&plan.includes);
    status.observed_ignore.clone_from(&object.spec.ignore);
    status.observed_recurse_submodules = object.spec.recurse_submodules;
    status.observed_include.clone_from(&object.spec.include);
    status
        .observed_sparse_checkout
        .clone_from(&object.spec.sparse_checkout);
    status.artifact = Some(artifact.clone());
    let done = in_storage(pass, &artifact.revision);
    let reason = match (new, recovered(object.conditions())) {
        (true, _) => source_reason::NEW_ARTIFACT,
        (false, true) => reason::SUCCEEDED,
        (false, false) => return Ok(done),
    };
    let message = format!("stored artifact for commit '{}'", commit.short_message());
    Ok(done
        .announce(reason, message)
        .with(event_key::REVISION, artifact.revision)
        .with(event_key::DIGEST, artifact.digest))
}

/// The stored artifact is the one that the spec asks for.
fn in_storage(pass: &mut Pass<GitRepository>, revision: &str) -> Outcome {
    let message = format!("stored artifact for revision '{revision}'");
    pass.assert(&Fact::yes(
        ARTIFACT_IN_STORAGE,
        reason::SUCCEEDED,
        message.clone(),
    ));
    Outcome::ready(message)
}

/// Whether a success ends a failure that was told (SRC-REC-011).
fn recovered(before: &[Condition]) -> bool {
    [FETCH_FAILED, STORAGE_OPERATION_FAILED, INCLUDE_UNAVAILABLE]
        .iter()
        .any(|r#type| holds(before, r#type, ConditionStatus::True))
}

fn holds(conditions: &[Condition], r#type: &str, status: ConditionStatus) -> bool {
    conditions
        .iter()
        .any(|condition| condition.r#type == r#type && condition.status == status)
}
