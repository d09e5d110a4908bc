//! Bases that live outside of the tree: recognized here, fetched by whoever implements [`Remotes`].

use std::sync::Arc;

use flux_tree::{FileTree, TreePath};

/// A fetched repository and the directory in it that a base names.
pub struct RemoteBase {
    /// The files of the repository.
    pub tree: Arc<dyn FileTree>,
    /// The directory.
    pub path: TreePath,
}

impl std::fmt::Debug for RemoteBase {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RemoteBase")
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

/// Fetches what a kustomization names by URL.
pub trait Remotes {
    /// A directory of a Git repository. `url` is what the kustomization says, with its query.
    ///
    /// # Errors
    /// Why it cannot be had, as text for the reader of the build error.
    fn directory(&self, url: &str) -> Result<RemoteBase, String>;

    /// A file over HTTP.
    ///
    /// # Errors
    /// Why it cannot be had.
    fn file(&self, url: &str) -> Result<Vec<u8>, String>;
}

/// Refuses every remote base.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoRemotes;

impl Remotes for NoRemotes {
    fn directory(&self, _url: &str) -> Result<RemoteBase, String> {
        Err("remote bases are disabled".to_owned())
    }

    fn file(&self, _url: &str) -> Result<Vec<u8>, String> {
        Err("remote resources are disabled".to_owned())
    }
}

/// Whether a path is the URL of a file.
pub(crate) fn is_http(path: &str) -> bool {
    path.starts_with("https://") || path.starts_with("http://")
}

/// Whether a path names something outside of the tree.
pub(crate) fn is_remote(path: &str) -> bool {
    const SCHEMES: [&str; 7] = [
        "git::", "gh:", "ssh://", "https://", "http://", "file://", "git@",
    ];
    let lower = path.to_ascii_lowercase();
    SCHEMES.iter().any(|scheme| lower.starts_with(scheme))
        || lower.starts_with("github.com/")
        || lower.starts_with("github.com:")
        || lower.contains(".git/")
        || lower.contains("_git/")
        || lower.rsplit('.').next() == Some("git")
        || lower.contains(".git?")
}
