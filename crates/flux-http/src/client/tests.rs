//! The client against real servers on the loopback interface.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::get;
use tokio::net::TcpListener;
use url::Url;

use super::{Client, Clients, Request};
use crate::environment::ProxyEnvironment;
use crate::error::HttpError;
use crate::options::{ClientOptions, ProxyChoice, ProxyServer, Retry, TlsOptions};
use crate::tls::SystemRoots;

async fn serve(router: Router) -> Url {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("bound");
    tokio::spawn(async move { axum::serve(listener, router).await });
    Url::parse(&format!("http://{address}/")).expect("a URL")
}

fn clients() -> Clients {
    Clients::new(SystemRoots::none(), ProxyEnvironment::default())
}

fn client() -> Client {
    clients().client(&ClientOptions::default()).expect("built")
}

async fn show_headers(headers: HeaderMap) -> String {
    let of = |name: &str| {
        headers
            .get(name)
            .and_then(|v| v.to_str().ok())
            .unwrap_or("-")
            .to_owned()
    };
    format!(
        "{} {} {}",
        of("authorization"),
        of("x-token"),
        of("x-plain")
    )
}

fn with_credentials(url: Url) -> Request {
    let mut request = Request::get(url);
    let mut token = header::HeaderValue::from_static("t");
    token.set_sensitive(true);
    request.headers.insert("x-token", token);
    request
        .headers
        .insert("x-plain", header::HeaderValue::from_static("p"));
    request.headers.insert(
        header::AUTHORIZATION,
        header::HeaderValue::from_static("Bearer b"),
    );
    request
}

#[tokio::test]
async fn credentials_stay_with_their_host() {
    let other = serve(Router::new().route("/", get(show_headers))).await;
    let target = other.to_string();
    let here = serve(
        Router::new()
            .route("/same", get(show_headers))
            .route(
                "/to-same",
                get(|| async { (StatusCode::FOUND, [(header::LOCATION, "/same")]) }),
            )
            .route(
                "/to-other",
                get(move || async move { (StatusCode::FOUND, [(header::LOCATION, target)]) }),
            ),
    )
    .await;
    for (path, want) in [("to-same", "Bearer b t p"), ("to-other", "- - p")] {
        let request = with_credentials(here.join(path).expect("a URL"));
        let body = client()
            .send(request)
            .await
            .expect("sent")
            .bytes(100)
            .await
            .expect("read");
        assert_eq!(body, want, "{path}");
    }
}

#[tokio::test]
async fn a_loop_of_redirects_ends() {
    let url = serve(Router::new().route(
        "/",
        get(|| async { (StatusCode::FOUND, [(header::LOCATION, "/")]) }),
    ))
    .await;
    let error = client().send(Request::get(url)).await.expect_err("endless");
    assert!(matches!(error, HttpError::Redirect { .. }), "{error}");
}

async fn fail_twice(State(seen): State<Arc<AtomicU32>>) -> impl IntoResponse {
    match seen.fetch_add(1, Ordering::SeqCst) {
        0 | 1 => (
            StatusCode::SERVICE_UNAVAILABLE,
            [(header::RETRY_AFTER, "0")],
            "busy",
        ),
        _ => (StatusCode::OK, [(header::RETRY_AFTER, "0")], "fine"),
    }
}

#[tokio::test]
async fn transient_failures_are_tried_again() {
    let seen = Arc::new(AtomicU32::new(0));
    let url = serve(
        Router::new()
            .route("/", get(fail_twice))
            .with_state(Arc::clone(&seen)),
    )
    .await;
    let mut request = Request::get(url);
    request.retry = Retry {
        retries: 2,
        min_wait: Duration::from_mins(1),
        max_wait: Duration::from_mins(1),
    };
    let response = client()
        .send(request)
        .await
        .expect("sent")
        .success()
        .expect("a success");
    assert_eq!(response.bytes(10).await.expect("read"), "fine");
    assert_eq!(seen.load(Ordering::SeqCst), 3);
}

#[tokio::test]
async fn a_status_is_an_error_only_when_asked() {
    let url = serve(Router::new()).await;
    let response = client()
        .send(Request::get(url.clone()))
        .await
        .expect("sent");
    let error = response.success().expect_err("not a success");
    assert!(error.is_not_found(), "{error}");
    assert_eq!(error.to_string(), format!("{url}: status 404 Not Found"));
}

#[tokio::test]
async fn bodies_are_limited() {
    let url = serve(Router::new().route("/", get(|| async { "x".repeat(100) }))).await;
    let read = |limit| {
        let url = url.clone();
        async move {
            client()
                .send(Request::get(url))
                .await
                .expect("sent")
                .bytes(limit)
                .await
        }
    };
    assert_eq!(read(100).await.expect("fits").len(), 100);
    assert!(matches!(
        read(99).await,
        Err(HttpError::TooLarge { limit: 99, .. })
    ));
}

#[tokio::test]
async fn the_proxy_of_an_object_is_used() {
    let proxy = serve(
        Router::new().fallback(|headers: HeaderMap, uri: http::Uri| async move {
            let auth = headers.get(header::PROXY_AUTHORIZATION).is_some();
            format!("{uri} {auth}")
        }),
    )
    .await;
    let server = ProxyServer::new(proxy.as_str(), "user", "secret").expect("usable");
    assert!(!format!("{server:?}").contains("secret"));
    let options = ClientOptions {
        proxy: ProxyChoice::Server(server),
        ..ClientOptions::default()
    };
    let client = clients().client(&options).expect("built");
    let url = Url::parse("http://git.example.test/org/project/_git/repo").expect("a URL");
    let body = client
        .send(Request::get(url.clone()))
        .await
        .expect("sent")
        .bytes(200)
        .await
        .expect("read");
    assert_eq!(body, format!("{url} true"));
}

#[test]
fn proxy_addresses_are_checked() {
    for bad in ["", "proxy:3128", "ftp://proxy", "http://"] {
        assert!(ProxyServer::new(bad, "", "").is_err(), "{bad}");
    }
    for good in ["http://proxy:3128", "https://proxy", "socks5://proxy:1080"] {
        assert!(ProxyServer::new(good, "u", "p").is_ok(), "{good}");
    }
}

#[test]
fn equal_options_share_a_client_and_bad_ones_say_why() {
    let clients = clients();
    clients.client(&ClientOptions::default()).expect("built");
    clients.client(&ClientOptions::default()).expect("kept");
    assert_eq!(clients.shared.kept.lock().expect("no panic").len(), 1);
    let with = |tls| ClientOptions {
        tls,
        ..ClientOptions::default()
    };
    let bad_ca = with(TlsOptions {
        ca: Some(b"nothing".to_vec()),
        ..TlsOptions::default()
    });
    assert!(matches!(
        clients.client(&bad_ca),
        Err(HttpError::CertificateAuthority(_))
    ));
    let bad_key = with(TlsOptions {
        client: Some((b"x".to_vec(), b"y".to_vec())),
        ..TlsOptions::default()
    });
    assert!(matches!(
        clients.client(&bad_key),
        Err(HttpError::ClientCertificate(_))
    ));
}

#[test]
fn errors_show_no_secrets() {
    let url = Url::parse("https://user:secret@host/path?token=secret#secret").expect("a URL");
    assert_eq!(crate::error::shown(&url), "https://host/path");
}
