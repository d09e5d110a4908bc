//! `tidy`: what the compiler does not check. Floors, bans, lengths, documents.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

/// A source file may not be longer (tests and generated code apart).
const MOST_LINES: usize = 800;

/// Crates that only engines and contracts may not see.
const IMPURE: &[&str] = &["tokio", "hyper", "kube", "reqwest", "axum", "gix", "russh"];

/// Crates of ours that no shipped crate may depend on.
const DEVELOPMENT: &[&str] = &["flux-testkit", "flux-conformance"];

struct Member {
    name: String,
    floor: u32,
    /// `[dependencies]` and `[dev-dependencies]`.
    shipped: Vec<String>,
    development: Vec<String>,
}

pub(crate) fn run(root: &Path) -> Result<()> {
    let mut faults = Vec::new();
    let members = members(root)?;
    floors(&members, &mut faults);
    lock_file(root, &mut faults)?;
    let files = rust_files(root)?;
    for file in &files {
        source(root, file, &mut faults)?;
    }
    reasons(root, &mut faults)?;
    if !faults.is_empty() {
        bail!("{} faults\n  {}", faults.len(), faults.join("\n  "));
    }
    println!(
        "tidy: {} members, {} source files, no faults",
        members.len(),
        files.len()
    );
    Ok(())
}

fn members(root: &Path) -> Result<Vec<Member>> {
    let mut folders: Vec<PathBuf> = std::fs::read_dir(root.join("crates"))?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.join("Cargo.toml").is_file())
        .collect();
    folders.sort();
    folders.iter().map(|folder| member(folder)).collect()
}

fn member(folder: &Path) -> Result<Member> {
    let path = folder.join("Cargo.toml");
    let text = std::fs::read_to_string(&path)?;
    let name = folder
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    let mut member = Member {
        name,
        floor: u32::MAX,
        shipped: vec![],
        development: vec![],
    };
    let mut section = "";
    for line in text.lines() {
        if let Some(header) = line.strip_prefix('[') {
            section = header.trim_end_matches(']');
        } else if let Some(floor) = line.strip_prefix("floor = ") {
            member.floor = floor.trim().parse()?;
        } else if let Some((dependency, rest)) = line.split_once([' ', '.', '=']) {
            let list = match section {
                "dependencies" | "build-dependencies" => &mut member.shipped,
                "dev-dependencies" => &mut member.development,
                _ => continue,
            };
            if rest.contains("features") {
                bail!(
                    "{}: {dependency}: features belong to the workspace",
                    path.display()
                );
            }
            list.push(dependency.to_owned());
        }
    }
    if member.floor == u32::MAX {
        bail!("{}: no floor in [package.metadata.house]", path.display());
    }
    Ok(member)
}

fn floors(members: &[Member], faults: &mut Vec<String>) {
    let floor: BTreeMap<&str, u32> = members
        .iter()
        .map(|member| (member.name.as_str(), member.floor))
        .collect();
    for member in members {
        for dependency in &member.shipped {
            let Some(&below) = floor.get(dependency.as_str()) else {
                if member.floor <= 1 && IMPURE.contains(&dependency.as_str()) {
                    faults.push(format!(
                        "{} is pure and depends on {dependency}",
                        member.name
                    ));
                }
                continue;
            };
            if below > member.floor {
                faults.push(format!(
                    "{} (floor {}) depends on {dependency} (floor {below})",
                    member.name, member.floor
                ));
            }
            if below == 4 && member.floor == 4 {
                faults.push(format!(
                    "controller {} depends on {dependency}",
                    member.name
                ));
            }
            if DEVELOPMENT.contains(&dependency.as_str()) {
                faults.push(format!("{} ships {dependency}", member.name));
            }
            if member.name == "flux" && (below == 4 || dependency == "flux-runtime") {
                faults.push(format!("flux depends on {dependency}"));
            }
            if below == 2 && member.floor == 2 && contract(dependency) {
                faults.push(format!("adapter {} sees {dependency}", member.name));
            }
        }
        if member.floor == 2 && member.shipped.iter().any(|name| contract(name)) {
            faults.push(format!("adapter {} sees a contract", member.name));
        }
        if member.floor <= 1 && member.development.iter().any(|name| name == "flux-testkit") {
            faults.push(format!(
                "{} is pure and tests with flux-testkit",
                member.name
            ));
        }
    }
}

fn contract(name: &str) -> bool {
    matches!(name, "flux-api" | "flux-report")
}

/// One TLS provider, no C TLS library.
fn lock_file(root: &Path, faults: &mut Vec<String>) -> Result<()> {
    let text = std::fs::read_to_string(root.join("Cargo.lock")).context("read Cargo.lock")?;
    for banned in [
        "openssl-sys",
        "native-tls",
        "tokio-tar",
        "serde_yaml",
        "serde_yaml_ng",
    ] {
        if text.contains(&format!("name = \"{banned}\"")) {
            faults.push(format!("Cargo.lock: {banned} is banned"));
        }
    }
    Ok(())
}

fn rust_files(root: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for folder in ["crates", "tests", "xtask"] {
        collect(&root.join(folder), &mut found)?;
    }
    found.sort();
    Ok(found)
}

fn collect(folder: &Path, found: &mut Vec<PathBuf>) -> Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        if path.is_dir() && name != "target" {
            collect(&path, found)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    Ok(())
}

fn source(root: &Path, file: &Path, faults: &mut Vec<String>) -> Result<()> {
    let text = std::fs::read_to_string(file)?;
    let shown = file
        .strip_prefix(root)
        .unwrap_or(file)
        .display()
        .to_string();
    let test =
        shown.ends_with("tests.rs") || shown.contains("/tests/") || shown.starts_with("tests/");
    let lines = text.lines().count();
    if lines > MOST_LINES && !test && !shown.contains("generated") {
        faults.push(format!("{shown}: {lines} lines, at most {MOST_LINES}"));
    }
    if !text.starts_with("//!") && !text.starts_with("// Generated") {
        faults.push(format!(
            "{shown}: does not open with what lives here (`//!`)"
        ));
    }
    let controller = shown.contains("-controller/src") || shown.contains("source-watcher/src");
    for (at, line) in text.lines().enumerate() {
        for banned in banned_in(line, controller, &shown) {
            faults.push(format!("{shown}:{}: {banned}", at + 1));
        }
    }
    Ok(())
}

fn banned_in(line: &str, controller: bool, file: &str) -> Vec<&'static str> {
    let mut found = Vec::new();
    if file.starts_with("xtask/") {
        return found;
    }
    for (text, why) in [
        ("todo!(", "todo!"),
        ("unimplemented!(", "unimplemented!"),
        ("#[ignore", "an ignored test"),
        ("#[allow(", "allow; use expect with a reason"),
    ] {
        if line.contains(text) {
            found.push(why);
        }
    }
    if controller && !file.ends_with("tests.rs") {
        for (text, why) in [
            (
                "tracing::error!",
                "a controller logs no reconcile error; return a Failure",
            ),
            (
                "tracing::warn!",
                "a controller logs no reconcile warning; return a Failure",
            ),
            ("Condition {", "a condition is built in flux-report only"),
        ] {
            if line.contains(text) {
                found.push(why);
            }
        }
    }
    found
}

/// Every condition reason that the api crate names has its page.
fn reasons(root: &Path, faults: &mut Vec<String>) -> Result<()> {
    let mut reasons = BTreeSet::new();
    for file in rust_files(root)?.iter().filter(|file| {
        let shown = file.display().to_string();
        shown.contains("flux-api/src") && shown.contains("reason")
    }) {
        for line in std::fs::read_to_string(file)?.lines() {
            if let Some((_, value)) = line.trim().split_once(": &str = \"") {
                reasons.insert(value.trim_end_matches("\";").to_owned());
            }
        }
    }
    for reason in reasons {
        let page = format!("docs/reasons/{reason}.md");
        if !root.join(&page).is_file() {
            faults.push(format!("reason {reason} has no page {page}"));
        }
    }
    Ok(())
}
