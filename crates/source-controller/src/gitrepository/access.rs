//! From the data of Secrets to what the Git client needs to reach a repository (SRC-GAU, COM-SEC). Pure.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flux_git::{ClientCertificate, Credentials, Proxy, Remote, Secret, SshIdentity, Tls, UrlError};
use flux_http::{HttpError, ProxyEnvironment, ProxyServer};
use url::Url;

use crate::secret::SecretData;

/// Keys of a Secret with the data of a GitHub App begin with this.
pub(super) const GITHUB_APP_ID: &str = "githubAppID";
/// Longer proxy addresses are refused.
const LONGEST_ADDRESS: usize = 2048;

/// Why the data of a Secret cannot be used. Worded as upstream words it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AccessError {
    #[error("invalid '{scheme}' auth option: 'password' requires 'username' to be set")]
    PasswordAlone { scheme: String },
    #[error("basic auth and bearer token cannot be set at the same time")]
    BasicAndBearer,
    #[error("invalid 'ssh' auth option: '{key}' is required")]
    SshIncomplete { key: &'static str },
    #[error("secret '{secret}': key '{key}' not found")]
    KeyMissing { secret: String, key: &'static str },
    #[error("secret '{0}' not found")]
    SecretMissing(String),
    #[error("secret '{secret}': proxy address is longer than {LONGEST_ADDRESS} characters")]
    AddressTooLong { secret: String },
    #[error("secret '{secret}': proxy address")]
    Address {
        secret: String,
        #[source]
        source: HttpError,
    },
    #[error("get secret")]
    Read(#[source] Box<flux_kube::Error>),
}

/// Everything that decides how a repository is reached.
#[derive(Debug, Clone, Copy)]
pub(super) struct Access<'a> {
    /// `spec.timeout`.
    pub(super) timeout: Duration,
    /// The Secret of `spec.secretRef`.
    pub(super) secret: Option<&'a SecretData>,
    /// The proxy of `spec.proxySecretRef`.
    pub(super) proxy: Option<&'a ProxyServer>,
    /// The proxies of the process, used when the object names none.
    pub(super) environment: &'a ProxyEnvironment,
}

/// The address without credentials.
pub(super) fn parse(url: &str) -> Result<Remote, UrlError> {
    Remote::new(url)
}

/// The repository with its credentials.
pub(super) fn remote(mut remote: Remote, access: &Access<'_>) -> Result<Remote, AccessError> {
    let none = SecretData::default();
    let secret = access.secret.unwrap_or(&none);
    let url = remote.url().clone();
    remote.timeout = access.timeout;
    remote.credentials = if url.scheme() == "ssh" {
        Credentials::Ssh(ssh_identity(secret)?)
    } else {
        remote.tls = tls(secret)?;
        http_credentials(&url, secret)?
    };
    remote.proxy = match access.proxy {
        Some(server) => Some(proxy(server.url())),
        None => access.environment.proxy_for(&url).map(proxy),
    };
    Ok(remote)
}

/// A proxy from its Secret (COM-SEC-004).
pub(super) fn proxy_server(secret: &SecretData) -> Result<ProxyServer, AccessError> {
    let name = || secret.name().to_owned();
    let address = secret
        .text("address")
        .ok_or_else(|| AccessError::KeyMissing {
            secret: name(),
            key: "address",
        })?;
    if address.len() > LONGEST_ADDRESS {
        return Err(AccessError::AddressTooLong { secret: name() });
    }
    let text = |key| secret.text(key).unwrap_or_default();
    ProxyServer::new(&address, &text("username"), &text("password")).map_err(|source| {
        AccessError::Address {
            secret: name(),
            source,
        }
    })
}

fn proxy(url: &Url) -> Proxy {
    let decoded = |text: &str| {
        percent_encoding::percent_decode_str(text)
            .decode_utf8_lossy()
            .into_owned()
    };
    let credentials = (!url.username().is_empty()).then(|| {
        let password = decoded(url.password().unwrap_or_default());
        (decoded(url.username()), Secret::new(password))
    });
    let mut bare = url.clone();
    // These fail only for URLs that cannot have user info, which then have none.
    let _ = bare.set_username("");
    let _ = bare.set_password(None);
    Proxy {
        url: bare,
        credentials,
    }
}

fn http_credentials(url: &Url, secret: &SecretData) -> Result<Credentials, AccessError> {
    let decoded = |text: &str| {
        percent_encoding::percent_decode_str(text)
            .decode_utf8_lossy()
            .into_owned()
    };
    let bearer = secret.text("bearerToken");
    // With a token the other keys do not count, but user info of the URL still does (SRC-GAU-001).
    let of_secret = |key| {
        if bearer.is_some() {
            None
        } else {
            secret.text(key)
        }
    };
    let username = of_secret("username").unwrap_or_else(|| decoded(url.username()));
    let password =
        of_secret("password").unwrap_or_else(|| decoded(url.password().unwrap_or_default()));
    match (bearer, username.is_empty(), password.is_empty()) {
        (_, true, false) => Err(AccessError::PasswordAlone {
            scheme: url.scheme().to_owned(),
        }),
        (Some(_), false, _) => Err(AccessError::BasicAndBearer),
        (Some(token), true, true) => Ok(Credentials::Bearer(Secret::new(token))),
        (None, true, true) => Ok(Credentials::None),
        (None, false, _) => Ok(Credentials::Basic {
            username,
            password: Secret::new(password),
        }),
    }
}

fn tls(secret: &SecretData) -> Result<Tls, AccessError> {
    let missing = |key| AccessError::KeyMissing {
        secret: secret.name().to_owned(),
        key,
    };
    let certificate = secret.get_or("tls.crt", "certFile");
    let key = secret.get_or("tls.key", "keyFile");
    let client = match (certificate, key) {
        (None, None) => None,
        (Some(certificate), Some(key)) => Some(ClientCertificate {
            certificate: certificate.to_vec(),
            key: Secret::new(key),
        }),
        (Some(_), None) => return Err(missing("tls.key")),
        (None, Some(_)) => return Err(missing("tls.crt")),
    };
    Ok(Tls {
        ca: secret.get_or("ca.crt", "caFile").map(<[u8]>::to_vec),
        client,
    })
}

fn ssh_identity(secret: &SecretData) -> Result<SshIdentity, AccessError> {
    let required = |key: &'static str| secret.get(key).ok_or(AccessError::SshIncomplete { key });
    Ok(SshIdentity {
        key: Secret::new(required("identity")?),
        known_hosts: String::from_utf8_lossy(required("known_hosts")?).into_owned(),
        password: secret.get("password").map(Secret::new),
    })
}

/// Whether a private key needs a passphrase that the Secret does not have (SRC-GAU-005).
pub(super) fn passphrase_missing(secret: &SecretData) -> bool {
    secret.get("password").is_none()
        && secret
            .text("identity")
            .is_some_and(|key| is_encrypted(&key))
}

fn is_encrypted(key: &str) -> bool {
    if key.contains("BEGIN ENCRYPTED PRIVATE KEY") || key.contains("Proc-Type: 4,ENCRYPTED") {
        return true;
    }
    // An OpenSSH key names its cipher behind a fixed prefix; `none` means that it is not encrypted.
    let body: String = key
        .lines()
        .filter(|line| !line.starts_with("-----"))
        .map(str::trim)
        .collect();
    let Ok(bytes) = STANDARD.decode(body) else {
        return false;
    };
    bytes
        .strip_prefix(b"openssh-key-v1\0\0\0\0")
        .and_then(|rest| rest.split_first())
        .and_then(|(length, rest)| rest.get(..usize::from(*length)))
        .is_some_and(|cipher| cipher != b"none")
}

#[cfg(test)]
mod tests;
