//! Recorded invocations of the command line, run with the real binary.
#![expect(
    clippy::disallowed_methods,
    reason = "a harness writes the files of a case and starts the program"
)]

use std::io::Write;
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};

use flux_conformance::{Area, Known, Run, same, same_text};
use serde_json::Value;

/// The groups of `cli/offline` whose commands are built, with the number of their cases that still differ.
const OFFLINE: &[(&str, Known)] = &[
    ("create-source-git", Known::failures(1)),
    ("create-kustomization", Known::failures(1)),
];

fn main() -> ExitCode {
    let mut run = Run::from_args();
    for (group, known) in OFFLINE {
        run.area(&format!("cli/offline/{group}"), *known, |area| {
            offline(area, group)
        });
    }
    run.finish()
}

fn offline(area: &mut Area, group: &str) {
    let recorded = area.json(&format!("{group}.json"));
    let fixtures = area.folder().join("fixtures");
    for case in recorded["cases"].as_array().into_iter().flatten() {
        let id = case["id"].as_str().unwrap_or_default();
        area.case(id, || check(case, &fixtures));
    }
}

fn check(case: &Value, fixtures: &Path) -> Result<(), String> {
    let cwd = tempfile::tempdir().map_err(|error| error.to_string())?;
    let home = tempfile::tempdir().map_err(|error| error.to_string())?;
    let cwd_path = cwd
        .path()
        .canonicalize()
        .map_err(|error| error.to_string())?;
    write_files(case, &cwd_path, fixtures).map_err(|error| error.to_string())?;
    let fill = |text: &str| {
        text.replace("${CWD}", &cwd_path.display().to_string())
            .replace("${HOME}", &home.path().display().to_string())
    };
    let mut command = Command::new(env!("CARGO_BIN_EXE_flux"));
    command
        .current_dir(&cwd_path)
        .env_clear()
        .env("HOME", home.path())
        .env("PATH", "/usr/bin:/bin")
        .env("TZ", "UTC")
        .env("LANG", "C.UTF-8")
        .env("NO_PROXY", "*")
        .env("KUBECONFIG", cwd_path.join("no-kubeconfig"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    for (name, value) in case["env"].as_object().into_iter().flatten() {
        command.env(name, fill(value.as_str().unwrap_or_default()));
    }
    for arg in case["args"].as_array().into_iter().flatten() {
        command.arg(fill(arg.as_str().unwrap_or_default()));
    }
    let mut child = command.spawn().map_err(|error| error.to_string())?;
    if let Some(mut stdin) = child.stdin.take() {
        // A program that does not read its input closes it first.
        let _ = stdin.write_all(case["stdin"].as_str().unwrap_or_default().as_bytes());
    }
    let output = child
        .wait_with_output()
        .map_err(|error| error.to_string())?;
    let want = &case["want"];
    let text = |bytes: &[u8]| {
        String::from_utf8_lossy(bytes)
            .replace(&cwd_path.display().to_string(), "${CWD}")
            .replace(&home.path().display().to_string(), "${HOME}")
    };
    stream("stderr", &text(&output.stderr), &want["stderr"])?;
    stream("stdout", &text(&output.stdout), &want["stdout"])?;
    same(&output.status.code().map(i64::from), &want["exit"].as_i64())
}

/// Compares a stream; where help was printed, only that there is some.
fn stream(name: &str, got: &str, want: &Value) -> Result<(), String> {
    match want {
        Value::String(text) => same_text(got, text).map_err(|why| format!("{name}: {why}")),
        Value::Object(_) if got.is_empty() => {
            Err(format!("{name}: nothing printed, help expected"))
        }
        _ => Ok(()),
    }
}

fn write_files(case: &Value, cwd: &Path, fixtures: &Path) -> std::io::Result<()> {
    for (name, content) in case["files"].as_object().into_iter().flatten() {
        let path = cwd.join(name);
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent)?;
        }
        match content {
            Value::String(text) => std::fs::write(&path, text)?,
            Value::Object(fields) => {
                if let Some(fixture) = fields.get("fixture").and_then(Value::as_str) {
                    std::fs::write(&path, std::fs::read(fixtures.join(fixture))?)?;
                } else if let Some(target) = fields.get("symlink").and_then(Value::as_str) {
                    std::os::unix::fs::symlink(target, &path)?;
                } else if fields.contains_key("dir") {
                    std::fs::create_dir_all(&path)?;
                } else if let Some(text) = fields.get("content").and_then(Value::as_str) {
                    std::fs::write(&path, text)?;
                    if let Some(mode) = fields.get("mode").and_then(Value::as_str) {
                        use std::os::unix::fs::PermissionsExt;
                        let mode = u32::from_str_radix(mode, 8).unwrap_or(0o644);
                        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode))?;
                    }
                }
            }
            _ => {}
        }
    }
    Ok(())
}
