//! The `flux-local` program: run a fleet, show how it is doing, say how to look around.
#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program that people start: it reads clocks and writes files for them, and prints"
)]

use std::io::IsTerminal;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;
use flux_local::{Error, Fleet, Health, Local, Options, State, Summary};
use tokio::time::{Duration, Instant};

#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// Run a fleet repository: an API server and all controllers in one process.
#[derive(Debug, Parser)]
#[command(name = "flux-local", version)]
struct Args {
    /// Folder of a fleet repository (uncommitted changes included) or its URL; an example fleet when absent
    fleet: Option<String>,
    /// Folder of the cluster in the fleet, such as clusters/staging
    #[arg(long)]
    path: Option<String>,
    /// Stop when everything is ready (exit code 0) or cannot become so (exit code 1)
    #[arg(long)]
    once: bool,
    /// Serve a repository from a folder: URL=FOLDER, repeatable
    #[arg(long, value_name = "URL=FOLDER")]
    mirror: Vec<String>,
    /// How long to wait for everything to be ready, in seconds
    #[arg(long, default_value_t = 300)]
    timeout: u64,
    /// With --once: give up when nothing has changed for so many seconds and something has failed
    #[arg(long, default_value_t = 5)]
    grace: u64,
    /// Address of the API server; a free port of loopback when absent
    #[arg(long)]
    listen: Option<SocketAddr>,
}

#[tokio::main]
async fn main() -> ExitCode {
    let args = Args::parse();
    match run(&args).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("✗ {}", error.chain());
            ExitCode::from(2)
        }
    }
}

async fn run(args: &Args) -> Result<bool, Error> {
    let started = Instant::now();
    let mut options = Options {
        path: args.path.clone(),
        listen: args.listen,
        ..Options::default()
    };
    options.mirrors = mirrors(&args.mirror)?;
    let fleet = fleet(args, &mut options).await?;
    println!(
        "► starting an API server and the controllers for {}",
        fleet.name
    );
    let local = Local::start(&fleet, &options).await?;
    let folder = tempfile::tempdir().map_err(|source| Error::Read {
        path: PathBuf::new(),
        source,
    })?;
    let kubeconfig = folder.path().join("kubeconfig");
    std::fs::write(&kubeconfig, local.cluster.kubeconfig()).map_err(|source| Error::Read {
        path: kubeconfig.clone(),
        source,
    })?;
    println!(
        "► following {}",
        if local.path.is_empty() {
            "the root of the fleet"
        } else {
            &local.path
        }
    );

    let mut progress = local.progress();
    let deadline = started + Duration::from_secs(args.timeout);
    let grace = Duration::from_secs(args.grace);
    let ready = tokio::select! {
        ready = progress.until_ready(deadline, grace, tell) => ready,
        _ = tokio::signal::ctrl_c() => return Ok(false),
    };
    if ready {
        let count = progress.summary().states.len();
        println!(
            "✔ all {count} objects are ready after {:.1} s",
            started.elapsed().as_secs_f64()
        );
    } else {
        explain(progress.summary());
    }
    if args.once {
        return Ok(ready);
    }
    look_around(&kubeconfig);
    loop {
        tokio::select! {
            state = progress.next_change(Instant::now() + Duration::from_hours(1)) => {
                if let Some(state) = state {
                    tell(&state, progress.summary());
                }
            }
            _ = tokio::signal::ctrl_c() => return Ok(true),
        }
    }
}

/// The fleet to run; a folder below a working copy also says which cluster is meant.
async fn fleet(args: &Args, options: &mut Options) -> Result<Fleet, Error> {
    match args.fleet.as_deref() {
        None => Fleet::example(),
        Some(url) if url.contains("://") => Fleet::from_url(url).await,
        Some(folder) => {
            let (fleet, inside) = Fleet::from_folder(Path::new(folder))?;
            if options.path.is_none() && !inside.is_empty() {
                options.path = Some(inside);
            }
            Ok(fleet)
        }
    }
}

fn mirrors(texts: &[String]) -> Result<Vec<(String, PathBuf)>, Error> {
    texts
        .iter()
        .map(|text| match text.rsplit_once('=') {
            Some((url, folder)) if url.contains("://") => {
                Ok((url.to_owned(), PathBuf::from(folder)))
            }
            _ => Err(Error::Url { url: text.clone() }),
        })
        .collect()
}

/// One line per change.
fn tell(state: &State, summary: &Summary) {
    let symbol = match state.health {
        Health::Ready => "✔",
        Health::Suspended => "⏸",
        Health::Working => "◎",
        Health::Failed => "✗",
    };
    let open = summary.unready().count();
    let total = summary.states.len();
    let colored = std::io::stdout().is_terminal();
    let (on, off) = match state.health {
        _ if !colored => ("", ""),
        Health::Ready => ("\x1b[32m", "\x1b[0m"),
        Health::Failed => ("\x1b[31m", "\x1b[0m"),
        Health::Suspended | Health::Working => ("\x1b[33m", "\x1b[0m"),
    };
    let message = if state.message.is_empty() {
        "waiting to be reconciled"
    } else {
        &state.message
    };
    println!(
        "{on}{symbol}{off} [{}/{total}] {}: {message}",
        total - open,
        state.name
    );
}

/// What is not ready, and what it says.
fn explain(summary: &Summary) {
    if summary.states.is_empty() {
        println!("✗ nothing to reconcile was found");
    }
    for state in summary.unready() {
        let message = if state.message.is_empty() {
            "not reconciled in time"
        } else {
            &state.message
        };
        let reason = if state.reason.is_empty() {
            "Progressing"
        } else {
            &state.reason
        };
        println!("✗ {}: {reason}: {message}", state.name);
    }
}

fn look_around(kubeconfig: &Path) {
    println!();
    println!("Look around from another terminal:");
    println!("  export KUBECONFIG={}", kubeconfig.display());
    println!("  flux get all -A");
    println!("  flux tree kustomization flux-system");
    println!("  kubectl get deployments -A");
    println!("Ctrl-C stops everything.");
}
