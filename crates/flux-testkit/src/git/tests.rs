//! The Git client against this server, faults included.

use std::error::Error as _;
use std::time::Duration;

use flux_git::{Cause, Checkout, CheckoutOptions, Client, Credentials, Error, Reference, Remote};
use flux_tree::{FileTree as _, TreePath};

use super::*;

async fn checkout(server: &GitServer, reference: Reference) -> Result<Checkout, Error> {
    let mut remote = Remote::new(&server.url("app.git")).unwrap();
    remote.timeout = Duration::from_secs(30);
    let options = CheckoutOptions {
        reference,
        ..CheckoutOptions::default()
    };
    Client::new().checkout(&remote, &options).await
}

fn words(error: &Error) -> String {
    let mut words = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        words = format!("{words}: {error}");
        source = error.source();
    }
    words
}

#[tokio::test]
async fn a_commit_comes_back_with_its_files() {
    let server = GitServer::start().await;
    server.commit("app.git", &[("a/b.yaml", "one"), ("c", "two")]);
    let hash = server.commit("app.git", &[("a/b.yaml", "three")]);
    let fetched = checkout(&server, Reference::branch("main")).await.unwrap();
    let Checkout::Fetched(commit) = fetched else {
        panic!("{fetched:?}")
    };
    assert_eq!(commit.pointer.revision(), format!("main@sha1:{hash}"));
    let tree = commit.tree();
    let names: Vec<_> = flux_tree::walk(&tree, &TreePath::root()).unwrap();
    assert_eq!(names.len(), 2);
    assert_eq!(
        tree.read(&TreePath::parse("a/b.yaml").unwrap()).unwrap(),
        "three"
    );
    assert_eq!(
        server.requests(),
        [
            "GET /app.git/info/refs?service=git-upload-pack",
            "POST /app.git/git-upload-pack",
            "POST /app.git/git-upload-pack",
        ]
    );
}

#[tokio::test]
async fn an_unmoved_branch_costs_no_fetch() {
    let server = GitServer::start().await;
    let hash = server.commit("app.git", &[("a", "one")]);
    let remote = Remote::new(&server.url("app.git")).unwrap();
    let options = CheckoutOptions {
        reference: Reference::branch("main"),
        last_observed: Some(format!("main@sha1:{hash}")),
        ..CheckoutOptions::default()
    };
    let client = Client::new();
    let first = client.checkout(&remote, &options).await.unwrap();
    assert!(matches!(first, Checkout::Unmoved(_)), "{first:?}");
    assert_eq!(server.requests().len(), 2);
    server.commit("app.git", &[("a", "two")]);
    let second = client.checkout(&remote, &options).await.unwrap();
    assert!(matches!(second, Checkout::Fetched(_)), "{second:?}");
    // The greeting is remembered, so the second pass asks for the branch and the commit, and nothing else.
    assert_eq!(server.requests().len(), 4);
}

#[tokio::test]
async fn a_remembered_greeting_hides_no_change() {
    let server = GitServer::start().await;
    server.commit("app.git", &[("a", "one")]);
    let remote = Remote::new(&server.url("app.git")).unwrap();
    let client = Client::new();
    client.list_refs(&remote, &[]).await.unwrap();
    server.fail(Fault::Status(500, String::new()));
    let error = client.list_refs(&remote, &[]).await.unwrap_err();
    assert!(
        words(&error).contains("/info/refs?service=git-upload-pack"),
        "{error:?}"
    );
    server.fail(Fault::None);
    client.list_refs(&remote, &[]).await.unwrap();
    server.remove("app.git");
    let error = client.list_refs(&remote, &[]).await.unwrap_err();
    assert!(
        matches!(error.cause(), Some(Cause::RepositoryNotFound { .. })),
        "{error:?}"
    );
}

#[tokio::test]
async fn what_is_too_large_is_refused_and_leaves_nothing_behind() {
    let server = GitServer::start().await;
    let lines: Vec<String> = (0..40_000)
        .map(|n| format!("line {}\n", n * 7919))
        .collect();
    server.commit("app.git", &[("a", &lines.concat())]);
    let place = crate::temporary_folder();
    let remote = Remote::new(&server.url("app.git")).unwrap();
    let mut options = CheckoutOptions {
        reference: Reference::branch("main"),
        ..CheckoutOptions::default()
    };
    options.limits.temporary = Some(place.path().to_owned());
    let left = || std::fs::read_dir(place.path()).unwrap().count();
    options.limits.pack_bytes = 1000;
    let error = Client::new().checkout(&remote, &options).await.unwrap_err();
    assert!(
        matches!(error.cause(), Some(Cause::TooLarge { .. })),
        "{error:?}"
    );
    options.limits.pack_bytes = 1 << 20;
    options.limits.object_bytes = 1000;
    let error = Client::new().checkout(&remote, &options).await.unwrap_err();
    assert!(
        matches!(error.cause(), Some(Cause::Corrupt { .. })),
        "{error:?}"
    );
    assert_eq!(left(), 0);
    options.limits.object_bytes = 1 << 20;
    let fetched = Client::new().checkout(&remote, &options).await.unwrap();
    assert_eq!(left(), 1);
    drop(fetched);
    assert_eq!(left(), 0);
}

#[tokio::test]
async fn credentials_are_sent_with_the_first_request() {
    let server = GitServer::start_with_basic("ann", "s3cret").await;
    server.commit("app.git", &[("a", "one")]);
    let refused = checkout(&server, Reference::branch("main"))
        .await
        .unwrap_err();
    assert_eq!(
        words(&refused),
        format!(
            "unable to clone '{}': authentication required: ",
            server.url("app.git")
        )
    );
    let before = server.requests().len();
    let mut remote = Remote::new(&server.url("app.git")).unwrap();
    remote.credentials = Credentials::Basic {
        username: "ann".to_owned(),
        password: Secret::new("s3cret"),
    };
    Client::new()
        .list_refs(&remote, &["refs/heads/"])
        .await
        .unwrap();
    assert_eq!(server.requests().len(), before + 2);
}

#[tokio::test]
async fn each_fault_has_its_words() {
    let server = GitServer::start().await;
    let url = server.url("app.git");
    for (status, want) in [
        (401, "authentication required: no".to_owned()),
        (403, "authorization failed: no".to_owned()),
        (404, "repository not found: no".to_owned()),
        (
            500,
            format!(
                "unexpected client error: unexpected requesting \
                 \"{url}/info/refs?service=git-upload-pack\" status code: 500: no"
            ),
        ),
    ] {
        server.fail(Fault::Status(status, "no\n".to_owned()));
        let error = checkout(&server, Reference::branch("main"))
            .await
            .unwrap_err();
        assert_eq!(words(&error), format!("unable to clone '{url}': {want}"));
    }
    server.fail(Fault::Status(200, "<html>".to_owned()));
    let error = checkout(&server, Reference::branch("main"))
        .await
        .unwrap_err();
    assert!(
        matches!(error.cause(), Some(Cause::Protocol { .. })),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_stalling_server_runs_into_the_timeout() {
    let server = GitServer::start().await;
    server.commit("app.git", &[("a", "one")]);
    server.fail(Fault::Stall);
    let mut remote = Remote::new(&server.url("app.git")).unwrap();
    remote.timeout = Duration::from_millis(200);
    let options = CheckoutOptions {
        reference: Reference::branch("main"),
        ..CheckoutOptions::default()
    };
    let error = Client::new().checkout(&remote, &options).await.unwrap_err();
    assert!(
        matches!(error.cause(), Some(Cause::Timeout { .. })),
        "{error:?}"
    );
    server.fail(Fault::None);
    checkout(&server, Reference::branch("main")).await.unwrap();
}

#[tokio::test]
async fn a_broken_answer_is_an_error_wherever_it_breaks() {
    let server = GitServer::start().await;
    let lines: Vec<String> = (0..4000).map(|n| format!("line {}\n", n * 7919)).collect();
    let content = lines.concat();
    server.commit("app.git", &[("a", &content)]);
    for most in [0, 3, 60, 130, 200, 5000] {
        server.fail(Fault::Truncate(most));
        let error = checkout(&server, Reference::branch("main"))
            .await
            .unwrap_err();
        assert!(
            !matches!(error.cause(), Some(Cause::Timeout { .. })),
            "{most}: {error:?}"
        );
    }
}

#[tokio::test]
async fn what_is_missing_is_said() {
    let server = GitServer::start().await;
    server.update("app.git", |_| ());
    let empty = checkout(&server, Reference::branch("main")).await.unwrap();
    assert!(matches!(empty, Checkout::Empty), "{empty:?}");
    let hash = server.commit("app.git", &[("a", "one")]);
    server.tag("app.git", "light", &hash);
    let tag = server.annotated_tag("app.git", "v1.0.0", &hash);
    let branch = checkout(&server, Reference::branch("nope"))
        .await
        .unwrap_err();
    assert!(words(&branch).ends_with("couldn't find remote ref \"refs/heads/nope\""));
    let Checkout::Fetched(light) = checkout(&server, Reference::tag("light")).await.unwrap() else {
        panic!("nothing was fetched")
    };
    assert_eq!(light.referencing_tag.unwrap().to_string(), "light");
    let Checkout::Fetched(heavy) = checkout(&server, Reference::tag("v1.0.0")).await.unwrap()
    else {
        panic!("nothing was fetched")
    };
    assert_eq!(
        heavy.referencing_tag.unwrap().to_string(),
        format!("v1.0.0@{tag}")
    );
    server.remove("app.git");
    let gone = checkout(&server, Reference::branch("main"))
        .await
        .unwrap_err();
    assert!(
        matches!(gone.cause(), Some(Cause::RepositoryNotFound { .. })),
        "{gone:?}"
    );
}

#[tokio::test]
async fn a_version_range_passes_over_what_is_no_commit() {
    let server = GitServer::start().await;
    let old = server.commit("app.git", &[("a", "one")]);
    let new = server.commit("app.git", &[("a", "two")]);
    // Equal versions but for the build: the newer commit wins, whatever the names say.
    server.tag("app.git", "v1.2.0+z", &old);
    server.tag("app.git", "v1.2.0+a", &new);
    // The same commit under two names: always the first by name.
    server.tag("app.git", "1.1.0", &old);
    server.tag("app.git", "v1.1.0", &old);
    server.update("app.git", |repository| {
        let blob = repository
            .put_raw("blob", bytes::Bytes::from_static(b"x"))
            .unwrap();
        repository.set_ref("refs/tags/v9.0.0", &blob).unwrap();
    });
    for (range, want) in [("*", "v1.2.0+a"), ("1.1.x", "1.1.0")] {
        let Checkout::Fetched(commit) = checkout(&server, Reference::semver(range)).await.unwrap()
        else {
            panic!("nothing was fetched")
        };
        assert_eq!(commit.pointer.reference, format!("refs/tags/{want}"));
        let skipped = if range == "*" {
            vec!["v9.0.0".to_owned()]
        } else {
            Vec::new()
        };
        assert_eq!(commit.skipped_tags, skipped);
    }
    let none = checkout(&server, Reference::semver(">=5"))
        .await
        .unwrap_err();
    assert_eq!(none.to_string(), "no match found for semver: >=5");
}

#[tokio::test]
async fn pinned_revisions_cost_nothing_where_that_is_wanted() {
    let server = GitServer::start().await;
    let hash = server.commit("app.git", &[("a", "one")]);
    server.tag("app.git", "v1.0.0", &hash);
    let remote = Remote::new(&server.url("app.git")).unwrap();
    let mut options = CheckoutOptions {
        reference: Reference::commit(&hash),
        last_observed: Some(format!("sha1:{hash}")),
        unmoved: flux_git::Unmoved::All,
        ..CheckoutOptions::default()
    };
    let client = Client::new();
    let pinned = client.checkout(&remote, &options).await.unwrap();
    assert!(matches!(pinned, Checkout::Unmoved(_)), "{pinned:?}");
    assert!(server.requests().is_empty());
    options.reference = Reference::semver("1.x");
    options.last_observed = Some(format!("v1.0.0@sha1:{hash}"));
    let ranged = client.checkout(&remote, &options).await.unwrap();
    assert!(matches!(ranged, Checkout::Unmoved(_)), "{ranged:?}");
}

/// Commits a tree of `.gitmodules` and one link to a commit of another repository.
fn commit_with_submodule(server: &GitServer, modules: &str, at: &str, hash: &str) {
    let id = |hex: &str| -> Vec<u8> {
        (0..20)
            .map(|n| u8::from_str_radix(&hex[n * 2..n * 2 + 2], 16).unwrap())
            .collect()
    };
    server.update("app.git", |repository| {
        let text = bytes::Bytes::copy_from_slice(modules.as_bytes());
        let blob = repository.put_raw("blob", text).unwrap();
        let mut raw = [b"100644 .gitmodules\0".to_vec(), id(&blob)].concat();
        raw.extend([format!("160000 {at}\0").into_bytes(), id(hash)].concat());
        let tree = repository.put_raw("tree", raw.into()).unwrap();
        let who = "A <a@b> 1700000000 +0000";
        let text = format!("tree {tree}\nauthor {who}\ncommitter {who}\n\nx\n");
        let commit = repository.put_raw("commit", text.into()).unwrap();
        repository.set_ref("refs/heads/main", &commit).unwrap();
    });
}

async fn with_submodules(server: &GitServer) -> Result<Checkout, Error> {
    let remote = Remote::new(&server.url("app.git")).unwrap();
    let options = CheckoutOptions {
        reference: Reference::branch("main"),
        recurse_submodules: true,
        ..CheckoutOptions::default()
    };
    Client::new().checkout(&remote, &options).await
}

#[tokio::test]
async fn submodules_are_mounted_and_cannot_escape() {
    let server = GitServer::start().await;
    let hash = server.commit("lib.git", &[("d/x.yaml", "one")]);
    let modules =
        |path: &str, url: &str| format!("[submodule \"m\"]\n\tpath = {path}\n\turl = {url}\n");

    commit_with_submodule(&server, &modules("lib", "../lib.git"), "lib", &hash);
    let Checkout::Fetched(commit) = with_submodules(&server).await.unwrap() else {
        panic!("nothing was fetched")
    };
    let path = TreePath::parse("lib/d/x.yaml").unwrap();
    assert_eq!(commit.tree().read(&path).unwrap(), "one");

    // Listed, but not where the tree has its link: left alone, as by Git.
    commit_with_submodule(&server, &modules("other", "../lib.git"), "lib", &hash);
    let Checkout::Fetched(commit) = with_submodules(&server).await.unwrap() else {
        panic!("nothing was fetched")
    };
    let lib = TreePath::parse("lib").unwrap();
    assert_eq!(
        commit.tree().kind_of(&lib).unwrap(),
        Some(flux_tree::EntryKind::Submodule)
    );

    for (path, url) in [
        ("../lib", "../lib.git"),
        ("/lib", "../lib.git"),
        ("lib", "../../../../lib.git"),
        ("lib", "file:///lib.git"),
        ("lib", "ext::sh -c true"),
    ] {
        commit_with_submodule(&server, &modules(path, url), "lib", &hash);
        let refused = with_submodules(&server).await.unwrap_err();
        assert!(
            words(&refused).contains("submodule is refused"),
            "{path} {url}: {refused:?}"
        );
    }
}
