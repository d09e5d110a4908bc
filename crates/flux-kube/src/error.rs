//! What can go wrong with a request, grouped by what a caller can do about it.

use std::fmt;
use std::time::Duration;

use flux_object::Gvk;
use serde_json::Value;

/// An answer of the API server that refuses a request (`metav1.Status`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiStatus {
    /// HTTP status code.
    pub code: u16,
    /// Machine-readable reason, such as `NotFound`; empty when the answer had none.
    pub reason: String,
    /// The server's own words.
    pub message: String,
    /// Single causes, such as one per invalid field.
    pub causes: Vec<Cause>,
    /// How long the server asks to wait, from the body or the `Retry-After` header.
    pub retry_after: Option<Duration>,
}

/// One cause inside an [`ApiStatus`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cause {
    /// Such as `FieldValueInvalid` or `FieldManagerConflict`.
    pub reason: String,
    /// The server's words about this cause.
    pub message: String,
    /// The field, such as `.spec.replicas`; empty when it is not about a field.
    pub field: String,
}

impl fmt::Display for ApiStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// Why a request did not give what was asked for. The API server's own message is kept word for word.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// 404: the object, or the whole resource, does not exist.
    #[error("{0}")]
    NotFound(Box<ApiStatus>),
    /// 409 with reason `AlreadyExists`.
    #[error("{0}")]
    AlreadyExists(Box<ApiStatus>),
    /// 409: a precondition or another field manager stands in the way.
    #[error("{0}")]
    Conflict(Box<ApiStatus>),
    /// 401: the credentials are not accepted.
    #[error("{0}")]
    Unauthorized(Box<ApiStatus>),
    /// 403: the identity may not do this.
    #[error("{0}")]
    Forbidden(Box<ApiStatus>),
    /// 422, or 400: the object is refused as it is.
    #[error("{0}")]
    Invalid(Box<ApiStatus>),
    /// 410: the resource version is too old; list again.
    #[error("{0}")]
    Expired(Box<ApiStatus>),
    /// 429: the server sheds load.
    #[error("{0}")]
    TooManyRequests(Box<ApiStatus>),
    /// 5xx: the server, or something it depends on, does not work now.
    #[error("{0}")]
    Unavailable(Box<ApiStatus>),
    /// Any other refusal.
    #[error("{0}")]
    Refused(Box<ApiStatus>),
    /// The server knows no such kind.
    #[error("no matches for kind \"{}\" in version \"{}\"", .0.kind, .0.api_version())]
    NoMatch(Gvk),
    /// No answer in time.
    #[error("request timed out after {} ms: {method} {path}", .after.as_millis())]
    Timeout {
        /// HTTP method.
        method: String,
        /// Path of the request.
        path: String,
        /// The limit that passed.
        after: Duration,
    },
    /// The connection failed before an answer was complete.
    #[error("connection to the API server failed: {method} {path}")]
    Connection {
        /// HTTP method.
        method: String,
        /// Path of the request.
        path: String,
        /// What the transport said.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The answer is not what the API promises.
    #[error("answer of the API server cannot be read: {method} {path}")]
    Decode {
        /// HTTP method.
        method: String,
        /// Path of the request.
        path: String,
        /// What was wrong with it.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// This process does not hold, or is about to lose, the right to write.
    #[error("write refused: the leader lease is not held")]
    NotLeader,
    /// The request could not be put together from what the caller gave.
    #[error("request cannot be built: {what}")]
    Request {
        /// Which part.
        what: String,
    },
    /// Credentials or addresses of a cluster cannot be used.
    #[error("cluster configuration cannot be used: {what}")]
    Config {
        /// Which part.
        what: String,
        /// The cause, if another component gave one.
        #[source]
        source: Option<Box<dyn std::error::Error + Send + Sync>>,
    },
}

impl Error {
    /// The server's answer, if there was one.
    pub fn status(&self) -> Option<&ApiStatus> {
        match self {
            Self::NotFound(s)
            | Self::AlreadyExists(s)
            | Self::Conflict(s)
            | Self::Unauthorized(s)
            | Self::Forbidden(s)
            | Self::Invalid(s)
            | Self::Expired(s)
            | Self::TooManyRequests(s)
            | Self::Unavailable(s)
            | Self::Refused(s) => Some(s),
            Self::NoMatch(_)
            | Self::Timeout { .. }
            | Self::Connection { .. }
            | Self::Decode { .. }
            | Self::NotLeader
            | Self::Request { .. }
            | Self::Config { .. } => None,
        }
    }

    /// Whether the object (or its kind) does not exist.
    pub fn is_not_found(&self) -> bool {
        matches!(self, Self::NotFound(_))
    }

    /// Whether a precondition or another manager's field stood in the way.
    pub fn is_conflict(&self) -> bool {
        matches!(self, Self::Conflict(_))
    }

    /// Whether the object exists already.
    pub fn is_already_exists(&self) -> bool {
        matches!(self, Self::AlreadyExists(_))
    }

    /// Whether the identity lacks the right.
    pub fn is_forbidden(&self) -> bool {
        matches!(self, Self::Forbidden(_))
    }

    /// Whether the object itself is refused.
    pub fn is_invalid(&self) -> bool {
        matches!(self, Self::Invalid(_))
    }

    /// Whether the same request may succeed a little later without anything being changed by hand.
    pub fn is_transient(&self) -> bool {
        matches!(
            self,
            Self::TooManyRequests(_)
                | Self::Unavailable(_)
                | Self::Timeout { .. }
                | Self::Connection { .. }
        )
    }

    /// How long the server asked to wait.
    pub fn retry_after(&self) -> Option<Duration> {
        self.status().and_then(|s| s.retry_after)
    }

    /// Sorts a refusal by its code and reason.
    pub(crate) fn from_status(status: ApiStatus) -> Self {
        let (code, reason) = (status.code, status.reason.clone());
        let status = Box::new(status);
        match (code, reason.as_str()) {
            (404, _) => Self::NotFound(status),
            (409, "AlreadyExists") => Self::AlreadyExists(status),
            (409, _) => Self::Conflict(status),
            (401, _) => Self::Unauthorized(status),
            (403, _) => Self::Forbidden(status),
            (400 | 422, _) => Self::Invalid(status),
            (410, _) => Self::Expired(status),
            (429, _) => Self::TooManyRequests(status),
            (500..=599, _) => Self::Unavailable(status),
            _ => Self::Refused(status),
        }
    }
}

/// Reads a refusal: a `Status` object if the body is one, else the text itself.
pub(crate) fn read_status(code: u16, body: &[u8], retry_after: Option<Duration>) -> ApiStatus {
    let value: Option<Value> = serde_json::from_slice(body).ok();
    match value {
        Some(value) if value["kind"] == "Status" => status_of(&value, code, retry_after),
        _ => ApiStatus {
            code,
            reason: String::new(),
            message: plain_message(code, body),
            causes: Vec::new(),
            retry_after,
        },
    }
}

/// Reads a `Status` object; `code` is used when it states none.
pub(crate) fn status_of(value: &Value, code: u16, retry_after: Option<Duration>) -> ApiStatus {
    let text = |v: &Value| v.as_str().unwrap_or_default().to_owned();
    let details = &value["details"];
    let causes = details["causes"].as_array().map(Vec::as_slice);
    ApiStatus {
        code: value["code"]
            .as_u64()
            .and_then(|c| u16::try_from(c).ok())
            .unwrap_or(code),
        reason: text(&value["reason"]),
        message: text(&value["message"]),
        causes: causes
            .unwrap_or_default()
            .iter()
            .map(|c| Cause {
                reason: text(&c["reason"]),
                message: text(&c["message"]),
                field: text(&c["field"]),
            })
            .collect(),
        retry_after: details["retryAfterSeconds"]
            .as_u64()
            .filter(|s| *s > 0)
            .map(Duration::from_secs)
            .or(retry_after),
    }
}

/// A message for an answer that is no `Status`: what a proxy in front of the server sends.
fn plain_message(code: u16, body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    let text: String = text.trim().chars().take(256).collect();
    let name = http::StatusCode::from_u16(code)
        .ok()
        .and_then(|c| c.canonical_reason())
        .unwrap_or("unknown status");
    if text.is_empty() {
        format!("the server answered {code} {name}")
    } else {
        format!("the server answered {code} {name}: {text}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_are_sorted_by_code_and_reason() {
        let sort =
            |code: u16, body: &str| Error::from_status(read_status(code, body.as_bytes(), None));
        let status = |code: u16, reason: &str| {
            let body = serde_json::json!({ "kind": "Status", "code": code, "reason": reason, "message": "m" });
            sort(code, &body.to_string())
        };
        assert!(status(404, "NotFound").is_not_found());
        assert!(status(409, "AlreadyExists").is_already_exists());
        assert!(status(409, "Conflict").is_conflict());
        assert!(status(403, "Forbidden").is_forbidden());
        assert!(status(422, "Invalid").is_invalid());
        assert!(matches!(status(410, "Expired"), Error::Expired(_)));
        assert!(status(429, "TooManyRequests").is_transient());
        assert_eq!(status(500, "InternalError").to_string(), "m");
        let proxy = sort(502, "<html>bad</html>");
        assert!(proxy.is_transient());
        assert_eq!(
            proxy.to_string(),
            "the server answered 502 Bad Gateway: <html>bad</html>"
        );
    }

    #[test]
    fn the_wait_comes_from_the_body_or_the_header() {
        let body =
            br#"{"kind":"Status","code":429,"message":"m","details":{"retryAfterSeconds":3}}"#;
        let header = Some(Duration::from_secs(9));
        assert_eq!(
            read_status(429, body, header).retry_after,
            Some(Duration::from_secs(3))
        );
        assert_eq!(read_status(429, b"", header).retry_after, header);
    }
}
