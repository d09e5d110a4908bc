//! A Git server over SSH: the repositories of a [`GitServer`](crate::GitServer), one host key, one user key.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;

use flux_git::serve::{Server as Repositories, Talk, upload_pack};
use flux_git::{Secret, SshIdentity};
use russh::keys::ssh_key::LineEnding;
use russh::keys::ssh_key::private::Ed25519Keypair;
use russh::keys::{PrivateKey, PublicKey};
use russh::server::{self, Auth, Msg, Session, VerifiedPublicKey};
use russh::{Channel, ChannelId};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// A running SSH server. It stops when dropped.
#[derive(Debug)]
pub struct SshGitServer {
    address: SocketAddr,
    host_key: PrivateKey,
    user_key: PrivateKey,
    running: JoinHandle<()>,
}

impl Drop for SshGitServer {
    fn drop(&mut self) {
        self.running.abort();
    }
}

impl SshGitServer {
    pub(crate) async fn over(repositories: Repositories) -> Self {
        let (host_key, user_key) = (key_of(1), key_of(2));
        let config = Arc::new(server::Config {
            keys: vec![host_key.clone()],
            auth_rejection_time: std::time::Duration::ZERO,
            ..server::Config::default()
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let admitted = user_key.public_key().clone();
        let running = tokio::spawn(async move {
            let mut sessions = tokio::task::JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let handler = Conversation {
                    repositories: repositories.clone(),
                    admitted: admitted.clone(),
                    open: HashMap::new(),
                };
                let config = Arc::clone(&config);
                sessions.spawn(async move {
                    // A client that breaks off is no concern of the test's server.
                    if let Ok(session) = server::run_stream(config, stream, handler).await {
                        let _ = session.await;
                    }
                });
            }
        });
        Self {
            address,
            host_key,
            user_key,
            running,
        }
    }

    /// The URL of a repository: `name` is its path, `app.git`.
    pub fn url(&self, name: &str) -> String {
        format!("ssh://git@{}/{name}", self.address)
    }

    /// The line of `known_hosts` that names this server.
    ///
    /// # Panics
    /// Never: the key was made here.
    pub fn known_hosts(&self) -> String {
        let key = self
            .host_key
            .public_key()
            .to_openssh()
            .expect("a key that was made here");
        format!("[{}]:{} {key}\n", self.address.ip(), self.address.port())
    }

    /// The identity that this server admits.
    ///
    /// # Panics
    /// Never: the key was made here.
    pub fn identity(&self) -> SshIdentity {
        SshIdentity {
            key: Secret::new(text_of(&self.user_key)),
            password: None,
            known_hosts: self.known_hosts(),
        }
    }

    /// An identity that this server does not admit.
    ///
    /// # Panics
    /// Never: the key was made here.
    pub fn stranger(&self) -> SshIdentity {
        SshIdentity {
            key: Secret::new(text_of(&key_of(3))),
            ..self.identity()
        }
    }
}

/// A key that depends on its number only.
fn key_of(number: u8) -> PrivateKey {
    PrivateKey::from(Ed25519Keypair::from_seed(&[number; 32]))
}

fn text_of(key: &PrivateKey) -> Vec<u8> {
    key.to_openssh(LineEnding::LF)
        .expect("a key that was made here")
        .as_bytes()
        .to_vec()
}

/// One session: a channel is one run of `git-upload-pack`.
struct Conversation {
    repositories: Repositories,
    admitted: PublicKey,
    open: HashMap<ChannelId, Run>,
}

#[derive(Default)]
struct Run {
    version: u8,
    repository: String,
    request: Vec<u8>,
}

impl server::Handler for Conversation {
    type Error = russh::Error;

    async fn auth_publickey(
        &mut self,
        _user: &str,
        key: VerifiedPublicKey<'_>,
    ) -> Result<Auth, Self::Error> {
        let same = key.public_key.key_data() == self.admitted.key_data();
        Ok(if same { Auth::Accept } else { Auth::reject() })
    }

    async fn channel_open_session(
        &mut self,
        channel: Channel<Msg>,
        reply: server::ChannelOpenHandle,
        _session: &mut Session,
    ) -> Result<(), Self::Error> {
        self.open.insert(channel.id(), Run::default());
        reply.accept().await;
        Ok(())
    }

    async fn env_request(
        &mut self,
        channel: ChannelId,
        name: &str,
        value: &str,
        _session: &mut Session,
    ) -> Result<(), Self::Error> {
        if let Some(run) = self.open.get_mut(&channel)
            && name == "GIT_PROTOCOL"
        {
            run.version = u8::from(value == "version=2") * 2;
        }
        Ok(())
    }

    async fn exec_request(
        &mut self,
        channel: ChannelId,
        data: &[u8],
        session: &mut Session,
    ) -> Result<(), Self::Error> {
        let command = String::from_utf8_lossy(data).into_owned();
        let Some(run) = self.open.get_mut(&channel) else {
            return Ok(());
        };
        let path = command.strip_prefix("git-upload-pack ").unwrap_or_default();
        path.trim_matches(['\'', '/'])
            .clone_into(&mut run.repository);
        if let Some(repository) = self.repositories.get(&run.repository) {
            session.data(
                channel,
                upload_pack(&repository, run.version, Talk::Greeting, &[]),
            )?;
        } else {
            let words = format!(
                "fatal: '{}' does not appear to be a git repository\n",
                run.repository
            );
            session.extended_data(channel, 1, words.into_bytes())?;
            session.exit_status_request(channel, 128)?;
            session.close(channel)?;
        }
        Ok(())
    }

    async fn data(
        &mut self,
        channel: ChannelId,
        data: &[u8],
        session: &mut Session,
    ) -> Result<(), Self::Error> {
        let Some(run) = self.open.get_mut(&channel) else {
            return Ok(());
        };
        run.request.extend_from_slice(data);
        // A request of version 2 ends with a flush, one of version 0 with the word.
        let end: &[u8] = if run.version == 2 {
            b"0000"
        } else {
            b"0009done\n"
        };
        if !run.request.ends_with(end) {
            return Ok(());
        }
        let request = std::mem::take(&mut run.request);
        if let Some(repository) = self.repositories.get(&run.repository) {
            session.data(
                channel,
                upload_pack(&repository, run.version, Talk::Request, &request),
            )?;
        }
        if run.version != 2 {
            session.close(channel)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
