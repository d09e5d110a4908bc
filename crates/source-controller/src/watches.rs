//! What wakes us: changes of our own objects, and nothing else. An included repository that changed is noticed at the
//! next interval (SRC-GIN-006).

use std::sync::Arc;

use flux_api::source::GitRepository;
use flux_report::{Cadence, Outcome, Profile};
use flux_runtime::{Controller, Managed, Pass, Reconcile, Setup};

use crate::context::Ctx;
use crate::gitrepository;
use crate::unsupported;

/// Adds the controllers of all kinds.
pub(crate) fn add_controllers(setup: &mut Setup, ctx: &Arc<Ctx>) {
    setup.controller(Controller::new(GitRepositories(Arc::clone(ctx))));
    unsupported::add_controllers(setup);
}

/// The controller of GitRepository.
struct GitRepositories(Arc<Ctx>);

impl Reconcile for GitRepositories {
    type Object = GitRepository;
    type Failure = gitrepository::Failure;

    fn profile(&self) -> &'static Profile {
        &gitrepository::PROFILE
    }

    fn cadence(&self, object: &GitRepository) -> Cadence {
        Cadence {
            interval: object.interval(),
            dependency: Some(self.0.requeue_dependency),
            timeout: object.spec.timeout,
            ..Cadence::default()
        }
    }

    async fn reconcile(&self, pass: &mut Pass<GitRepository>) -> Result<Outcome, Self::Failure> {
        gitrepository::reconcile(&self.0, pass).await
    }

    async fn finalize(&self, pass: &mut Pass<GitRepository>) -> Result<Outcome, Self::Failure> {
        gitrepository::finalize(&self.0, pass).await
    }
}
