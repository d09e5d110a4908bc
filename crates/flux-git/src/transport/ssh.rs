//! SSH in this process: no `ssh` program, no agent, no configuration files. The host must be known before anything
//! is sent to it.

use std::borrow::Cow;
use std::sync::Arc;

use bytes::Bytes;
use russh::client::{self, AuthResult, Handle};
use russh::keys::{HashAlg, PrivateKey, PrivateKeyWithHashAlg, PublicKeyOrCertificate};
use russh::{Channel, ChannelMsg};

use crate::error::{Cause, shorten};
use crate::remote::{Credentials, Remote, SshIdentity};
use crate::transport::known_hosts::HostKeys;
use crate::transport::tunnel;

/// The most bytes of the server's messages that are kept.
const MESSAGE_BYTES: usize = 4096;

/// One run of `git-upload-pack` on the server.
pub(crate) struct SshConnection {
    channel: Channel<client::Msg>,
    /// Keeps the session open.
    _session: Handle<Host>,
    said: Vec<u8>,
    answered: bool,
}

impl std::fmt::Debug for SshConnection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SshConnection").finish_non_exhaustive()
    }
}

/// Decides about the key that the host presents.
struct Host {
    keys: HostKeys,
}

impl client::Handler for Host {
    type Error = russh::Error;

    async fn check_server_key(
        &mut self,
        presented: &PublicKeyOrCertificate,
    ) -> Result<bool, Self::Error> {
        Ok(match presented {
            PublicKeyOrCertificate::PublicKey { key, .. } => self.keys.accepts(key),
            PublicKeyOrCertificate::Certificate(_) => false,
        })
    }
}

impl SshConnection {
    pub(crate) async fn open(remote: &Remote) -> Result<Self, Cause> {
        let Credentials::Ssh(identity) = &remote.credentials else {
            return Err(Cause::CredentialsMismatch {
                scheme: "ssh".to_owned(),
            });
        };
        let url = remote.url();
        let host = url.host_str().unwrap_or_default().to_owned();
        let port = url.port().unwrap_or(22);
        let key = identity.private_key()?;
        let keys = HostKeys::of(&identity.known_hosts, host.trim_matches(['[', ']']), port);
        if keys.is_empty() {
            return Err(Cause::HostKeyUnknown { host });
        }
        let config = client::Config {
            preferred: russh::Preferred {
                key: Cow::Owned(keys.algorithms()),
                ..russh::Preferred::default()
            },
            nodelay: true,
            ..client::Config::default()
        };
        let stream = tunnel::connect(remote.proxy.as_ref(), &host, port).await?;
        let failed = |error| failure(&error, &host);
        let mut session = client::connect_stream(Arc::new(config), stream, Host { keys })
            .await
            .map_err(failed)?;
        let user = if url.username().is_empty() {
            "git"
        } else {
            url.username()
        };
        authenticate(&mut session, user, key)
            .await
            .map_err(|error| match error {
                None => Cause::SshAuthenticationFailed,
                Some(error) => failure(&error, &host),
            })?;
        let channel = session.channel_open_session().await.map_err(failed)?;
        channel
            .set_env(false, "GIT_PROTOCOL", "version=2")
            .await
            .map_err(failed)?;
        channel
            .exec(false, command(url.path()))
            .await
            .map_err(failed)?;
        Ok(Self {
            channel,
            _session: session,
            said: Vec::new(),
            answered: false,
        })
    }

    pub(crate) async fn send(&mut self, body: Vec<u8>) -> Result<(), Cause> {
        let sent = self.channel.data_bytes(body).await;
        sent.map_err(|error| failure(&error, ""))
    }

    /// The next bytes; none at the end. An end without any bytes is explained by what the server said beside them.
    pub(crate) async fn next(&mut self) -> Result<Option<Bytes>, Cause> {
        loop {
            match self.channel.wait().await {
                Some(ChannelMsg::Data { data }) => {
                    self.answered = true;
                    return Ok(Some(data));
                }
                Some(ChannelMsg::ExtendedData { data, .. }) => {
                    let room = MESSAGE_BYTES.saturating_sub(self.said.len());
                    self.said.extend_from_slice(&data[..data.len().min(room)]);
                }
                // What was said may still be on its way.
                Some(ChannelMsg::Eof) if self.answered => return Ok(None),
                Some(ChannelMsg::Close) | None => return self.ended(),
                Some(_) => {}
            }
        }
    }

    fn ended(&self) -> Result<Option<Bytes>, Cause> {
        let detail = shorten(&String::from_utf8_lossy(&self.said));
        if self.answered || detail.is_empty() {
            return Ok(None);
        }
        let said = detail.to_lowercase();
        // The words of OpenSSH's git, and of the forges.
        let missing = [
            "not found",
            "not appear to be a git repository",
            "does not exist",
            "could not be found",
        ];
        Err(if missing.iter().any(|words| said.contains(words)) {
            Cause::RepositoryNotFound { detail }
        } else {
            Cause::Remote { message: detail }
        })
    }
}

/// Logs in with the key; none where the server does not want it.
async fn authenticate(
    session: &mut Handle<Host>,
    user: &str,
    key: PrivateKey,
) -> Result<(), Option<russh::Error>> {
    let hash = if key.algorithm().is_rsa() {
        // A server that does not say what it knows gets the strongest.
        session
            .best_supported_rsa_hash()
            .await
            .map_err(Some)?
            .unwrap_or(Some(HashAlg::Sha512))
    } else {
        None
    };
    let key = PrivateKeyWithHashAlg::new(Arc::new(key), hash);
    match session
        .authenticate_publickey(user, key)
        .await
        .map_err(Some)?
    {
        AuthResult::Success => Ok(()),
        AuthResult::Failure { .. } => Err(None),
    }
}

/// The command line, with the path in quotes of the shell.
fn command(path: &str) -> String {
    let decoded = percent_encoding::percent_decode_str(path)
        .decode_utf8_lossy()
        .into_owned();
    // `/~user/x` means a path below a home folder.
    let path = if decoded.starts_with("/~") {
        &decoded[1..]
    } else {
        decoded.as_str()
    };
    format!(
        "git-upload-pack '{}'",
        path.replace('\'', "'\\''").replace('!', "'\\!'")
    )
}

fn failure(error: &russh::Error, host: &str) -> Cause {
    match error {
        russh::Error::UnknownKey => Cause::HostKeyMismatch {
            host: host.to_owned(),
        },
        russh::Error::NoCommonAlgo { kind, .. } => Cause::Connect {
            detail: format!("ssh: no common algorithm for {kind:?}").to_lowercase(),
        },
        error => Cause::Connect {
            detail: format!("ssh: {}", shorten(&error.to_string())),
        },
    }
}

/// Why an SSH identity cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SshIdentityError {
    /// The key is encrypted and no passphrase is given (spec row SRC-GAU-005).
    #[error("the key is encrypted and no password is given")]
    Encrypted,
    /// The passphrase is wrong, or the key is of a form that is not known.
    #[error("the key cannot be read")]
    Unreadable,
}

impl SshIdentity {
    /// Whether the key can be read with the passphrase.
    ///
    /// # Errors
    /// Why it cannot.
    pub fn check(&self) -> Result<(), SshIdentityError> {
        self.decode().map(|_| ())
    }

    fn decode(&self) -> Result<PrivateKey, SshIdentityError> {
        let text =
            std::str::from_utf8(self.key.expose()).map_err(|_| SshIdentityError::Unreadable)?;
        let password = match &self.password {
            Some(password) => Some(
                std::str::from_utf8(password.expose()).map_err(|_| SshIdentityError::Unreadable)?,
            ),
            None => None,
        };
        // The library's words could quote the key.
        russh::keys::decode_secret_key(text, password).map_err(|error| match error {
            russh::keys::Error::KeyIsEncrypted => SshIdentityError::Encrypted,
            _ => SshIdentityError::Unreadable,
        })
    }

    fn private_key(&self) -> Result<PrivateKey, Cause> {
        self.decode().map_err(|source| Cause::Configuration {
            what: "the SSH identity",
            source: Box::new(source),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_cannot_leave_its_quotes() {
        assert_eq!(command("/a/b.git"), "git-upload-pack '/a/b.git'");
        assert_eq!(
            command("/a'%3Bid%3B'b"),
            "git-upload-pack '/a'\\'';id;'\\''b'"
        );
        assert_eq!(command("/~ann/b"), "git-upload-pack '~ann/b'");
    }
}
