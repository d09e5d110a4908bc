//! Clients, requests and responses.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::{Method, StatusCode};
use url::Url;

use crate::environment::ProxyEnvironment;
use crate::error::{HttpError, is_transient_status, shown};
use crate::options::{ClientOptions, ProxyChoice, Retry};
use crate::tls::{SystemRoots, client_config};

/// As many redirects are followed as Go's client follows.
const MOST_REDIRECTS: usize = 10;
/// Clients kept. Each holds its own connection pool, so that identities never share connections.
const MOST_CLIENTS: usize = 256;

/// Builds clients and keeps them by their options.
#[derive(Debug, Clone)]
pub struct Clients {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    roots: SystemRoots,
    environment: Arc<ProxyEnvironment>,
    /// Most recently used last.
    kept: Mutex<VecDeque<(ClientOptions, Client)>>,
}

impl Clients {
    /// A factory for this process.
    pub fn new(roots: SystemRoots, environment: ProxyEnvironment) -> Self {
        let shared = Shared {
            roots,
            environment: Arc::new(environment),
            kept: Mutex::new(VecDeque::new()),
        };
        Self {
            shared: Arc::new(shared),
        }
    }

    /// A factory from the system's roots and the process's environment.
    pub fn from_process() -> Self {
        Self::new(SystemRoots::load(), ProxyEnvironment::from_process())
    }

    /// The proxy environment that clients use by default.
    pub fn environment(&self) -> &ProxyEnvironment {
        &self.shared.environment
    }

    /// The client for these options.
    ///
    /// # Errors
    /// Certificates, keys or proxies that cannot be used.
    pub fn client(&self, options: &ClientOptions) -> Result<Client, HttpError> {
        // A panic cannot leave the list half changed, so a poisoned lock is as good as any.
        let mut kept = self
            .shared
            .kept
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(at) = kept.iter().position(|(have, _)| have == options)
            && let Some(entry) = kept.remove(at)
        {
            let client = entry.1.clone();
            kept.push_back(entry);
            return Ok(client);
        }
        let client = self.build(options)?;
        if kept.len() >= MOST_CLIENTS {
            kept.pop_front();
        }
        kept.push_back((options.clone(), client.clone()));
        Ok(client)
    }

    fn build(&self, options: &ClientOptions) -> Result<Client, HttpError> {
        let mut builder = reqwest::Client::builder()
            .tls_backend_preconfigured(client_config(&self.shared.roots, &options.tls)?)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .connect_timeout(options.connect_timeout)
            .read_timeout(options.read_timeout)
            .user_agent(options.user_agent.as_str());
        match &options.proxy {
            ProxyChoice::Direct => {}
            ProxyChoice::Server(server) => {
                let proxy = reqwest::Proxy::all(server.url().clone())
                    .map_err(|_| HttpError::Proxy("not supported".to_owned()))?;
                builder = builder.proxy(proxy);
            }
            ProxyChoice::Environment => {
                let environment = Arc::clone(&self.shared.environment);
                builder = builder.proxy(reqwest::Proxy::custom(move |url| {
                    environment.proxy_for(url).cloned()
                }));
            }
        }
        Ok(Client {
            http: builder.build().map_err(HttpError::Build)?,
        })
    }
}

/// A client with its connection pool. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Client {
    http: reqwest::Client,
}

/// One request. Its body is kept, so that it can be sent again.
#[derive(Debug, Clone)]
pub struct Request {
    /// The method.
    pub method: Method,
    /// The URL. User info in it becomes basic authentication.
    pub url: Url,
    /// The headers. Values marked as sensitive are dropped when a redirect leads to another host, as are
    /// `Authorization`, `Cookie` and `Proxy-Authorization`.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
    /// Limit for the whole exchange but reading the body: redirects and all tries included.
    pub timeout: Option<Duration>,
    /// How often to try.
    pub retry: Retry,
}

impl Request {
    /// A `GET` without headers and limits.
    pub fn get(url: Url) -> Self {
        Self::new(Method::GET, url)
    }

    /// A request without headers, body and limits.
    pub fn new(method: Method, url: Url) -> Self {
        Self {
            method,
            url,
            headers: HeaderMap::new(),
            body: Bytes::new(),
            timeout: None,
            retry: Retry::NONE,
        }
    }
}

/// An answer whose body has not been read.
#[derive(Debug)]
pub struct Response {
    url: String,
    method: Method,
    inner: reqwest::Response,
}

impl Client {
    /// Sends a request, follows redirects of `GET` and `HEAD`, and tries again as the request allows.
    /// Any status is an answer; see [`Response::success`].
    ///
    /// # Errors
    /// No answer: [`HttpError::Transport`], [`HttpError::TimedOut`], [`HttpError::Redirect`].
    pub async fn send(&self, request: Request) -> Result<Response, HttpError> {
        match request.timeout {
            None => self.send_all(&request).await,
            Some(after) => tokio::time::timeout(after, self.send_all(&request))
                .await
                .unwrap_or_else(|_| {
                    Err(HttpError::TimedOut {
                        method: request.method.clone(),
                        url: shown(&request.url),
                        after,
                    })
                }),
        }
    }

    async fn send_all(&self, request: &Request) -> Result<Response, HttpError> {
        let mut failed = 0;
        loop {
            let result = self.send_once(request).await;
            let retry_after = match &result {
                Ok(response) if is_transient_status(response.status()) => response.retry_after(),
                Err(error) if error.is_transient() => None,
                _ => return result,
            };
            if failed >= request.retry.retries {
                return result;
            }
            tokio::time::sleep(request.retry.wait(failed, retry_after)).await;
            failed += 1;
        }
    }

    async fn send_once(&self, request: &Request) -> Result<Response, HttpError> {
        let mut url = request.url.clone();
        let mut headers = request.headers.clone();
        for _ in 0..=MOST_REDIRECTS {
            let response = self
                .http
                .request(request.method.clone(), url.clone())
                .headers(headers.clone())
                .body(request.body.clone())
                .send()
                .await
                .map_err(|source| HttpError::Transport {
                    method: request.method.clone(),
                    url: shown(&url),
                    source: source.without_url(),
                })?;
            let Some(target) = redirect_target(&request.method, &url, &response)? else {
                return Ok(Response {
                    url: shown(&url),
                    method: request.method.clone(),
                    inner: response,
                });
            };
            if target.origin() != url.origin() {
                headers = without_credentials(&headers);
            }
            url = target;
        }
        Err(HttpError::Redirect {
            url: shown(&request.url),
            why: format!("stopped after {MOST_REDIRECTS} redirects"),
        })
    }
}

fn redirect_target(
    method: &Method,
    from: &Url,
    response: &reqwest::Response,
) -> Result<Option<Url>, HttpError> {
    if !matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308)
        || !matches!(*method, Method::GET | Method::HEAD)
    {
        return Ok(None);
    }
    let refuse = |why: &str| HttpError::Redirect {
        url: shown(from),
        why: why.to_owned(),
    };
    let Some(location) = response.headers().get(header::LOCATION) else {
        return Ok(None);
    };
    let location = location
        .to_str()
        .map_err(|_| refuse("redirects to something that is not a URL"))?;
    let target = from
        .join(location)
        .map_err(|_| refuse("redirects to something that is not a URL"))?;
    if !matches!(target.scheme(), "http" | "https") {
        return Err(refuse("redirects to another protocol"));
    }
    Ok(Some(target))
}

/// The headers that may be shown to another host.
fn without_credentials(headers: &HeaderMap) -> HeaderMap {
    let secret = |name: &HeaderName, value: &HeaderValue| {
        value.is_sensitive()
            || [
                header::AUTHORIZATION,
                header::COOKIE,
                header::PROXY_AUTHORIZATION,
            ]
            .contains(name)
    };
    headers
        .iter()
        .filter(|(name, value)| !secret(name, value))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

impl Response {
    /// The status of the answer.
    pub fn status(&self) -> StatusCode {
        self.inner.status()
    }

    /// The headers of the answer.
    pub fn headers(&self) -> &HeaderMap {
        self.inner.headers()
    }

    /// This answer if its status is a success.
    ///
    /// # Errors
    /// [`HttpError::Status`].
    pub fn success(self) -> Result<Self, HttpError> {
        if self.status().is_success() {
            return Ok(self);
        }
        Err(HttpError::Status {
            url: self.url,
            status: self.inner.status(),
        })
    }

    /// The whole body, if it is not larger than `limit` bytes.
    ///
    /// # Errors
    /// [`HttpError::TooLarge`], [`HttpError::Transport`].
    pub async fn bytes(mut self, limit: u64) -> Result<Bytes, HttpError> {
        let mut body = BytesMut::new();
        while let Some(chunk) = self.chunk().await? {
            if body.len() as u64 + chunk.len() as u64 > limit {
                return Err(HttpError::TooLarge {
                    url: self.url,
                    limit,
                });
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body.freeze())
    }

    /// The next piece of the body; none at its end. The caller counts.
    ///
    /// # Errors
    /// [`HttpError::Transport`].
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, HttpError> {
        self.inner
            .chunk()
            .await
            .map_err(|source| HttpError::Transport {
                method: self.method.clone(),
                url: self.url.clone(),
                source: source.without_url(),
            })
    }

    fn retry_after(&self) -> Option<Duration> {
        let value = self.headers().get(header::RETRY_AFTER)?.to_str().ok()?;
        value.trim().parse().ok().map(Duration::from_secs)
    }
}

#[cfg(test)]
mod tests;
