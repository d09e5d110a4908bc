//! Metrics under the names that dashboards know (COM-MET-*).

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use flux_kube::{Observer, RequestRecord};
use prometheus::core::Collector;
use prometheus::{
    Counter, CounterVec, Encoder, Gauge, GaugeVec, Histogram, HistogramOpts, HistogramVec, Opts,
    Registry, TextEncoder, exponential_buckets,
};

use crate::key::{ObjectKey, Priority};

/// Buckets of controller-runtime's reconcile time.
const RECONCILE_BUCKETS: &[f64] = &[
    0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.6, 0.7, 0.8, 0.9,
    1.0, 1.25, 1.5, 1.75, 2.0, 2.5, 3.0, 3.5, 4.0, 4.5, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 15.0, 20.0,
    25.0, 30.0, 40.0, 50.0, 60.0,
];

/// The metrics of one controller process, or of one controller inside a process.
#[derive(Clone)]
pub struct Metrics {
    registry: Registry,
    pub(crate) duration: HistogramVec,
    pub(crate) reconcile_total: CounterVec,
    pub(crate) reconcile_errors: CounterVec,
    pub(crate) reconcile_panics: CounterVec,
    pub(crate) reconcile_timeouts: CounterVec,
    pub(crate) terminal_errors: CounterVec,
    pub(crate) reconcile_time: HistogramVec,
    pub(crate) active_workers: GaugeVec,
    pub(crate) max_workers: GaugeVec,
    pub(crate) leader: GaugeVec,
    pub(crate) events_dropped: CounterVec,
    requests: CounterVec,
    queue: QueueFamilies,
    /// `(code, host, method)` children, so that a request costs no label lookup by strings being built.
    request_children: Arc<Mutex<HashMap<(String, String), Counter>>>,
}

#[derive(Clone)]
struct QueueFamilies {
    depth: GaugeVec,
    adds: CounterVec,
    waited: HistogramVec,
    worked: HistogramVec,
    unfinished: GaugeVec,
    longest: GaugeVec,
    retries: CounterVec,
}

impl std::fmt::Debug for Metrics {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}

/// Registers families and remembers the first failure, which a name used twice would cause.
struct Families<'a>(&'a Registry);

impl Families<'_> {
    fn register<C: Collector + Clone + 'static>(
        &self,
        made: prometheus::Result<C>,
    ) -> prometheus::Result<C> {
        let collector = made?;
        self.0.register(Box::new(collector.clone()))?;
        Ok(collector)
    }

    fn counter(&self, name: &str, help: &str, labels: &[&str]) -> prometheus::Result<CounterVec> {
        self.register(CounterVec::new(Opts::new(name, help), labels))
    }

    fn gauge(&self, name: &str, help: &str, labels: &[&str]) -> prometheus::Result<GaugeVec> {
        self.register(GaugeVec::new(Opts::new(name, help), labels))
    }

    fn histogram(
        &self,
        name: &str,
        help: &str,
        (labels, buckets): (&[&str], Vec<f64>),
    ) -> prometheus::Result<HistogramVec> {
        let options = HistogramOpts::new(name, help).buckets(buckets);
        self.register(HistogramVec::new(options, labels))
    }
}

impl Metrics {
    /// A registry with all families of the chassis.
    ///
    /// # Errors
    /// When a family cannot be registered; this does not happen with the names here.
    pub fn new() -> prometheus::Result<Self> {
        let registry = Registry::new();
        let families = Families(&registry);
        let controller: &[&str] = &["controller"];
        let reconcile_total = families.counter(
            "controller_runtime_reconcile_total",
            "Reconciles by controller and result.",
            &["controller", "result"],
        )?;
        let metrics = Self {
            duration: families.histogram(
                "gotk_reconcile_duration_seconds",
                "Duration of a reconcile of one object in seconds.",
                (&["kind", "name", "namespace"], duration_buckets()?),
            )?,
            reconcile_total,
            reconcile_errors: families.counter(
                "controller_runtime_reconcile_errors_total",
                "Reconciles that ended in an error.",
                controller,
            )?,
            reconcile_panics: families.counter(
                "controller_runtime_reconcile_panics_total",
                "Reconciles that panicked.",
                controller,
            )?,
            reconcile_timeouts: families.counter(
                "controller_runtime_reconcile_timeouts_total",
                "Reconciles that ran out of time.",
                controller,
            )?,
            terminal_errors: families.counter(
                "controller_runtime_terminal_reconcile_errors_total",
                "Reconciles that ended in an error which is not retried.",
                controller,
            )?,
            reconcile_time: families.histogram(
                "controller_runtime_reconcile_time_seconds",
                "Duration of reconciles in seconds.",
                (controller, RECONCILE_BUCKETS.to_vec()),
            )?,
            active_workers: families.gauge(
                "controller_runtime_active_workers",
                "Workers that are busy.",
                controller,
            )?,
            max_workers: families.gauge(
                "controller_runtime_max_concurrent_reconciles",
                "Workers at most.",
                controller,
            )?,
            leader: families.gauge(
                "leader_election_master_status",
                "1 while the lease is held.",
                &["name"],
            )?,
            events_dropped: families.counter(
                "flux_events_dropped_total",
                "Events that were not delivered, by sink.",
                &["sink"],
            )?,
            requests: families.counter(
                "rest_client_requests_total",
                "Requests to the API server.",
                &["code", "host", "method"],
            )?,
            queue: QueueFamilies::new(&families)?,
            request_children: Arc::default(),
            registry,
        };
        Ok(metrics)
    }

    /// The registry, for families of the controller itself.
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// Adds the families about the process.
    pub(crate) fn add_process(&self) -> prometheus::Result<()> {
        let process = prometheus::process_collector::ProcessCollector::for_self();
        self.registry.register(Box::new(process))
    }

    /// Adds the families of a cache of credentials (COM-MET-003).
    ///
    /// # Errors
    /// When they are there already.
    pub fn token_cache(&self) -> prometheus::Result<TokenCacheMetrics> {
        let families = Families(&self.registry);
        Ok(TokenCacheMetrics {
            events: families.counter(
                "gotk_token_cache_events_total",
                "Hits and misses of the credential cache.",
                &["event_type", "kind", "name", "namespace", "operation"],
            )?,
            requests: families.counter(
                "gotk_token_cache_requests_total",
                "Requests for credentials that were not cached.",
                &["status"],
            )?,
            items: families.register(Gauge::new(
                "gotk_token_cached_items",
                "Credentials in the cache.",
            ))?,
            evictions: families.register(Counter::new(
                "gotk_token_cache_evictions_total",
                "Credentials that made room for others.",
            ))?,
        })
    }

    /// The text exposition.
    pub(crate) fn text(&self) -> prometheus::Result<Vec<u8>> {
        let mut out = Vec::new();
        TextEncoder::new().encode(&self.registry.gather(), &mut out)?;
        Ok(out)
    }

    pub(crate) fn queue(&self, controller: &str) -> QueueMetrics {
        let families = &self.queue;
        let labels = &[controller, controller];
        QueueMetrics {
            controller: controller.to_owned(),
            depth: families.depth.clone(),
            adds: families.adds.with_label_values(labels),
            waited: families.waited.with_label_values(labels),
            worked: families.worked.with_label_values(labels),
            unfinished: families.unfinished.with_label_values(labels),
            longest: families.longest.with_label_values(labels),
            retries: families.retries.with_label_values(labels),
        }
    }

    /// Makes the series of a controller appear before its first reconcile.
    pub(crate) fn announce(&self, controller: &str, workers: usize) {
        for result in ["error", "requeue", "requeue_after", "success"] {
            self.reconcile_total
                .with_label_values(&[controller, result]);
        }
        for family in [
            &self.reconcile_errors,
            &self.reconcile_panics,
            &self.reconcile_timeouts,
            &self.terminal_errors,
        ] {
            family.with_label_values(&[controller]);
        }
        self.active_workers
            .with_label_values(&[controller])
            .set(0.0);
        let workers = u32::try_from(workers).unwrap_or(u32::MAX);
        let gauge = self.max_workers.with_label_values(&[controller]);
        gauge.set(f64::from(workers));
    }

    pub(crate) fn observe_duration(&self, kind: &str, key: &ObjectKey, span: Duration) {
        self.duration
            .with_label_values(&[kind, &key.name, &key.namespace])
            .observe(span.as_secs_f64());
    }

    /// Drops the series of an object that is gone.
    pub(crate) fn forget(&self, kind: &str, key: &ObjectKey) {
        // The series may never have existed.
        let _ = self
            .duration
            .remove_label_values(&[kind, &key.name, &key.namespace]);
    }
}

/// The families of a cache of credentials.
#[derive(Clone, Debug)]
pub struct TokenCacheMetrics {
    /// By `event_type` (`cache_hit`, `cache_miss`), `kind`, `name`, `namespace`, `operation`.
    pub events: CounterVec,
    /// By `status` (`success`, `failure`).
    pub requests: CounterVec,
    /// Credentials in the cache.
    pub items: Gauge,
    /// Credentials that made room for others.
    pub evictions: Counter,
}

/// Ten steps from 10 ms to half an hour.
fn duration_buckets() -> prometheus::Result<Vec<f64>> {
    let factor = (1800.0_f64 / 0.01).powf(1.0 / 9.0);
    exponential_buckets(0.01, factor, 10)
}

impl QueueFamilies {
    fn new(families: &Families<'_>) -> prometheus::Result<Self> {
        let labels: &[&str] = &["controller", "name"];
        let spans = || exponential_buckets(1e-8, 10.0, 10);
        Ok(Self {
            depth: families.gauge(
                "workqueue_depth",
                "Objects that wait.",
                &["controller", "name", "priority"],
            )?,
            adds: families.counter("workqueue_adds_total", "Objects queued.", labels)?,
            waited: families.histogram(
                "workqueue_queue_duration_seconds",
                "Time in the queue in seconds.",
                (labels, spans()?),
            )?,
            worked: families.histogram(
                "workqueue_work_duration_seconds",
                "Time from turn to end in seconds.",
                (labels, spans()?),
            )?,
            unfinished: families.gauge(
                "workqueue_unfinished_work_seconds",
                "Time spent so far on turns that have not ended.",
                labels,
            )?,
            longest: families.gauge(
                "workqueue_longest_running_processor_seconds",
                "Time spent so far on the oldest turn that has not ended.",
                labels,
            )?,
            retries: families.counter(
                "workqueue_retries_total",
                "Rate-limited requeues.",
                labels,
            )?,
        })
    }
}

/// The series of one queue.
pub(crate) struct QueueMetrics {
    controller: String,
    depth: GaugeVec,
    pub(crate) adds: Counter,
    waited: Histogram,
    worked: Histogram,
    pub(crate) unfinished: Gauge,
    pub(crate) longest: Gauge,
    pub(crate) retries: Counter,
}

impl QueueMetrics {
    pub(crate) fn depth(&self, priority: Priority, change: i8) {
        let labels = &[&*self.controller, &*self.controller, priority.label()];
        self.depth.with_label_values(labels).add(f64::from(change));
    }

    pub(crate) fn waited(&self, span: Duration) {
        self.waited.observe(span.as_secs_f64());
    }

    pub(crate) fn worked(&self, span: Duration) {
        self.worked.observe(span.as_secs_f64());
    }
}

impl Observer for Metrics {
    fn request(&self, record: &RequestRecord<'_>) {
        let key = (record.code.to_owned(), record.method.to_owned());
        let children = &self.request_children;
        let mut children = children.lock().unwrap_or_else(PoisonError::into_inner);
        let counter = children.entry(key).or_insert_with(|| {
            let labels = &[record.code, record.host, record.method];
            self.requests.with_label_values(labels)
        });
        counter.inc();
    }
}
