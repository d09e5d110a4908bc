//! Runs recorded vectors and prints one line per area. Development only: no shipped crate depends on it.
//!
//! A harness is an integration test with `harness = false`:
//!
//! ```text
//! fn main() -> std::process::ExitCode {
//!     let mut run = flux_conformance::Run::from_args();
//!     run.area("envsubst", Known::none(), |area| {
//!         for case in area.json("vectors.json") { area.case(&id, || check(&case)); }
//!     });
//!     run.finish()
//! }
//! ```
//!
//! Arguments: names of areas (prefixes) to run, `--strict` (any failure fails the run; without it, an area may
//! have as many failures as its harness declares known), `--verbose` (print the first differences of each failure),
//! `--only TEXT` (run cases whose id contains TEXT). Anything else is ignored, so that `cargo test` may pass its own flags.
#![expect(
    clippy::disallowed_methods,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test harness reads files and the environment, prints, and dies without its data"
)]

pub mod command_line;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde_json::Value;

/// The number of failures an area is known to have. `cargo test` fails above it, and also tells when it can be lowered.
#[derive(Debug, Clone, Copy)]
pub struct Known(usize);

impl Known {
    /// Every case must pass.
    pub const fn none() -> Self {
        Self(0)
    }

    /// At most this many cases may fail until the behaviour they need is built.
    pub const fn failures(count: usize) -> Self {
        Self(count)
    }
}

/// One run of a harness over its areas.
#[derive(Debug)]
pub struct Run {
    root: Option<PathBuf>,
    wanted: Vec<String>,
    only: Option<String>,
    strict: bool,
    verbose: bool,
    failed: bool,
}

/// One recorded folder (or part of one) being run.
#[derive(Debug)]
pub struct Area {
    name: String,
    folder: PathBuf,
    only: Option<String>,
    verbose: bool,
    passed: usize,
    failed: Vec<(String, String)>,
    skipped: Vec<(String, String)>,
}

impl Run {
    /// Reads the arguments and finds the recorded data: `FLUX_CONFORMANCE`, or `../shared/conformance`
    /// beside the workspace. Where neither exists every area is skipped by name.
    pub fn from_args() -> Self {
        let mut run = Self {
            root: find_root(),
            wanted: Vec::new(),
            only: None,
            strict: false,
            verbose: false,
            failed: false,
        };
        let mut args = std::env::args().skip(1);
        while let Some(arg) = args.next() {
            match arg.as_str() {
                "--strict" => run.strict = true,
                "--verbose" => run.verbose = true,
                "--only" => run.only = args.next(),
                flag if flag.starts_with('-') => {}
                name => run.wanted.push(name.to_owned()),
            }
        }
        run
    }

    /// The folder of the recorded data, if there is one.
    pub fn root(&self) -> Option<&Path> {
        self.root.as_deref()
    }

    /// Runs one area. `name` is what is printed; the folder is the longest prefix of it that exists.
    pub fn area(&mut self, name: &str, known: Known, body: impl FnOnce(&mut Area)) {
        let wanted = self.wanted.is_empty()
            || self
                .wanted
                .iter()
                .any(|w| name.starts_with(w.as_str()) || w.starts_with(name));
        if !wanted {
            return;
        }
        let Some(folder) = self.root.as_ref().map(|root| folder_of(root, name)) else {
            println!("{name}: 0 passed, 0 failed, 0 skipped (recorded data not found)");
            return;
        };
        let mut area = Area {
            name: name.to_owned(),
            folder,
            only: self.only.clone(),
            verbose: self.verbose,
            passed: 0,
            failed: Vec::new(),
            skipped: Vec::new(),
        };
        body(&mut area);
        self.failed |= area.close(known, self.strict);
    }

    /// The exit code of the harness.
    pub fn finish(self) -> ExitCode {
        if self.failed {
            ExitCode::FAILURE
        } else {
            ExitCode::SUCCESS
        }
    }
}

impl Area {
    /// The folder of this area.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// A file of the area as text.
    ///
    /// # Panics
    /// When it cannot be read: a harness without its data must not pass.
    pub fn text(&self, file: &str) -> String {
        let path = self.folder.join(file);
        std::fs::read_to_string(&path)
            .unwrap_or_else(|error| panic!("read {}: {error}", path.display()))
    }

    /// A file of the area as bytes.
    pub fn bytes(&self, file: &str) -> Vec<u8> {
        let path = self.folder.join(file);
        std::fs::read(&path).unwrap_or_else(|error| panic!("read {}: {error}", path.display()))
    }

    /// A JSON file of the area.
    pub fn json(&self, file: &str) -> Value {
        serde_json::from_str(&self.text(file))
            .unwrap_or_else(|error| panic!("parse {file} of {}: {error}", self.name))
    }

    /// The JSON files of the area (or of a folder below it), sorted: name without `.json`, content.
    pub fn json_files(&self, below: &str) -> Vec<(String, Value)> {
        let folder = self.folder.join(below);
        let mut names: Vec<String> = std::fs::read_dir(&folder)
            .unwrap_or_else(|error| panic!("list {}: {error}", folder.display()))
            .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
            .filter(|name| Path::new(name).extension().is_some_and(|e| e == "json"))
            .collect();
        names.sort();
        let prefix = if below.is_empty() {
            String::new()
        } else {
            format!("{below}/")
        };
        names
            .into_iter()
            .map(|name| {
                let value = self.json(&format!("{prefix}{name}"));
                (name.trim_end_matches(".json").to_owned(), value)
            })
            .collect()
    }

    /// Whether a case is to be run.
    pub fn wants(&self, id: &str) -> bool {
        self.only
            .as_ref()
            .is_none_or(|only| id.contains(only.as_str()))
    }

    /// Runs one case; an error text or a panic is a failure.
    pub fn case(&mut self, id: &str, check: impl FnOnce() -> Result<(), String>) {
        if !self.wants(id) {
            return;
        }
        match catch_unwind(AssertUnwindSafe(check)) {
            Ok(Ok(())) => self.passed += 1,
            Ok(Err(why)) => self.failed.push((id.to_owned(), why)),
            Err(_) => self.failed.push((id.to_owned(), "panicked".to_owned())),
        }
    }

    /// Counts a case as skipped, for a reason that the folder's README gives.
    pub fn skip(&mut self, id: &str, why: &str) {
        self.skipped.push((id.to_owned(), why.to_owned()));
    }

    fn close(self, known: Known, strict: bool) -> bool {
        println!(
            "{}: {} passed, {} failed, {} skipped",
            self.name,
            self.passed,
            self.failed.len(),
            self.skipped.len()
        );
        let allowed = if strict || self.only.is_some() {
            0
        } else {
            known.0
        };
        let too_many = self.failed.len() > allowed;
        if self.verbose || too_many {
            let shown = if self.verbose { usize::MAX } else { 10 };
            for (id, why) in self.failed.iter().take(shown) {
                println!(
                    "  failed {id}: {}",
                    clip(why, if self.verbose { 4000 } else { 300 })
                );
            }
        }
        if self.verbose {
            for (id, why) in &self.skipped {
                println!("  skipped {id}: {why}");
            }
        }
        if too_many && !strict {
            println!("  {} failures, {allowed} known", self.failed.len());
        }
        if !strict && self.only.is_none() && self.failed.len() < known.0 {
            println!(
                "  known failures can be lowered from {} to {}",
                known.0,
                self.failed.len()
            );
        }
        too_many
    }
}

/// `Ok` where both are equal, else the first place where they differ.
pub fn same_text(got: &str, want: &str) -> Result<(), String> {
    if got == want {
        return Ok(());
    }
    let line = got
        .lines()
        .zip(want.lines())
        .take_while(|(a, b)| a == b)
        .count();
    Err(format!(
        "line {}: got {:?}, want {:?}\n--- got\n{got}\n--- want\n{want}",
        line + 1,
        got.lines().nth(line).unwrap_or("<end>"),
        want.lines().nth(line).unwrap_or("<end>"),
    ))
}

/// `Ok` where both are equal, else both.
pub fn same<T: PartialEq + std::fmt::Debug>(got: &T, want: &T) -> Result<(), String> {
    if got == want {
        Ok(())
    } else {
        Err(format!("got {got:?}, want {want:?}"))
    }
}

fn clip(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((at, _)) => format!("{}...", &text[..at]),
        None => text.to_owned(),
    }
}

/// The workspace is looked for from the package that cargo runs this for: a binary may have been built for another checkout.
fn find_root() -> Option<PathBuf> {
    let package = std::env::var("CARGO_MANIFEST_DIR")
        .map_or_else(|_| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
    let workspace = package
        .ancestors()
        .find(|folder| folder.join("Cargo.lock").is_file())?
        .to_path_buf();
    let root = match std::env::var("FLUX_CONFORMANCE") {
        Ok(given) if Path::new(&given).is_relative() => workspace.join(given),
        Ok(given) => PathBuf::from(given),
        Err(_) => workspace.join("../shared/conformance"),
    };
    root.is_dir().then_some(root)
}

fn folder_of(root: &Path, name: &str) -> PathBuf {
    let mut folder = root.to_path_buf();
    for part in name.split('/') {
        if folder.join(part).is_dir() {
            folder.push(part);
        } else {
            break;
        }
    }
    folder
}
