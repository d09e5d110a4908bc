//! The apply of a whole set: stage by stage, and what is told of it.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use flux_kube::Client;
use flux_object::selector::PatternSelector;
use flux_object::stage::{self, STAGES};
use flux_object::{Object, ObjectId, order};
use futures::future::BoxFuture;

use crate::change::Change;
use crate::error::ApplyError;
use crate::item::Item;
use crate::prune::Entry;
use crate::rules::Owner;
use crate::stage::StageRun;
use crate::tracker::Tracker;

/// Whatever a ledger fails with.
pub type LedgerError = Box<dyn std::error::Error + Send + Sync>;

/// Records, before the first write that can create an object, everything that is about to exist.
pub trait Ledger: Send + Sync {
    /// `entries` are all objects of the apply, in its order. What was recorded before stays recorded beside them.
    fn record<'a>(&'a mut self, entries: &'a [Entry]) -> BoxFuture<'a, Result<(), LedgerError>>;
}

/// Tunes an engine.
#[derive(Debug, Clone)]
pub struct EngineOptions {
    /// Requests of one apply at the same time.
    pub concurrency: usize,
    /// Group and kind of what is applied before other resources (`--custom-apply-stage-kinds`).
    pub custom_stage_kinds: Vec<(String, String)>,
    /// How long definitions and classes may take to become ready.
    pub stage_limit: Duration,
    /// Whether an object that has failed for good ends a wait before its time.
    pub fail_fast: bool,
}

impl Default for EngineOptions {
    fn default() -> Self {
        Self {
            concurrency: 8,
            custom_stage_kinds: Vec::new(),
            stage_limit: Duration::from_mins(1),
            fail_fast: true,
        }
    }
}

/// Applies, prunes and waits in one cluster.
#[derive(Debug)]
pub struct Engine {
    pub(crate) tracker: Arc<Tracker>,
    pub(crate) options: EngineOptions,
}

/// On whose behalf a set is applied, and how.
#[derive(Debug)]
pub struct Request<'a> {
    /// The cluster, as the identity whose rights decide.
    pub client: &'a Client,
    /// Whose objects they are.
    pub owner: &'a Owner,
    /// Recreate what cannot be changed.
    pub force: bool,
    /// The objects that are on record already.
    pub recorded: &'a HashSet<ObjectId>,
    /// Fields that are left to others.
    pub ignore: &'a [IgnoreRule],
}

/// Fields of some objects that are left to others.
#[derive(Debug, Clone)]
pub struct IgnoreRule {
    /// The objects.
    pub selector: PatternSelector,
    /// JSON pointers; the empty one leaves existing objects alone altogether.
    pub paths: Vec<String>,
}

/// What an apply did, up to its end or its first error.
#[derive(Debug)]
#[must_use]
pub struct Outcome {
    /// In the order of apply.
    pub changes: Vec<Change>,
    /// Why it stopped; `None` where all was applied.
    pub error: Option<ApplyError>,
}

impl Engine {
    /// An engine on a tracker that it may share with others.
    pub fn new(tracker: Arc<Tracker>, options: EngineOptions) -> Self {
        Self { tracker, options }
    }

    /// What is remembered of the cluster.
    pub fn tracker(&self) -> &Tracker {
        &self.tracker
    }

    /// Applies a set of objects.
    ///
    /// Nothing of a stage is written before all of it passed a dry run, unless there is one object alone.
    pub async fn apply(
        &self,
        request: &Request<'_>,
        objects: Vec<Object>,
        ledger: &mut dyn Ledger,
    ) -> Outcome {
        let items: Result<Vec<Item>, ApplyError> = objects
            .into_iter()
            .map(|object| Item::new(object, request.owner, request.ignore))
            .collect();
        let mut items = match items {
            Ok(items) => items,
            Err(error) => {
                return Outcome {
                    changes: Vec::new(),
                    error: Some(error),
                };
            }
        };
        order::sort_for_apply(&mut items, |item| item.id.clone());
        let mut run = StageRun::new(self, request, ledger, &items);
        let mut error = None;
        for stage in STAGES {
            let part: Vec<&Item> = items
                .iter()
                .filter(|item| stage::of(&item.id, &self.options.custom_stage_kinds) == stage)
                .collect();
            if let Err(failed) = run.stage(stage, &part).await {
                error = Some(failed);
                break;
            }
        }
        Outcome {
            changes: run.changes,
            error,
        }
    }
}
