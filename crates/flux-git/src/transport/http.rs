//! Smart HTTP. Credentials go with the first request and only to the host of the URL; redirects are followed by hand,
//! for the first request alone, as Git does.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use base64::Engine as _;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use reqwest::{RequestBuilder, Response, StatusCode};
use url::Url;

use crate::error::{Cause, chain, shorten};
use crate::protocol::AGENT;
use crate::remote::{Credentials, Proxy, Remote, Tls};

/// The most redirects that are followed, as many as Go's client follows.
const MOST_REDIRECTS: usize = 10;
/// The most bytes of an error page that are read.
const ERROR_PAGE_BYTES: usize = 4096;
/// The most HTTP clients that are kept; each has its own trust, proxy and connections.
const MOST_CLIENTS: usize = 256;

/// HTTP clients by trust and proxy. Two remotes share connections only where all of both is the same.
#[derive(Default)]
pub(crate) struct Clients {
    known: Mutex<HashMap<Vec<u8>, reqwest::Client>>,
}

impl std::fmt::Debug for Clients {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Clients").finish_non_exhaustive()
    }
}

impl Clients {
    fn get(&self, remote: &Remote) -> Result<reqwest::Client, Cause> {
        let key = key_of(remote);
        let lock = || self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = lock().get(&key) {
            return Ok(client.clone());
        }
        let client = build(remote)?;
        let mut known = lock();
        if known.len() >= MOST_CLIENTS {
            known.clear();
        }
        known.insert(key, client.clone());
        Ok(client)
    }
}

/// What tells the way to a repository from all others: trust, proxy and URL.
pub(crate) fn way_to(remote: &Remote) -> Vec<u8> {
    let mut way = key_of(remote);
    let mut url = remote.url().clone();
    let _ = url.set_username("");
    let _ = url.set_password(None);
    way.extend_from_slice(url.as_str().as_bytes());
    way
}

/// Everything that makes a client differ from another, each part with its length.
fn key_of(remote: &Remote) -> Vec<u8> {
    let Tls { ca, client } = &remote.tls;
    let mut parts: Vec<&[u8]> = vec![remote.url().scheme().as_bytes()];
    parts.push(ca.as_deref().unwrap_or_default());
    if let Some(client) = client {
        parts.extend([client.certificate.as_slice(), client.key.expose()]);
    }
    if let Some(Proxy { url, credentials }) = &remote.proxy {
        parts.extend([b"proxy".as_slice(), url.as_str().as_bytes()]);
        if let Some((user, password)) = credentials {
            parts.extend([user.as_bytes(), password.expose()]);
        }
    }
    let mut key = Vec::new();
    for part in parts {
        key.extend_from_slice(&part.len().to_le_bytes());
        key.extend_from_slice(part);
    }
    key
}

fn unusable(what: &'static str) -> impl Fn(reqwest::Error) -> Cause {
    move |source| Cause::Configuration {
        what,
        source: Box::new(source),
    }
}

fn build(remote: &Remote) -> Result<reqwest::Client, Cause> {
    let failed = unusable("the HTTP client");
    let roots = match &remote.tls.ca {
        Some(pem) => reqwest::Certificate::from_pem_bundle(pem)
            .map_err(unusable("the certificate authority"))?,
        None => Vec::new(),
    };
    if remote.tls.ca.is_some() && roots.is_empty() {
        let source = "it holds no certificate".into();
        return Err(Cause::Configuration {
            what: "the certificate authority",
            source,
        });
    }
    let secure_proxy = remote
        .proxy
        .as_ref()
        .is_some_and(|proxy| proxy.url.scheme() == "https");
    if roots.is_empty() {
        let plain = remote.url().scheme() == "http" && !secure_proxy;
        let builder = builder(remote)?;
        // Plain HTTP needs no trust, and a system without any must not break it.
        let builder = if plain {
            builder.tls_certs_only([])
        } else {
            builder
        };
        return builder.build().map_err(failed);
    }
    // The given authorities are trusted beside the system's, as upstream does; alone where the system has none.
    match builder(remote)?.tls_certs_merge(roots.clone()).build() {
        Ok(client) => Ok(client),
        Err(_) => builder(remote)?
            .tls_certs_only(roots)
            .build()
            .map_err(failed),
    }
}

/// All but the trust.
fn builder(remote: &Remote) -> Result<reqwest::ClientBuilder, Cause> {
    let mut builder = reqwest::Client::builder()
        .user_agent(AGENT)
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy();
    if let Some(Proxy { url, credentials }) = &remote.proxy {
        let mut proxy = reqwest::Proxy::all(url.clone()).map_err(unusable("the proxy"))?;
        if let Some((user, password)) = credentials {
            proxy = proxy.basic_auth(user, &String::from_utf8_lossy(password.expose()));
        }
        builder = builder.proxy(proxy);
    }
    if let Some(client) = &remote.tls.client {
        let mut pem = client.certificate.clone();
        pem.push(b'\n');
        pem.extend_from_slice(client.key.expose());
        let identity =
            reqwest::Identity::from_pem(&pem).map_err(unusable("the client certificate"))?;
        builder = builder.identity(identity);
    }
    Ok(builder)
}

/// One repository over HTTP.
#[derive(Debug)]
pub(crate) struct HttpConnection {
    client: reqwest::Client,
    base: Url,
    credentials: Option<HeaderValue>,
    /// The last request, for messages.
    requested: String,
    redirected: bool,
}

impl HttpConnection {
    pub(crate) fn open(clients: &Clients, remote: &Remote) -> Result<Self, Cause> {
        let client = clients.get(remote)?;
        let mut base = remote.url().clone();
        let credentials = authorization(remote)?;
        // Neither can fail for a URL with a host.
        let _ = base.set_username("");
        let _ = base.set_password(None);
        base.set_query(None);
        base.set_fragment(None);
        Ok(Self {
            client,
            base,
            credentials,
            requested: String::new(),
            redirected: false,
        })
    }

    pub(crate) fn was_redirected(&self) -> bool {
        self.redirected
    }

    /// Asks for the references; the answer may turn out to be of any protocol version.
    pub(crate) async fn greeting(&mut self) -> Result<Response, Cause> {
        let mut url = below(&self.base, "info/refs");
        url.set_query(Some("service=git-upload-pack"));
        for _ in 0..=MOST_REDIRECTS {
            url.as_str().clone_into(&mut self.requested);
            let response = self.send(self.client.get(url.clone())).await?;
            if !is_redirect(response.status()) {
                let response = self.checked(response).await?;
                self.follow(&url)?;
                return expect_type(response, "application/x-git-upload-pack-advertisement");
            }
            url = self.redirect(&url, response.headers())?;
            self.redirected = true;
        }
        Err(Cause::protocol(format!(
            "stopped after {MOST_REDIRECTS} redirects"
        )))
    }

    /// Sends one request to the service.
    pub(crate) async fn request(&mut self, body: Vec<u8>) -> Result<Response, Cause> {
        let url = below(&self.base, "git-upload-pack");
        url.as_str().clone_into(&mut self.requested);
        let request = self
            .client
            .post(url)
            .header("content-type", "application/x-git-upload-pack-request")
            .header("accept", "application/x-git-upload-pack-result")
            .body(body);
        let response = self.send(request).await?;
        let response = self.checked(response).await?;
        expect_type(response, "application/x-git-upload-pack-result")
    }

    async fn send(&self, request: RequestBuilder) -> Result<Response, Cause> {
        let mut request = request.header("git-protocol", "version=2");
        if let Some(credentials) = &self.credentials {
            request = request.header(AUTHORIZATION, credentials.clone());
        }
        request.send().await.map_err(|error| failure(&error))
    }

    /// Where a redirect leads. Credentials stay behind when it leads to another host, and it may not leave `https`.
    fn redirect(&mut self, from: &Url, headers: &HeaderMap) -> Result<Url, Cause> {
        let refused = |why: &str| Cause::protocol(format!("redirect refused: {why}"));
        let target = headers
            .get("location")
            .and_then(|value| value.to_str().ok())
            .and_then(|value| from.join(value).ok())
            .ok_or_else(|| refused("it leads nowhere"))?;
        match (from.scheme(), target.scheme()) {
            ("https", "http") => return Err(refused("it leaves https")),
            (_, "http" | "https") => {}
            _ => return Err(refused("it leaves HTTP")),
        }
        let same_host = from.host_str() == target.host_str()
            && (from.port_or_known_default() == target.port_or_known_default()
                || (from.port().is_none() && target.port().is_none()));
        if !same_host {
            self.credentials = None;
        }
        Ok(target)
    }

    /// Moves the repository to where the first request was redirected.
    fn follow(&mut self, url: &Url) -> Result<(), Cause> {
        let path = url.path().strip_suffix("/info/refs").map(str::to_owned);
        let path =
            path.ok_or_else(|| Cause::protocol("redirect refused: it leads to no repository"))?;
        self.base = url.clone();
        self.base.set_query(None);
        self.base.set_path(&path);
        let _ = self.base.set_username("");
        let _ = self.base.set_password(None);
        Ok(())
    }

    /// The response, where its status is good.
    async fn checked(&self, mut response: Response) -> Result<Response, Cause> {
        let status = response.status();
        if status == StatusCode::OK {
            return Ok(response);
        }
        let mut page = Vec::new();
        while page.len() < ERROR_PAGE_BYTES
            && let Ok(Some(bytes)) = response.chunk().await
        {
            page.extend_from_slice(&bytes);
        }
        page.truncate(ERROR_PAGE_BYTES);
        let detail = shorten(&String::from_utf8_lossy(&page));
        Err(match status.as_u16() {
            401 => Cause::AuthenticationRequired { detail },
            403 => Cause::AuthorizationFailed { detail },
            404 => Cause::RepositoryNotFound { detail },
            status => Cause::UnexpectedStatus {
                url: self.requested.clone(),
                status,
                detail,
            },
        })
    }
}

fn is_redirect(status: StatusCode) -> bool {
    matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308)
}

fn expect_type(response: Response, want: &str) -> Result<Response, Cause> {
    let got = response
        .headers()
        .get("content-type")
        .and_then(|value| value.to_str().ok());
    let got = got.unwrap_or_default();
    if got
        .split(';')
        .next()
        .is_some_and(|kind| kind.trim().eq_ignore_ascii_case(want))
    {
        Ok(response)
    } else {
        // Servers without the smart protocol serve a plain file here.
        Err(Cause::protocol(format!(
            "content type '{}' instead of '{want}'",
            shorten(got)
        )))
    }
}

fn below(base: &Url, path: &str) -> Url {
    let mut url = base.clone();
    url.set_path(&format!("{}/{path}", base.path().trim_end_matches('/')));
    url
}

/// The value of the `Authorization` header. User information in the URL counts where no credentials are given.
fn authorization(remote: &Remote) -> Result<Option<HeaderValue>, Cause> {
    let url = remote.url();
    let value = match &remote.credentials {
        Credentials::None if url.username().is_empty() && url.password().is_none() => {
            return Ok(None);
        }
        Credentials::None => basic(
            &decoded(url.username()),
            &decoded(url.password().unwrap_or_default()),
        ),
        Credentials::Basic { username, password } => basic(username.as_bytes(), password.expose()),
        Credentials::Bearer(token) => [b"Bearer ", token.expose()].concat(),
        Credentials::Ssh(_) => {
            return Err(Cause::CredentialsMismatch {
                scheme: url.scheme().to_owned(),
            });
        }
    };
    let mut value = HeaderValue::from_bytes(&value).map_err(|source| Cause::Configuration {
        what: "the credentials",
        source: Box::new(source),
    })?;
    value.set_sensitive(true);
    Ok(Some(value))
}

fn basic(username: &[u8], password: &[u8]) -> Vec<u8> {
    let pair = [username, b":", password].concat();
    let encoded = base64::engine::general_purpose::STANDARD.encode(pair);
    format!("Basic {encoded}").into_bytes()
}

fn decoded(text: &str) -> Vec<u8> {
    percent_encoding::percent_decode_str(text).collect()
}

/// Sorts what can go wrong below HTTP.
pub(crate) fn failure(error: &reqwest::Error) -> Cause {
    let mut detail = None;
    let mut source = std::error::Error::source(error);
    while let Some(inner) = source {
        let words = inner.to_string();
        if ["certificate", "TLS", "handshake", "alert"]
            .iter()
            .any(|sign| words.contains(sign))
        {
            return Cause::Tls {
                detail: shorten(&words),
            };
        }
        detail = Some(chain(inner));
        source = inner.source();
    }
    Cause::Connect {
        detail: shorten(&detail.unwrap_or_else(|| "no answer".to_owned())),
    }
}
