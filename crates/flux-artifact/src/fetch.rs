//! Downloads artifacts: once per process and digest, verified before use, kept as decoded trees (SRC-STO-022).

mod cache;

use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use flux_http::{Client, HttpError, Request, Retry};
use flux_tree::MemoryTree;
use url::Url;

use crate::digest::{Digest, DigestError, Hasher};
use crate::unpack::{Limits, UnpackError, unpack};
use cache::Cache;

/// How a fetcher behaves.
#[derive(Debug, Clone)]
pub struct FetchOptions {
    /// How often a download is tried (`--http-retry`).
    pub retry: Retry,
    /// What an archive may cost.
    pub limits: Limits,
    /// How many bytes of decoded trees are kept.
    pub cache_bytes: usize,
    /// The host (with port) that replaces the one in artifact URLs, for controllers that run outside the cluster
    /// (SRC-STO-024).
    pub host: Option<String>,
}

impl Default for FetchOptions {
    fn default() -> Self {
        Self {
            retry: Retry {
                retries: 9,
                min_wait: Duration::from_secs(5),
                max_wait: Duration::from_secs(30),
            },
            limits: Limits::default(),
            cache_bytes: 128 << 20,
            host: None,
        }
    }
}

impl FetchOptions {
    /// These options with `SOURCE_CONTROLLER_LOCALHOST` of the process's environment.
    #[must_use]
    pub fn with_environment(mut self) -> Self {
        self.host = std::env::var("SOURCE_CONTROLLER_LOCALHOST")
            .ok()
            .filter(|host| !host.is_empty());
        self
    }
}

/// Why an artifact could not be had.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// The server has no such file: it was replaced by a newer one, or lost.
    #[error("artifact not found at '{url}'")]
    NotFound {
        /// The URL that was asked.
        url: String,
    },
    /// The URL of the artifact is not one.
    #[error("artifact URL '{0}' is not usable")]
    Url(String),
    /// The digest of the artifact is not one.
    #[error("artifact digest is not usable")]
    Digest(#[source] DigestError),
    /// The download failed.
    #[error("download archive")]
    Download(#[source] HttpError),
    /// What was downloaded is not what was recorded.
    #[error("failed to verify archive: computed digest '{found}' doesn't match '{want}'")]
    Mismatch {
        /// The recorded digest.
        want: Digest,
        /// The digest of what was downloaded.
        found: Digest,
    },
    /// The archive was refused.
    #[error("unpack archive")]
    Unpack(#[source] UnpackError),
    /// The task that unpacked the archive died.
    #[error("unpack archive: interrupted")]
    Interrupted,
}

impl FetchError {
    /// True when the file is not there (any more).
    pub fn is_not_found(&self) -> bool {
        matches!(self, Self::NotFound { .. })
    }
}

/// Downloads artifacts and keeps them. Share one per process.
#[derive(Debug)]
pub struct Fetcher {
    client: Client,
    options: FetchOptions,
    cache: Cache,
}

impl Fetcher {
    /// A fetcher over a client.
    pub fn new(client: Client, options: FetchOptions) -> Self {
        let cache = Cache::new(options.cache_bytes);
        Self {
            client,
            options,
            cache,
        }
    }

    /// The tree of an artifact. Concurrent calls for one artifact share a download; a failed one is not remembered.
    ///
    /// # Errors
    /// See [`FetchError`].
    pub async fn fetch(&self, url: &str, digest: &str) -> Result<Arc<MemoryTree>, FetchError> {
        let digest: Digest = digest.parse().map_err(FetchError::Digest)?;
        let url = self.rewritten(url)?;
        let key = (url.to_string(), digest.to_string());
        let slot = self.cache.slot(&key);
        let tree = slot
            .get_or_try_init(|| self.download(url, digest))
            .await
            .map(Arc::clone);
        self.cache
            .settle(&key, tree.as_deref().ok().map(MemoryTree::weight));
        tree
    }

    fn rewritten(&self, url: &str) -> Result<Url, FetchError> {
        let bad = || FetchError::Url(url.to_owned());
        let mut parsed = Url::parse(url).map_err(|_| bad())?;
        if !matches!(parsed.scheme(), "http" | "https") {
            return Err(bad());
        }
        if let Some(host) = &self.options.host {
            let given = Url::parse(&format!("{}://{host}", parsed.scheme())).map_err(|_| bad())?;
            parsed.set_host(given.host_str()).map_err(|_| bad())?;
            parsed.set_port(given.port()).map_err(|()| bad())?;
        }
        Ok(parsed)
    }

    async fn download(&self, url: Url, want: Digest) -> Result<Arc<MemoryTree>, FetchError> {
        let shown = url.to_string();
        let mut request = Request::get(url);
        request.retry = self.options.retry;
        let response = self
            .client
            .send(request)
            .await
            .map_err(FetchError::Download)?;
        let mut response = response.success().map_err(|error| {
            if error.is_not_found() {
                FetchError::NotFound { url: shown.clone() }
            } else {
                FetchError::Download(error)
            }
        })?;
        let limits = self.options.limits;
        let mut hasher = Hasher::new(want.algorithm());
        let mut archive = BytesMut::new();
        while let Some(chunk) = response.chunk().await.map_err(FetchError::Download)? {
            if archive.len() as u64 + chunk.len() as u64 > limits.compressed {
                return Err(FetchError::Download(HttpError::TooLarge {
                    url: shown,
                    limit: limits.compressed,
                }));
            }
            hasher.update(&chunk);
            archive.extend_from_slice(&chunk);
        }
        let found = hasher.finish();
        if found != want {
            return Err(FetchError::Mismatch { want, found });
        }
        tokio::task::spawn_blocking(move || unpack(&archive, &limits))
            .await
            .map_err(|_| FetchError::Interrupted)?
            .map(Arc::new)
            .map_err(FetchError::Unpack)
    }
}

#[cfg(test)]
mod tests;
