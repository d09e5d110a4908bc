//! `codegen`: writes `manifests/crds/` from the Rust types, or shows that it is up to date.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result, bail};
use xshell::{Shell, cmd};

const FOLDER: &str = "manifests/crds";

pub(crate) fn run(root: &Path, args: &[String]) -> Result<()> {
    let sh = Shell::new()?;
    sh.change_dir(root);
    if !args.iter().any(|arg| arg == "--check") {
        cmd!(
            sh,
            "cargo run --quiet -p flux-api --example crds -- {FOLDER}"
        )
        .run()?;
        println!(
            "codegen: wrote {} files to {FOLDER}",
            files(&root.join(FOLDER))?.len()
        );
        return Ok(());
    }
    let fresh = sh.create_temp_dir()?;
    let target = fresh.path();
    cmd!(
        sh,
        "cargo run --quiet -p flux-api --example crds -- {target}"
    )
    .run()?;
    let (have, want) = (files(&root.join(FOLDER))?, files(target)?);
    let stale: Vec<&String> = want
        .keys()
        .chain(have.keys())
        .filter(|name| have.get(*name) != want.get(*name))
        .collect();
    if !stale.is_empty() {
        bail!("{FOLDER} is not what the types say ({stale:?}); run `cargo xtask codegen`");
    }
    println!("codegen: {} files up to date", want.len());
    Ok(())
}

fn files(folder: &Path) -> Result<BTreeMap<String, String>> {
    let mut found = BTreeMap::new();
    let list = std::fs::read_dir(folder).with_context(|| format!("list {}", folder.display()))?;
    for entry in list {
        let path = entry?.path();
        if path
            .extension()
            .is_some_and(|extension| extension == "yaml")
        {
            let name = path
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            found.insert(name, std::fs::read_to_string(&path)?);
        }
    }
    Ok(found)
}
