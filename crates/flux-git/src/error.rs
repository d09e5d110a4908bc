//! Everything that can go wrong. [`Error`] is the operation that failed, [`Cause`] what the caller can do about it.
//!
//! A condition shows the whole chain joined by `: `; worded so, it equals upstream's text where upstream's text is
//! part of what users and scripts match on.

use std::time::Duration;

/// An operation that failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Fetching failed.
    #[error("unable to clone '{url}'")]
    Clone {
        /// The repository, without a password.
        url: String,
        /// Why.
        #[source]
        source: Cause,
    },
    /// Listing references failed.
    #[error("unable to list remote for '{url}'")]
    List {
        /// The repository, without a password.
        url: String,
        /// Why.
        #[source]
        source: Cause,
    },
    /// A tag, version range or commit was asked of a repository without commits.
    #[error("unable to clone: remote repository is empty: git repository: '{url}'")]
    Empty {
        /// The repository, without a password.
        url: String,
    },
    /// The repository has no such commit.
    #[error("unable to resolve commit object for '{commit}'")]
    CommitNotFound {
        /// The hash that was asked for.
        commit: String,
        /// Says the same once more, as upstream does.
        #[source]
        source: ObjectNotFound,
    },
    /// The repository has no reference of this name.
    #[error("unable to resolve ref '{name}' to a specific commit")]
    NameNotFound {
        /// The full name that was asked for.
        name: String,
    },
    /// A reference name that cannot exist.
    #[error("ref {name} is invalid; Git refs cannot begin or end with a slash '/'")]
    NameMalformed {
        /// The name that was asked for.
        name: String,
    },
    /// The version range cannot be parsed.
    #[error("semver parse error")]
    SemverSyntax {
        /// What is wrong with it.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// No tag is in the version range.
    #[error("no match found for semver: {range}")]
    SemverNoMatch {
        /// The range.
        range: String,
    },
}

/// Upstream's second half of "unable to resolve commit object".
#[derive(Debug, thiserror::Error)]
#[error("object not found")]
pub struct ObjectNotFound;

/// Why talking to a repository failed, grouped by what the caller can do.
#[derive(Debug, thiserror::Error)]
pub enum Cause {
    /// The server wants credentials, or others.
    #[error("authentication required: {detail}")]
    AuthenticationRequired {
        /// What the server said, shortened.
        detail: String,
    },
    /// The credentials are understood and do not suffice.
    #[error("authorization failed: {detail}")]
    AuthorizationFailed {
        /// What the server said, shortened.
        detail: String,
    },
    /// No repository there.
    #[error("repository not found: {detail}")]
    RepositoryNotFound {
        /// What the server said, shortened.
        detail: String,
    },
    /// The repository has no commits.
    #[error("remote repository is empty")]
    RepositoryEmpty,
    /// The repository has no such reference.
    #[error("couldn't find remote ref \"{name}\"")]
    ReferenceNotFound {
        /// The full name.
        name: String,
    },
    /// The reference leads to a tree or a file.
    #[error("unable to resolve commit")]
    NotACommit {
        /// The full name of the reference.
        name: String,
    },
    /// An HTTP status that means nothing else here.
    #[error(
        "unexpected client error: unexpected requesting \"{url}\" status code: {status}{}",
        colon(detail)
    )]
    UnexpectedStatus {
        /// What was requested, without credentials.
        url: String,
        /// The status.
        status: u16,
        /// What the server said, shortened.
        detail: String,
    },
    /// The SSH host key is another one than the known one.
    #[error("ssh: handshake failed: knownhosts: key mismatch")]
    HostKeyMismatch {
        /// The host.
        host: String,
    },
    /// The known hosts do not name this host.
    #[error("ssh: handshake failed: knownhosts: key is unknown")]
    HostKeyUnknown {
        /// The host.
        host: String,
    },
    /// The SSH server refuses the key.
    #[error(
        "ssh: handshake failed: ssh: unable to authenticate, attempted methods [none publickey], no supported methods remain"
    )]
    SshAuthenticationFailed,
    /// An SSH remote without an identity, or an HTTP remote with one.
    #[error("credentials do not fit the scheme '{scheme}'")]
    CredentialsMismatch {
        /// The scheme of the URL.
        scheme: String,
    },
    /// A key, certificate, known hosts text or proxy that cannot be used.
    #[error("{what}")]
    Configuration {
        /// What cannot be used.
        what: &'static str,
        /// Why not.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The server's certificate is not trusted, or the handshake failed otherwise.
    #[error("tls: {detail}")]
    Tls {
        /// What failed.
        detail: String,
    },
    /// The host cannot be reached, or the connection broke.
    #[error("connection failed: {detail}")]
    Connect {
        /// What failed.
        detail: String,
    },
    /// The timeout passed.
    #[error("context deadline exceeded")]
    Timeout {
        /// How long it was.
        after: Duration,
    },
    /// More bytes than the limits allow.
    #[error("{what} is larger than {limit} bytes")]
    TooLarge {
        /// What is too large.
        what: &'static str,
        /// The limit.
        limit: u64,
    },
    /// The server reported an error in the protocol.
    #[error("remote error: {message}")]
    Remote {
        /// The server's words, shortened.
        message: String,
    },
    /// The server does not speak the protocol.
    #[error("git protocol: {detail}")]
    Protocol {
        /// What is wrong.
        detail: String,
    },
    /// The pack or an object in it is damaged.
    #[error("damaged object data: {detail}")]
    Corrupt {
        /// What is wrong.
        detail: String,
    },
    /// A submodule cannot be fetched.
    #[error("submodule '{path}'")]
    Submodule {
        /// Where it would be in the tree.
        path: String,
        /// Why.
        #[source]
        source: Box<Cause>,
    },
    /// A submodule that is not allowed: outside the tree, on another host, too deep.
    #[error("submodule is refused: {reason}")]
    SubmoduleRefused {
        /// Why.
        reason: String,
    },
    /// A local temporary file failed.
    #[error("temporary storage")]
    Storage {
        /// Why.
        #[source]
        source: std::io::Error,
    },
}

impl Error {
    /// The cause, where talking to the repository failed.
    pub fn cause(&self) -> Option<&Cause> {
        match self {
            Self::Clone { source, .. } | Self::List { source, .. } => Some(source),
            _ => None,
        }
    }
}

impl Cause {
    pub(crate) fn protocol(detail: impl Into<String>) -> Self {
        Self::Protocol {
            detail: detail.into(),
        }
    }

    pub(crate) fn storage(source: std::io::Error) -> Self {
        Self::Storage { source }
    }
}

fn colon(detail: &str) -> String {
    if detail.is_empty() {
        String::new()
    } else {
        format!(": {detail}")
    }
}

/// A server's words, made fit for a condition: one line, at most 256 characters, no control characters.
pub(crate) fn shorten(text: &str) -> String {
    let line: String = text
        .trim()
        .chars()
        .take(256)
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    line.trim().to_owned()
}

/// All of an error's chain, joined by `: `.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        let words = error.to_string();
        if !text.ends_with(&words) {
            text = format!("{text}: {words}");
        }
        source = error.source();
    }
    text
}
