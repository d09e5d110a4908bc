//! What can go wrong, grouped by what the caller can do about it. URLs in here carry no user info and no query.

use std::time::Duration;

use http::StatusCode;
use url::Url;

/// A request that brought no usable answer, or a client that could not be built.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    /// The CA bundle is not PEM, or holds no certificate.
    #[error("CA bundle is not usable: {0}")]
    CertificateAuthority(String),
    /// Client certificate or key cannot be used.
    #[error("client certificate is not usable: {0}")]
    ClientCertificate(String),
    /// The proxy address cannot be used.
    #[error("proxy address is not usable: {0}")]
    Proxy(String),
    /// The client could not be built.
    #[error("build HTTP client")]
    Build(#[source] reqwest::Error),
    /// No connection, or it broke, or it took too long.
    #[error("{method} {url}")]
    Transport {
        /// The method of the request.
        method: http::Method,
        /// The URL without user info and query.
        url: String,
        /// What the network said.
        #[source]
        source: reqwest::Error,
    },
    /// No complete answer within the time given.
    #[error("{method} {url}: timed out after {}s", after.as_secs_f64())]
    TimedOut {
        /// The method of the request.
        method: http::Method,
        /// The URL without user info and query.
        url: String,
        /// The limit.
        after: Duration,
    },
    /// Too many redirects, or one that leads nowhere.
    #[error("{url}: {why}")]
    Redirect {
        /// The URL that redirected.
        url: String,
        /// What is wrong with it.
        why: String,
    },
    /// A status that is not a success.
    #[error("{url}: status {status}")]
    Status {
        /// The URL without user info and query.
        url: String,
        /// The status of the answer.
        status: StatusCode,
    },
    /// The answer is larger than allowed.
    #[error("{url}: answer is larger than {limit} bytes")]
    TooLarge {
        /// The URL without user info and query.
        url: String,
        /// The limit in bytes.
        limit: u64,
    },
}

impl HttpError {
    /// True when the server says that there is nothing at the URL.
    pub fn is_not_found(&self) -> bool {
        self.status() == Some(StatusCode::NOT_FOUND)
    }

    /// The status of the answer, where there was one.
    pub fn status(&self) -> Option<StatusCode> {
        match self {
            Self::Status { status, .. } => Some(*status),
            _ => None,
        }
    }

    /// True when the same request may succeed later without anybody changing anything.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Transport { .. } | Self::TimedOut { .. } => true,
            Self::Status { status, .. } => is_transient_status(*status),
            _ => false,
        }
    }
}

/// 429 and the server errors, but not 501: a method that is not implemented will not be so a moment later.
pub(crate) fn is_transient_status(status: StatusCode) -> bool {
    status == StatusCode::TOO_MANY_REQUESTS
        || (status.is_server_error() && status != StatusCode::NOT_IMPLEMENTED)
}

/// A URL that may be shown: without user info, query and fragment.
pub(crate) fn shown(url: &Url) -> String {
    let mut url = url.clone();
    // These fail only for URLs that cannot have user info at all.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.set_query(None);
    url.set_fragment(None);
    url.into()
}
