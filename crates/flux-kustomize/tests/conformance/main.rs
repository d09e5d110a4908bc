//! Replays recorded builds.

use flux_conformance::{Area, Known, Run, same_text};
use flux_kustomize::{LoadRestriction, NoRemotes, Options, Reorder, build};
use flux_tree::{MemoryTree, TreePath};
use serde_json::Value;

mod kustomize_flux;
mod kustomize_remote;

fn main() -> std::process::ExitCode {
    let mut run = Run::from_args();
    for (name, known) in [
        ("kustomize/cases", Known::none()),
        ("kustomize/cases-fields", Known::none()),
        ("kustomize/cases-yaml", Known::none()),
    ] {
        run.area(name, known, |area| {
            for (id, case) in cases(area) {
                area.case(&id, || check(&case));
            }
        });
    }
    run.area("kustomize/cases-flux", Known::none(), kustomize_flux::run);
    run.area("kustomize/cases-remote", Known::none(), |area| {
        for (id, case) in cases(area) {
            area.case(&id, || kustomize_remote::check(&case));
        }
    });
    run.finish()
}

/// Only the files of this very folder: `cases` is also the beginning of its neighbors' names.
fn cases(area: &Area) -> Vec<(String, Value)> {
    area.json_files("")
}

/// A text of the corpus: a string, a list of lines, or bytes.
pub(crate) fn text(value: &Value) -> Vec<u8> {
    match value {
        Value::String(text) => text.clone().into_bytes(),
        Value::Array(lines) => lines
            .iter()
            .map(|line| line.as_str().unwrap_or_default())
            .collect::<Vec<_>>()
            .join("\n")
            .into_bytes(),
        Value::Object(map) => decode_base64(map["base64"].as_str().unwrap_or_default()),
        _ => Vec::new(),
    }
}

pub(crate) fn text_of(value: &Value) -> String {
    String::from_utf8_lossy(&text(value)).into_owned()
}

fn decode_base64(text: &str) -> Vec<u8> {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD
        .decode(text)
        .expect("base64")
}

/// The input tree of a case.
pub(crate) fn tree(case: &Value) -> MemoryTree {
    let mut builder = MemoryTree::builder();
    let path = |text: &str| TreePath::clean(text.trim_start_matches('/')).expect("a path");
    for (name, content) in case["files"].as_object().into_iter().flatten() {
        builder
            .file(&path(name), text(content).into(), false)
            .expect("a file");
    }
    for dir in case["dirs"].as_array().into_iter().flatten() {
        builder
            .directory(&path(dir.as_str().expect("a path")))
            .expect("a directory");
    }
    for (name, target) in case["links"].as_object().into_iter().flatten() {
        builder
            .symlink(&path(name), target.as_str().expect("a target"))
            .expect("a link");
    }
    builder.build()
}

fn check(case: &Value) -> Result<(), String> {
    let options = &case["options"];
    let options = Options {
        reorder: match options["reorder"].as_str() {
            Some("none") => Reorder::None,
            _ => Reorder::Legacy,
        },
        restriction: match options["loadRestrictions"].as_str() {
            Some("none") => LoadRestriction::None,
            _ => LoadRestriction::RootOnly,
        },
        managed_by_label: options["addManagedByLabel"].as_bool().unwrap_or(false),
        ..Options::default()
    };
    let tree = tree(case);
    let path = case["build"].as_str().unwrap_or(".");
    let got = build(&tree, path, &options, &NoRemotes).and_then(|built| built.to_yaml());
    compare(got.map_err(|e| e.to_string()), &case["want"])
}

/// The output byte for byte, or an error that names what the recorded one names.
pub(crate) fn compare(got: Result<String, String>, want: &Value) -> Result<(), String> {
    let error = want.get("error").map(text_of);
    match (got, want.get("output"), error) {
        (Ok(got), Some(output), None) => same_text(&got, &text_of(output)),
        (Err(_), _, Some(_)) if want["errorVaries"] == true => Ok(()),
        (Err(got), _, Some(error)) => names_the_same(&got, &error),
        (Ok(got), _, Some(error)) => Err(format!("built, want error {error}\n{got}")),
        (Err(got), ..) => Err(format!("error {got}")),
        (Ok(_), None, None) => Err("the case has no result".to_owned()),
    }
}

/// At least one name (file, field, id or value) of the recorded error must occur in ours. Go's dumps of whole
/// objects are full of names that say nothing about the failure, so a word with a capital or a mark will do there.
fn names_the_same(got: &str, want: &str) -> Result<(), String> {
    let separators = |c: char| c.is_whitespace() || "'\"`,:[](){}".contains(c);
    let mut names: Vec<&str> = want
        .split(separators)
        .map(|word| word.trim_matches(['.', '/', '\\', '|']))
        .filter(|word| word.len() > 1 && !word.starts_with("map") && !word.contains("interface"))
        .filter(|word| {
            word.contains(['/', '.', '-', '_'])
                || word
                    .bytes()
                    .any(|b| b.is_ascii_digit() || b.is_ascii_uppercase())
        })
        .collect();
    // What stands in double quotes is a name, too.
    names.extend(
        want.split('"')
            .skip(1)
            .step_by(2)
            .filter(|word| word.len() > 1),
    );
    names.sort_unstable();
    names.dedup();
    if names.is_empty() || names.iter().any(|name| got.contains(*name)) {
        return Ok(());
    }
    Err(format!(
        "error names too little:\n  got  {got}\n  want {want}"
    ))
}
