//! The HTTP client: TLS, proxies, redirects, retries and limits, decided once for everything that speaks HTTP.
//!
//! - [`Clients`] builds a [`Client`] for a TLS identity and a proxy, and keeps it, so that connections are shared
//!   between objects that use the same ones.
//! - [`Client::send`] follows redirects itself: credentials never reach another host, whatever header they are in.
//! - [`Response`] is read with a limit, always.
//! - [`ProxyEnvironment`] is `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY` as a value, read once per process.
//! - [`install_crypto_provider`] makes aws-lc-rs the process's TLS implementation.
#![expect(
    clippy::disallowed_methods,
    reason = "this crate reads the system's certificate bundle and the proxy environment, once"
)]

mod client;
mod environment;
mod error;
mod options;
mod tls;

pub use client::{Client, Clients, Request, Response};
pub use environment::ProxyEnvironment;
pub use error::HttpError;
pub use options::{ClientOptions, ProxyChoice, ProxyServer, Retry, TlsOptions};
pub use tls::{SystemRoots, install_crypto_provider};
