//! The Git client over SSH against this server.

use std::time::Duration;

use flux_git::{
    Cause, Checkout, CheckoutOptions, Client, Credentials, Error, Reference, Remote, SshIdentity,
};

use crate::GitServer;

async fn checkout(url: &str, identity: SshIdentity) -> Result<Checkout, Error> {
    let mut remote = Remote::new(url).unwrap();
    remote.timeout = Duration::from_secs(20);
    remote.credentials = Credentials::Ssh(identity);
    let options = CheckoutOptions {
        reference: Reference::branch("main"),
        ..CheckoutOptions::default()
    };
    Client::new().checkout(&remote, &options).await
}

#[tokio::test]
async fn a_commit_comes_over_ssh() {
    let server = GitServer::start().await;
    let lines: Vec<String> = (0..40_000).map(|n| format!("{}\n", n * 7919)).collect();
    let content = lines.concat();
    let hash = server.commit("app.git", &[("a", &content)]);
    let ssh = server.over_ssh().await;
    let fetched = checkout(&ssh.url("app.git"), ssh.identity()).await.unwrap();
    let Checkout::Fetched(commit) = fetched else {
        panic!("{fetched:?}")
    };
    assert_eq!(commit.hash(), hash);
    let missing = checkout(&ssh.url("nope.git"), ssh.identity())
        .await
        .unwrap_err();
    assert!(
        matches!(missing.cause(), Some(Cause::RepositoryNotFound { .. })),
        "{missing:?}"
    );
}

#[tokio::test]
async fn only_known_hosts_and_admitted_keys_talk() {
    let server = GitServer::start().await;
    server.commit("app.git", &[("a", "one")]);
    let ssh = server.over_ssh().await;
    let url = ssh.url("app.git");
    let stranger = checkout(&url, ssh.stranger()).await.unwrap_err();
    assert!(
        matches!(stranger.cause(), Some(Cause::SshAuthenticationFailed)),
        "{stranger:?}"
    );
    let unknown = SshIdentity {
        known_hosts: String::new(),
        ..ssh.identity()
    };
    let unknown = checkout(&url, unknown).await.unwrap_err();
    assert!(
        matches!(unknown.cause(), Some(Cause::HostKeyUnknown { .. })),
        "{unknown:?}"
    );
    let other = "AAAAC3NzaC1lZDI1NTE5AAAAIGOGWv/NBlhmuQCiryVm5O5xrzGFJFs0VQuYSGM67UoR";
    let line = ssh.known_hosts();
    let (host, _) = line.split_once(' ').unwrap();
    let changed = SshIdentity {
        known_hosts: format!("{host} ssh-ed25519 {other}"),
        ..ssh.identity()
    };
    let changed = checkout(&url, changed).await.unwrap_err();
    assert!(
        matches!(changed.cause(), Some(Cause::HostKeyMismatch { .. })),
        "{changed:?}"
    );
}
