//! The greeting of a server, and its references.

use std::collections::BTreeMap;

use crate::client::Limits;
use crate::error::Cause;
use crate::protocol::AGENT;
use crate::protocol::packet::{Packet, PacketReader, flush, line, text};
use crate::reference::RemoteRef;
use crate::transport::Connection;

/// The most bytes of a greeting of version 0, which holds all references.
const GREETING_BYTES: u64 = 256 << 20;

/// What a server said first.
#[derive(Debug)]
pub(crate) enum Server {
    /// Version 2: what it can do, by command.
    V2(BTreeMap<String, String>),
    /// Versions 0 and 1: what it can do, and all its references.
    V0(V0),
}

/// A greeting of version 0 or 1.
#[derive(Debug, Default)]
pub(crate) struct V0 {
    pub(crate) capabilities: Vec<String>,
    refs: Vec<RemoteRef>,
}

impl V0 {
    pub(crate) fn can(&self, capability: &str) -> bool {
        self.capabilities.iter().any(|known| known == capability)
    }
}

impl Server {
    /// True where the server hands out any object that is named by its id.
    pub(crate) fn gives_any_commit(&self) -> bool {
        match self {
            Self::V2(_) => true,
            Self::V0(v0) => {
                v0.can("allow-reachable-sha1-in-want") || v0.can("allow-any-sha1-in-want")
            }
        }
    }
}

/// Reads the greeting.
pub(crate) async fn greet(connection: &mut Connection) -> Result<Server, Cause> {
    let mut reader = PacketReader::new(connection.greeting().await?);
    let mut first = first_line(&mut reader).await?;
    if first
        .as_deref()
        .is_some_and(|line| line.starts_with("# service="))
    {
        // The announcement of the service ends with a flush of its own.
        while reader.next_line().await?.is_some() {}
        first = first_line(&mut reader).await?;
    }
    match first.as_deref() {
        Some("version 2") => {
            let mut capabilities = BTreeMap::new();
            while let Some(line) = reader.next_line().await? {
                let (key, value) = line.split_once('=').unwrap_or((&line, ""));
                capabilities.insert(key.to_owned(), value.to_owned());
            }
            if capabilities
                .get("object-format")
                .is_some_and(|format| format != "sha1")
            {
                return Err(Cause::protocol("only SHA-1 repositories are supported"));
            }
            Ok(Server::V2(capabilities))
        }
        Some("version 1") => {
            let first = first_line(&mut reader).await?;
            read_v0(&mut reader, first).await.map(Server::V0)
        }
        _ => read_v0(&mut reader, first).await.map(Server::V0),
    }
}

/// The first line, or none where the server has nothing to say (a flush, or a closed connection).
async fn first_line(reader: &mut PacketReader<'_>) -> Result<Option<String>, Cause> {
    match reader.next_or_end().await? {
        Some(Packet::Data(bytes)) => {
            let line = text(&bytes);
            match line.strip_prefix("ERR ") {
                Some(message) => Err(Cause::Remote {
                    message: message.trim().to_owned(),
                }),
                None => Ok(Some(line)),
            }
        }
        Some(_) => Ok(None),
        None => Err(Cause::protocol(
            "the server closed the connection without a word",
        )),
    }
}

async fn read_v0(reader: &mut PacketReader<'_>, first: Option<String>) -> Result<V0, Cause> {
    let mut v0 = V0::default();
    let Some(first) = first else { return Ok(v0) };
    let (first, capabilities) = first.split_once('\0').unwrap_or((&first, ""));
    v0.capabilities = capabilities.split(' ').map(str::to_owned).collect();
    let mut budget = Budget(GREETING_BYTES);
    let mut next = Some(first.to_owned());
    while let Some(line) = next {
        budget.spend(&line)?;
        if !line.starts_with("shallow ") {
            let (hash, name) = line
                .split_once(' ')
                .ok_or_else(|| Cause::protocol("a reference without a name"))?;
            add_v0(&mut v0.refs, checked(hash)?, name);
        }
        next = reader.next_line().await?;
    }
    for capability in &v0.capabilities {
        if let Some((name, target)) = capability
            .strip_prefix("symref=")
            .and_then(|s| s.split_once(':'))
        {
            for found in v0.refs.iter_mut().filter(|found| found.name == name) {
                found.symbolic = Some(target.to_owned());
            }
        }
    }
    Ok(v0)
}

fn add_v0(refs: &mut Vec<RemoteRef>, hash: String, name: &str) {
    // An empty repository names its capabilities only.
    if name == "capabilities^{}" {
        return;
    }
    if let (Some(tag), Some(last)) = (name.strip_suffix("^{}"), refs.last_mut())
        && last.name == tag
    {
        last.peeled = Some(hash);
        return;
    }
    refs.push(RemoteRef {
        name: name.to_owned(),
        hash: Some(hash),
        peeled: None,
        symbolic: None,
    });
}

/// The references that begin with one of the prefixes; all where there are none.
pub(crate) async fn list_refs(
    connection: &mut Connection,
    server: &Server,
    prefixes: &[&str],
    limits: &Limits,
) -> Result<Vec<RemoteRef>, Cause> {
    let wanted = |name: &str| prefixes.is_empty() || prefixes.iter().any(|p| name.starts_with(p));
    let mut refs = match server {
        Server::V0(v0) => v0.refs.clone(),
        Server::V2(capabilities) => {
            let mut request = command("ls-refs", capabilities);
            line(&mut request, "peel");
            line(&mut request, "symrefs");
            for prefix in prefixes {
                line(&mut request, &format!("ref-prefix {prefix}"));
            }
            flush(&mut request);
            let mut reader = PacketReader::new(connection.request(request).await?);
            let mut refs = Vec::new();
            let mut budget = Budget(limits.reference_bytes);
            while let Some(line) = reader.next_line().await? {
                budget.spend(&line)?;
                refs.push(parse_v2(&line)?);
            }
            refs
        }
    };
    refs.retain(|found| wanted(&found.name));
    Ok(refs)
}

/// The beginning of a request of version 2, up to its arguments.
pub(crate) fn command(name: &str, capabilities: &BTreeMap<String, String>) -> Vec<u8> {
    let mut request = Vec::new();
    line(&mut request, &format!("command={name}"));
    if capabilities.contains_key("agent") {
        line(&mut request, &format!("agent={AGENT}"));
    }
    if capabilities.contains_key("object-format") {
        line(&mut request, "object-format=sha1");
    }
    request.extend_from_slice(b"0001");
    request
}

/// `<hash> <name> [symref-target:<name>] [peeled:<hash>]`
fn parse_v2(line: &str) -> Result<RemoteRef, Cause> {
    let mut parts = line.split(' ');
    let (Some(hash), Some(name)) = (parts.next(), parts.next()) else {
        return Err(Cause::protocol("a reference without a name"));
    };
    let mut found = RemoteRef {
        name: name.to_owned(),
        hash: if hash == "unborn" {
            None
        } else {
            Some(checked(hash)?)
        },
        peeled: None,
        symbolic: None,
    };
    for part in parts {
        if let Some(target) = part.strip_prefix("symref-target:") {
            found.symbolic = Some(target.to_owned());
        } else if let Some(hash) = part.strip_prefix("peeled:") {
            found.peeled = Some(checked(hash)?);
        }
    }
    Ok(found)
}

fn checked(hash: &str) -> Result<String, Cause> {
    if hash.len() == 40 && hash.bytes().all(|b| b.is_ascii_hexdigit()) {
        Ok(hash.to_ascii_lowercase())
    } else {
        Err(Cause::protocol("a reference that does not lead to a SHA-1"))
    }
}

/// Counts bytes down.
struct Budget(u64);

impl Budget {
    fn spend(&mut self, line: &str) -> Result<(), Cause> {
        let left = self.0.checked_sub(line.len() as u64 + 5);
        self.0 = left.ok_or(Cause::TooLarge {
            what: "the list of references",
            limit: self.0,
        })?;
        Ok(())
    }
}
