//! What a server does wrong on purpose.

use std::sync::{Arc, Mutex, PoisonError};

use axum::body::{Body, Bytes, to_bytes};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

/// A fault of a server, applied to every request until it is taken back.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Fault {
    /// None.
    #[default]
    None,
    /// Answers with this status and this text.
    Status(u16, String),
    /// Takes the request and never answers.
    Stall,
    /// Answers, but breaks the connection after this many bytes of the body.
    Truncate(usize),
}

/// The fault in force, shared with the server.
#[derive(Debug, Clone, Default)]
pub(crate) struct Faults(Arc<Mutex<Fault>>);

impl Faults {
    pub(crate) fn set(&self, fault: Fault) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = fault;
    }

    fn now(&self) -> Fault {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// The answer to one request, spoiled as ordered.
    pub(crate) async fn spoil(&self, answer: impl Future<Output = Response>) -> Response {
        match self.now() {
            Fault::None => answer.await,
            Fault::Status(status, text) => {
                let status = StatusCode::from_u16(status).unwrap_or(StatusCode::IM_A_TEAPOT);
                (status, text).into_response()
            }
            Fault::Stall => std::future::pending().await,
            Fault::Truncate(most) => truncated(answer.await, most).await,
        }
    }
}

async fn truncated(answer: Response, most: usize) -> Response {
    let (parts, body) = answer.into_parts();
    let whole = to_bytes(body, usize::MAX).await.unwrap_or_default();
    let kept: Bytes = whole.slice(..most.min(whole.len()));
    let broken = std::io::Error::new(std::io::ErrorKind::ConnectionReset, "cut by the test");
    let pieces = futures::stream::iter([Ok(kept), Err(broken)]);
    Response::from_parts(parts, Body::from_stream(pieces))
}
