//! Logs in the form that `flux logs` and log collectors know (COM-FLG-006 to 008).

use std::io::Write as _;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use serde_json::{Map, Value};
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};

use crate::key::ObjectKey;

/// How lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// One JSON object a line.
    Json,
    /// Tab-separated, for people.
    Console,
}

/// Which lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// Least severe level.
    pub level: Level,
    /// Form of a line.
    pub encoding: Encoding,
}

impl Settings {
    /// From the values of `--log-level` and `--log-encoding`. Unknown words mean the defaults, as upstream accepts them.
    pub fn from_words(level: &str, encoding: &str) -> Self {
        Self {
            level: match level {
                "trace" => Level::TRACE,
                "debug" => Level::DEBUG,
                "error" => Level::ERROR,
                _ => Level::INFO,
            },
            encoding: match encoding {
                "console" => Encoding::Console,
                _ => Encoding::Json,
            },
        }
    }
}

/// Installs the log of this process. A second call changes nothing.
pub fn init(settings: Settings) {
    let layer = LogLayer { settings };
    let subscriber = tracing_subscriber::registry().with(layer);
    // A process that hosts several controllers has installed it already.
    let _ = tracing::subscriber::set_global_default(subscriber);
}

tokio::task_local! {
    static SCOPE: Arc<Scope>;
}

/// What every line of a pass states.
#[derive(Debug)]
pub(crate) struct Scope {
    controller: String,
    group: &'static str,
    kind: &'static str,
    /// Absent for lines about the controller itself.
    object: Option<(ObjectKey, String)>,
    extra: Mutex<Map<String, Value>>,
}

impl Scope {
    pub(crate) fn controller(controller: &str, group: &'static str, kind: &'static str) -> Self {
        Self {
            controller: controller.to_owned(),
            group,
            kind,
            object: None,
            extra: Mutex::default(),
        }
    }

    pub(crate) fn pass(&self, key: &ObjectKey, reconcile_id: String) -> Self {
        Self {
            object: Some((key.clone(), reconcile_id)),
            controller: self.controller.clone(),
            group: self.group,
            kind: self.kind,
            extra: Mutex::default(),
        }
    }

    /// The same scope with no fields added.
    pub(crate) fn bare(&self) -> Self {
        Self {
            controller: self.controller.clone(),
            group: self.group,
            kind: self.kind,
            object: self.object.clone(),
            extra: Mutex::default(),
        }
    }

    /// Adds a field to all lines from here on; null takes it away.
    pub(crate) fn set(&self, key: &str, value: Value) {
        let mut extra = self.extra.lock().unwrap_or_else(PoisonError::into_inner);
        if value.is_null() {
            extra.remove(key);
        } else {
            extra.insert(key.to_owned(), value);
        }
    }

    /// Runs a future whose lines carry this scope.
    pub(crate) async fn run<F: Future>(self: &Arc<Self>, future: F) -> F::Output {
        SCOPE.scope(self.clone(), future).await
    }

    /// Runs a function on this thread whose lines carry this scope.
    pub(crate) fn run_blocking<T>(self: Arc<Self>, work: impl FnOnce() -> T) -> T {
        SCOPE.sync_scope(self, work)
    }

    fn fields(&self) -> Vec<(String, Value)> {
        let mut fields = vec![
            ("controller".to_owned(), self.controller.clone().into()),
            ("controllerGroup".to_owned(), self.group.into()),
            ("controllerKind".to_owned(), self.kind.into()),
        ];
        if let Some((key, id)) = &self.object {
            let named = serde_json::json!({ "name": key.name, "namespace": key.namespace });
            fields.push((self.kind.to_owned(), named));
            fields.push(("namespace".to_owned(), key.namespace.clone().into()));
            fields.push(("name".to_owned(), key.name.clone().into()));
            fields.push(("reconcileID".to_owned(), id.clone().into()));
        }
        let extra = self.extra.lock().unwrap_or_else(PoisonError::into_inner);
        fields.extend(extra.iter().map(|(k, v)| (k.clone(), v.clone())));
        fields
    }
}

struct LogLayer {
    settings: Settings,
}

#[derive(Default)]
struct Fields {
    message: String,
    logger: Option<String>,
    error: Option<Value>,
    rest: Vec<(String, Value)>,
}

impl Fields {
    fn put(&mut self, field: &Field, value: Value) {
        match field.name() {
            "message" => self.message = text(&value),
            "logger" => self.logger = Some(text(&value)),
            "error" => self.error = Some(value),
            // Fields whose names or shapes are known only at run time come as one JSON object.
            "json" => match serde_json::from_str(&text(&value)) {
                Ok(Value::Object(map)) => self.rest.extend(map),
                _ => self.rest.push(("json".to_owned(), value)),
            },
            name => self.rest.push((name.to_owned(), value)),
        }
    }
}

fn text(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        self.put(field, format!("{value:?}").into());
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field, value.into());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field, value.into());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, value.into());
    }
}

impl<S: Subscriber> Layer<S> for LogLayer {
    fn enabled(&self, metadata: &tracing::Metadata<'_>, _: Context<'_, S>) -> bool {
        // Libraries speak of single requests at levels of their own; that is detail here.
        let ours = metadata.target().starts_with("flux")
            || metadata.target().contains("_controller")
            || metadata.target().contains("source_watcher");
        *metadata.level() <= self.settings.level && (ours || self.settings.level >= Level::TRACE)
    }

    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        let scope = SCOPE.try_with(|s| s.fields()).unwrap_or_default();
        let now = Timestamp::now();
        let line = line(
            self.settings.encoding,
            *event.metadata().level(),
            now,
            (fields, scope),
        );
        // A log that cannot be written has nowhere to say so.
        let _ = std::io::stderr().lock().write_all(line.as_bytes());
    }
}

fn line(
    encoding: Encoding,
    level: Level,
    now: Timestamp,
    (fields, scope): (Fields, Vec<(String, Value)>),
) -> String {
    let level = match level {
        Level::ERROR => "error",
        Level::WARN | Level::INFO => "info",
        Level::DEBUG => "debug",
        Level::TRACE => "trace",
    };
    let stamp = now.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string();
    let mut rest = scope;
    rest.extend(fields.rest);
    rest.extend(fields.error.map(|e| ("error".to_owned(), e)));
    match encoding {
        Encoding::Json => {
            let mut head = vec![
                ("level".to_owned(), Value::from(level)),
                ("ts".to_owned(), stamp.into()),
            ];
            head.extend(fields.logger.map(|l| ("logger".to_owned(), l.into())));
            head.push(("msg".to_owned(), fields.message.into()));
            json(head.into_iter().chain(rest)) + "\n"
        }
        Encoding::Console => {
            let logger = fields.logger.map(|l| l + "\t").unwrap_or_default();
            let level = level.to_uppercase();
            let rest = json(rest.into_iter());
            format!("{stamp}\t{level}\t{logger}{}\t{rest}\n", fields.message)
        }
    }
}

/// A JSON object in the order given, which a map would not keep.
fn json(fields: impl Iterator<Item = (String, Value)>) -> String {
    let parts: Vec<String> = fields
        .map(|(key, value)| format!("{}:{value}", Value::from(key)))
        .collect();
    format!("{{{}}}", parts.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_a_pass() {
        let scope = Scope::controller(
            "kustomization",
            "kustomize.toolkit.fluxcd.io",
            "Kustomization",
        );
        let scope = scope.pass(&ObjectKey::new("apps", "web"), "0-1".to_owned());
        scope.set("revision", "main@sha1:0".into());
        scope.set("gone", 1.into());
        scope.set("gone", Value::Null);
        let fields = Fields {
            message: "Reconciler error".to_owned(),
            error: Some("no \"luck\"".into()),
            ..Fields::default()
        };
        let now = Timestamp::from_millisecond(1_700_000_000_042).unwrap();
        let text = line(Encoding::Json, Level::ERROR, now, (fields, scope.fields()));
        assert_eq!(
            text,
            "{\"level\":\"error\",\"ts\":\"2023-11-14T22:13:20.042Z\",\"msg\":\"Reconciler error\",\
             \"controller\":\"kustomization\",\"controllerGroup\":\"kustomize.toolkit.fluxcd.io\",\
             \"controllerKind\":\"Kustomization\",\"Kustomization\":{\"name\":\"web\",\"namespace\":\"apps\"},\
             \"namespace\":\"apps\",\"name\":\"web\",\"reconcileID\":\"0-1\",\"revision\":\"main@sha1:0\",\
             \"error\":\"no \\\"luck\\\"\"}\n"
        );
    }
}
