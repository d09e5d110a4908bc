//! The command line of the built program: its flags, and how it refuses wrong ones.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::{Area, same};

/// As long as a program has to run to count as started.
const STARTED: Duration = Duration::from_secs(2);

/// A built program.
#[derive(Debug, Clone, Copy)]
pub struct Program<'a> {
    /// The name that it prints, and that its recording has.
    pub name: &'a str,
    /// Where it is.
    pub path: &'a Path,
    /// Flags without which it could not run beside others.
    pub flags: &'a [String],
    /// The kubeconfig it runs with.
    pub kubeconfig: &'a Path,
}

/// Compares everything recorded about the command line.
pub fn check(area: &mut Area, program: Program<'_>) {
    let recorded = area.json(&format!("{}.json", program.name));
    area.case("flags", || {
        let help = run(&["--help"], program)?;
        same(&flags(&help.text), &recorded_flags(&recorded))
    });
    area.case("requests counted", || counts_requests(program));
    for case in recorded["startup_errors"].as_array().into_iter().flatten() {
        let arguments: Vec<&str> = case["args"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        area.case(&format!("start {}", arguments.join(" ")), || {
            let ended = run(&arguments, program)?;
            same(&ended.status.map(i64::from), &case["exit"].as_i64())?;
            let told = ended.text.contains(&format!("Usage of {}", program.name));
            same(&told, &(case["usage_printed"] == true))?;
            let mut errors = case["output"].as_array().into_iter().flatten();
            let last = errors.rfind(|line| line["logger"] == "setup" && line["level"] == "error");
            match last {
                Some(want) if !ended.logged(want) => Err(format!("want {want}\n{}", ended.text)),
                _ => Ok(()),
            }
        });
    }
}

/// Lines about objects of a kind that the running program logs while the cluster has some; their keys have to be the
/// recorded ones.
pub fn check_log(area: &mut Area, program: Program<'_>, kind: &str) {
    let recorded = area.json(&format!("{}.json", program.name));
    let keys = |line: &Value| -> BTreeSet<String> {
        let map = line.as_object().into_iter().flatten();
        map.map(|(key, _)| key.clone()).collect()
    };
    let shapes = recorded["log_lines"].as_array().into_iter().flatten();
    let shapes: Vec<BTreeSet<String>> = shapes
        .filter_map(|shape| serde_json::from_value(shape["keys"].clone()).ok())
        .collect();
    area.case(&format!("log lines of {kind}"), || {
        // On a busy machine one run may end before it came to the objects.
        let mut about = Vec::new();
        for _ in 0..5 {
            let ended = run(&["--log-encoding=json"], program)?;
            let lines = ended.text.lines();
            let lines = lines.filter_map(|line| serde_json::from_str::<Value>(line).ok());
            about.extend(lines.filter(|line| line[kind].is_object()));
            if !about.is_empty() {
                break;
            }
        }
        match about.iter().find(|line| !shapes.contains(&keys(line))) {
            Some(line) => Err(format!("no such keys were recorded: {line}")),
            None if about.is_empty() => Err("nothing was logged".to_owned()),
            None => Ok(()),
        }
    });
}

/// Whether the running program counts its requests to the API server, which only its own client does.
fn counts_requests(program: Program<'_>) -> Result<(), String> {
    let free = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
    let address = free.map_err(|e| e.to_string())?;
    let mut child = command(&[&format!("--metrics-addr={address}")], program)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|e| e.to_string())?;
    let begun = Instant::now();
    let mut text = String::new();
    while !text.contains("rest_client_requests_total{") && begun.elapsed() < STARTED * 5 {
        std::thread::sleep(Duration::from_millis(50));
        text = scrape(address).unwrap_or_default();
    }
    let stopped = child.kill().and_then(|()| child.wait());
    stopped.map_err(|e| e.to_string())?;
    let line = text
        .lines()
        .find(|l| l.starts_with("rest_client_requests_total{"));
    let line = line.ok_or("no request was counted")?;
    let labels = ["code=", "host=", "method="];
    let whole = labels.iter().all(|label| line.contains(label));
    whole.then_some(()).ok_or_else(|| line.to_owned())
}

fn scrape(address: SocketAddr) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(address)?;
    stream.write_all(b"GET /metrics HTTP/1.0\r\nHost: metrics\r\n\r\n")?;
    let mut text = String::new();
    stream.read_to_string(&mut text)?;
    Ok(text)
}

/// What a run of the program left. No status means that it was still running.
struct Ended {
    status: Option<i32>,
    text: String,
}

impl Ended {
    fn logged(&self, want: &Value) -> bool {
        let lines = self
            .text
            .lines()
            .filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let keys = ["level", "logger", "msg", "error"];
        lines
            .into_iter()
            .any(|line| keys.iter().all(|key| line[*key] == want[*key]))
    }
}

fn command(arguments: &[&str], program: Program<'_>) -> Command {
    let given = |name: &str| arguments.iter().any(|argument| argument.starts_with(name));
    let mut command = Command::new(program.path);
    command.args(arguments).args(program.flags);
    for flag in ["--metrics-addr", "--health-addr"] {
        if !given(flag) {
            command.arg(format!("{flag}=0"));
        }
    }
    command.env("KUBECONFIG", program.kubeconfig);
    command
}

fn run(arguments: &[&str], program: Program<'_>) -> Result<Ended, String> {
    let mut command = command(arguments, program);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|e| e.to_string())?;
    let status = wait(&mut child).map_err(|e| e.to_string())?;
    let mut text = String::new();
    let outputs = (child.stdout.take(), child.stderr.take());
    if let (Some(mut out), Some(mut err)) = outputs {
        out.read_to_string(&mut text).map_err(|e| e.to_string())?;
        err.read_to_string(&mut text).map_err(|e| e.to_string())?;
    }
    Ok(Ended { status, text })
}

/// The exit status; none when the program had to be stopped.
fn wait(child: &mut Child) -> std::io::Result<Option<i32>> {
    let begun = Instant::now();
    while begun.elapsed() < STARTED {
        if let Some(status) = child.try_wait()? {
            return Ok(status.code());
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    child.kill()?;
    child.wait()?;
    Ok(None)
}

type Flags = BTreeMap<String, (String, String)>;

fn recorded_flags(recorded: &Value) -> Flags {
    let list = recorded["flags"].as_array().into_iter().flatten();
    let text = |flag: &Value, key: &str| flag[key].as_str().unwrap_or_default().to_owned();
    list.map(|flag| {
        (
            text(flag, "name"),
            (text(flag, "type"), text(flag, "default")),
        )
    })
    .collect()
}

/// Name, type and default of every flag in a usage text.
fn flags(usage: &str) -> Flags {
    let lines = usage
        .lines()
        .filter_map(|line| line.trim_start().strip_prefix("--"));
    lines
        .filter_map(|line| {
            let (head, help) = line.split_once("   ")?;
            let (name, kind) = head.trim().split_once(' ').unwrap_or((head.trim(), "bool"));
            let stated = help
                .rsplit_once("(default ")
                .map(|(_, default)| default.trim_end_matches(')'));
            let missing = if kind == "bool" { "false" } else { "" };
            let default = stated.unwrap_or(missing).trim_matches('"');
            Some((name.to_owned(), (kind.to_owned(), default.to_owned())))
        })
        .collect()
}
