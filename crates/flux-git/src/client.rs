//! The front door: list the references of a repository, check a commit out.

use std::path::PathBuf;
use std::sync::Arc;

use crate::Commit;
use crate::checkout;
use crate::error::{Cause, Error};
use crate::greetings::Greetings;
use crate::mirror::{self, Mirror};
use crate::protocol;
use crate::reference::{Reference, RemoteRef};
use crate::remote::Remote;
use crate::revision::Pointer;
use crate::transport::{Clients, Connection, way_to};

/// A Git client. Cheap to clone; clones share their HTTP connections.
#[derive(Debug, Clone, Default)]
pub struct Client {
    clients: Arc<Clients>,
    mirrors: Arc<[Mirror]>,
    greetings: Arc<Greetings>,
}

/// An open conversation.
#[derive(Debug)]
pub(crate) struct Open {
    pub(crate) connection: Connection,
    pub(crate) server: protocol::Server,
    /// True while all that is known of the server is from before.
    pub(crate) remembered: bool,
}

/// How much a repository may cost.
#[derive(Debug, Clone)]
pub struct Limits {
    /// The most bytes of one pack.
    pub pack_bytes: u64,
    /// The most bytes of one object, unpacked; also bounds each allocation while indexing.
    pub object_bytes: u64,
    /// The most bytes of the answer that lists references.
    pub reference_bytes: u64,
    /// Where packs are stored; the system's temporary directory where absent.
    pub temporary: Option<PathBuf>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            pack_bytes: 8 << 30,
            object_bytes: 512 << 20,
            reference_bytes: 256 << 20,
            temporary: None,
        }
    }
}

/// What to check out, and how.
#[derive(Debug, Clone, Default)]
pub struct CheckoutOptions {
    /// Which commit.
    pub reference: Reference,
    /// The revision that is known already, in any form of [`crate::revision`]. Where the reference still leads to it,
    /// nothing is fetched.
    pub last_observed: Option<String>,
    /// When `last_observed` is compared.
    pub unmoved: Unmoved,
    /// Whether submodules are fetched, to a depth of ten (spec row SRC-GCO-011).
    pub recurse_submodules: bool,
    /// How much it may cost.
    pub limits: Limits,
}

/// For which references an unchanged revision saves the fetch.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Unmoved {
    /// For branches, tags and names, as upstream (spec row SRC-GCO-001).
    #[default]
    Named,
    /// For version ranges and commits as well.
    All,
}

/// The result of a checkout.
#[derive(Debug, Clone)]
pub enum Checkout {
    /// The reference still leads to the revision that was observed last; nothing was fetched.
    Unmoved(Pointer),
    /// The commit was fetched.
    Fetched(Box<Commit>),
    /// A branch of a repository without any commits.
    Empty,
}

impl Client {
    /// A client without connections.
    pub fn new() -> Self {
        Self::default()
    }

    /// A client that fetches from mirrors where it has them. Messages keep the URLs that were asked for.
    pub fn with_mirrors(mirrors: Vec<Mirror>) -> Self {
        Self {
            mirrors: mirrors.into(),
            ..Self::default()
        }
    }

    /// The references whose names begin with one of `prefixes` (all, where there are none), in the server's order.
    /// `HEAD` carries the branch it stands for in `symbolic`.
    ///
    /// # Errors
    /// [`Error::List`].
    pub async fn list_refs(
        &self,
        remote: &Remote,
        prefixes: &[&str],
    ) -> Result<Vec<RemoteRef>, Error> {
        let listing = async {
            let mut open = None;
            self.list(remote, &mut open, prefixes, &Limits::default())
                .await
        };
        self.within(remote, listing)
            .await
            .map_err(|source| Error::List {
                url: remote.shown(),
                source,
            })
    }

    /// Finds the wanted commit and fetches it without its history.
    ///
    /// # Errors
    /// See [`Error`]; the timeout of the remote bounds the whole operation, submodules included.
    pub async fn checkout(
        &self,
        remote: &Remote,
        options: &CheckoutOptions,
    ) -> Result<Checkout, Error> {
        let running = Box::pin(checkout::run(self, remote, options));
        match tokio::time::timeout(remote.timeout, running).await {
            Ok(result) => result,
            Err(_) => Err(Error::Clone {
                url: remote.shown(),
                source: Cause::Timeout {
                    after: remote.timeout,
                },
            }),
        }
    }

    /// Opens a conversation, with the greeting from before where there is one.
    pub(crate) async fn connect(&self, remote: &Remote) -> Result<Open, Cause> {
        let remote = mirror::resolve(&self.mirrors, remote);
        let way = way_to(&remote);
        let mut connection = Connection::open(&self.clients, &remote).await?;
        if connection.is_http()
            && let Some(capabilities) = self.greetings.get(&way)
        {
            let server = protocol::Server::V2(capabilities);
            return Ok(Open {
                connection,
                server,
                remembered: true,
            });
        }
        let server = protocol::greet(&mut connection).await?;
        if let protocol::Server::V2(capabilities) = &server
            && connection.is_http()
            && !connection.was_redirected()
        {
            self.greetings.remember(way, capabilities.clone());
        }
        Ok(Open {
            connection,
            server,
            remembered: false,
        })
    }

    /// Lists references over an open conversation, or one that it opens.
    pub(crate) async fn list(
        &self,
        remote: &Remote,
        open: &mut Option<Open>,
        prefixes: &[&str],
        limits: &Limits,
    ) -> Result<Vec<RemoteRef>, Cause> {
        loop {
            let mut used = match open.take() {
                Some(used) => used,
                None => self.connect(remote).await?,
            };
            let listed =
                protocol::list_refs(&mut used.connection, &used.server, prefixes, limits).await;
            if listed.is_err() && used.remembered {
                self.forget(remote);
                continue;
            }
            // What was remembered has proven right.
            used.remembered = false;
            *open = listed.is_ok().then_some(used);
            return listed;
        }
    }

    /// Forgets the greeting of a server: the next conversation begins from the start.
    pub(crate) fn forget(&self, remote: &Remote) {
        self.greetings
            .forget(&way_to(&mirror::resolve(&self.mirrors, remote)));
    }

    async fn within<T>(
        &self,
        remote: &Remote,
        work: impl Future<Output = Result<T, Cause>>,
    ) -> Result<T, Cause> {
        tokio::time::timeout(remote.timeout, Box::pin(work))
            .await
            .unwrap_or(Err(Cause::Timeout {
                after: remote.timeout,
            }))
    }
}
