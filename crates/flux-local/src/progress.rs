//! How a fleet is doing: every Flux object by name, with what it says of itself.

use std::collections::BTreeMap;

use flux_kube::{Client, Resource, Watch, WatchEvent};
use flux_object::Object;
use futures::StreamExt;
use futures::stream::{SelectAll, select_all};
use tokio::time::{Duration, Instant, timeout_at};

/// What an object says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Health {
    /// Ready at its newest generation.
    Ready,
    /// Paused by its spec.
    Suspended,
    /// At work, or not yet looked at.
    Working,
    /// Failed; it may be tried again.
    Failed,
}

/// One object, as it was seen last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    /// `Kustomization/flux-system/apps`.
    pub name: String,
    /// How it is.
    pub health: Health,
    /// The reason of its Ready condition.
    pub reason: String,
    /// The message of its Ready condition.
    pub message: String,
}

/// All objects at one moment.
#[derive(Debug, Clone, Default)]
pub struct Summary {
    /// By name.
    pub states: BTreeMap<String, State>,
}

impl Summary {
    /// Whether there are objects, and all are ready or suspended.
    pub fn all_ready(&self) -> bool {
        !self.states.is_empty()
            && self
                .states
                .values()
                .all(|state| matches!(state.health, Health::Ready | Health::Suspended))
    }

    /// Whether nothing is at work any more.
    pub fn settled(&self) -> bool {
        self.states
            .values()
            .all(|state| state.health != Health::Working)
    }

    /// The objects that are not ready.
    pub fn unready(&self) -> impl Iterator<Item = &State> {
        self.states
            .values()
            .filter(|state| !matches!(state.health, Health::Ready | Health::Suspended))
    }
}

/// The kinds that are followed, with the controller that answers for them.
const KINDS: &[(&str, &str, &str)] = &[
    (
        "source.toolkit.fluxcd.io/v1",
        "GitRepository",
        "gitrepositories",
    ),
    (
        "source.toolkit.fluxcd.io/v1",
        "OCIRepository",
        "ocirepositories",
    ),
    (
        "source.toolkit.fluxcd.io/v1",
        "HelmRepository",
        "helmrepositories",
    ),
    ("source.toolkit.fluxcd.io/v1", "HelmChart", "helmcharts"),
    ("source.toolkit.fluxcd.io/v1", "Bucket", "buckets"),
    (
        "source.toolkit.fluxcd.io/v1",
        "ExternalArtifact",
        "externalartifacts",
    ),
    (
        "kustomize.toolkit.fluxcd.io/v1",
        "Kustomization",
        "kustomizations",
    ),
    ("helm.toolkit.fluxcd.io/v2", "HelmRelease", "helmreleases"),
    (
        "image.toolkit.fluxcd.io/v1",
        "ImageRepository",
        "imagerepositories",
    ),
    ("image.toolkit.fluxcd.io/v1", "ImagePolicy", "imagepolicies"),
    (
        "image.toolkit.fluxcd.io/v1",
        "ImageUpdateAutomation",
        "imageupdateautomations",
    ),
    ("notification.toolkit.fluxcd.io/v1", "Receiver", "receivers"),
    (
        "source.extensions.fluxcd.io/v1beta1",
        "ArtifactGenerator",
        "artifactgenerators",
    ),
];

/// Kinds whose controllers run in this process.
const SERVED: &[&str] = &["GitRepository", "Kustomization"];

/// Follows all Flux objects of a cluster.
pub struct Progress {
    events: SelectAll<futures::stream::BoxStream<'static, WatchEvent>>,
    summary: Summary,
}

impl std::fmt::Debug for Progress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Progress")
            .field("summary", &self.summary)
            .finish_non_exhaustive()
    }
}

impl Progress {
    /// Starts to follow.
    pub fn follow(client: &Client) -> Self {
        let streams = KINDS.iter().map(|(api_version, kind, plural)| {
            let resource = Resource::new(api_version, kind, plural, true);
            // A watch that fails tries again by itself.
            client
                .watch(&resource, Watch::default())
                .filter_map(|event| std::future::ready(event.ok()))
                .boxed()
        });
        Self {
            events: select_all(streams),
            summary: Summary::default(),
        }
    }

    /// The objects as they were seen last.
    pub fn summary(&self) -> &Summary {
        &self.summary
    }

    /// Waits for the next change that shows, until a deadline. `None` when the deadline passes first.
    pub async fn next_change(&mut self, deadline: Instant) -> Option<State> {
        loop {
            match timeout_at(deadline, self.events.next()).await {
                Err(_) | Ok(None) => return None,
                Ok(Some(WatchEvent::Applied(object))) => {
                    let state = state_of(&object);
                    let before = self
                        .summary
                        .states
                        .insert(state.name.clone(), state.clone());
                    if before.as_ref() != Some(&state) {
                        return Some(state);
                    }
                }
                Ok(Some(WatchEvent::Deleted(object))) => {
                    self.summary.states.remove(&name_of(&object));
                }
                Ok(Some(_)) => {}
            }
        }
    }

    /// Follows until all objects are ready and stay so for a moment, or none has changed for `grace` while some have
    /// failed, or the deadline passes. `tell` hears of every change. True when all are ready.
    pub async fn until_ready(
        &mut self,
        deadline: Instant,
        grace: Duration,
        mut tell: impl FnMut(&State, &Summary),
    ) -> bool {
        const QUIET: Duration = Duration::from_millis(300);
        loop {
            let patience = if self.summary.all_ready() {
                QUIET
            } else if self.summary.settled() && !self.summary.states.is_empty() {
                grace
            } else {
                deadline.saturating_duration_since(Instant::now())
            };
            let until = deadline.min(Instant::now() + patience);
            match self.next_change(until).await {
                Some(state) => tell(&state, &self.summary),
                None => return self.summary.all_ready(),
            }
        }
    }
}

fn name_of(object: &Object) -> String {
    format!("{}/{}/{}", object.kind(), object.namespace(), object.name())
}

fn state_of(object: &Object) -> State {
    let name = name_of(object);
    if object
        .get(&["spec", "suspend"])
        .and_then(serde_json::Value::as_bool)
        == Some(true)
    {
        return State {
            name,
            health: Health::Suspended,
            reason: String::new(),
            message: String::new(),
        };
    }
    if !SERVED.contains(&object.kind()) {
        let message = format!("no controller for {} runs here", object.kind());
        return State {
            name,
            health: Health::Failed,
            reason: "NoController".to_owned(),
            message,
        };
    }
    let ready = object
        .get_list(&["status", "conditions"])
        .iter()
        .find(|condition| condition["type"] == "Ready");
    let text = |field: &str| {
        ready
            .and_then(|ready| ready[field].as_str())
            .unwrap_or_default()
            .to_owned()
    };
    let current = object.get_i64(&["status", "observedGeneration"]) == Some(object.generation());
    let health = match (text("status").as_str(), current) {
        ("True", true) => Health::Ready,
        ("False", _) => Health::Failed,
        _ => Health::Working,
    };
    State {
        name,
        health,
        reason: text("reason"),
        message: text("message"),
    }
}
