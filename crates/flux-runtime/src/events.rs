//! Events to Kubernetes and to the event address (COM-EVT-*). Recording never blocks; what does not fit is dropped and counted.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;

use flux_api::meta::annotation;
use flux_http::{ClientOptions, Clients, Request, Retry};
use flux_kube::{Client, PatchOptions, Resource};
use flux_object::Object;
use flux_report::{Event, Severity};
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio::time::Instant;
use url::Url;

use crate::managed::Managed;
use crate::metrics::Metrics;

/// Events that may wait for a sink.
const QUEUE: usize = 1024;
/// Series of equal events that are remembered.
const SERIES: usize = 4096;
const MAX_MESSAGE_CHARS: usize = 39_000;
/// The API server refuses longer messages of its own events.
const MAX_KUBE_MESSAGE_BYTES: usize = 1024;

/// The object that an event is about.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Subject {
    /// `group/version`.
    pub api_version: String,
    /// Kind.
    pub kind: String,
    /// Namespace.
    pub namespace: String,
    /// Name.
    pub name: String,
    /// UID.
    pub uid: String,
    /// Resource version at the time of the event.
    pub resource_version: String,
    /// Annotations that are copied to every event of the object.
    pub annotations: BTreeMap<String, String>,
}

impl Subject {
    /// The subject that a typed object is.
    pub fn of<K: Managed>(object: &K) -> Self {
        let meta = object.metadata();
        let copied = meta
            .annotations
            .iter()
            .filter(|(key, _)| key.starts_with(annotation::EVENT_PREFIX));
        Self {
            api_version: format!("{}/{}", K::GROUP, K::VERSION),
            kind: K::KIND.to_owned(),
            namespace: meta.namespace.clone().unwrap_or_default(),
            name: meta.name.clone(),
            uid: meta.uid.clone().unwrap_or_default(),
            resource_version: meta.resource_version.clone().unwrap_or_default(),
            annotations: copied.map(|(k, v)| (k.clone(), v.clone())).collect(),
        }
    }

    fn group(&self) -> &str {
        self.api_version
            .split_once('/')
            .map_or("", |(group, _)| group)
    }
}

/// Takes events and hands them to the sinks. Cheap to clone.
#[derive(Clone)]
pub struct Recorder {
    kube: mpsc::Sender<Arc<Recorded>>,
    post: Option<mpsc::Sender<Arc<Recorded>>>,
    metrics: Metrics,
}

impl std::fmt::Debug for Recorder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Recorder").finish_non_exhaustive()
    }
}

struct Recorded {
    subject: Subject,
    event: Event,
    /// Keys with their prefix, and the annotations copied from the object.
    metadata: BTreeMap<String, String>,
    at: Timestamp,
}

/// The two sinks of a recorder; they run until dropped.
pub(crate) struct Sinks {
    pub(crate) kube: KubeSink,
    pub(crate) post: Option<PostSink>,
}

/// Makes a recorder and its sinks. `address` is `--events-addr`, parsed.
pub(crate) fn recorder(
    client: Client,
    controller: &str,
    address: Option<Url>,
    metrics: &Metrics,
) -> (Recorder, Sinks) {
    let (kube, kube_events) = mpsc::channel(QUEUE);
    let instance = hostname();
    let mut recorder = Recorder {
        kube,
        post: None,
        metrics: metrics.clone(),
    };
    let mut post = None;
    if let Some(address) = address {
        let (sender, events) = mpsc::channel(QUEUE);
        recorder.post = Some(sender);
        post = Some(PostSink {
            events,
            address,
            controller: controller.to_owned(),
            instance,
            metrics: metrics.clone(),
        });
    }
    let kube = KubeSink {
        events: kube_events,
        client,
        controller: controller.to_owned(),
        metrics: metrics.clone(),
        series: Series::default(),
        budget: Budget::default(),
    };
    (recorder, Sinks { kube, post })
}

/// `$HOSTNAME`, which every pod has, or the kernel's name.
pub(crate) fn hostname() -> String {
    std::env::var("HOSTNAME")
        .or_else(|_| std::fs::read_to_string("/proc/sys/kernel/hostname"))
        .map(|name| name.trim().to_owned())
        .unwrap_or_default()
}

impl Recorder {
    /// Sends an event about an object. Never blocks.
    pub fn record(&self, subject: &Subject, event: Event) {
        tracing::trace!(reason = %event.reason, "{}", event.message);
        let group = subject.group();
        let mut metadata = subject.annotations.clone();
        for (key, value) in &event.metadata {
            metadata.insert(format!("{group}/{key}"), value.clone());
        }
        let recorded = Arc::new(Recorded {
            subject: subject.clone(),
            at: Timestamp::now(),
            event,
            metadata,
        });
        if self.kube.try_send(recorded.clone()).is_err() {
            self.dropped("kubernetes");
        }
        let posted = recorded.event.severity != Severity::Trace;
        if let Some(post) = self.post.as_ref().filter(|_| posted)
            && post.try_send(recorded).is_err()
        {
            self.dropped("events-addr");
        }
    }

    /// Returns when nothing waits for a sink any more.
    pub(crate) async fn drained(&self) {
        for sink in std::iter::once(&self.kube).chain(&self.post) {
            // Every place is free only when the queue is empty. A closed sink has nothing to wait for.
            let _ = sink.reserve_many(QUEUE).await;
        }
    }

    fn dropped(&self, sink: &str) {
        self.metrics.events_dropped.with_label_values(&[sink]).inc();
    }
}

/// Equal events raise a count rather than make new objects.
#[derive(Default)]
struct Series {
    known: HashMap<u64, Seen>,
    order: VecDeque<u64>,
}

#[derive(Clone)]
struct Seen {
    name: String,
    count: u64,
}

impl Series {
    fn remember(&mut self, key: u64, seen: Seen) {
        if self.known.insert(key, seen).is_none() {
            self.order.push_back(key);
        }
        while self.order.len() > SERIES {
            if let Some(oldest) = self.order.pop_front() {
                self.known.remove(&oldest);
            }
        }
    }
}

/// How many events an object may have written: 25 at once, then one in five minutes, as Kubernetes' own recorder has it.
#[derive(Default)]
struct Budget {
    /// When the allowance of an object is whole again.
    whole_at: HashMap<u64, Instant>,
}

impl Budget {
    const BURST: u32 = 25;
    const REFILL: Duration = Duration::from_mins(5);

    fn take(&mut self, object: u64, now: Instant) -> bool {
        if self.whole_at.len() >= SERIES {
            self.whole_at.retain(|_, at| *at > now);
        }
        let whole_at = self.whole_at.entry(object).or_insert(now);
        let next = (*whole_at).max(now) + Self::REFILL;
        let allowed = next.duration_since(now) <= Self::REFILL * Self::BURST;
        if allowed {
            *whole_at = next;
        }
        allowed
    }
}

/// Writes core/v1 events.
pub(crate) struct KubeSink {
    events: mpsc::Receiver<Arc<Recorded>>,
    client: Client,
    controller: String,
    metrics: Metrics,
    series: Series,
    budget: Budget,
}

impl KubeSink {
    pub(crate) async fn run(mut self) {
        while let Some(recorded) = self.events.recv().await {
            let object = subject_fingerprint(&recorded.subject);
            if self.budget.take(object, Instant::now()) {
                match self.write(&recorded).await {
                    Ok(()) => continue,
                    Err(error) => tracing::debug!(error = %error, "event not written"),
                }
            }
            let dropped = &self.metrics.events_dropped;
            dropped.with_label_values(&["kubernetes"]).inc();
        }
    }

    async fn write(&mut self, recorded: &Recorded) -> Result<(), flux_kube::Error> {
        let key = fingerprint(recorded);
        if let Some(mut seen) = self.series.known.get(&key).cloned() {
            seen.count += 1;
            match self.raise(recorded, &seen).await {
                Ok(()) => {
                    self.series.remember(key, seen);
                    return Ok(());
                }
                Err(error) if error.is_not_found() => {}
                Err(error) => return Err(error),
            }
        }
        let name = format!(
            "{}.{:x}",
            recorded.subject.name,
            recorded.at.as_nanosecond()
        );
        let event = self.event(recorded, &name);
        let options = PatchOptions::default();
        self.client
            .create(&Resource::events(), &event, &options)
            .await?;
        self.series.remember(key, Seen { name, count: 1 });
        Ok(())
    }

    async fn raise(&self, recorded: &Recorded, seen: &Seen) -> Result<(), flux_kube::Error> {
        let patch = json!({
            "count": seen.count,
            "lastTimestamp": stamp(recorded.at),
            "message": kube_message(&recorded.event.message),
        });
        let target = (namespace(&recorded.subject), &*seen.name);
        let options = PatchOptions::default();
        self.client
            .merge_patch(&Resource::events(), target, &patch, &options)
            .await
            .map(|_| ())
    }

    fn event(&self, recorded: &Recorded, name: &str) -> Object {
        let event = &recorded.event;
        let mut value = json!({
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": { "name": name, "namespace": namespace(&recorded.subject) },
            "involvedObject": involved(&recorded.subject),
            "reason": event.reason,
            "message": kube_message(&event.message),
            "type": if event.severity == Severity::Error { "Warning" } else { "Normal" },
            "source": { "component": self.controller },
            "reportingComponent": self.controller,
            "reportingInstance": "",
            "count": 1,
            "firstTimestamp": stamp(recorded.at),
            "lastTimestamp": stamp(recorded.at),
        });
        if !recorded.metadata.is_empty() {
            value["metadata"]["annotations"] = json!(recorded.metadata);
        }
        let map = match value {
            Value::Object(map) => map,
            _ => serde_json::Map::new(),
        };
        Object::from_map(map).expect("it has an apiVersion and a kind")
    }
}

/// Equal for events that are told apart only by their time.
fn fingerprint(recorded: &Recorded) -> u64 {
    let mut hasher = DefaultHasher::new();
    subject_fingerprint(&recorded.subject).hash(&mut hasher);
    (recorded.event.severity == Severity::Error).hash(&mut hasher);
    recorded.event.reason.hash(&mut hasher);
    recorded.event.message.hash(&mut hasher);
    recorded.metadata.hash(&mut hasher);
    hasher.finish()
}

fn subject_fingerprint(subject: &Subject) -> u64 {
    let mut hasher = DefaultHasher::new();
    (&subject.kind, &subject.namespace).hash(&mut hasher);
    (&subject.name, &subject.uid).hash(&mut hasher);
    hasher.finish()
}

fn namespace(subject: &Subject) -> &str {
    if subject.namespace.is_empty() {
        "default"
    } else {
        &subject.namespace
    }
}

fn involved(subject: &Subject) -> Value {
    json!({
        "apiVersion": subject.api_version,
        "kind": subject.kind,
        "namespace": subject.namespace,
        "name": subject.name,
        "uid": subject.uid,
        "resourceVersion": subject.resource_version,
    })
}

fn stamp(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// Cut at a character, as the API server takes no longer one.
fn kube_message(message: &str) -> &str {
    if message.len() <= MAX_KUBE_MESSAGE_BYTES {
        return message;
    }
    let mut end = MAX_KUBE_MESSAGE_BYTES;
    while !message.is_char_boundary(end) {
        end -= 1;
    }
    &message[..end]
}

/// Posts events to the event address.
pub(crate) struct PostSink {
    events: mpsc::Receiver<Arc<Recorded>>,
    address: Url,
    controller: String,
    instance: String,
    metrics: Metrics,
}

impl PostSink {
    pub(crate) async fn run(mut self) {
        let clients = Clients::from_process();
        let client = match clients.client(&ClientOptions::default()) {
            Ok(client) => client,
            Err(error) => {
                tracing::error!(error = %flux_report::chain(&error), "unable to create event recorder");
                return;
            }
        };
        while let Some(recorded) = self.events.recv().await {
            if let Err(error) = self.post(&client, &recorded).await {
                let Subject {
                    kind,
                    name,
                    namespace,
                    ..
                } = &recorded.subject;
                tracing::error!(name, namespace, kind, error, "unable to record event");
                self.metrics
                    .events_dropped
                    .with_label_values(&["events-addr"])
                    .inc();
            }
        }
    }

    async fn post(&self, client: &flux_http::Client, recorded: &Recorded) -> Result<(), String> {
        let mut request = Request::new(http::Method::POST, self.address.clone());
        request.headers.insert(
            http::header::CONTENT_TYPE,
            http::HeaderValue::from_static("application/json"),
        );
        request.body = self.payload(recorded).to_string().into();
        // One dead receiver must not hold up the queue for as long as upstream holds up a reconcile.
        request.timeout = Some(Duration::from_secs(15));
        request.retry = Retry {
            retries: 4,
            min_wait: Duration::from_secs(1),
            max_wait: Duration::from_secs(30),
        };
        let response = client.send(request).await;
        let response = response.map_err(|e| flux_report::chain(&e))?;
        let status = response.status();
        // 429 says that the receiver knows this event already.
        if status.is_success() || status == http::StatusCode::TOO_MANY_REQUESTS {
            return Ok(());
        }
        Err(format!("the receiver answered {status}"))
    }

    fn payload(&self, recorded: &Recorded) -> Value {
        let event = &recorded.event;
        let severity = match event.severity {
            Severity::Error => "error",
            Severity::Info | Severity::Trace => "info",
        };
        let message: String = event.message.chars().take(MAX_MESSAGE_CHARS).collect();
        let mut payload = json!({
            "involvedObject": involved(&recorded.subject),
            "severity": severity,
            "timestamp": stamp(recorded.at),
            "message": message,
            "reason": event.reason,
            "reportingController": self.controller,
            "reportingInstance": self.instance,
        });
        if !recorded.metadata.is_empty() {
            payload["metadata"] = json!(recorded.metadata);
        }
        payload
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_has_a_budget() {
        let mut budget = Budget::default();
        let now = Instant::now();
        let allowed = (0..30).filter(|_| budget.take(1, now)).count();
        assert_eq!(allowed, 25);
        assert!(budget.take(2, now), "another object has its own");
        let later = now + Duration::from_mins(5);
        assert!(budget.take(1, later));
        assert!(!budget.take(1, later));
    }

    #[test]
    fn long_messages_are_cut_at_a_character() {
        let long = "é".repeat(800);
        assert_eq!(kube_message(&long).len(), 1024);
        assert_eq!(kube_message("short"), "short");
    }
}
