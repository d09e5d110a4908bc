//! Bases that live outside of the tree: recognized here, fetched by whoever implements [`Remotes`] (KUS-KZ-002).

use std::sync::Arc;

use flux_tree::FileTree;

/// A directory of a Git repository, as a kustomization names it by URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoteSpec {
    /// What the kustomization says.
    pub url: String,
    /// What to clone.
    pub repository: String,
    /// The directory in the repository; empty for its root.
    pub path: String,
    /// Branch, tag or commit; empty for the default branch.
    pub reference: String,
    /// Whether submodules are part of it.
    pub submodules: bool,
    /// How long fetching may take, in seconds.
    pub timeout_seconds: u64,
}

const DEFAULT_TIMEOUT_SECONDS: u64 = 27;

/// Fetches what a kustomization names by URL.
pub trait Remotes {
    /// The files of a repository at the reference that the spec names.
    ///
    /// # Errors
    /// Why it cannot be had, as text for the reader of the build error.
    fn repository(&self, spec: &RemoteSpec) -> Result<Arc<dyn FileTree>, String>;

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
    fn repository(&self, _: &RemoteSpec) -> Result<Arc<dyn FileTree>, String> {
        Err("remote bases are disabled".to_owned())
    }

    fn file(&self, _: &str) -> Result<Vec<u8>, String> {
        Err("remote resources are disabled".to_owned())
    }
}

/// Whether a path is the URL of a file.
pub(crate) fn is_http(path: &str) -> bool {
    path.starts_with("https://") || path.starts_with("http://")
}

impl RemoteSpec {
    /// Reads a URL; `None` for a path in the tree.
    pub fn parse(url: &str) -> Option<Self> {
        if url.starts_with('/') {
            return None;
        }
        let (address, query) = url.split_once('?').unwrap_or((url, ""));
        let (host, rest) = split_host(address)?;
        let (repository, path) = split_repository(rest, host.starts_with("file://"))?;
        if repository.is_empty() || leaves(path) {
            return None;
        }
        let mut spec = Self {
            url: url.to_owned(),
            repository: format!("{host}{repository}"),
            path: path.trim_start_matches('/').to_owned(),
            reference: String::new(),
            submodules: true,
            timeout_seconds: DEFAULT_TIMEOUT_SECONDS,
        };
        spec.read_query(query);
        Some(spec)
    }

    /// Whether the URL says that it is a repository, so that it need not be tried as a file.
    pub(crate) fn is_explicit(&self) -> bool {
        !is_http(&self.url) || self.url.contains(".git") || self.url.contains("_git/")
    }

    fn read_query(&mut self, query: &str) {
        let value = |name: &str| {
            query
                .split('&')
                .filter_map(|pair| pair.split_once('='))
                .find(|(key, value)| *key == name && !value.is_empty())
                .map(|(_, value)| value)
        };
        if let Some(reference) = value("ref").or_else(|| value("version")) {
            reference.clone_into(&mut self.reference);
        }
        if let Some(submodules) = value("submodules") {
            self.submodules = !matches!(submodules, "false" | "0" | "f" | "F" | "False" | "FALSE");
        }
        let timeout = value("timeout").map(|text| text.strip_suffix('s').unwrap_or(text));
        if let Some(seconds) = timeout.and_then(|text| text.parse().ok()) {
            self.timeout_seconds = seconds;
        }
    }
}

/// Scheme, user and host, normalized for GitHub, and what comes after them.
fn split_host(address: &str) -> Option<(String, &str)> {
    let address = address.strip_prefix("git::").unwrap_or(address);
    let (scheme, rest) = ["ssh://", "https://", "http://", "file://"]
        .iter()
        .find(|scheme| {
            address
                .get(..scheme.len())
                .is_some_and(|start| start.eq_ignore_ascii_case(scheme))
        })
        .map_or(("", address), |scheme| (*scheme, &address[scheme.len()..]));
    if scheme == "file://" {
        return Some((scheme.to_owned(), rest));
    }
    let (user, rest) = match rest.split_once('@') {
        Some((user, host)) if is_user(user) => (Some(user), host),
        _ => (None, rest),
    };
    let (alias, rest) = match (scheme, rest.strip_prefix("gh:")) {
        ("", Some(after)) => (true, after),
        _ => (false, rest),
    };
    let lower = rest.to_ascii_lowercase();
    let github = lower.starts_with("github.com/") || lower.starts_with("github.com:");
    if alias {
        return Some(("gh:".to_owned(), rest));
    }
    let copy_style = scheme.is_empty() && (user.is_some() || github);
    if scheme.is_empty() && !copy_style {
        return None;
    }
    let end = rest.find(|c| c == '/' || (copy_style && c == ':'))?;
    let (host, rest) = rest.split_at(end + 1);
    if github {
        let shell = scheme == "ssh://" || user.is_some();
        let host = if shell {
            "git@github.com:"
        } else {
            "https://github.com/"
        };
        return Some((host.to_owned(), rest));
    }
    let user = user.map(|user| format!("{user}@")).unwrap_or_default();
    (host.len() > 1).then(|| (format!("{scheme}{user}{host}"), rest))
}

fn is_user(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
}

/// Where the repository ends and the directory in it begins: after `_git/NAME`, at `//`, after `.git`, or else after
/// an owner and a name.
fn split_repository(rest: &str, local: bool) -> Option<(&str, &str)> {
    if let Some(at) = rest.find("_git/") {
        let start = at + "_git/".len();
        let end = rest[start..]
            .find('/')
            .map_or(rest.len(), |end| start + end);
        return Some(rest.split_at(end));
    }
    if let Some((repository, path)) = rest.split_once("//") {
        return Some((repository, path));
    }
    if let Some(at) = rest.find(".git") {
        return Some(rest.split_at(at + ".git".len()));
    }
    if local {
        return Some((rest, ""));
    }
    let mut slashes = rest.match_indices('/').map(|(at, _)| at);
    slashes.next()?;
    Some(rest.split_at(slashes.next().unwrap_or(rest.len())))
}

/// Whether a directory is outside of its repository.
fn leaves(path: &str) -> bool {
    let mut depth = 0_i64;
    path.split('/').any(|part| {
        match part {
            "" | "." => {}
            ".." => depth -= 1,
            _ => depth += 1,
        }
        depth < 0
    })
}
