//! One front door for the workspace's own checks: `cargo xtask <command>`.
//!
//! Reading order: `tidy` (floors, bans, lengths), `codegen` (CRDs), `conformance` (recorded vectors),
//! `parity` (rows of the contract), `cluster` (a real control plane), `bench`, `timings`.
#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a developer tool: it reads the tree, runs cargo and prints"
)]

use std::path::{Path, PathBuf};
use std::process::ExitCode;

mod bench;
mod cluster;
mod codegen;
mod conformance;
mod parity;
mod tidy;
mod timings;

const USAGE: &str = "\
usage: cargo xtask <command>

  tidy                        floors, bans, length limits, documents
  codegen [--check]           write manifests/crds from flux-api, or compare
  conformance [AREA...] [--verbose] [--ratchet]
                              run the recorded vectors, one line per area; --ratchet accepts known failures
  parity [--check]            rows of the contract: done, partly done, open
  cluster up|down|status      a real control plane on loopback, built with Go
  bench [NAME...]             measure; see docs/contributing/testing.md
  timings                     build times per crate
";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let rest = args.get(1..).unwrap_or_default();
    let result = match args.first().map(String::as_str) {
        Some("tidy") => tidy::run(&root()),
        Some("codegen") => codegen::run(&root(), rest),
        Some("conformance") => conformance::run(&root(), rest),
        Some("parity") => parity::run(&root(), rest),
        Some("cluster") => cluster::run(&root(), rest),
        Some("bench") => bench::run(&root(), rest),
        Some("timings") => timings::run(&root()),
        _ => {
            eprint!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// The root of the workspace that cargo runs this for; a binary may have been built for another checkout.
fn root() -> PathBuf {
    let here = std::env::var("CARGO_MANIFEST_DIR")
        .map_or_else(|_| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
    here.parent().unwrap_or(&here).to_path_buf()
}

/// The folder of recorded data, if there is one: `FLUX_CONFORMANCE` or `../shared/conformance`.
fn conformance_root(root: &Path) -> Option<PathBuf> {
    let folder = std::env::var("FLUX_CONFORMANCE").map_or_else(
        |_| root.join("../shared/conformance"),
        |given| root.join(given),
    );
    folder.is_dir().then_some(folder)
}
