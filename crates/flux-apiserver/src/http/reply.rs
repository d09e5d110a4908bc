//! Answers.

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use serde_json::Value;

use crate::error::ApiError;

/// What hyper sends.
pub(crate) type Body = UnsyncBoxBody<Bytes, std::convert::Infallible>;

pub(crate) fn empty_body() -> Body {
    Full::new(Bytes::new()).boxed_unsync()
}

/// An answer before the headers that all answers have.
pub(crate) struct Reply {
    pub(crate) code: u16,
    pub(crate) content_type: &'static str,
    pub(crate) body: Body,
    pub(crate) warnings: Vec<String>,
    pub(crate) retry_after: Option<u32>,
}

const JSON: &str = "application/json";

impl Reply {
    pub(crate) fn bytes(code: u16, content_type: &'static str, body: impl Into<Bytes>) -> Self {
        Self {
            code,
            content_type,
            body: Full::new(body.into()).boxed_unsync(),
            warnings: Vec::new(),
            retry_after: None,
        }
    }

    pub(crate) fn json(code: u16, value: &Value) -> Self {
        let mut body = serde_json::to_vec(value).expect("a JSON value always serialises");
        body.push(b'\n');
        Self::bytes(code, JSON, body)
    }

    pub(crate) fn json_bytes(code: u16, body: Vec<u8>) -> Self {
        Self::bytes(code, JSON, body)
    }

    pub(crate) fn text(code: u16, body: impl Into<Bytes>) -> Self {
        Self::bytes(code, "text/plain; charset=utf-8", body)
    }

    pub(crate) fn stream(frames: impl futures::Stream<Item = Bytes> + Send + 'static) -> Self {
        use futures::StreamExt;
        let frames = frames.map(|bytes| Ok(hyper::body::Frame::data(bytes)));
        Self {
            code: 200,
            content_type: JSON,
            body: StreamBody::new(frames).boxed_unsync(),
            warnings: Vec::new(),
            retry_after: None,
        }
    }

    pub(crate) fn error(error: &ApiError) -> Self {
        if error.is_unrouted() {
            return Self::text(404, error.message.clone());
        }
        let mut reply = Self::bytes(error.code, JSON, error.body());
        reply.retry_after = error
            .details
            .as_ref()
            .map(|d| d.retry_after_seconds)
            .filter(|seconds| *seconds > 0);
        reply
    }

    /// Adds the headers that every answer of the real server carries.
    pub(crate) fn into_response(self, audit_id: &str, flow: (&str, &str)) -> Response<Body> {
        let mut response = Response::new(self.body);
        *response.status_mut() =
            StatusCode::from_u16(self.code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let headers = response.headers_mut();
        let mut set = |name: &'static str, value: &str| {
            if let Ok(value) = HeaderValue::from_str(value) {
                headers.append(name, value);
            }
        };
        set("content-type", self.content_type);
        set("cache-control", "no-cache, private");
        set("audit-id", audit_id);
        set("x-kubernetes-pf-flowschema-uid", flow.0);
        set("x-kubernetes-pf-prioritylevel-uid", flow.1);
        if let Some(seconds) = self.retry_after {
            set("retry-after", &seconds.to_string());
        }
        for warning in &self.warnings {
            let escaped = warning.replace('\\', "\\\\").replace('"', "\\\"");
            set("warning", &format!("299 - \"{escaped}\""));
        }
        response
    }
}

impl From<ApiError> for Reply {
    fn from(error: ApiError) -> Self {
        Self::error(&error)
    }
}
