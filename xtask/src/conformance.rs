//! `conformance`: runs every harness `crates/*/tests/conformance.rs` and names the folders without an engine.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::conformance_root;

/// Recorded folders that are input for other harnesses, not vectors of their own.
const INPUTS: &[&str] = &["fleets"];

pub(crate) fn run(root: &Path, args: &[String]) -> Result<()> {
    let Some(recorded) = conformance_root(root) else {
        println!("conformance: recorded data not found, nothing run");
        return Ok(());
    };
    let ratchet = args.iter().any(|arg| arg == "--ratchet");
    let areas: Vec<&String> = args.iter().filter(|arg| !arg.starts_with("--")).collect();
    let mut passed_on: Vec<&str> = Vec::new();
    if !ratchet {
        passed_on.push("--strict");
    }
    if args.iter().any(|arg| arg == "--verbose") {
        passed_on.push("--verbose");
    }
    passed_on.extend(areas.iter().map(|area| area.as_str()));

    let mut seen = BTreeSet::new();
    let mut total = Tally::default();
    let mut failed = Vec::new();
    for package in harnesses(root)? {
        let (lines, ok) = run_harness(root, &package, &passed_on)?;
        for line in &lines {
            if let Some((area, tally)) = Tally::parse(line) {
                seen.insert(area.split('/').next().unwrap_or(area).to_owned());
                total.add(tally);
            }
        }
        if !ok {
            failed.push(package);
        }
    }
    if areas.is_empty() {
        for folder in folders(&recorded)? {
            if !seen.contains(&folder) && !INPUTS.contains(&folder.as_str()) {
                println!("{folder}: skipped (no engine yet)");
            }
        }
    }
    println!(
        "total: {} passed, {} failed, {} skipped",
        total.passed, total.failed, total.skipped
    );
    if failed.is_empty() {
        Ok(())
    } else {
        bail!("failures in {}", failed.join(", "))
    }
}

#[derive(Default, Clone, Copy)]
struct Tally {
    passed: usize,
    failed: usize,
    skipped: usize,
}

impl Tally {
    fn parse(line: &str) -> Option<(&str, Self)> {
        let (area, rest) = line.split_once(": ")?;
        let mut words = rest.split([' ', ',']).filter(|word| !word.is_empty());
        let mut number = |label: &str| -> Option<usize> {
            let count = words.next()?.parse().ok()?;
            (words.next()? == label).then_some(count)
        };
        let tally = Self {
            passed: number("passed")?,
            failed: number("failed")?,
            skipped: number("skipped")?,
        };
        (!area.starts_with(' ')).then_some((area, tally))
    }

    fn add(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }
}

/// Packages with a harness, by name. `tests` holds the harnesses that need several crates at once.
fn harnesses(root: &Path) -> Result<Vec<String>> {
    let mut found = folders(&root.join("crates"))?;
    found.retain(|name| {
        root.join("crates")
            .join(name)
            .join("tests/conformance.rs")
            .is_file()
    });
    if root.join("tests/conformance.rs").is_file() {
        found.push("flux-tests".to_owned());
    }
    Ok(found)
}

fn folders(path: &Path) -> Result<Vec<String>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(path).with_context(|| format!("list {}", path.display()))? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            found.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    found.sort();
    Ok(found)
}

fn run_harness(root: &Path, package: &str, args: &[&str]) -> Result<(Vec<String>, bool)> {
    let mut child = Command::new("cargo")
        .current_dir(root)
        .args([
            "test",
            "--quiet",
            "-p",
            package,
            "--test",
            "conformance",
            "--",
        ])
        .args(args)
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("run the harness of {package}"))?;
    let mut lines = Vec::new();
    if let Some(output) = child.stdout.take() {
        for line in BufReader::new(output).lines() {
            let line = line?;
            println!("{line}");
            lines.push(line);
        }
    }
    Ok((lines, child.wait()?.success()))
}
