//! A received pack: streamed to a private temporary directory, indexed while it arrives, read in place, deleted with
//! its last user. There is no repository around it: no configuration, no hooks, no work tree.

use std::io::{self, BufRead, Read};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use gix_pack as pack;
use tempfile::TempDir;
use tokio::sync::mpsc;

use crate::client::Limits;
use crate::error::Cause;

/// Decoded delta bases that are kept while reading, in bytes.
const DELTA_CACHE_BYTES: usize = 16 << 20;

/// The objects of one pack.
pub(crate) struct Objects {
    bundle: Option<pack::Bundle>,
    scratch: Mutex<Scratch>,
    _folder: TempDir,
}

struct Scratch {
    inflate: gix_zlib::Inflate,
    deltas: pack::cache::lru::MemoryCappedHashmap,
}

/// The kind of an object.
pub(crate) use gix_object::Kind;

impl std::fmt::Debug for Objects {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let count = self
            .bundle
            .as_ref()
            .map_or(0, |bundle| bundle.index.num_objects());
        f.debug_struct("Objects")
            .field("count", &count)
            .finish_non_exhaustive()
    }
}

impl Objects {
    /// An object; none where the pack does not have it.
    pub(crate) fn find(&self, id: &gix_hash::oid) -> Result<Option<(Kind, Vec<u8>)>, Cause> {
        let Some(bundle) = &self.bundle else {
            return Ok(None);
        };
        let mut out = Vec::new();
        let mut scratch = self.scratch.lock().unwrap_or_else(PoisonError::into_inner);
        let Scratch { inflate, deltas } = &mut *scratch;
        let kind = match bundle.find(id, &mut out, inflate, deltas) {
            Ok(found) => found.map(|(data, _)| data.kind),
            Err(error) => {
                return Err(Cause::Corrupt {
                    detail: error.to_string(),
                });
            }
        };
        Ok(kind.map(|kind| (kind, out)))
    }

    /// The names of all objects.
    pub(crate) fn ids(&self) -> Vec<gix_hash::ObjectId> {
        let all = self
            .bundle
            .as_ref()
            .map(|bundle| bundle.index.iter().map(|entry| entry.oid));
        all.into_iter().flatten().collect()
    }
}

/// Where the bytes of a pack are put as they arrive.
#[derive(Debug)]
pub(crate) struct Receiver {
    bytes: Option<mpsc::Sender<Bytes>>,
    indexing: Option<tokio::task::JoinHandle<Result<Objects, Cause>>>,
    stop: Arc<AtomicBool>,
    left: u64,
    limit: u64,
}

impl Receiver {
    /// Starts indexing on a thread of its own.
    pub(crate) fn start(limits: &Limits) -> Self {
        let (sender, receiver) = mpsc::channel(16);
        let stop = Arc::new(AtomicBool::new(false));
        let (flag, limits_for_thread) = (Arc::clone(&stop), limits.clone());
        let indexing = tokio::task::spawn_blocking(move || {
            let mut arriving = Arriving {
                bytes: receiver,
                current: Bytes::new(),
            };
            index(&mut arriving, &limits_for_thread, &flag)
        });
        Self {
            bytes: Some(sender),
            indexing: Some(indexing),
            stop,
            left: limits.pack_bytes,
            limit: limits.pack_bytes,
        }
    }

    /// Takes the next bytes; waits while the disk is behind. False means that no more are wanted: indexing has
    /// failed, and [`Self::finish`] says why.
    pub(crate) async fn push(&mut self, bytes: Bytes) -> Result<bool, Cause> {
        self.left = self
            .left
            .checked_sub(bytes.len() as u64)
            .ok_or(Cause::TooLarge {
                what: "the pack",
                limit: self.limit,
            })?;
        match &self.bytes {
            Some(sender) => Ok(sender.send(bytes).await.is_ok()),
            None => Ok(false),
        }
    }

    /// Waits for the index.
    pub(crate) async fn finish(mut self) -> Result<Objects, Cause> {
        self.bytes = None;
        match self.indexing.take() {
            Some(indexing) => indexing.await.map_err(|error| Cause::Corrupt {
                detail: error.to_string(),
            })?,
            None => Err(Cause::protocol("the pack was taken already")),
        }
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

/// Indexes a pack that is already in memory.
pub(crate) fn index_bytes(bytes: Bytes, limits: &Limits) -> Result<Objects, Cause> {
    index(&mut io::Cursor::new(bytes), limits, &AtomicBool::new(false))
}

fn index(bytes: &mut dyn BufRead, limits: &Limits, stop: &AtomicBool) -> Result<Objects, Cause> {
    let mut builder = tempfile::Builder::new();
    builder.prefix("git-");
    let folder = match &limits.temporary {
        Some(place) => builder.tempdir_in(place),
        None => builder.tempdir(),
    }
    .map_err(Cause::storage)?;
    let object_limit = usize::try_from(limits.object_bytes).unwrap_or(usize::MAX);
    let options = pack::bundle::write::Options {
        thread_limit: Some(2),
        iteration_mode: pack::data::input::Mode::Verify,
        alloc_limit_bytes: Some(object_limit),
        ..Default::default()
    };
    let written = pack::Bundle::write_to_directory(
        bytes,
        Some(folder.path()),
        &mut gix_utils::progress::Discard,
        stop,
        None::<gix_object::find::Never>,
        gix_hash::Kind::Sha1,
        options,
    )
    .map_err(|error| Cause::Corrupt {
        detail: error.to_string(),
    })?;
    let bundle = match written.to_bundle() {
        None => None,
        Some(opened) => {
            let opened = opened.map_err(|error| Cause::Corrupt {
                detail: error.to_string(),
            })?;
            let data = opened.pack.with_alloc_limit_bytes(Some(object_limit));
            Some(pack::Bundle {
                pack: data,
                index: opened.index,
            })
        }
    };
    Ok(Objects {
        bundle,
        scratch: Mutex::new(Scratch {
            inflate: gix_zlib::Inflate::default(),
            deltas: pack::cache::lru::MemoryCappedHashmap::new(DELTA_CACHE_BYTES),
        }),
        _folder: folder,
    })
}

/// The blocking end of the channel.
struct Arriving {
    bytes: mpsc::Receiver<Bytes>,
    current: Bytes,
}

impl Read for Arriving {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let available = self.fill_buf()?;
        let count = available.len().min(into.len());
        into[..count].copy_from_slice(&available[..count]);
        self.consume(count);
        Ok(count)
    }
}

impl BufRead for Arriving {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        while self.current.is_empty() {
            match self.bytes.blocking_recv() {
                Some(bytes) => self.current = bytes,
                None => break,
            }
        }
        Ok(&self.current)
    }

    fn consume(&mut self, count: usize) {
        let _ = self.current.split_to(count);
    }
}
