//! Smart HTTP over the repositories of a server.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::sync::{Arc, PoisonError, RwLock};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;

use crate::Secret;
use crate::protocol::{flush, line};
use crate::serve::{Repository, Talk, upload_pack};

/// The most bytes of a request, also once it is unpacked.
const REQUEST_BYTES: usize = 16 << 20;

/// Repositories by name, reachable at `/<name>`; the name is the path, `.git` included where it is wanted.
/// Cheap to clone; clones share the repositories.
#[derive(Debug, Clone, Default)]
pub struct Server {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    repositories: RwLock<BTreeMap<String, Arc<Repository>>>,
    basic: Option<(String, Secret)>,
}

impl Server {
    /// A server without repositories that anyone may read.
    pub fn new() -> Self {
        Self::default()
    }

    /// A server that wants a user name and a password.
    pub fn with_basic(username: impl Into<String>, password: Secret) -> Self {
        let shared = Shared {
            basic: Some((username.into(), password)),
            ..Shared::default()
        };
        Self {
            shared: Arc::new(shared),
        }
    }

    /// Adds a repository, or replaces it; requests that run keep the old one.
    pub fn put(&self, name: &str, repository: Repository) {
        let mut all = self
            .shared
            .repositories
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        all.insert(name.trim_matches('/').to_owned(), Arc::new(repository));
    }

    /// Removes a repository; true where there was one.
    pub fn remove(&self, name: &str) -> bool {
        let mut all = self
            .shared
            .repositories
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        all.remove(name.trim_matches('/')).is_some()
    }

    /// A repository as it is now.
    pub fn get(&self, name: &str) -> Option<Arc<Repository>> {
        let all = self
            .shared
            .repositories
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        all.get(name.trim_matches('/')).cloned()
    }

    /// Changes a repository in place; it is created where it is missing.
    pub fn update<T>(&self, name: &str, change: impl FnOnce(&mut Repository) -> T) -> T {
        let mut all = self
            .shared
            .repositories
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        let repository = all.entry(name.trim_matches('/').to_owned()).or_default();
        change(Arc::make_mut(repository))
    }

    /// The routes; nest or serve them as they are.
    pub fn router(&self) -> Router {
        Router::new().fallback(answer).with_state(self.clone())
    }

    fn admits(&self, headers: &HeaderMap) -> bool {
        let Some((username, password)) = &self.shared.basic else {
            return true;
        };
        let given = headers
            .get(header::AUTHORIZATION)
            .and_then(|value| value.as_bytes().strip_prefix(b"Basic "))
            .and_then(|text| base64::engine::general_purpose::STANDARD.decode(text).ok());
        let wanted = [username.as_bytes(), b":", password.expose()].concat();
        given.is_some_and(|given| same(&given, &wanted))
    }
}

/// Compares without telling by its duration where the difference is.
fn same(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && a.iter().zip(b).fold(0, |all, (a, b)| all | (a ^ b)) == 0
}

async fn answer(State(server): State<Server>, request: Request) -> Response {
    if !server.admits(request.headers()) {
        let wants = [(header::WWW_AUTHENTICATE, "Basic realm=\"git\"")];
        return (StatusCode::UNAUTHORIZED, wants).into_response();
    }
    let path = request.uri().path().to_owned();
    let query = request.uri().query().unwrap_or_default().to_owned();
    let version = version_of(request.headers());
    let service = if request.method() == Method::GET {
        path.strip_suffix("/info/refs")
            .map(|name| (name, Talk::Greeting))
    } else {
        path.strip_suffix("/git-upload-pack")
            .map(|name| (name, Talk::Request))
    };
    let Some((name, talk)) = service else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let Some(repository) = server.get(name) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    if talk == Talk::Greeting {
        if query != "service=git-upload-pack" {
            return (StatusCode::FORBIDDEN, "only git-upload-pack is served").into_response();
        }
        let mut out = Vec::new();
        line(&mut out, "# service=git-upload-pack");
        flush(&mut out);
        out.extend(upload_pack(&repository, version, talk, &[]));
        return typed("application/x-git-upload-pack-advertisement", out);
    }
    let packed = request
        .headers()
        .get(header::CONTENT_ENCODING)
        .is_some_and(|v| v == "gzip");
    let Ok(body) = to_bytes(request.into_body(), REQUEST_BYTES).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    let body = if packed {
        unpacked(&body)
    } else {
        Some(body.to_vec())
    };
    let Some(body) = body else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    // Packing is work for the processor; other requests must not wait for it.
    let answered = tokio::task::spawn_blocking(move || {
        upload_pack(&repository, version, Talk::Request, &body)
    })
    .await;
    match answered {
        Ok(out) => typed("application/x-git-upload-pack-result", out),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

fn typed(content_type: &'static str, body: Vec<u8>) -> Response {
    let headers = [
        (header::CONTENT_TYPE, content_type),
        (header::CACHE_CONTROL, "no-cache"),
    ];
    (headers, Body::from(body)).into_response()
}

fn version_of(headers: &HeaderMap) -> u8 {
    let text = headers
        .get("git-protocol")
        .and_then(|value| value.to_str().ok());
    match text
        .unwrap_or_default()
        .split(':')
        .find_map(|part| part.strip_prefix("version="))
    {
        Some("2") => 2,
        Some("1") => 1,
        _ => 0,
    }
}

/// Git packs long requests.
fn unpacked(body: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    let limit = u64::try_from(REQUEST_BYTES).ok()?;
    flate2::read::GzDecoder::new(body)
        .take(limit)
        .read_to_end(&mut out)
        .ok()?;
    Some(out)
}
