//! One recorded invocation: its files, environment and arguments; the real binary; what it printed.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use flux_conformance::{same, same_text};
use serde_json::Value;
use tempfile::TempDir;

/// The folders that a case runs in.
pub(crate) struct Place {
    _cwd: TempDir,
    home: TempDir,
    cwd: PathBuf,
    fixtures: PathBuf,
}

/// What a run printed and how it ended.
pub(crate) struct Got {
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    pub(crate) exit: Option<i64>,
}

impl Place {
    pub(crate) fn new(fixtures: &Path) -> Result<Self, String> {
        let cwd = tempfile::tempdir().map_err(|error| error.to_string())?;
        let path = cwd
            .path()
            .canonicalize()
            .map_err(|error| error.to_string())?;
        Ok(Self {
            _cwd: cwd,
            home: tempfile::tempdir().map_err(|error| error.to_string())?,
            cwd: path,
            fixtures: fixtures.to_owned(),
        })
    }

    /// A file beside the working directory's, such as a kubeconfig.
    pub(crate) fn home_file(&self, name: &str, text: &str) -> Result<PathBuf, String> {
        let path = self.home.path().join(name);
        std::fs::write(&path, text).map_err(|error| error.to_string())?;
        Ok(path)
    }

    fn fill(&self, text: &str) -> String {
        text.replace("${CWD}", &self.cwd.display().to_string())
            .replace("${HOME}", &self.home.path().display().to_string())
    }

    fn cover(&self, bytes: &[u8]) -> String {
        String::from_utf8_lossy(bytes)
            .replace(&self.cwd.display().to_string(), "${CWD}")
            .replace(&self.home.path().display().to_string(), "${HOME}")
    }

    /// Runs a case with a kubeconfig, by default one that does not exist.
    pub(crate) fn run(&self, case: &Value, kubeconfig: Option<&Path>) -> Result<Got, String> {
        write_files(case, &self.cwd, &self.fixtures).map_err(|error| error.to_string())?;
        let missing = self.cwd.join("no-kubeconfig");
        let mut command = Command::new(env!("CARGO_BIN_EXE_flux"));
        command
            .current_dir(&self.cwd)
            .env_clear()
            .env("HOME", self.home.path())
            .env("PATH", "/usr/bin:/bin")
            .env("TZ", "UTC")
            .env("LANG", "C.UTF-8")
            .env("NO_PROXY", "*")
            .env("KUBECONFIG", kubeconfig.unwrap_or(&missing))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        for (name, value) in case["env"].as_object().into_iter().flatten() {
            command.env(name, self.fill(value.as_str().unwrap_or_default()));
        }
        for arg in case["args"].as_array().into_iter().flatten() {
            command.arg(self.fill(arg.as_str().unwrap_or_default()));
        }
        let mut child = command.spawn().map_err(|error| error.to_string())?;
        if let Some(mut stdin) = child.stdin.take() {
            // A program that does not read its input closes it first.
            let _ = stdin.write_all(case["stdin"].as_str().unwrap_or_default().as_bytes());
        }
        let output = child
            .wait_with_output()
            .map_err(|error| error.to_string())?;
        Ok(Got {
            stdout: self.cover(&output.stdout),
            stderr: self.cover(&output.stderr),
            exit: output.status.code().map(i64::from),
        })
    }
}

/// Compares everything that a case records of streams and exit code.
pub(crate) fn compare(got: &Got, want: &Value) -> Result<(), String> {
    let stable = |name: &str| {
        !want["unstable"]
            .as_array()
            .into_iter()
            .flatten()
            .any(|part| part == name)
    };
    if stable("stderr") {
        stream("stderr", &got.stderr, &want["stderr"])?;
    }
    if stable("stdout") {
        stream("stdout", &got.stdout, &want["stdout"])?;
    }
    same(&got.exit, &want["exit"].as_i64())
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
