//! Recorded invocations of the command line, run with the real binary.
#![expect(
    clippy::disallowed_methods,
    reason = "a harness writes the files of a case, starts the program and knows the time"
)]

mod recorded;

use std::process::ExitCode;

use flux_conformance::{Area, Known, Run};
use recorded::invoke::{Place, compare};
use recorded::{installed, online};

/// The groups of `cli/offline` whose commands are built, with the number of their cases that still differ.
const OFFLINE: &[(&str, &[&str], Known)] = &[
    ("create-source-git", &[], Known::failures(0)),
    ("create-kustomization", &[], Known::failures(0)),
    ("create-secret", &["create secret git"], Known::failures(3)),
    ("install-export", &[], Known::failures(4)),
    ("no-cluster", &[], Known::failures(20)),
    ("root", &[], Known::failures(8)),
];

/// The same for `cli/online`; the words are the commands that count where not all of a group are built.
const ONLINE: &[(&str, &[&str], Known)] = &[
    ("get", &[], Known::failures(1)),
    ("export", &[], Known::failures(0)),
    ("suspend-resume", &[], Known::failures(1)),
    ("delete", &[], Known::failures(0)),
    ("reconcile", &[], Known::failures(0)),
    ("tree", &[], Known::failures(0)),
    ("trace", &[], Known::failures(0)),
    ("events", &[], Known::failures(0)),
    ("stats", &[], Known::failures(0)),
    (
        "create",
        &["create source git", "create ks", "create secret git"],
        Known::failures(0),
    ),
    ("check-ready", &[], Known::failures(0)),
    (
        "check-version-logs",
        &["check", "version"],
        Known::failures(0),
    ),
    ("install-uninstall", &["install"], Known::failures(0)),
];

fn main() -> ExitCode {
    let mut run = Run::from_args();
    let words: Vec<String> = std::env::args().collect();
    let only = words
        .iter()
        .position(|word| word == "--only")
        .and_then(|at| words.get(at + 1))
        .map(String::as_str);
    for (group, verbs, known) in OFFLINE {
        run.area(&format!("cli/offline/{group}"), *known, |area| {
            offline(area, group, verbs);
        });
    }
    for (group, verbs, known) in ONLINE {
        run.area(&format!("cli/online/{group}"), *known, |area| {
            online::group(area, group, verbs, only);
        });
    }
    run.finish()
}

fn offline(area: &mut Area, group: &str, verbs: &[&str]) {
    let recorded = area.json(&format!("{group}.json"));
    let fixtures = area.folder().join("fixtures");
    for case in recorded["cases"].as_array().into_iter().flatten() {
        let id = case["id"].as_str().unwrap_or_default();
        if online::is_of(case, verbs) {
            area.case(id, || {
                let got = Place::new(&fixtures)?.run(case, None)?;
                compare(&got, &case["want"])?;
                installed::compare(&got.stdout, &case["want"], &fixtures)
            });
        }
    }
}
