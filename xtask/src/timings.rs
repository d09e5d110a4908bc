//! `timings`: what each crate of ours costs to check after an edit, and where cargo put its own report.

use std::path::Path;
use std::time::Instant;

use anyhow::Result;
use xshell::{Shell, cmd};

pub(crate) fn run(root: &Path) -> Result<()> {
    let sh = Shell::new()?;
    sh.change_dir(root);
    cmd!(sh, "cargo check --quiet --workspace").run()?;
    println!("| crate | check after an edit (s) |\n|---|---|");
    let mut names: Vec<String> = std::fs::read_dir(root.join("crates"))?
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .collect();
    names.sort();
    for name in names {
        let entry = root.join("crates").join(&name).join("src/lib.rs");
        if !entry.is_file() {
            continue;
        }
        std::fs::File::options()
            .append(true)
            .open(&entry)?
            .set_modified(std::time::SystemTime::now())?;
        let start = Instant::now();
        cmd!(sh, "cargo check --quiet -p {name}").quiet().run()?;
        println!("| {name} | {:.1} |", start.elapsed().as_secs_f64());
    }
    cmd!(sh, "cargo build --quiet --workspace --timings").run()?;
    Ok(())
}
