//! The file server over the artifact folder: GET and HEAD, ranges, validators, listings (SRC-STO-017).

mod condition;

use std::fmt::Write as _;
use std::fs::{self, File, Metadata};
use std::io::{self, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use flux_tree::TreePath;
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use tokio::io::AsyncReadExt;
use tokio_util::io::ReaderStream;

use condition::{Selection, Validators};

/// Bytes per piece of a body.
const PIECE: usize = 256 << 10;

/// The routes of a file server over `root`. Nothing outside of it is served, also not through links.
pub fn router(root: PathBuf) -> Router {
    Router::new().fallback(answer).with_state(root)
}

async fn answer(State(root): State<PathBuf>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    if !matches!(parts.method, Method::GET | Method::HEAD) {
        return (
            StatusCode::METHOD_NOT_ALLOWED,
            [(header::ALLOW, "GET, HEAD")],
        )
            .into_response();
    }
    let path = parts.uri.path().to_owned();
    // Opening and looking are short, but they are disk operations all the same.
    let found = tokio::task::spawn_blocking(move || find(&root, &path)).await;
    match found {
        Ok(Ok(found)) => respond(found, &parts.method, &parts.headers),
        Ok(Err(error)) if error.kind() == io::ErrorKind::NotFound => {
            (StatusCode::NOT_FOUND, "404 page not found\n").into_response()
        }
        Ok(Err(_)) | Err(_) => (
            StatusCode::INTERNAL_SERVER_ERROR,
            "500 Internal Server Error\n",
        )
            .into_response(),
    }
}

/// What a path leads to.
enum Found {
    File {
        name: String,
        file: File,
        metadata: Metadata,
    },
    Listing(String),
    Moved(String),
}

fn find(root: &Path, path: &str) -> io::Result<Found> {
    let not_found = || io::Error::from(io::ErrorKind::NotFound);
    let text = percent_decode_str(path)
        .decode_utf8()
        .map_err(|_| not_found())?;
    if text.ends_with("/index.html") {
        return Ok(Found::Moved("./".to_owned()));
    }
    let relative = TreePath::root()
        .secure_join(&text)
        .map_err(|_| not_found())?;
    let root = root.canonicalize()?;
    let real = root.join(relative.as_str()).canonicalize()?;
    if !real.starts_with(&root) {
        return Err(not_found());
    }
    let metadata = fs::metadata(&real)?;
    let name = relative.file_name().unwrap_or_default().to_owned();
    match (metadata.is_dir(), text.ends_with('/')) {
        (true, true) => Ok(Found::Listing(listing(&real)?)),
        (true, false) => Ok(Found::Moved(format!("{}/", encoded(&name)))),
        (false, true) => Ok(Found::Moved(format!("../{}", encoded(&name)))),
        (false, false) => Ok(Found::File {
            name,
            file: File::open(&real)?,
            metadata,
        }),
    }
}

fn encoded(name: &str) -> String {
    utf8_percent_encode(name, NON_ALPHANUMERIC).to_string()
}

fn listing(dir: &Path) -> io::Result<String> {
    let mut names = Vec::new();
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        let slash = if entry.file_type()?.is_dir() { "/" } else { "" };
        names.push(format!("{}{slash}", entry.file_name().to_string_lossy()));
    }
    names.sort();
    let mut page = String::from(
        "<!doctype html>\n<meta name=\"viewport\" content=\"width=device-width\">\n<pre>\n",
    );
    for name in names {
        let bare = name.trim_end_matches('/');
        let slash = &name[bare.len()..];
        let shown = name
            .replace('&', "&amp;")
            .replace('<', "&lt;")
            .replace('>', "&gt;");
        let _ = writeln!(page, "<a href=\"{}{slash}\">{shown}</a>", encoded(bare));
    }
    page.push_str("</pre>\n");
    Ok(page)
}

fn respond(found: Found, method: &Method, headers: &HeaderMap) -> Response {
    match found {
        Found::Moved(location) => (
            StatusCode::MOVED_PERMANENTLY,
            [(header::LOCATION, location)],
        )
            .into_response(),
        Found::Listing(page) => {
            ([(header::CONTENT_TYPE, "text/html; charset=utf-8")], page).into_response()
        }
        Found::File {
            name,
            file,
            metadata,
        } => serve_file(&name, file, &metadata, method, headers).unwrap_or_else(|_| {
            (
                StatusCode::INTERNAL_SERVER_ERROR,
                "500 Internal Server Error\n",
            )
                .into_response()
        }),
    }
}

fn serve_file(
    name: &str,
    mut file: File,
    metadata: &Metadata,
    method: &Method,
    headers: &HeaderMap,
) -> io::Result<Response> {
    let size = metadata.len();
    let changed = metadata
        .modified()?
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    let validators = Validators::new(changed, size);
    let mut response = Response::new(Body::empty());
    validators.describe(response.headers_mut());
    response
        .headers_mut()
        .insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    let (start, length) = match validators.select(headers, size) {
        Selection::NotModified => {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            return Ok(response);
        }
        Selection::Unsatisfiable => {
            *response.status_mut() = StatusCode::RANGE_NOT_SATISFIABLE;
            set(
                &mut response,
                header::CONTENT_RANGE,
                &format!("bytes */{size}"),
            );
            return Ok(response);
        }
        Selection::Whole => (0, size),
        Selection::Range { start, length } => {
            *response.status_mut() = StatusCode::PARTIAL_CONTENT;
            set(
                &mut response,
                header::CONTENT_RANGE,
                &format!("bytes {start}-{}/{size}", start + length - 1),
            );
            (start, length)
        }
    };
    set(&mut response, header::CONTENT_TYPE, content_type(name));
    set(&mut response, header::CONTENT_LENGTH, &length.to_string());
    if *method == Method::GET {
        file.seek(SeekFrom::Start(start))?;
        let reader = tokio::fs::File::from_std(file).take(length);
        *response.body_mut() = Body::from_stream(ReaderStream::with_capacity(reader, PIECE));
    }
    Ok(response)
}

fn set(response: &mut Response, name: header::HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map(|(_, extension)| extension) {
        Some("gz" | "tgz") => "application/x-gzip",
        Some("yaml" | "yml" | "txt") => "text/plain; charset=utf-8",
        Some("json") => "application/json",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests;
