//! A program from its arguments to its end; as a process of its own or inside another one.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use flux_kube::{Client, Credentials, Options};
use flux_object::selector::LabelSelector;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use url::Url;

use crate::controller::{Env, Stores};
use crate::events::{Recorder, hostname, recorder};
use crate::flags::{FlagError, FlagSet};
use crate::lease::{Candidate, Election, Tenure};
use crate::log;
use crate::metrics::{Metrics, TokenCacheMetrics};
use crate::probes;
use crate::setup::{Setup, StartError, When};
use crate::standard::standard_flags;
use crate::store::SYNC_TIMEOUT;

/// A controller program: its name, its flags, and how it is put together.
pub trait Program: Send + Sync + 'static {
    /// Such as `kustomize-controller`: of the lease, the events and the user agent.
    fn name(&self) -> &'static str;

    /// Version in the user agent.
    fn version(&self) -> &'static str {
        env!("CARGO_PKG_VERSION")
    }

    /// Adds flags to the standard ones, changes their defaults, removes those the program does not have.
    fn flags(&self, flags: &mut FlagSet);

    /// Feature gates and their defaults.
    fn gates(&self) -> &'static [(&'static str, bool)];

    /// Whether `--watch-configs-label-selector` means something here; elsewhere it is accepted as it is (COM-FLG-015).
    fn watches_configs(&self) -> bool {
        true
    }

    /// Builds what the controllers need and adds them.
    fn assemble(&self, setup: &mut Setup) -> impl Future<Output = Result<(), StartError>> + Send;
}

/// How a program is run inside another process. The host installs the log ([`crate::log::init`]) and handles signals.
#[derive(Debug)]
pub struct Hosting {
    /// Arguments without the program's name.
    pub arguments: Vec<String>,
    /// The cluster; found by the usual rules when absent.
    pub client: Option<Client>,
    /// The namespace the program runs in.
    pub runtime_namespace: String,
    /// Ends the program when cancelled.
    pub shutdown: CancellationToken,
    /// Whether `/metrics` describes the process too.
    pub process_metrics: bool,
}

/// A program that runs.
#[derive(Debug)]
pub struct Running {
    metrics_address: Option<SocketAddr>,
    health_address: Option<SocketAddr>,
    metrics: Metrics,
    shutdown: CancellationToken,
    ended: tokio::task::JoinHandle<Result<(), StartError>>,
}

impl Running {
    /// Where `/metrics` is served.
    pub fn metrics_address(&self) -> Option<SocketAddr> {
        self.metrics_address
    }

    /// Where the probes are served.
    pub fn health_address(&self) -> Option<SocketAddr> {
        self.health_address
    }

    /// Its metrics.
    pub fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// Begins the end.
    pub fn shut_down(&self) {
        self.shutdown.cancel();
    }

    /// Waits for the end.
    ///
    /// # Errors
    /// When it ended by itself, such as by a lost lease.
    pub async fn ended(self) -> Result<(), StartError> {
        match self.ended.await {
            Ok(result) => result,
            Err(error) => Err(StartError::new("problem running manager", error)),
        }
    }
}

/// Runs a program as a process: flags from the command line, signals, exit status.
pub fn run<P: Program>(program: P) -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let flags = match parse(&program, &arguments) {
        Ok(flags) => flags,
        Err(error) => return refuse(&program, &error),
    };
    log::init(log::Settings::from_words(
        flags.text("log-level"),
        flags.text("log-encoding"),
    ));
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build();
    let result = match runtime {
        Ok(runtime) => {
            let result = runtime.block_on(process(program, arguments));
            // What does not end by itself is not waited for.
            runtime.shutdown_timeout(Duration::from_millis(500));
            result
        }
        Err(error) => Err(StartError::new("unable to start runtime", error)),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let why = flux_report::chain(&*error.source);
            tracing::error!(logger = "setup", error = why, "{}", error.what);
            ExitCode::FAILURE
        }
    }
}

/// Usage on standard error; 0 for a call for help, else 2 (COM-FLG-024).
fn refuse<P: Program>(program: &P, error: &FlagError) -> ExitCode {
    use std::io::Write as _;
    let mut flags = FlagSet::default();
    standard_flags(&mut flags);
    program.flags(&mut flags);
    let usage = flags.usage(program.name());
    let mut out = std::io::stderr().lock();
    // There is nobody to tell when standard error is closed.
    if *error == FlagError::Help {
        let _ = write!(out, "{usage}");
        return ExitCode::SUCCESS;
    }
    let _ = write!(out, "{error}\n{usage}{error}\n");
    ExitCode::from(2)
}

async fn process<P: Program>(program: P, arguments: Vec<String>) -> Result<(), StartError> {
    let shutdown = CancellationToken::new();
    let hosting = Hosting {
        arguments,
        client: None,
        runtime_namespace: std::env::var("RUNTIME_NAMESPACE").unwrap_or_default(),
        shutdown: shutdown.clone(),
        process_metrics: true,
    };
    let signals = tokio::spawn(async move {
        signal().await;
        shutdown.cancel();
        signal().await;
        // The second signal does not wait (COM-FLG-025).
        terminate();
    });
    let running = host(program, hosting).await?;
    let result = running.ended().await;
    signals.abort();
    result
}

#[expect(clippy::exit, reason = "the second signal ends the process at once")]
fn terminate() {
    std::process::exit(1);
}

async fn signal() {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut terminate) = signal(SignalKind::terminate()) else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = tokio::signal::ctrl_c() => {}
    }
}

fn parse<P: Program>(program: &P, arguments: &[String]) -> Result<FlagSet, FlagError> {
    let mut flags = FlagSet::default();
    standard_flags(&mut flags);
    program.flags(&mut flags);
    flags.parse(arguments)?;
    Ok(flags)
}

/// Starts a program inside this process. Returns when it serves its endpoints; objects may not have been listed yet.
///
/// # Errors
/// When flags, addresses, the cluster or the program's own parts cannot be used.
pub async fn host<P: Program>(program: P, hosting: Hosting) -> Result<Running, StartError> {
    let flags = parse(&program, &hosting.arguments)
        .map_err(|e| StartError::new("unable to read flags", e))?;
    let gates = gates(&program, &flags)?;
    check(&program, &flags)?;
    let metrics = Metrics::new().map_err(|e| StartError::new("unable to create metrics", e))?;
    if hosting.process_metrics {
        // Only on systems that have /proc.
        let _ = metrics.add_process();
    }
    let events_address = events_address(flags.text("events-addr"))?;
    let client = match hosting.client.clone() {
        Some(client) => client,
        None => connect(&program, &flags, &metrics).await?,
    };
    let tenure = Arc::new(Tenure::default());
    let elects = flags.bool("enable-leader-election");
    let guarded = if elects {
        client.with_guard(tenure.clone())
    } else {
        client.clone()
    };
    let (recorder, sinks) = recorder(guarded.clone(), program.name(), events_address, &metrics);
    let env = env(&flags, &hosting, (guarded, recorder, metrics.clone()));
    let shutdown = env.shutdown.clone();
    let mut setup = Setup {
        scope_namespace: if flags.bool("watch-all-namespaces") {
            String::new()
        } else {
            hosting.runtime_namespace.clone()
        },
        token_cache: token_cache(&flags, &metrics)?,
        env,
        flags,
        gates,
        name: program.name(),
        runtime_namespace: hosting.runtime_namespace,
        stores: Stores::default(),
        controllers: Vec::new(),
        tasks: Vec::new(),
    };
    setup.task(When::Always, sinks.kube.run());
    if let Some(post) = sinks.post {
        setup.task(When::Always, post.run());
    }
    let listeners = Listeners::open(&setup.flags).await?;
    program.assemble(&mut setup).await?;
    let (metrics_address, health_address) = listeners.addresses();
    let election = elects.then(|| election(&setup));
    let candidate = election.map(|election| Candidate::new(client, election, tenure));
    tracing::info!(logger = "setup", "starting manager");
    let ended = tokio::spawn(operate(setup, listeners, candidate));
    Ok(Running {
        metrics_address,
        health_address,
        metrics,
        shutdown,
        ended,
    })
}

fn env(
    flags: &FlagSet,
    hosting: &Hosting,
    (client, recorder, metrics): (Client, Recorder, Metrics),
) -> Env {
    let percent = u8::try_from(flags.int("interval-jitter-percentage")).unwrap_or(0);
    Env {
        client,
        recorder,
        metrics,
        jitter: f64::from(percent) / 100.0,
        delays: (
            flags.duration("min-retry-delay").to_std_or_zero(),
            flags.duration("max-retry-delay").to_std_or_zero(),
        ),
        concurrent: usize::try_from(flags.int("concurrent")).unwrap_or(1),
        shutdown: hosting.shutdown.child_token(),
    }
}

/// The families exist where the flags of the cache do.
fn token_cache(
    flags: &FlagSet,
    metrics: &Metrics,
) -> Result<Option<TokenCacheMetrics>, StartError> {
    if !flags.flags().any(|f| f.name == "token-cache-max-size") {
        return Ok(None);
    }
    let made = metrics.token_cache();
    made.map(Some)
        .map_err(|e| StartError::new("unable to create metrics", e))
}

struct Listeners {
    metrics: Option<tokio::net::TcpListener>,
    health: Option<tokio::net::TcpListener>,
}

impl Listeners {
    async fn open(flags: &FlagSet) -> Result<Self, StartError> {
        let metrics = probes::listen(flags.text("metrics-addr"))
            .await
            .map_err(|e| {
                let why = format!(
                    "failed to start metrics server: failed to create listener: {}",
                    flux_report::chain(&e)
                );
                StartError::new("problem running manager", why)
            })?;
        let health = probes::listen(flags.text("health-addr")).await;
        let health = health.map_err(|e| StartError::new("unable to create health listener", e))?;
        Ok(Self { metrics, health })
    }

    fn addresses(&self) -> (Option<SocketAddr>, Option<SocketAddr>) {
        (
            probes::address(self.metrics.as_ref()),
            probes::address(self.health.as_ref()),
        )
    }
}

/// The life of a program: servers and watches first, controllers once it leads, everything down at the end.
async fn operate(
    mut setup: Setup,
    listeners: Listeners,
    candidate: Option<Candidate>,
) -> Result<(), StartError> {
    let shutdown = setup.env.shutdown.clone();
    let mut background = JoinSet::new();
    if let Some(listener) = listeners.metrics {
        let (metrics, refresh) = (setup.env.metrics.clone(), setup.refresh());
        background.spawn(probes::serve_metrics(
            listener,
            metrics,
            refresh,
            shutdown.clone(),
        ));
    }
    if let Some(listener) = listeners.health {
        background.spawn(probes::serve_probes(listener, shutdown.clone()));
    }
    let mut synced = Vec::new();
    for feed in setup.stores.take_feeds() {
        background.spawn((feed.run)(setup.env.client.clone()));
        synced.push((feed.kind, feed.synced));
    }
    let mut later = Vec::new();
    for task in std::mem::take(&mut setup.tasks) {
        match task.when {
            When::Always => {
                background.spawn(task.future);
            }
            When::Leading => later.push(task.future),
        }
    }
    let led = lead(&mut setup, candidate, (synced, later)).await;
    shutdown.cancel();
    background.shutdown().await;
    led.map_err(|e| StartError::new("problem running manager", e))
}

type Synced = Vec<(&'static str, futures::future::BoxFuture<'static, ()>)>;
type Later = Vec<futures::future::BoxFuture<'static, ()>>;

/// Waits for the lease and the stores, runs the controllers, and keeps the lease meanwhile.
async fn lead(
    setup: &mut Setup,
    candidate: Option<Candidate>,
    (synced, later): (Synced, Later),
) -> Result<(), crate::lease::Lost> {
    let shutdown = setup.env.shutdown.clone();
    let leader = setup
        .env
        .metrics
        .leader
        .with_label_values(&[&lease_name(setup)]);
    let Some(mut candidate) = candidate else {
        control(setup, synced, later).await;
        return Ok(());
    };
    tracing::info!(logger = "runtime", "Attempting to acquire leader lease...");
    tokio::select! {
        () = shutdown.cancelled() => return Ok(()),
        () = candidate.acquire() => {}
    }
    tracing::info!(logger = "runtime", "Successfully acquired lease");
    leader.set(1.0);
    // The lease is kept until the controllers have ended, and only then given back.
    let finished = CancellationToken::new();
    let (held, ()) = tokio::join!(
        async {
            let held = candidate.hold(&finished).await;
            // Without the lease nothing may be written: the controllers end.
            shutdown.cancel();
            held
        },
        async {
            control(setup, synced, later).await;
            finished.cancel();
        }
    );
    leader.set(0.0);
    held
}

async fn control(setup: &mut Setup, synced: Synced, later: Later) {
    let shutdown = setup.env.shutdown.clone();
    let mut tasks = JoinSet::new();
    for future in later {
        tasks.spawn(future);
    }
    let all = async {
        for (kind, done) in synced {
            if tokio::time::timeout(SYNC_TIMEOUT, done).await.is_err() {
                tracing::error!(
                    kind,
                    "Timed out waiting for the first list; going on without it"
                );
            }
        }
    };
    tokio::select! {
        () = shutdown.cancelled() => return,
        () = all => {}
    }
    let mut controllers = JoinSet::new();
    for controller in setup.take_controllers() {
        controllers.spawn((controller.run)());
    }
    if controllers.is_empty() {
        shutdown.cancelled().await;
    }
    while controllers.join_next().await.is_some() {}
    // What the last passes had to say is still sent.
    let drained = setup.env.recorder.drained();
    let _ = tokio::time::timeout(DRAIN, drained).await;
    tasks.shutdown().await;
}

/// How long events may still be sent at the end.
const DRAIN: Duration = Duration::from_secs(1);

fn lease_name(setup: &Setup) -> String {
    let selector = setup.flags.text("watch-label-selector");
    let base = format!("{}-leader-election", setup.name);
    if selector.is_empty() {
        base
    } else {
        format!("{base}-{}", short_digest(selector))
    }
}

/// First eight hex digits of the SHA-256 of a text (COM-FLG-010).
fn short_digest(text: &str) -> String {
    use sha2::{Digest as _, Sha256};
    hex::encode(&Sha256::digest(text.as_bytes())[..4])
}

fn election(setup: &Setup) -> Election {
    let flags = &setup.flags;
    let namespace = if setup.runtime_namespace.is_empty() {
        setup.env.client.default_namespace()
    } else {
        &setup.runtime_namespace
    };
    let unique: u64 = rand::random();
    Election {
        namespace: namespace.to_owned(),
        name: lease_name(setup),
        identity: format!("{}_{unique:016x}", hostname()),
        lease_duration: flags
            .duration("leader-election-lease-duration")
            .to_std_or_zero(),
        renew_deadline: flags
            .duration("leader-election-renew-deadline")
            .to_std_or_zero(),
        retry_period: flags
            .duration("leader-election-retry-period")
            .to_std()
            .unwrap_or(Duration::from_secs(5)),
        release_on_cancel: flags.bool("leader-election-release-on-cancel"),
    }
}

async fn connect<P: Program>(
    program: &P,
    flags: &FlagSet,
    metrics: &Metrics,
) -> Result<Client, StartError> {
    let options = Options {
        user_agent: format!("{}/v{}", program.name(), program.version()),
        qps: flags.float("kube-api-qps"),
        burst: u32::try_from(flags.int("kube-api-burst")).unwrap_or(0),
        observer: Some(Arc::new(metrics.clone())),
        ..Options::default()
    };
    Client::connect(Credentials::Infer { context: None }, &options)
        .await
        .map_err(|e| StartError::new("unable to start manager", e))
}

fn gates<P: Program>(program: &P, flags: &FlagSet) -> Result<BTreeMap<String, bool>, StartError> {
    let defaults = program.gates();
    let mut gates: BTreeMap<String, bool> = defaults
        .iter()
        .map(|(name, on)| ((*name).to_owned(), *on))
        .collect();
    for (name, on) in flags.map("feature-gates") {
        let Some(gate) = gates.get_mut(&name) else {
            let why = format!("feature-gate '{name}' not supported");
            return Err(StartError::new("unable to load feature gates", why));
        };
        *gate = on;
        tracing::info!(
            logger = "setup",
            json = %serde_json::json!({ name: on }),
            "loading feature gate"
        );
    }
    Ok(gates)
}

/// Values that have the right type and still make no sense.
fn check<P: Program>(program: &P, flags: &FlagSet) -> Result<(), StartError> {
    if flags.int("interval-jitter-percentage") >= 100 {
        let why = "the interval jitter percentage must be a non-negative value and less than 100";
        return Err(StartError::new("unable to set global jitter", why));
    }
    let objects = flags.text("watch-label-selector");
    LabelSelector::parse(objects).map_err(|e| {
        let why = format!("couldn't parse the selector string \"{objects}\": {e}");
        StartError::new("unable to configure watch label selector for manager", why)
    })?;
    if program.watches_configs() {
        let what = "unable to configure watch configs label selector for controller";
        LabelSelector::parse(flags.text("watch-configs-label-selector"))
            .map_err(|e| StartError::new(what, e))?;
    }
    Ok(())
}

fn events_address(text: &str) -> Result<Option<Url>, StartError> {
    if text.is_empty() {
        return Ok(None);
    }
    let url: Result<Url, String> = match Url::parse(text) {
        Ok(url) if url.has_host() => Ok(url),
        Ok(_) => Err(format!("parse \"{text}\": no host in address")),
        Err(_) => Err(format!("parse \"{text}\": missing protocol scheme")),
    };
    url.map(Some)
        .map_err(|e| StartError::new("unable to create event recorder", e))
}
