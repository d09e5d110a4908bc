//! Where a repository is, and everything needed to reach it. All of it arrives as values.

use std::time::Duration;

use url::Url;

use crate::Secret;

/// A repository to read from (spec rows SRC-GIT-001, SRC-GAU-001 to SRC-GAU-006).
#[derive(Debug, Clone)]
pub struct Remote {
    text: String,
    url: Url,
    /// How to authenticate.
    pub credentials: Credentials,
    /// Trust and client certificate for `https`.
    pub tls: Tls,
    /// The proxy to go through, if any. The environment is never asked.
    pub proxy: Option<Proxy>,
    /// The longest that one operation may take, all its requests together.
    pub timeout: Duration,
}

/// How to authenticate. Nothing of it is sent to another host than the one in the URL.
#[derive(Debug, Clone, Default)]
pub enum Credentials {
    /// Not at all.
    #[default]
    None,
    /// HTTP basic authentication, sent with the first request.
    Basic {
        /// The user name.
        username: String,
        /// The password.
        password: Secret,
    },
    /// A bearer token, sent with the first request.
    Bearer(Secret),
    /// An SSH key pair and the hosts to trust.
    Ssh(SshIdentity),
}

/// An SSH private key with what is needed to use it.
#[derive(Debug, Clone)]
pub struct SshIdentity {
    /// The private key: OpenSSH, PKCS#1, PKCS#8 or SEC1 text, possibly encrypted.
    pub key: Secret,
    /// The passphrase of an encrypted key.
    pub password: Option<Secret>,
    /// The text of a `known_hosts` file; a host that it does not name is refused.
    pub known_hosts: String,
}

/// Trust and client certificate for `https`.
#[derive(Debug, Clone, Default)]
pub struct Tls {
    /// PEM certificates that are trusted beside those of the system.
    pub ca: Option<Vec<u8>>,
    /// The client certificate.
    pub client: Option<ClientCertificate>,
}

/// A client certificate with its key, both PEM.
#[derive(Debug, Clone)]
pub struct ClientCertificate {
    /// The certificate chain.
    pub certificate: Vec<u8>,
    /// The private key.
    pub key: Secret,
}

/// A proxy: `http` and `https` URLs are asked to CONNECT (or to forward plain requests), `socks5` URLs to tunnel.
#[derive(Debug, Clone)]
pub struct Proxy {
    /// Scheme, host and port.
    pub url: Url,
    /// User name and password, if the proxy wants any.
    pub credentials: Option<(String, Secret)>,
}

/// Why a text is no URL of a repository.
#[derive(Debug, thiserror::Error)]
pub enum UrlError {
    /// Not a URL at all.
    #[error("failed to parse url '{url}'")]
    Malformed {
        /// The text.
        url: String,
        /// What is wrong with it.
        #[source]
        source: url::ParseError,
    },
    /// Neither `http`, `https` nor `ssh`.
    #[error("transport of url '{url}' is not supported: '{scheme}'")]
    Scheme {
        /// The text.
        url: String,
        /// Its scheme.
        scheme: String,
    },
    /// No host in it.
    #[error("url '{url}' names no host")]
    Host {
        /// The text.
        url: String,
    },
}

impl Remote {
    /// A remote without credentials, with a timeout of 60 seconds (upstream's default).
    ///
    /// # Errors
    /// When the text is not an `http`, `https` or `ssh` URL. Local paths and `git://` are refused.
    pub fn new(url: &str) -> Result<Self, UrlError> {
        let parsed = Url::parse(url).map_err(|source| UrlError::Malformed {
            url: without_user(url),
            source,
        })?;
        if !matches!(parsed.scheme(), "http" | "https" | "ssh") {
            return Err(UrlError::Scheme {
                url: without_user(url),
                scheme: parsed.scheme().to_owned(),
            });
        }
        if parsed.host_str().is_none_or(str::is_empty) {
            return Err(UrlError::Host {
                url: without_user(url),
            });
        }
        Ok(Self {
            text: url.to_owned(),
            url: parsed,
            credentials: Credentials::None,
            tls: Tls::default(),
            proxy: None,
            timeout: Duration::from_mins(1),
        })
    }

    /// The same access to another repository of the same host.
    pub(crate) fn at(mut self, url: Url) -> Self {
        url.as_str().clone_into(&mut self.text);
        self.url = url;
        self
    }

    /// The parsed URL, with user information if it had any.
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// The URL as it was given, without a password: for messages.
    pub fn shown(&self) -> String {
        if self.url.password().is_some() {
            without_user(&self.text)
        } else {
            self.text.clone()
        }
    }
}

/// The text of a URL without its user information.
fn without_user(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else {
        return url.to_owned();
    };
    let (authority, path) = match rest.find(['/', '?', '#']) {
        Some(at) => rest.split_at(at),
        None => (rest, ""),
    };
    let host = authority
        .rsplit_once('@')
        .map_or(authority, |(_, host)| host);
    format!("{scheme}://{host}{path}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_never_shown() {
        let remote = Remote::new("https://ann:s3cret@git.example.com/a@b.git").unwrap();
        assert_eq!(remote.shown(), "https://git.example.com/a@b.git");
        let error = Remote::new("https://ann:s3cret@git.example.com:x/a.git").unwrap_err();
        assert!(!error.to_string().contains("s3cret"));
        assert!(!format!("{:?}", Secret::new("s3cret")).contains("s3cret"));
    }

    #[test]
    fn a_plain_user_stays() {
        assert_eq!(
            Remote::new("ssh://git@h/a").unwrap().shown(),
            "ssh://git@h/a"
        );
    }

    #[test]
    fn only_smart_transports_are_known() {
        for url in ["git://h/a", "file:///a", "git@h:a", "ext::sh -c x", "/a"] {
            assert!(Remote::new(url).is_err(), "{url}");
        }
    }
}
