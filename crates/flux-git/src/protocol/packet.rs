//! Packet lines: four hex digits of length, then the bytes.

use bytes::{Buf, Bytes, BytesMut};

use crate::error::{Cause, shorten};
use crate::transport::Source;

/// One packet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Packet {
    /// `0000`: the end of a message.
    Flush,
    /// `0001`: between the sections of a message.
    Delimiter,
    /// `0002`: the end of a response on a connection without messages.
    ResponseEnd,
    /// Bytes.
    Data(Bytes),
}

/// Reads packets from the pieces in which they arrive.
#[derive(Debug)]
pub(crate) struct PacketReader<'a> {
    source: Source<'a>,
    buffer: BytesMut,
}

impl<'a> PacketReader<'a> {
    pub(crate) fn new(source: Source<'a>) -> Self {
        Self {
            source,
            buffer: BytesMut::new(),
        }
    }

    /// The next packet. The end of the stream is an error: every message has an end of its own.
    pub(crate) async fn next(&mut self) -> Result<Packet, Cause> {
        self.next_or_end()
            .await?
            .ok_or_else(|| Cause::protocol("the connection ended in the middle of an answer"))
    }

    /// The next packet, or none where the stream ends between packets.
    pub(crate) async fn next_or_end(&mut self) -> Result<Option<Packet>, Cause> {
        if !self.fill(4).await? {
            return if self.buffer.is_empty() {
                Ok(None)
            } else {
                Err(Cause::protocol(
                    "the connection ended in the middle of a packet",
                ))
            };
        }
        let length = length_of(&self.buffer[..4])?;
        let packet = match length {
            0 => Packet::Flush,
            1 => Packet::Delimiter,
            2 => Packet::ResponseEnd,
            3 => return Err(Cause::protocol("a packet of length 3")),
            length => {
                if !self.fill(length).await? {
                    return Err(Cause::protocol(
                        "the connection ended in the middle of a packet",
                    ));
                }
                self.buffer.advance(4);
                return Ok(Some(Packet::Data(
                    self.buffer.split_to(length - 4).freeze(),
                )));
            }
        };
        self.buffer.advance(4);
        Ok(Some(packet))
    }

    /// The next packet as text without its newline; none at the end of a section. An `ERR` packet is an error.
    pub(crate) async fn next_line(&mut self) -> Result<Option<String>, Cause> {
        match self.next().await? {
            Packet::Data(bytes) => {
                let line = text(&bytes);
                match line.strip_prefix("ERR ") {
                    Some(message) => Err(Cause::Remote {
                        message: shorten(message),
                    }),
                    None => Ok(Some(line)),
                }
            }
            _ => Ok(None),
        }
    }

    /// What follows, not cut into packets; none at the end.
    pub(crate) async fn raw(&mut self) -> Result<Option<Bytes>, Cause> {
        if self.buffer.is_empty() {
            self.source.next().await
        } else {
            Ok(Some(self.buffer.split().freeze()))
        }
    }

    /// Waits until the buffer has `count` bytes; false where the stream ends before.
    async fn fill(&mut self, count: usize) -> Result<bool, Cause> {
        while self.buffer.len() < count {
            match self.source.next().await? {
                Some(bytes) => self.buffer.extend_from_slice(&bytes),
                None => return Ok(false),
            }
        }
        Ok(true)
    }
}

/// A line as text, without its newline.
pub(crate) fn text(bytes: &[u8]) -> String {
    let bytes = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    String::from_utf8_lossy(bytes).into_owned()
}

fn length_of(digits: &[u8]) -> Result<usize, Cause> {
    std::str::from_utf8(digits)
        .ok()
        .filter(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()))
        .and_then(|digits| usize::from_str_radix(digits, 16).ok())
        .ok_or_else(|| Cause::protocol("an answer that does not consist of packets"))
}

/// Appends one line as a packet, with a newline.
pub(crate) fn line(into: &mut Vec<u8>, text: &str) {
    into.extend_from_slice(format!("{:04x}{text}\n", text.len() + 5).as_bytes());
}

/// Appends the end of a message.
pub(crate) fn flush(into: &mut Vec<u8>) {
    into.extend_from_slice(b"0000");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reader(pieces: &[&'static str]) -> PacketReader<'static> {
        let pieces = pieces
            .iter()
            .map(|piece| Bytes::from_static(piece.as_bytes()))
            .collect();
        PacketReader::new(Source::Memory(pieces))
    }

    #[tokio::test]
    async fn packets_are_read_across_pieces() {
        let mut reader = reader(&["00", "06a\n0", "00000010005z"]);
        assert_eq!(reader.next_line().await.unwrap().unwrap(), "a");
        assert_eq!(reader.next().await.unwrap(), Packet::Flush);
        assert_eq!(reader.next().await.unwrap(), Packet::Delimiter);
        assert_eq!(
            reader.next().await.unwrap(),
            Packet::Data(Bytes::from_static(b"z"))
        );
        assert_eq!(reader.next_or_end().await.unwrap(), None);
    }

    #[tokio::test]
    async fn broken_streams_are_told_from_finished_ones() {
        for broken in ["000", "0008abc", "<htm", "0003", "+00a"] {
            assert!(reader(&[broken]).next_or_end().await.is_err(), "{broken}");
        }
        assert!(reader(&[]).next().await.is_err());
        let failed = reader(&["0010ERR no entry"]).next_line().await.unwrap_err();
        assert_eq!(failed.to_string(), "remote error: no entry");
    }
}
