//! How bytes reach a server: requests over HTTP, or one channel over SSH.

mod http;
mod known_hosts;
mod ssh;
mod tunnel;

use bytes::Bytes;

use crate::error::Cause;
use crate::remote::Remote;

pub(crate) use http::{Clients, way_to};
pub use ssh::SshIdentityError;

/// An open conversation with the `upload-pack` service of one repository.
#[derive(Debug)]
pub(crate) enum Connection {
    Http(http::HttpConnection),
    Ssh(Box<ssh::SshConnection>),
}

/// Where the bytes of one answer come from.
#[derive(Debug)]
pub(crate) enum Source<'a> {
    Http(reqwest::Response),
    Ssh(&'a mut ssh::SshConnection),
    #[cfg(test)]
    Memory(std::collections::VecDeque<Bytes>),
}

impl Connection {
    pub(crate) async fn open(clients: &Clients, remote: &Remote) -> Result<Self, Cause> {
        match remote.url().scheme() {
            "ssh" => ssh::SshConnection::open(remote)
                .await
                .map(|ssh| Self::Ssh(Box::new(ssh))),
            _ => http::HttpConnection::open(clients, remote).map(Self::Http),
        }
    }

    pub(crate) fn is_http(&self) -> bool {
        matches!(self, Self::Http(_))
    }

    pub(crate) fn was_redirected(&self) -> bool {
        matches!(self, Self::Http(http) if http.was_redirected())
    }

    /// The server's greeting.
    pub(crate) async fn greeting(&mut self) -> Result<Source<'_>, Cause> {
        match self {
            Self::Http(http) => http.greeting().await.map(Source::Http),
            Self::Ssh(ssh) => Ok(Source::Ssh(ssh)),
        }
    }

    /// Sends a request; the answer is read from the source.
    pub(crate) async fn request(&mut self, body: Vec<u8>) -> Result<Source<'_>, Cause> {
        match self {
            Self::Http(http) => http.request(body).await.map(Source::Http),
            Self::Ssh(ssh) => {
                ssh.send(body).await?;
                Ok(Source::Ssh(ssh))
            }
        }
    }
}

impl Source<'_> {
    /// The next bytes; none at the end.
    pub(crate) async fn next(&mut self) -> Result<Option<Bytes>, Cause> {
        match self {
            Self::Http(response) => response
                .chunk()
                .await
                .map_err(|error| http::failure(&error)),
            Self::Ssh(ssh) => ssh.next().await,
            #[cfg(test)]
            Self::Memory(pieces) => Ok(pieces.pop_front()),
        }
    }
}
