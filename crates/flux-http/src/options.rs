//! What a client is built from. Two clients with equal options are the same client.

use std::fmt;
use std::time::Duration;

use url::Url;

use crate::error::HttpError;

/// Everything that makes one client differ from another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientOptions {
    /// Extra roots and a client certificate.
    pub tls: TlsOptions,
    /// How to reach servers.
    pub proxy: ProxyChoice,
    /// Limit for establishing a connection, TLS included.
    pub connect_timeout: Duration,
    /// Limit for silence on an established connection.
    pub read_timeout: Duration,
    /// The `User-Agent` of every request.
    pub user_agent: String,
}

impl Default for ClientOptions {
    fn default() -> Self {
        Self {
            tls: TlsOptions::default(),
            proxy: ProxyChoice::Environment,
            connect_timeout: Duration::from_secs(10),
            read_timeout: Duration::from_mins(1),
            user_agent: "flux/v2".to_owned(),
        }
    }
}

/// Extra roots and a client certificate, as PEM. System roots stay trusted beside the extra ones (COM-SEC-003).
#[derive(Clone, PartialEq, Eq, Default)]
pub struct TlsOptions {
    /// Certificates of additional authorities.
    pub ca: Option<Vec<u8>>,
    /// The client certificate chain and its private key.
    pub client: Option<(Vec<u8>, Vec<u8>)>,
    /// Accept any server certificate. For registries marked insecure only.
    pub insecure: bool,
}

impl fmt::Debug for TlsOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsOptions")
            .field("ca", &self.ca.is_some())
            .field("client", &self.client.is_some())
            .field("insecure", &self.insecure)
            .finish()
    }
}

/// How to reach servers.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum ProxyChoice {
    /// As the process's environment says.
    #[default]
    Environment,
    /// Through this proxy, for every host.
    Server(ProxyServer),
    /// Directly.
    Direct,
}

/// A proxy of one object (COM-SEC-004).
#[derive(Clone, PartialEq, Eq)]
pub struct ProxyServer {
    url: Url,
}

impl ProxyServer {
    /// Reads an address with scheme `http`, `https` or `socks5` and a host, and adds credentials to it.
    ///
    /// # Errors
    /// [`HttpError::Proxy`], without the address, which may hold a password.
    pub fn new(address: &str, username: &str, password: &str) -> Result<Self, HttpError> {
        let refuse = |why: &str| HttpError::Proxy(why.to_owned());
        let mut url = Url::parse(address).map_err(|error| refuse(&error.to_string()))?;
        if !matches!(url.scheme(), "http" | "https" | "socks5") {
            return Err(refuse("scheme must be http, https or socks5"));
        }
        if url.host_str().is_none_or(str::is_empty) {
            return Err(refuse("host is missing"));
        }
        if !username.is_empty() {
            url.set_username(username)
                .and_then(|()| url.set_password(Some(password)))
                .map_err(|()| refuse("cannot carry credentials"))?;
        }
        Ok(Self { url })
    }

    /// The address with its credentials. For the code that connects, never for messages.
    pub fn url(&self) -> &Url {
        &self.url
    }
}

impl fmt::Debug for ProxyServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ProxyServer")
            .field(&crate::error::shown(&self.url))
            .finish()
    }
}

/// How often to try, and how long to wait in between.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retry {
    /// Tries after the first one.
    pub retries: u32,
    /// The wait before the second try; doubles from there.
    pub min_wait: Duration,
    /// The longest wait, also when the server asks for a longer one.
    pub max_wait: Duration,
}

impl Retry {
    /// One try.
    pub const NONE: Self = Self {
        retries: 0,
        min_wait: Duration::ZERO,
        max_wait: Duration::ZERO,
    };

    /// The wait after the given failed try (0 is the first), unless the server named one in `Retry-After`.
    pub fn wait(&self, failed: u32, retry_after: Option<Duration>) -> Duration {
        let doubled = self.min_wait.saturating_mul(2_u32.saturating_pow(failed));
        retry_after.unwrap_or(doubled).min(self.max_wait)
    }
}
