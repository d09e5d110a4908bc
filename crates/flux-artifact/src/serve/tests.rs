//! The file server, asked as a service.

use std::fs;
use std::os::unix::fs::symlink;

use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use tower::ServiceExt;

use super::router;

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: String,
}

impl Answer {
    fn header(&self, name: header::HeaderName) -> &str {
        self.headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    }
}

fn folder() -> tempfile::TempDir {
    let root = tempfile::tempdir().expect("a folder");
    fs::create_dir(root.path().join("served")).expect("made");
    fs::create_dir(root.path().join("served/d")).expect("made");
    fs::write(root.path().join("served/d/x.tar.gz"), "0123456789").expect("written");
    fs::write(root.path().join("secret"), "secret").expect("written");
    symlink("x.tar.gz", root.path().join("served/d/latest.tar.gz")).expect("linked");
    symlink("../../secret", root.path().join("served/d/out")).expect("linked");
    root
}

async fn ask(
    root: &tempfile::TempDir,
    method: Method,
    path: &str,
    headers: &[(header::HeaderName, &str)],
) -> Answer {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(name, *value);
    }
    let request = request.body(Body::empty()).expect("a request");
    let response = router(root.path().join("served"))
        .oneshot(request)
        .await
        .expect("an answer");
    let (parts, body) = response.into_parts();
    let body = to_bytes(body, 10_000).await.expect("read");
    Answer {
        status: parts.status,
        headers: parts.headers,
        body: String::from_utf8_lossy(&body).into_owned(),
    }
}

#[tokio::test]
async fn files_are_served_whole_in_part_or_not_at_all() {
    let root = folder();
    let whole = ask(&root, Method::GET, "/d/x.tar.gz", &[]).await;
    assert_eq!(
        (whole.status, whole.body.as_str()),
        (StatusCode::OK, "0123456789")
    );
    assert_eq!(whole.header(header::CONTENT_LENGTH), "10");
    assert_eq!(whole.header(header::CONTENT_TYPE), "application/x-gzip");
    let linked = ask(&root, Method::GET, "/d/latest.tar.gz", &[]).await;
    assert_eq!(linked.body, "0123456789");

    let head = ask(&root, Method::HEAD, "/d/x.tar.gz", &[]).await;
    assert_eq!(
        (head.header(header::CONTENT_LENGTH), head.body.as_str()),
        ("10", "")
    );
    let part = ask(
        &root,
        Method::GET,
        "/d/x.tar.gz",
        &[(header::RANGE, "bytes=2-4")],
    )
    .await;
    assert_eq!(
        (part.status, part.body.as_str()),
        (StatusCode::PARTIAL_CONTENT, "234")
    );
    assert_eq!(part.header(header::CONTENT_RANGE), "bytes 2-4/10");
    let beyond = ask(
        &root,
        Method::GET,
        "/d/x.tar.gz",
        &[(header::RANGE, "bytes=10-")],
    )
    .await;
    assert_eq!(beyond.status, StatusCode::RANGE_NOT_SATISFIABLE);

    for name in [header::ETAG, header::LAST_MODIFIED] {
        let condition = if name == header::ETAG {
            header::IF_NONE_MATCH
        } else {
            header::IF_MODIFIED_SINCE
        };
        let again = ask(
            &root,
            Method::GET,
            "/d/x.tar.gz",
            &[(condition, whole.header(name))],
        )
        .await;
        assert_eq!(
            (again.status, again.body.as_str()),
            (StatusCode::NOT_MODIFIED, "")
        );
    }
    assert_eq!(
        ask(&root, Method::POST, "/d/x.tar.gz", &[]).await.status,
        StatusCode::METHOD_NOT_ALLOWED
    );
}

#[tokio::test]
async fn nothing_outside_is_served() {
    let root = folder();
    for path in [
        "/../secret",
        "/%2e%2e/secret",
        "/d/../../secret",
        "/d/out",
        "/absent",
        "/d/%00",
        "/d/%ff",
    ] {
        let answer = ask(&root, Method::GET, path, &[]).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
        assert!(!answer.body.contains("secret"), "{path}");
    }
}

#[tokio::test]
async fn directories_are_listed() {
    let root = folder();
    let top = ask(&root, Method::GET, "/", &[]).await;
    assert_eq!(top.status, StatusCode::OK);
    assert!(top.body.contains("<a href=\"d/\">d/</a>"), "{}", top.body);
    assert_eq!(
        ask(&root, Method::GET, "/d", &[])
            .await
            .header(header::LOCATION),
        "d/"
    );
    assert_eq!(
        ask(&root, Method::GET, "/index.html", &[])
            .await
            .header(header::LOCATION),
        "./"
    );
}
