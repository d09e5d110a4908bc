//! Asking for a pack.

use crate::client::Limits;
use crate::error::{Cause, shorten};
use crate::pack::{Objects, Receiver};
use crate::protocol::AGENT;
use crate::protocol::packet::{Packet, PacketReader, flush, line, text};
use crate::protocol::refs::{Server, V0, command};
use crate::transport::Connection;

/// What to fetch.
#[derive(Debug)]
pub(crate) struct Fetch<'a> {
    /// The hashes of the wanted objects.
    pub(crate) wants: &'a [String],
    /// How many commits of history; none for all of it.
    pub(crate) depth: Option<u32>,
}

/// Fetches the wanted objects with all they need.
pub(crate) async fn fetch(
    connection: &mut Connection,
    server: &Server,
    wanted: &Fetch<'_>,
    limits: &Limits,
) -> Result<Objects, Cause> {
    let request = match server {
        Server::V2(capabilities) => {
            let mut request = command("fetch", capabilities);
            line(&mut request, "no-progress");
            line(&mut request, "ofs-delta");
            for want in wanted.wants {
                line(&mut request, &format!("want {want}"));
            }
            if let Some(depth) = wanted.depth {
                line(&mut request, &format!("deepen {depth}"));
            }
            line(&mut request, "done");
            flush(&mut request);
            request
        }
        Server::V0(v0) => request_v0(v0, wanted),
    };
    let mut reader = PacketReader::new(connection.request(request).await?);
    let side_band = match server {
        Server::V2(_) => {
            until_pack_v2(&mut reader).await?;
            true
        }
        Server::V0(v0) => {
            until_pack_v0(&mut reader, v0.can("shallow") && wanted.depth.is_some()).await?;
            v0.can("side-band-64k") || v0.can("side-band")
        }
    };
    receive(&mut reader, side_band, limits).await
}

/// Capabilities that we ask a server of version 0 for. The two kinds of acknowledgment make no difference without
/// objects to offer; some servers insist on one (spec row SRC-GCO-013).
const ASKED_V0: [&str; 6] = [
    "multi_ack_detailed",
    "side-band-64k",
    "ofs-delta",
    "no-progress",
    "shallow",
    "multi_ack",
];

fn request_v0(v0: &V0, wanted: &Fetch<'_>) -> Vec<u8> {
    let mut asked: Vec<&str> = ASKED_V0.into_iter().filter(|name| v0.can(name)).collect();
    if asked.contains(&"multi_ack_detailed") {
        asked.retain(|name| *name != "multi_ack");
    }
    if !v0.can("side-band-64k") && v0.can("side-band") {
        asked.push("side-band");
    }
    let agent = format!("agent={AGENT}");
    if v0
        .capabilities
        .iter()
        .any(|known| known.starts_with("agent="))
    {
        asked.push(&agent);
    }
    let mut request = Vec::new();
    for (at, want) in wanted.wants.iter().enumerate() {
        let capabilities = if at == 0 {
            format!(" {}", asked.join(" "))
        } else {
            String::new()
        };
        line(&mut request, &format!("want {want}{capabilities}"));
    }
    if let Some(depth) = wanted.depth.filter(|_| v0.can("shallow")) {
        line(&mut request, &format!("deepen {depth}"));
    }
    flush(&mut request);
    line(&mut request, "done");
    request
}

/// Skips to the pack.
async fn until_pack_v2(reader: &mut PacketReader<'_>) -> Result<(), Cause> {
    loop {
        match reader.next_line().await? {
            Some(line) if line == "packfile" => return Ok(()),
            // Sections we did not ask for, and the lines of `shallow-info`; each ends with a delimiter.
            Some(_) => while reader.next_line().await?.is_some() {},
            None => return Err(Cause::protocol("an answer without a pack")),
        }
    }
}

async fn until_pack_v0(reader: &mut PacketReader<'_>, shallow: bool) -> Result<(), Cause> {
    if shallow {
        while reader.next_line().await?.is_some() {}
    }
    match reader.next_line().await? {
        Some(line) if line == "NAK" => Ok(()),
        _ => Err(Cause::protocol("an answer without a pack")),
    }
}

async fn receive(
    reader: &mut PacketReader<'_>,
    side_band: bool,
    limits: &Limits,
) -> Result<Objects, Cause> {
    let mut receiver = Receiver::start(limits);
    match pump(reader, side_band, &mut receiver).await {
        Ok(()) => receiver.finish().await,
        Err(cause) => {
            // The error is known; waiting means that nothing is left on the disk.
            let _ = receiver.finish().await;
            Err(cause)
        }
    }
}

/// Moves the bytes of the pack to the receiver.
async fn pump(
    reader: &mut PacketReader<'_>,
    side_band: bool,
    receiver: &mut Receiver,
) -> Result<(), Cause> {
    if !side_band {
        while let Some(bytes) = reader.raw().await? {
            if !receiver.push(bytes).await? {
                break;
            }
        }
        return Ok(());
    }
    while let Some(Packet::Data(bytes)) = reader.next_or_end().await? {
        match bytes.first() {
            Some(1) => {
                if !receiver.push(bytes.slice(1..)).await? {
                    break;
                }
            }
            Some(3) => {
                let message = shorten(&text(&bytes[1..]));
                return Err(Cause::Remote { message });
            }
            // Progress.
            Some(2) => {}
            _ => return Err(Cause::protocol("a band that is not known")),
        }
    }
    Ok(())
}
