//! Against real programs: Debian's git (`git http-backend`), OpenSSH's `sshd`, kubectl. Runs with `FLUX_PEERS=1`;
//! what is not installed is skipped by name.
#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a harness for real programs starts them, and says what it skipped"
)]

use std::path::Path;
use std::process::Command;

use flux_testkit::GitServer;

fn wanted(program: &str) -> bool {
    if std::env::var("FLUX_PEERS").as_deref() != Ok("1") {
        return false;
    }
    let found = Command::new(program).arg("--version").output().is_ok();
    if !found {
        println!("skipped: {program} is not installed");
    }
    found
}

fn git(folder: &Path, args: &[&str]) -> String {
    let output = Command::new("git")
        .current_dir(folder)
        .args(args)
        .env("GIT_TERMINAL_PROMPT", "0")
        .output()
        .expect("git runs");
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "git {args:?}: {text}");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn real_git_clones_from_our_server() {
    if !wanted("git") {
        return;
    }
    let server = GitServer::start().await;
    let hash = server.commit(
        "fleet.git",
        &[("app/a.yaml", "a: 1\n"), ("README.md", "hello\n")],
    );
    let folder = flux_testkit::temporary_folder();
    let url = server.url("fleet.git");
    let path = folder.path().to_path_buf();
    let head = tokio::task::spawn_blocking(move || {
        git(&path, &["clone", "--quiet", "--depth", "1", &url, "clone"]);
        git(&path.join("clone"), &["rev-parse", "HEAD"])
    })
    .await
    .expect("git ends");
    assert_eq!(head, hash);
    let text = std::fs::read_to_string(folder.path().join("clone/app/a.yaml")).expect("the file");
    assert_eq!(text, "a: 1\n");
}
