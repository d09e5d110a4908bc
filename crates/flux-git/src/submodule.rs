//! Submodules: found in `.gitmodules`, fetched at the commit that the tree names, mounted at their paths.
//! A submodule is named by the repository, not by the user: on the same host it is fetched with the same credentials,
//! on another host over HTTP with none, and anything else is refused (spec row SRC-GAU-015).

use std::collections::BTreeMap;

use flux_tree::{FileTree as _, TreeError, TreePath};
use url::Url;

use crate::Commit;
use crate::checkout;
use crate::client::{CheckoutOptions, Client, Limits};
use crate::error::Cause;
use crate::remote::{Credentials, Remote};
use crate::tree::Mount;

/// Submodules of submodules are followed this deep (spec row SRC-GCO-011).
const MOST_LEVELS: usize = 10;
/// The most submodules of one repository.
const MOST_SUBMODULES: usize = 1000;

/// Fetches all submodules of a commit, and theirs.
pub(crate) async fn fetch_all(
    client: &Client,
    remote: &Remote,
    commit: &Commit,
    limits: &Limits,
    level: usize,
) -> Result<Vec<Mount>, Cause> {
    let tree = commit.tree();
    let file =
        TreePath::parse(".gitmodules").map_err(|error| Cause::protocol(error.to_string()))?;
    let text = match tree.read(&file) {
        Ok(text) => String::from_utf8_lossy(&text).into_owned(),
        Err(TreeError::NotFound(_)) => return Ok(Vec::new()),
        Err(error) => {
            return Err(Cause::Corrupt {
                detail: error.to_string(),
            });
        }
    };
    let refused = |reason: String| Cause::SubmoduleRefused { reason };
    let listed = parse(&text);
    if listed.len() > MOST_SUBMODULES {
        return Err(refused(format!("more than {MOST_SUBMODULES} submodules")));
    }
    let mut mounts: Vec<Mount> = Vec::new();
    for (path, url) in listed {
        let at = TreePath::parse(&path)
            .map_err(|_| refused(format!("path '{path}' leaves the tree")))?;
        // An entry without a gitlink is a leftover; Git ignores it, too.
        let hash = match tree.submodule(&at) {
            Ok(Some(hash)) => hash,
            Ok(None) => continue,
            Err(error) => {
                return Err(Cause::Corrupt {
                    detail: error.to_string(),
                });
            }
        };
        if mounts.iter().any(|mount| mount.at == at) {
            return Err(refused(format!("path '{path}' is listed twice")));
        }
        if level >= MOST_LEVELS {
            return Err(refused(format!("nested deeper than {MOST_LEVELS} levels")));
        }
        let inner = async {
            let inner = access(remote, resolve(remote.url(), &url)?);
            let options = CheckoutOptions {
                limits: limits.clone(),
                ..Default::default()
            };
            let fetched = checkout::exact(client, &inner, &hash, &options).await?;
            let mounts = Box::pin(fetch_all(client, &inner, &fetched, limits, level + 1)).await?;
            Ok(Commit {
                mounts: mounts.into(),
                ..fetched
            }
            .tree())
        };
        let fetched: Result<_, Cause> = Box::pin(inner).await;
        let tree = fetched.map_err(|source| Cause::Submodule {
            path,
            source: Box::new(source),
        })?;
        mounts.push(Mount { at, tree });
    }
    Ok(mounts)
}

/// The URL of a submodule, relative ones resolved against the repository's own.
fn resolve(base: &Url, url: &str) -> Result<Url, Cause> {
    let refused = |reason: &str| Cause::SubmoduleRefused {
        reason: format!("{reason}: '{url}'"),
    };
    let target = if url.starts_with("./") || url.starts_with("../") {
        relative(base, url).ok_or_else(|| refused("its URL leaves the host"))?
    } else {
        Url::parse(url).map_err(|_| refused("its URL is not understood"))?
    };
    let open = matches!(target.scheme(), "http" | "https") && target.host_str().is_some();
    let downgrade = base.scheme() == "https" && target.scheme() == "http";
    if same_host(base, &target) || (open && !downgrade) {
        Ok(target)
    } else {
        Err(refused("it cannot be reached without credentials"))
    }
}

fn same_host(base: &Url, target: &Url) -> bool {
    target.scheme() == base.scheme()
        && target.host_str() == base.host_str()
        && target.port_or_known_default() == base.port_or_known_default()
}

/// How to reach a submodule: with the repository's access on its own host, with none of its secrets elsewhere.
/// User information in the URL of a submodule is the repository's own word, and never a way to other secrets.
fn access(remote: &Remote, url: Url) -> Remote {
    let same = same_host(remote.url(), &url);
    let mut inner = remote.clone().at(url);
    if !same {
        inner.credentials = Credentials::None;
        inner.tls.client = None;
    }
    inner
}

/// Git's rule: `../` removes one component of the repository's path, `./` none.
fn relative(base: &Url, url: &str) -> Option<Url> {
    let mut path: Vec<&str> = base.path().trim_matches('/').split('/').collect();
    let mut rest = url;
    loop {
        if let Some(after) = rest.strip_prefix("./") {
            rest = after;
        } else if let Some(after) = rest.strip_prefix("../") {
            path.pop()?;
            rest = after;
        } else {
            break;
        }
    }
    path.extend(rest.split('/').filter(|part| !part.is_empty()));
    if path.contains(&"..") {
        return None;
    }
    let mut target = base.clone();
    target.set_path(&path.join("/"));
    Some(target)
}

/// The `path` and `url` of each section of `.gitmodules`. Everything else in the file, `update` commands among it, is
/// not looked at.
fn parse(text: &str) -> Vec<(String, String)> {
    let mut sections: Vec<BTreeMap<String, String>> = Vec::new();
    for line in text.lines().map(str::trim) {
        if line.starts_with('[') {
            sections.push(BTreeMap::new());
        } else if let Some((key, value)) = line.split_once('=')
            && let Some(section) = sections.last_mut()
        {
            section.insert(key.trim().to_ascii_lowercase(), unquoted(value.trim()));
        }
    }
    sections
        .into_iter()
        .filter_map(|mut section| Some((section.remove("path")?, section.remove("url")?)))
        .collect()
}

fn unquoted(value: &str) -> String {
    let Some(inner) = value
        .strip_prefix('"')
        .and_then(|value| value.strip_suffix('"'))
    else {
        return value.to_owned();
    };
    inner.replace("\\\"", "\"").replace("\\\\", "\\")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relative_urls_follow_git() {
        let base = Url::parse("https://h:8443/org/app.git").unwrap();
        let at = |url| resolve(&base, url).map(|url| url.to_string()).ok();
        assert_eq!(at("../lib.git").unwrap(), "https://h:8443/org/lib.git");
        assert_eq!(at("./sub").unwrap(), "https://h:8443/org/app.git/sub");
        assert_eq!(at("../../other/x").unwrap(), "https://h:8443/other/x");
        assert_eq!(at("https://h:8443/z").unwrap(), "https://h:8443/z");
        assert_eq!(at("https://other/z").unwrap(), "https://other/z");
        for refused in [
            "../../../x",
            "../../..//x",
            "http://h:8443/z",
            "ssh://h/z",
            "git@h:z",
            "/etc",
            "ext::sh -c id",
            "file:///etc",
        ] {
            assert_eq!(at(refused), None, "{refused}");
        }
    }

    #[test]
    fn another_host_gets_no_secrets() {
        let mut remote = Remote::new("https://h/a").unwrap();
        remote.credentials = Credentials::Bearer(crate::Secret::new("t"));
        let kept = |url: &str| {
            let inner = access(&remote, Url::parse(url).unwrap());
            !matches!(inner.credentials, Credentials::None)
        };
        assert!(kept("https://h/b"));
        assert!(kept("https://h:443/b"));
        for other in [
            "https://i/b",
            "https://h:8443/b",
            "http://h/b",
            "https://h.i/b",
        ] {
            assert!(!kept(other), "{other}");
        }
    }

    #[test]
    fn only_path_and_url_are_read() {
        let text = "[submodule \"a\"]\n\tpath = a b\n\tURL = \"../x\"\n\tupdate = !sh\n[submodule \"c\"]\n path=c\n";
        assert_eq!(parse(text), [("a b".to_owned(), "../x".to_owned())]);
    }
}
