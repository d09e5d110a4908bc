//! One stage of an apply: decide about each object, then write those that need it.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use flux_drift::{ignore, immutable, managed};
use flux_kube::{Apply, Delete, Error, PatchOptions, Resource};
use flux_object::stage::{self, Stage};
use flux_object::{Gvk, Object, ObjectId, order};
use futures::future::BoxFuture;
use futures::{FutureExt, StreamExt, TryStreamExt, stream};
use serde_json::Value;

use crate::change::{Action, Change};
use crate::engine::{Engine, Ledger, Request};
use crate::error::{ApplyError, Operation};
use crate::item::Item;
use crate::prune::Entry;
use crate::record::{
    Applied, Facts, STALE_ANNOTATIONS, STALE_LABELS, key, needs_cleanup, owned_values,
};
use crate::rules::{Mode, Wishes};
use crate::unknown;
use crate::wait::Target;

/// How often a kind is looked for that this apply has defined, and how long in between.
const DISCOVERY_TRIES: u32 = 10;
const DISCOVERY_PAUSE: Duration = Duration::from_millis(500);

/// The stages of one apply.
pub(crate) struct StageRun<'a> {
    engine: &'a Engine,
    request: &'a Request<'a>,
    ledger: &'a mut dyn Ledger,
    entries: Vec<Entry>,
    recorded: bool,
    /// Whether the rights of the identity have been tried in this apply.
    probed: bool,
    pub(crate) changes: Vec<Change>,
}

/// What is to be done with one object.
enum Decision {
    /// Nothing, and it counts as this.
    Done(Action),
    /// Not known yet: ask by a dry run.
    Ask,
    /// Write it, without asking first; it was like this.
    Direct(Box<Facts>),
    /// Write it; other than desired where fields are left to others.
    Write {
        action: Action,
        cleanup: bool,
        payload: Option<Box<Object>>,
    },
    /// Delete the object of this UID, then write it.
    Recreate { uid: String },
}

impl Decision {
    fn created() -> Self {
        Self::Write {
            action: Action::Created,
            cleanup: false,
            payload: None,
        }
    }
}

/// One object with its place in the API.
struct Placed<'a> {
    item: &'a Item,
    resource: Arc<Resource>,
    key: ObjectId,
}

impl<'a> StageRun<'a> {
    pub(crate) fn new(
        engine: &'a Engine,
        request: &'a Request<'a>,
        ledger: &'a mut dyn Ledger,
        items: &[Item],
    ) -> Self {
        let entries: Vec<Entry> = items
            .iter()
            .map(|item| Entry {
                id: item.id.clone(),
                version: item.version.clone(),
            })
            .collect();
        Self {
            engine,
            request,
            ledger,
            recorded: entries.iter().all(|e| request.recorded.contains(&e.id)),
            entries,
            // The connection's own rights are the operator's concern.
            probed: request.client.identity().is_none(),
            changes: Vec::new(),
        }
    }

    pub(crate) async fn stage(&mut self, stage: Stage, items: &[&Item]) -> Result<(), ApplyError> {
        if items.is_empty() {
            return Ok(());
        }
        let placed = self.place(items).await?;
        let mut known: Vec<Decision> = placed.iter().map(|p| self.known(p)).collect();
        self.probe(&mut known);
        let decisions = self.decide(&placed, known).await?;
        let writes = decisions
            .iter()
            .any(|decision| !matches!(decision, Decision::Done(_)));
        if writes && !self.recorded {
            let recorded = self.ledger.record(&self.entries).await;
            recorded.map_err(ApplyError::Ledger)?;
            self.recorded = true;
        }
        self.execute(&placed, decisions).await?;
        if matches!(stage, Stage::Definitions | Stage::Classes) {
            self.settle(items.len(), stage, writes).await?;
        }
        Ok(())
    }

    /// Finds the resource of each object, and makes sure that its kind is watched.
    async fn place<'i>(&self, items: &[&'i Item]) -> Result<Vec<Placed<'i>>, ApplyError> {
        let mut known: HashMap<Gvk, Arc<Resource>> = HashMap::new();
        let mut placed = Vec::with_capacity(items.len());
        for item in items {
            let gvk = item.object.gvk();
            let resource = if let Some(resource) = known.get(&gvk) {
                resource.clone()
            } else {
                let found = self.find(&gvk).await;
                let refused = |error| ApplyError::refused(&item.id, Operation::DryRun, error);
                let found = found.map_err(refused)?;
                known.insert(gvk, found.clone());
                found
            };
            placed.push(Placed {
                key: key(&item.id, resource.namespaced),
                item,
                resource,
            });
        }
        self.engine.tracker.follow(known.into_values()).await;
        Ok(placed)
    }

    /// The resource of a kind. One that this apply has just defined may take a moment to be served.
    async fn find(&self, gvk: &Gvk) -> Result<Arc<Resource>, Error> {
        let discovery = self.request.client.discovery();
        let defines = self.entries.iter().any(|entry| stage::is_crd(&entry.id));
        let mut left = if defines { DISCOVERY_TRIES } else { 0 };
        loop {
            match discovery.resource(gvk).await {
                Err(Error::NoMatch(_)) if left > 0 => {
                    left -= 1;
                    discovery.invalidate();
                    tokio::time::sleep(DISCOVERY_PAUSE).await;
                }
                found => return found,
            }
        }
    }

    /// Decides about every object; objects that nothing is known of are asked for by a dry run.
    async fn decide(
        &self,
        placed: &[Placed<'_>],
        mut decisions: Vec<Decision>,
    ) -> Result<Vec<Decision>, ApplyError> {
        let open: Vec<usize> = (0..placed.len())
            .filter(|at| matches!(decisions[*at], Decision::Ask))
            .collect();
        if let [only] = open[..]
            && let Some(direct) = self.direct(&placed[only])
            && !self.shown(&placed[only])
        {
            decisions[only] = direct;
            return Ok(decisions);
        }
        let questions: Vec<BoxFuture<'_, Result<Decision, ApplyError>>> = open
            .iter()
            .map(|at| self.ask(&placed[*at]).boxed())
            .collect();
        let answers: Vec<Decision> = stream::iter(questions)
            .buffered(self.engine.options.concurrency)
            .try_collect()
            .await?;
        for (at, answer) in open.into_iter().zip(answers) {
            decisions[at] = answer;
        }
        Ok(decisions)
    }

    /// Sees to it that an identity that is not our own is asked about at least one object: rights that were taken back would
    /// otherwise go unnoticed as long as nothing changes. Another object each time.
    fn probe(&mut self, decisions: &mut [Decision]) {
        let asks = |decision: &Decision| matches!(decision, Decision::Ask);
        if self.probed || decisions.iter().any(asks) {
            self.probed = true;
            return;
        }
        let unchanged: Vec<&mut Decision> = decisions
            .iter_mut()
            .filter(|decision| matches!(decision, Decision::Done(Action::Unchanged)))
            .collect();
        if unchanged.is_empty() {
            return;
        }
        let chosen = self.engine.tracker.turn() % unchanged.len();
        if let Some(decision) = unchanged.into_iter().nth(chosen) {
            *decision = Decision::Ask;
            self.probed = true;
        }
    }

    /// Whether an object is asked about only for the sake of the question.
    fn shown(&self, placed: &Placed<'_>) -> bool {
        let identity = self.identity();
        let tracker = &self.engine.tracker;
        tracker.proves(&placed.key, &placed.item.desired, identity.as_deref())
    }

    /// What the evidence at hand says.
    fn known(&self, placed: &Placed<'_>) -> Decision {
        let item = placed.item;
        if item.wishes.leaves_alone() {
            return Decision::Done(Action::Skipped);
        }
        let tracker = &self.engine.tracker;
        if !tracker.trusts(&placed.resource) {
            return Decision::Ask;
        }
        let Some(facts) = tracker.facts(&placed.key) else {
            return Decision::Ask;
        };
        if facts.wishes.leaves_alone() || item.wishes.mode == Mode::IfNotPresent {
            Decision::Done(Action::Skipped)
        } else if tracker.proves(&placed.key, &item.desired, self.identity().as_deref()) {
            Decision::Done(Action::Unchanged)
        } else if self.identity().is_none()
            && let Some(mut facts) = tracker.shows(&placed.key, &item.desired)
        {
            // After a restart, or when something changed that is not ours.
            facts.owned = owned_values(&item.object, &item.keys());
            self.remember(placed, facts);
            Decision::Done(Action::Unchanged)
        } else {
            Decision::Ask
        }
    }

    /// A single object that is known well needs no dry run: there is nothing else that must not be written if it fails.
    fn direct(&self, placed: &Placed<'_>) -> Option<Decision> {
        let tracker = &self.engine.tracker;
        if !tracker.trusts(&placed.resource) {
            return None;
        }
        let facts = tracker.facts(&placed.key)?;
        let plain = !facts.needs_cleanup && !facts.deleting && placed.item.ignore.is_empty();
        plain.then(|| Decision::Direct(Box::new(facts)))
    }

    /// Asks the API server what an apply would do.
    async fn ask(&self, placed: &Placed<'_>) -> Result<Decision, ApplyError> {
        let item = placed.item;
        if item.wishes.mode == Mode::IfNotPresent && self.get(placed).await?.is_some() {
            return Ok(Decision::Done(Action::Skipped));
        }
        let mut live = None;
        let mut payload = None;
        if !item.ignore.is_empty()
            && let Some(object) = self.get(placed).await?
        {
            if item.ignore.iter().any(String::is_empty) {
                return Ok(Decision::Done(Action::Skipped));
            }
            let manager = &self.engine.tracker.lens().field_manager;
            let settled = ignore::settle(&item.object, &object, &item.ignore, manager);
            payload = Some(Box::new(settled));
            live = Some(object);
        }
        let sent = payload.as_deref().unwrap_or(&item.object);
        let dry_run = match self.dry_run(placed, sent).await {
            Ok((object, None)) => object,
            Ok((object, reduced)) => {
                payload = reduced;
                object
            }
            Err(error) => return self.refused(placed, error).await,
        };
        if dry_run.resource_version().is_empty() {
            return Ok(Decision::Write {
                action: Action::Created,
                cleanup: false,
                payload,
            });
        }
        if Wishes::of(&dry_run, &self.request.owner.group).leaves_alone() {
            return Ok(Decision::Done(Action::Skipped));
        }
        self.compare(placed, &dry_run, (live, payload)).await
    }

    /// Sends a dry run. Fields that a built-in kind does not have are dropped, and what is left is given too.
    async fn dry_run(
        &self,
        placed: &Placed<'_>,
        object: &Object,
    ) -> Result<(Object, Option<Box<Object>>), Error> {
        let error = match self.send(placed, object, true).await {
            Ok(answer) => return Ok((answer, None)),
            Err(error) => error,
        };
        let Some(reduced) = unknown::without(object, &error.to_string()) else {
            return Err(error);
        };
        let answer = self.send(placed, &reduced, true).await?;
        Ok((answer, Some(Box::new(reduced))))
    }

    /// Compares the result of a dry run with the object as it is.
    async fn compare(
        &self,
        placed: &Placed<'_>,
        dry_run: &Object,
        (live, payload): (Option<Object>, Option<Box<Object>>),
    ) -> Result<Decision, ApplyError> {
        let tracker = &self.engine.tracker;
        let keys = placed.item.keys();
        let trusted = tracker
            .trusts(&placed.resource)
            .then(|| tracker.facts(&placed.key))
            .flatten();
        let facts = |object: &Object| Facts::of(object, tracker.lens(), &keys);
        let live = match (live, trusted) {
            (Some(object), _) => facts(&object),
            (None, Some(facts)) => facts,
            (None, None) => match self.get(placed).await? {
                Some(object) => facts(&object),
                None => return Ok(Decision::created()),
            },
        };
        let mut after = Facts::of(dry_run, tracker.lens(), &keys);
        let cleanup = live.needs_cleanup && placed.item.wishes.mode == Mode::Override;
        if cleanup || live.content != after.content {
            return Ok(Decision::Write {
                action: Action::Configured,
                cleanup,
                payload,
            });
        }
        // Ownership as it is now, not as it would be: equal content is left alone, whoever owns it.
        after.fields = live.fields;
        after.resource_version = live.resource_version;
        after.health = live.health;
        after.generation = live.generation;
        self.remember(placed, after);
        Ok(Decision::Done(Action::Unchanged))
    }

    /// What a refused dry run means: an object that has to be recreated, or the end of the stage.
    async fn refused(&self, placed: &Placed<'_>, error: Error) -> Result<Decision, ApplyError> {
        let id = &placed.item.id;
        let reason = error.status().map_or("", |status| status.reason.as_str());
        let fatal = |error| ApplyError::refused(id, Operation::DryRun, error);
        if !immutable::is_immutable(reason, &error.to_string()) {
            return Err(fatal(error));
        }
        let Some(live) = self.get(placed).await? else {
            return Err(fatal(error));
        };
        let live_wishes = Wishes::of(&live, &self.request.owner.group);
        if self.request.force || placed.item.wishes.force || live_wishes.force {
            Ok(Decision::Recreate {
                uid: live.uid().to_owned(),
            })
        } else {
            Err(fatal(error))
        }
    }

    /// Writes, one kind rank after the other; within a rank at the same time.
    async fn execute(
        &mut self,
        placed: &[Placed<'_>],
        decisions: Vec<Decision>,
    ) -> Result<(), ApplyError> {
        let mut queue = placed.iter().zip(decisions).peekable();
        while let Some(first) = queue.next() {
            let rank = order::rank(&first.0.item.id.kind);
            let mut same = vec![first];
            while let Some(next) =
                queue.next_if(|(placed, _)| order::rank(&placed.item.id.kind) == rank)
            {
                same.push(next);
            }
            let this = &*self;
            let writes: Vec<BoxFuture<'_, Result<Change, ApplyError>>> = same
                .into_iter()
                .map(|(placed, decision)| this.carry_out(placed, decision).boxed())
                .collect();
            let results: Vec<Result<Change, ApplyError>> = stream::iter(writes)
                .buffered(this.engine.options.concurrency)
                .collect()
                .await;
            let mut failed = None;
            for result in results {
                match result {
                    Ok(change) => self.changes.push(change),
                    Err(error) => failed = failed.or(Some(error)),
                }
            }
            if let Some(error) = failed {
                return Err(error);
            }
        }
        Ok(())
    }

    async fn carry_out(
        &self,
        placed: &Placed<'_>,
        decision: Decision,
    ) -> Result<Change, ApplyError> {
        let action = self.act(placed, decision).await?;
        Ok(placed.item.change(action))
    }

    async fn act(&self, placed: &Placed<'_>, decision: Decision) -> Result<Action, ApplyError> {
        let Decision::Direct(before) = decision else {
            return self.perform(placed, decision).await;
        };
        let Ok(object) = self.send(placed, &placed.item.object, false).await else {
            // It is refused; the dry run finds the words, or the way around.
            let decision = self.ask(placed).await?;
            return self.perform(placed, decision).await;
        };
        let after = self.written(placed, &object);
        let changed = after.content != before.content || after.uid != before.uid;
        Ok(if changed {
            Action::Configured
        } else {
            Action::Unchanged
        })
    }

    async fn perform(&self, placed: &Placed<'_>, decision: Decision) -> Result<Action, ApplyError> {
        let id = &placed.item.id;
        match decision {
            Decision::Done(action) => Ok(action),
            Decision::Write {
                action,
                cleanup,
                payload,
            } => {
                if cleanup {
                    self.clean_up(placed).await?;
                }
                let sent = payload.as_deref().unwrap_or(&placed.item.object);
                let object = self
                    .send(placed, sent, false)
                    .await
                    .map_err(|error| ApplyError::refused(id, Operation::Apply, error))?;
                self.written(placed, &object);
                Ok(action)
            }
            Decision::Recreate { uid } => self.recreate(placed, &uid).await,
            // Every question has been answered before anything is carried out.
            Decision::Ask | Decision::Direct(_) => Ok(Action::Unchanged),
        }
    }

    async fn recreate(&self, placed: &Placed<'_>, uid: &str) -> Result<Action, ApplyError> {
        let (id, client) = (&placed.item.id, self.request.client);
        let name = (id.namespace.as_str(), id.name.as_str());
        let options = Delete {
            uid: Some(uid),
            ..Delete::default()
        };
        match client.delete(&placed.resource, name, &options).await {
            Ok(()) => {}
            Err(error) if error.is_not_found() => {}
            Err(error) => return Err(ApplyError::refused(id, Operation::Delete, error)),
        }
        self.engine.tracker.deleted(&placed.key);
        let mut states = self
            .engine
            .tracker
            .client()
            .watch_one(&placed.resource, name);
        let gone = async {
            while let Some(state) = states.next().await {
                if matches!(&state, Ok(found) if found.as_ref().is_none_or(|o| o.uid() != uid)) {
                    break;
                }
            }
        };
        tokio::time::timeout(self.engine.options.stage_limit, gone)
            .await
            .map_err(|_| ApplyError::StillThere(id.clone()))?;
        let object = self
            .send(placed, &placed.item.object, false)
            .await
            .map_err(|error| ApplyError::refused(id, Operation::Apply, error))?;
        self.written(placed, &object);
        Ok(Action::Created)
    }

    /// Takes over from other field managers, and removes what predecessors left.
    async fn clean_up(&self, placed: &Placed<'_>) -> Result<(), ApplyError> {
        let Some(live) = self.get(placed).await? else {
            return Ok(());
        };
        let lens = self.engine.tracker.lens();
        if !needs_cleanup(&live, lens) {
            return Ok(());
        }
        let mut patch: Vec<Value> = managed::take_over(&live, &lens.managers, &lens.field_manager)
            .into_iter()
            .collect();
        patch.extend(managed::remove_annotations(&live, &STALE_ANNOTATIONS));
        patch.extend(managed::remove_labels(&live, &STALE_LABELS));
        let id = &placed.item.id;
        let options = PatchOptions {
            field_manager: &lens.field_manager,
            ..PatchOptions::default()
        };
        self.request
            .client
            .json_patch(
                &placed.resource,
                (&id.namespace, &id.name),
                &Value::Array(patch),
                &options,
            )
            .await
            .map(|_| ())
            .map_err(|error| ApplyError::refused(id, Operation::Cleanup, error))
    }

    /// Waits until what later stages need is in place.
    async fn settle(&self, count: usize, stage: Stage, wrote: bool) -> Result<(), ApplyError> {
        let from = self.changes.len().saturating_sub(count);
        let targets: Vec<Target> = self.changes[from..]
            .iter()
            .filter(|change| change.action != Action::Skipped)
            .map(Target::from)
            .collect();
        let limit = self.engine.options.stage_limit;
        self.engine
            .wait(self.request.client, &targets, limit)
            .await
            .map_err(ApplyError::NotReady)?;
        if wrote && stage == Stage::Definitions {
            self.request.client.discovery().invalidate();
        }
        Ok(())
    }

    async fn get(&self, placed: &Placed<'_>) -> Result<Option<Object>, ApplyError> {
        let id = &placed.item.id;
        let got = self
            .request
            .client
            .get(&placed.resource, &id.namespace, &id.name)
            .await;
        match got {
            Ok(object) => Ok(Some(object)),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(ApplyError::refused(id, Operation::Query, error)),
        }
    }

    async fn send(
        &self,
        placed: &Placed<'_>,
        object: &Object,
        dry_run: bool,
    ) -> Result<Object, Error> {
        let options = Apply {
            field_manager: &self.engine.tracker.lens().field_manager,
            force: true,
            dry_run,
            ..Apply::default()
        };
        let client = self.request.client;
        client
            .apply(&placed.resource, object, &options)
            .await
            .map(|written| written.object)
    }

    fn written(&self, placed: &Placed<'_>, object: &Object) -> Facts {
        let facts = Facts::of(object, self.engine.tracker.lens(), &placed.item.keys());
        self.remember(placed, facts.clone());
        facts
    }

    fn remember(&self, placed: &Placed<'_>, after: Facts) {
        let keys = Arc::new(placed.item.keys());
        let applied = Applied::new(placed.item.desired, self.identity(), keys, after);
        self.engine.tracker.applied(&placed.key, applied);
    }

    fn identity(&self) -> Option<String> {
        self.request.client.identity().map(ToString::to_string)
    }
}
