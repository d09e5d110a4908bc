//! Progress of a reconcile, worded as upstream words it (KUS-REC-010).

use flux_api::meta::{condition_type, reason};
use flux_report::{Fact, ReadyDuring};

use crate::kustomization::plan::Plan;

/// What a reconcile is doing.
#[derive(Debug)]
pub(crate) enum Step {
    /// The artifact is downloaded.
    Fetching(String),
    /// Manifests become objects.
    Building(String),
    /// Objects are compared with the cluster, and applied.
    Applying(String),
    /// Applied objects become healthy.
    Checking(String),
}

impl Step {
    pub(crate) fn fetching(plan: &Plan) -> Self {
        Self::Fetching(worded("Fetching manifests", plan))
    }

    pub(crate) fn building(plan: &Plan) -> Self {
        Self::Building(worded("Building manifests", plan))
    }

    pub(crate) fn applying(plan: &Plan) -> Self {
        Self::Applying(worded("Detecting drift", plan))
    }

    pub(crate) fn checking(plan: &Plan) -> Self {
        Self::Checking(worded("Running health checks", plan))
    }
}

fn worded(what: &str, plan: &Plan) -> String {
    format!(
        "{what} for revision {} with a timeout of {}",
        plan.source.revision, plan.timeout
    )
}

impl flux_report::Step for Step {
    fn message(&self) -> String {
        match self {
            Self::Fetching(message)
            | Self::Building(message)
            | Self::Applying(message)
            | Self::Checking(message) => message.clone(),
        }
    }

    fn ready(&self) -> ReadyDuring {
        ReadyDuring::Unknown("Reconciliation in progress".to_owned())
    }

    fn facts(&self) -> Vec<Fact> {
        match self {
            Self::Checking(message) => vec![Fact::unknown(
                condition_type::HEALTHY,
                reason::PROGRESSING,
                message.clone(),
            )],
            Self::Fetching(_) | Self::Building(_) | Self::Applying(_) => Vec::new(),
        }
    }
}
