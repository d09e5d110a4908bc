//! Writing a pack: every object whole, without deltas.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::ZlibEncoder;
use gix_hash::ObjectId;
use sha1::{Digest as _, Sha1};

use crate::pack::Kind;
use crate::serve::Repository;

/// A pack of these objects; those that are missing are left out.
pub(crate) fn write(repository: &Repository, ids: &[ObjectId]) -> std::io::Result<Vec<u8>> {
    let objects: Vec<_> = ids.iter().filter_map(|id| repository.object(id)).collect();
    let count = u32::try_from(objects.len()).map_err(std::io::Error::other)?;
    let mut pack = b"PACK\0\0\0\x02".to_vec();
    pack.extend_from_slice(&count.to_be_bytes());
    for (kind, raw) in objects {
        header(&mut pack, *kind, raw.len());
        let mut encoder = ZlibEncoder::new(&mut pack, Compression::fast());
        encoder.write_all(raw)?;
        encoder.finish()?;
    }
    let checksum = Sha1::digest(&pack);
    pack.extend_from_slice(&checksum);
    Ok(pack)
}

/// Kind and size: three and four bits first, then seven at a time, the lowest first.
fn header(into: &mut Vec<u8>, kind: Kind, size: usize) {
    let number = match kind {
        Kind::Commit => 1,
        Kind::Tree => 2,
        Kind::Blob => 3,
        Kind::Tag => 4,
    };
    let mut byte = number << 4 | low(size, 0x0f);
    let mut rest = size >> 4;
    while rest > 0 {
        into.push(byte | 0x80);
        byte = low(rest, 0x7f);
        rest >>= 7;
    }
    into.push(byte);
}

fn low(number: usize, mask: u8) -> u8 {
    number.to_le_bytes()[0] & mask
}
