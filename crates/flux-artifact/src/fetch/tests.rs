//! Fetching from a real server: once, verified, bounded.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use flux_http::{ClientOptions, Clients, ProxyEnvironment, Retry, SystemRoots};
use flux_tree::ignore::Matcher;
use flux_tree::{FileTree, MemoryTree, TreePath};
use tokio::net::TcpListener;

use super::{FetchError, FetchOptions, Fetcher};
use crate::archive::pack;
use crate::digest::Algorithm;

#[derive(Clone)]
struct Server {
    archive: Vec<u8>,
    asked: Arc<AtomicUsize>,
}

async fn answer(State(server): State<Server>) -> Vec<u8> {
    server.asked.fetch_add(1, Ordering::SeqCst);
    server.archive
}

/// The server, its address, and the digest of what it serves.
async fn serve() -> (Server, String, String) {
    let tree = MemoryTree::from_files([("a.yaml", "a: 1\n")]).expect("tree");
    let mut archive = Vec::new();
    let packed = pack(&tree, &Matcher::default(), Algorithm::Sha256, &mut archive).expect("packed");
    let server = Server {
        archive,
        asked: Arc::default(),
    };
    let router = Router::new()
        .route("/a.tar.gz", get(answer))
        .route("/b.tar.gz", get(answer))
        .route("/broken", get(|| async { StatusCode::BAD_REQUEST }))
        .with_state(server.clone());
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("bound");
    tokio::spawn(async move { axum::serve(listener, router).await });
    (server, address.to_string(), packed.digest.to_string())
}

fn fetcher(options: FetchOptions) -> Fetcher {
    let clients = Clients::new(SystemRoots::none(), ProxyEnvironment::default());
    let options = FetchOptions {
        retry: Retry::NONE,
        ..options
    };
    Fetcher::new(
        clients.client(&ClientOptions::default()).expect("built"),
        options,
    )
}

#[tokio::test]
async fn one_download_serves_everybody() {
    let (server, address, digest) = serve().await;
    let fetcher = fetcher(FetchOptions::default());
    let url = format!("http://{address}/a.tar.gz");
    let (one, two) = tokio::join!(fetcher.fetch(&url, &digest), fetcher.fetch(&url, &digest));
    let (one, two) = (one.expect("fetched"), two.expect("fetched"));
    assert!(Arc::ptr_eq(&one, &two));
    assert!(Arc::ptr_eq(
        &one,
        &fetcher.fetch(&url, &digest).await.expect("kept")
    ));
    assert_eq!(server.asked.load(Ordering::SeqCst), 1);
    assert_eq!(
        one.read(&TreePath::parse("a.yaml").expect("a path"))
            .expect("read"),
        "a: 1\n"
    );
    let bare = digest.trim_start_matches("sha256:");
    assert!(Arc::ptr_eq(
        &one,
        &fetcher.fetch(&url, bare).await.expect("kept")
    ));
}

#[tokio::test]
async fn the_cache_is_bounded() {
    let (server, address, digest) = serve().await;
    let fetcher = fetcher(FetchOptions {
        cache_bytes: 150,
        ..FetchOptions::default()
    });
    for name in ["a", "b", "a"] {
        let url = format!("http://{address}/{name}.tar.gz");
        fetcher.fetch(&url, &digest).await.expect("fetched");
    }
    assert_eq!(server.asked.load(Ordering::SeqCst), 3);
}

#[tokio::test]
async fn what_differs_from_its_digest_is_never_used() {
    let (server, address, digest) = serve().await;
    let fetcher = fetcher(FetchOptions::default());
    let url = format!("http://{address}/a.tar.gz");
    let wrong = Algorithm::Sha256.digest(b"other").to_string();
    let error = fetcher
        .fetch(&url, &wrong)
        .await
        .expect_err("another digest");
    assert!(matches!(error, FetchError::Mismatch { .. }), "{error}");
    fetcher
        .fetch(&url, &wrong)
        .await
        .expect_err("failures are not kept");
    assert_eq!(server.asked.load(Ordering::SeqCst), 2);
    assert!(matches!(
        fetcher.fetch(&url, "").await,
        Err(FetchError::Digest(_))
    ));
    assert!(matches!(
        fetcher.fetch("file:///x", &digest).await,
        Err(FetchError::Url(_))
    ));
}

#[tokio::test]
async fn a_missing_file_can_be_told_from_a_failure() {
    let (_, address, digest) = serve().await;
    let fetcher = fetcher(FetchOptions::default());
    let fetch = |path: &str| {
        let url = format!("http://{address}/{path}");
        let (fetcher, digest) = (&fetcher, &digest);
        async move { fetcher.fetch(&url, digest).await.expect_err("no artifact") }
    };
    assert!(fetch("absent").await.is_not_found());
    assert!(matches!(fetch("broken").await, FetchError::Download(_)));
}

#[tokio::test]
async fn the_host_can_be_replaced() {
    let (_, address, digest) = serve().await;
    let fetcher = fetcher(FetchOptions {
        host: Some(address),
        ..FetchOptions::default()
    });
    let url = "http://source-controller.flux-system.svc.cluster.local./a.tar.gz";
    fetcher
        .fetch(url, &digest)
        .await
        .expect("fetched from the other host");
}
