//! A watch that never ends: it lists, follows, resumes, and lists again when it has to.

use std::pin::Pin;
use std::time::Duration;

use bytes::BytesMut;
use flux_object::Object;
use futures::{Stream, StreamExt, stream};
use http_body_util::BodyExt;
use kube::client::Body;
use rand::Rng as _;
use serde_json::{Map, Value};
use url::form_urlencoded::Serializer;

use crate::client::{Call, Client};
use crate::error::{Error, status_of};
use crate::operations::{List, watch_accept};
use crate::resource::Resource;

/// Longer lines are refused: an object has at most 1.5 MiB in etcd, JSON may double that and more.
const MAX_LINE_BYTES: usize = 32 << 20;
const MIN_BACKOFF: Duration = Duration::from_millis(500);
const MAX_BACKOFF: Duration = Duration::from_secs(30);
const INITIAL_EVENTS_END: &str = "k8s.io/initial-events-end";

/// Which objects are watched, and how.
#[derive(Debug, Clone)]
pub struct Watch {
    /// Empty for all namespaces.
    pub namespace: String,
    /// Label selector in the API's syntax; empty for all.
    pub labels: String,
    /// Field selector; empty for all.
    pub fields: String,
    /// Only `metadata`.
    pub metadata_only: bool,
    /// Ask for the initial list as a stream. Servers that refuse are asked for pages from then on.
    pub streaming_lists: bool,
    /// A stream that says nothing for so long, not even a bookmark, is opened again.
    pub idle_timeout: Duration,
}

impl Default for Watch {
    fn default() -> Self {
        Self {
            namespace: String::new(),
            labels: String::new(),
            fields: String::new(),
            metadata_only: false,
            streaming_lists: true,
            idle_timeout: Duration::from_mins(3),
        }
    }
}

/// What a watch says.
#[derive(Debug)]
pub enum WatchEvent {
    /// A list begins. Objects not named again before [`WatchEvent::Synced`] are gone.
    Restarted,
    /// An object as it is now; during a list it may be unchanged.
    Applied(Object),
    /// An object as it was last.
    Deleted(Object),
    /// The list is complete.
    Synced {
        /// The version of the collection.
        resource_version: String,
    },
    /// Nothing happened up to this version.
    Bookmark {
        /// The version of the collection.
        resource_version: String,
    },
}

/// A stream of events that ends only when dropped. An error is followed by a pause and another try; it is an item so that the
/// caller can show it or give up.
pub type WatchStream = Pin<Box<dyn Stream<Item = Result<WatchEvent, Error>> + Send>>;

enum State {
    /// Nothing is known: list.
    Empty,
    /// Pages of a list.
    Listing { next: String },
    /// Ready to follow from a version.
    Listed { version: String },
    /// Events arrive.
    Following {
        lines: Lines,
        version: String,
        /// Whether the initial objects of a streaming list are still arriving.
        initial: bool,
    },
}

struct Watcher {
    client: Client,
    resource: Resource,
    watch: Watch,
    state: State,
    pending: std::collections::VecDeque<WatchEvent>,
    backoff: Duration,
    pause: Duration,
}

impl Client {
    /// Watches the objects of a resource.
    pub fn watch(&self, resource: &Resource, watch: Watch) -> WatchStream {
        let watcher = Watcher {
            client: self.clone(),
            resource: resource.clone(),
            watch,
            state: State::Empty,
            pending: std::collections::VecDeque::new(),
            backoff: MIN_BACKOFF,
            pause: Duration::ZERO,
        };
        Box::pin(stream::unfold(watcher, |mut watcher| async move {
            let event = watcher.next().await;
            Some((event, watcher))
        }))
    }
}

impl Watcher {
    /// The next event, however long it takes.
    async fn next(&mut self) -> Result<WatchEvent, Error> {
        loop {
            if let Some(event) = self.pending.pop_front() {
                return Ok(event);
            }
            if !self.pause.is_zero() {
                tokio::time::sleep(std::mem::take(&mut self.pause)).await;
            }
            match self.advance().await {
                Ok(()) => {}
                Err(error) => {
                    let known = matches!(error, Error::Expired(_));
                    self.hold_off(&error);
                    if !known {
                        return Err(error);
                    }
                }
            }
        }
    }

    /// Doubles the pause, with jitter so that many watches do not return at once.
    fn hold_off(&mut self, error: &Error) {
        let jitter = rand::rng().random_range(0.5..1.0);
        self.pause = error
            .retry_after()
            .unwrap_or_default()
            .max(self.backoff.mul_f64(jitter));
        self.backoff = (self.backoff * 2).min(MAX_BACKOFF);
    }

    async fn advance(&mut self) -> Result<(), Error> {
        match std::mem::replace(&mut self.state, State::Empty) {
            State::Empty => self.start().await,
            State::Listing { next } => self.list(next).await,
            State::Listed { version } => {
                let opened = self.open(&version, false).await;
                match opened {
                    Ok(lines) => {
                        self.state = State::Following {
                            lines,
                            version,
                            initial: false,
                        };
                        Ok(())
                    }
                    Err(e @ Error::Expired(_)) => Err(e),
                    Err(e) => {
                        self.state = State::Listed { version };
                        Err(e)
                    }
                }
            }
            State::Following {
                lines,
                version,
                initial,
            } => self.follow(lines, version, initial).await,
        }
    }

    async fn start(&mut self) -> Result<(), Error> {
        if self.watch.streaming_lists && self.client.streaming_lists() {
            match self.open("", true).await {
                Ok(lines) => {
                    self.pending.push_back(WatchEvent::Restarted);
                    self.state = State::Following {
                        lines,
                        version: String::new(),
                        initial: true,
                    };
                    return Ok(());
                }
                Err(Error::Invalid(_)) => self.client.disable_streaming_lists(),
                Err(e) => return Err(e),
            }
        }
        self.list(String::new()).await
    }

    async fn list(&mut self, next: String) -> Result<(), Error> {
        let list = List {
            namespace: self.watch.namespace.clone(),
            labels: self.watch.labels.clone(),
            fields: self.watch.fields.clone(),
            metadata_only: self.watch.metadata_only,
            page_size: 0,
        };
        let page = self.client.list_page(&self.resource, &list, &next).await?;
        if next.is_empty() {
            self.pending.push_back(WatchEvent::Restarted);
        }
        let objects = page.objects.into_iter();
        self.pending.extend(objects.map(WatchEvent::Applied));
        self.state = if page.next.is_empty() {
            let version = page.resource_version;
            self.pending.push_back(WatchEvent::Synced {
                resource_version: version.clone(),
            });
            self.backoff = MIN_BACKOFF;
            State::Listed { version }
        } else {
            State::Listing { next: page.next }
        };
        Ok(())
    }

    async fn open(&mut self, version: &str, initial: bool) -> Result<Lines, Error> {
        let path = self.resource.path(&self.watch.namespace, "", "");
        let mut call = Call::get(path.clone(), self.query(version, initial));
        call.accept = watch_accept(self.watch.metadata_only);
        let response = self.client.open(call).await?;
        Ok(Lines {
            body: response.into_body(),
            buffer: BytesMut::new(),
            scanned: 0,
            path,
        })
    }

    fn query(&self, version: &str, initial: bool) -> String {
        let watch = &self.watch;
        // The server ends a watch after this time; spread, so that watches do not all return at once.
        let limit = rand::rng().random_range(240..300);
        let mut query = Serializer::new(String::new());
        query
            .append_pair("watch", "true")
            .append_pair("allowWatchBookmarks", "true")
            .append_pair("timeoutSeconds", &limit.to_string());
        for (key, value) in [
            ("labelSelector", watch.labels.as_str()),
            ("fieldSelector", watch.fields.as_str()),
            ("resourceVersion", version),
        ] {
            if !value.is_empty() {
                query.append_pair(key, value);
            }
        }
        if initial {
            query
                .append_pair("sendInitialEvents", "true")
                .append_pair("resourceVersionMatch", "NotOlderThan");
        }
        query.finish()
    }

    /// Takes one line. The state is put back unless the stream is over.
    async fn follow(
        &mut self,
        mut lines: Lines,
        mut version: String,
        mut initial: bool,
    ) -> Result<(), Error> {
        let line = tokio::time::timeout(self.watch.idle_timeout, lines.next()).await;
        let line = match line {
            Ok(Some(Ok(line))) => line,
            // The server ended the stream, or says nothing any more: resume where it stopped.
            Ok(None) | Err(_) => {
                self.resume(version, initial);
                if initial {
                    self.pause = self.backoff;
                }
                return Ok(());
            }
            Ok(Some(Err(error))) => {
                self.resume(version, initial);
                return Err(error);
            }
        };
        match self.read(&line, &lines.path, &mut version, &mut initial) {
            Ok(()) => {}
            // Starts over with a list.
            Err(e @ Error::Expired(_)) => return Err(e),
            Err(e @ Error::Decode { .. }) => {
                // One line that cannot be read does not end the watch of the kind.
                tracing::debug!(error = %e, "watch event skipped");
            }
            Err(e) => {
                self.resume(version, initial);
                return Err(e);
            }
        }
        self.state = State::Following {
            lines,
            version,
            initial,
        };
        Ok(())
    }

    /// Continues from a version, or starts over when the initial objects were incomplete.
    fn resume(&mut self, version: String, initial: bool) {
        self.state = if initial || version.is_empty() {
            State::Empty
        } else {
            State::Listed { version }
        };
    }

    fn read(
        &mut self,
        line: &[u8],
        path: &str,
        version: &mut String,
        initial: &mut bool,
    ) -> Result<(), Error> {
        let decode = |source: Box<dyn std::error::Error + Send + Sync>| Error::Decode {
            method: "GET".to_owned(),
            path: path.to_owned(),
            source,
        };
        let mut event: Map<String, Value> =
            serde_json::from_slice(line).map_err(|e| decode(Box::new(e)))?;
        let object = event.remove("object").unwrap_or_default();
        let kind = event
            .get("type")
            .and_then(Value::as_str)
            .unwrap_or_default();
        if kind == "ERROR" {
            return Err(Error::from_status(status_of(&object, 500, None)));
        }
        let Value::Object(map) = object else {
            return Err(decode("event has no object".into()));
        };
        let object = self
            .resource
            .adopt(map)
            .ok_or_else(|| decode("event has no object".into()))?;
        let seen = object.resource_version().to_owned();
        match kind {
            "ADDED" | "MODIFIED" => self.pending.push_back(WatchEvent::Applied(object)),
            "DELETED" => self.pending.push_back(WatchEvent::Deleted(object)),
            "BOOKMARK" if *initial && object.annotation(INITIAL_EVENTS_END) == Some("true") => {
                *initial = false;
                self.pending.push_back(WatchEvent::Synced {
                    resource_version: seen.clone(),
                });
            }
            "BOOKMARK" => self.pending.push_back(WatchEvent::Bookmark {
                resource_version: seen.clone(),
            }),
            _ => return Err(decode("event type is not known".into())),
        }
        self.backoff = MIN_BACKOFF;
        if !seen.is_empty() {
            *version = seen;
        }
        Ok(())
    }
}

/// A body cut into lines.
struct Lines {
    body: Body,
    buffer: BytesMut,
    /// How far the buffer is known to hold no line end.
    scanned: usize,
    path: String,
}

impl Lines {
    /// The next line without its end; `None` when the body is over. An incomplete last line is dropped.
    async fn next(&mut self) -> Option<Result<BytesMut, Error>> {
        loop {
            if let Some(at) = self.buffer[self.scanned..].iter().position(|b| *b == b'\n') {
                let mut line = self.buffer.split_to(self.scanned + at + 1);
                self.scanned = 0;
                line.truncate(line.len() - 1);
                if line.iter().all(u8::is_ascii_whitespace) {
                    continue;
                }
                return Some(Ok(line));
            }
            self.scanned = self.buffer.len();
            if self.buffer.len() > MAX_LINE_BYTES {
                return Some(Err(self.broken("line of the watch is too long".into())));
            }
            match self.body.frame().await {
                None => return None,
                Some(Err(e)) => return Some(Err(self.broken(Box::new(e)))),
                Some(Ok(frame)) => {
                    if let Ok(data) = frame.into_data() {
                        self.buffer.extend_from_slice(&data);
                    }
                }
            }
        }
    }

    fn broken(&self, source: Box<dyn std::error::Error + Send + Sync>) -> Error {
        Error::Connection {
            method: "GET".to_owned(),
            path: self.path.clone(),
            source,
        }
    }
}

impl Client {
    /// Follows one object by name. The stream starts with its present state, or with `None` when it does not exist.
    pub fn watch_one(
        &self,
        resource: &Resource,
        (namespace, name): (&str, &str),
    ) -> Pin<Box<dyn Stream<Item = Result<Option<Object>, Error>> + Send>> {
        let watch = Watch {
            namespace: namespace.to_owned(),
            fields: format!("metadata.name={name}"),
            ..Watch::default()
        };
        let mut seen = false;
        let events = self.watch(resource, watch).filter_map(move |event| {
            let out = match event {
                Ok(WatchEvent::Restarted) => {
                    seen = false;
                    None
                }
                Ok(WatchEvent::Applied(object)) => {
                    seen = true;
                    Some(Ok(Some(object)))
                }
                Ok(WatchEvent::Synced { .. }) => (!seen).then_some(Ok(None)),
                Ok(WatchEvent::Deleted(_)) => Some(Ok(None)),
                Ok(WatchEvent::Bookmark { .. }) => None,
                Err(e) => Some(Err(e)),
            };
            futures::future::ready(out)
        });
        Box::pin(events)
    }
}
