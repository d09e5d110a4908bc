//! The client: one pool of connections, shared by every identity.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER, WARNING};
use http::{HeaderMap, Method, Request, Response};
use http_body_util::{BodyExt, Limited};
use kube::client::Body;
use tokio::time::Instant;

use crate::discovery::Discovery;
use crate::error::{Error, read_status};
use crate::identity::Identity;
use crate::limiter::Limiter;

/// Larger answers are refused; a page of a list is far below.
const MAX_ANSWER_BYTES: usize = 256 << 20;
pub(crate) const JSON: &str = "application/json";
const IMPERSONATE_USER: HeaderName = HeaderName::from_static("impersonate-user");
const IMPERSONATE_GROUP: HeaderName = HeaderName::from_static("impersonate-group");

/// What a finished request looked like, for metrics.
#[derive(Debug)]
pub struct RequestRecord<'a> {
    /// HTTP method.
    pub method: &'a str,
    /// Host and port of the API server.
    pub host: &'a str,
    /// Status code, or `<error>` when there was no answer.
    pub code: &'a str,
    /// Path without the query.
    pub path: &'a str,
    /// From sending to the head of the answer.
    pub duration: Duration,
}

/// Is told of every request.
pub trait Observer: Send + Sync {
    /// Called once for each request, after the head of the answer or the failure.
    fn request(&self, record: &RequestRecord<'_>);
}

/// Decides whether this process may still change the cluster.
pub trait WriteGuard: Send + Sync {
    /// How long writes are allowed from now, or `None` when they are not.
    fn remaining(&self) -> Option<Duration>;
}

/// A connection to one cluster, as one identity. Cloning is cheap and shares the pool.
#[derive(Clone)]
pub struct Client {
    shared: Arc<Shared>,
    identity: Option<Arc<Identity>>,
    guard: Option<Arc<dyn WriteGuard>>,
}

/// What all clients of a cluster share.
pub(crate) struct Shared {
    pub(crate) transport: Arc<Transport>,
    pub(crate) discovery: Discovery,
    /// Cleared when the server turned out not to serve streaming lists.
    streaming_lists: AtomicBool,
}

/// The pool and what every request passes through.
pub(crate) struct Transport {
    pub(crate) inner: kube::Client,
    pub(crate) host: String,
    pub(crate) limiter: Option<Limiter>,
    pub(crate) timeout: Duration,
    pub(crate) observer: Option<Arc<dyn Observer>>,
}

/// One request before it is sent.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) accept: &'static str,
    pub(crate) content_type: &'static str,
    pub(crate) body: Vec<u8>,
    /// Whether it changes the cluster, and so needs the guard's consent.
    pub(crate) writes: bool,
}

impl Call {
    pub(crate) fn get(path: String, query: String) -> Self {
        Self {
            method: Method::GET,
            path,
            query,
            accept: JSON,
            content_type: JSON,
            body: Vec::new(),
            writes: false,
        }
    }

    pub(crate) fn with_body(method: Method, path: String, body: Vec<u8>) -> Self {
        Self {
            method,
            path,
            query: String::new(),
            accept: JSON,
            content_type: JSON,
            body,
            writes: true,
        }
    }
}

/// A complete, successful answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) body: Bytes,
    /// Texts of the `Warning` headers.
    pub(crate) warnings: Vec<String>,
}

impl Client {
    pub(crate) fn new(transport: Transport) -> Self {
        let transport = Arc::new(transport);
        Self {
            shared: Arc::new(Shared {
                discovery: Discovery::new(transport.clone()),
                transport,
                streaming_lists: AtomicBool::new(true),
            }),
            identity: None,
            guard: None,
        }
    }

    /// The same pool, with every request sent on behalf of `identity`.
    #[must_use]
    pub fn as_identity(&self, identity: Identity) -> Self {
        Self {
            identity: Some(Arc::new(identity)),
            ..self.clone()
        }
    }

    /// The same client, asking `guard` before each write.
    #[must_use]
    pub fn with_guard(&self, guard: Arc<dyn WriteGuard>) -> Self {
        Self {
            guard: Some(guard),
            ..self.clone()
        }
    }

    /// The identity requests are sent as; `None` for the connection's own.
    pub fn identity(&self) -> Option<&Identity> {
        self.identity.as_deref()
    }

    /// The cache of kinds of this cluster, asked with the connection's own identity.
    pub fn discovery(&self) -> &Discovery {
        &self.shared.discovery
    }

    /// Host and port of the API server.
    pub fn host(&self) -> &str {
        &self.shared.transport.host
    }

    /// The namespace of the kubeconfig's context or of the pod.
    pub fn default_namespace(&self) -> &str {
        self.shared.transport.inner.default_namespace()
    }

    pub(crate) fn streaming_lists(&self) -> bool {
        self.shared.streaming_lists.load(Ordering::Relaxed)
    }

    pub(crate) fn disable_streaming_lists(&self) {
        self.shared.streaming_lists.store(false, Ordering::Relaxed);
    }

    /// Sends a request and reads the whole answer.
    pub(crate) async fn call(&self, call: Call) -> Result<Answer, Error> {
        let mut timeout = self.shared.transport.timeout;
        if call.writes
            && let Some(guard) = &self.guard
        {
            timeout = timeout.min(guard.remaining().ok_or(Error::NotLeader)?);
        }
        self.shared
            .transport
            .call(call, self.identity.as_deref(), timeout)
            .await
    }

    /// Sends a request and hands over the body as it arrives; there is no limit on its duration.
    pub(crate) async fn open(&self, call: Call) -> Result<Response<Body>, Error> {
        let transport = &self.shared.transport;
        let (method, path) = (call.method.to_string(), call.path.clone());
        let response = transport.send(call, self.identity.as_deref());
        let response = tokio::time::timeout(transport.timeout, response)
            .await
            .map_err(|_| Error::Timeout {
                method,
                path: path.clone(),
                after: transport.timeout,
            })??;
        if response.status().is_success() {
            return Ok(response);
        }
        Err(refusal(response, &path).await)
    }
}

impl Transport {
    pub(crate) async fn call(
        &self,
        call: Call,
        identity: Option<&Identity>,
        timeout: Duration,
    ) -> Result<Answer, Error> {
        let (method, path) = (call.method.to_string(), call.path.clone());
        let exchange = async {
            let response = self.send(call, identity).await?;
            if !response.status().is_success() {
                return Err(refusal(response, &path).await);
            }
            let warnings = warnings(response.headers());
            let body = read(response.into_body(), &method, &path).await?;
            Ok(Answer { body, warnings })
        };
        match tokio::time::timeout(timeout, exchange).await {
            Ok(result) => result,
            Err(_) => Err(Error::Timeout {
                method: method.clone(),
                path: path.clone(),
                after: timeout,
            }),
        }
    }

    /// Sends one request, and reports it to the observer.
    pub(crate) async fn send(
        &self,
        call: Call,
        identity: Option<&Identity>,
    ) -> Result<Response<Body>, Error> {
        let (method, path) = (call.method.clone(), call.path.clone());
        let request = build(call, identity)?;
        if let Some(limiter) = &self.limiter {
            limiter.acquire().await;
        }
        let started = Instant::now();
        let result = self.inner.send(request).await;
        let status = result.as_ref().ok().map(Response::status);
        if let Some(observer) = &self.observer {
            observer.request(&RequestRecord {
                method: method.as_str(),
                host: &self.host,
                code: status.as_ref().map_or("<error>", |s| s.as_str()),
                path: &path,
                duration: started.elapsed(),
            });
        }
        result.map_err(|e| Error::Connection {
            method: method.to_string(),
            path,
            source: Box::new(e),
        })
    }
}

/// Puts the HTTP request together; the identity is two headers and nothing else.
fn build(call: Call, identity: Option<&Identity>) -> Result<Request<Body>, Error> {
    let uri = if call.query.is_empty() {
        call.path
    } else {
        format!("{}?{}", call.path, call.query)
    };
    let mut request = Request::builder()
        .method(call.method)
        .uri(uri)
        .header(ACCEPT, call.accept);
    if !call.body.is_empty() {
        request = request.header(CONTENT_TYPE, call.content_type);
    }
    if let Some(identity) = identity {
        request = request.header(IMPERSONATE_USER, header(identity.user_name())?);
        for group in identity.groups() {
            request = request.header(IMPERSONATE_GROUP, header(group)?);
        }
    }
    request
        .body(Body::from(call.body))
        .map_err(|e| Error::Request {
            what: e.to_string(),
        })
}

fn header(text: &str) -> Result<HeaderValue, Error> {
    HeaderValue::from_str(text).map_err(|_| Error::Request {
        what: "identity is not a header value".to_owned(),
    })
}

/// Reads a body up to the limit.
async fn read(body: Body, method: &str, path: &str) -> Result<Bytes, Error> {
    let collected = Limited::new(body, MAX_ANSWER_BYTES).collect().await;
    collected
        .map(http_body_util::Collected::to_bytes)
        .map_err(|source| Error::Connection {
            method: method.to_owned(),
            path: path.to_owned(),
            source,
        })
}

/// Reads the body of a refusal. A body that breaks off still leaves the code.
async fn refusal(response: Response<Body>, path: &str) -> Error {
    let code = response.status().as_u16();
    let retry_after = retry_after(response.headers());
    let body = read(response.into_body(), "", path)
        .await
        .unwrap_or_default();
    Error::from_status(read_status(code, &body, retry_after))
}

fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?;
    text.trim().parse().ok().map(Duration::from_secs)
}

/// The texts of `Warning: 299 - "text"` headers.
fn warnings(headers: &HeaderMap) -> Vec<String> {
    let text = |value: &HeaderValue| -> Option<String> {
        let value = value.to_str().ok()?;
        let start = value.find('"')? + 1;
        let end = value.rfind('"')?;
        let quoted = value.get(start..end)?;
        Some(quoted.replace("\\\"", "\"").replace("\\\\", "\\"))
    };
    headers.get_all(WARNING).iter().filter_map(text).collect()
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("host", &self.host())
            .field("identity", &self.identity)
            .finish_non_exhaustive()
    }
}
