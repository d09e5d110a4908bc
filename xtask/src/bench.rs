//! `bench`: builds the release harness and runs the named benchmarks (all when none is named).

use std::path::Path;

use anyhow::Result;
use xshell::{Shell, cmd};

pub(crate) fn run(root: &Path, args: &[String]) -> Result<()> {
    let sh = Shell::new()?;
    sh.change_dir(root);
    cmd!(
        sh,
        "cargo run --quiet --release -p flux-tests --bin bench -- {args...}"
    )
    .run()?;
    Ok(())
}
