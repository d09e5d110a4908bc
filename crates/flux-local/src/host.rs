//! A Git server on loopback for the repositories that are served from here, and the mirror map that leads to it.

use std::net::{Ipv4Addr, SocketAddr};

use flux_git::serve::{NewCommit, Repository, Server};
use flux_git::{Mirror, Person, Time};
use flux_object::Object;
use flux_tree::{FileTree, MemoryTree, TreePath};
use tokio::net::TcpListener;
use url::Url;

use crate::Error;

/// Serves repositories; stops with its owner.
#[derive(Debug)]
pub struct Host {
    server: Server,
    address: SocketAddr,
    task: tokio::task::JoinHandle<()>,
}

impl Host {
    /// Starts on a free port of loopback.
    pub async fn start() -> Result<Self, Error> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .await
            .map_err(Error::Listen)?;
        let address = listener.local_addr().map_err(Error::Listen)?;
        let server = Server::new();
        let router = server.router();
        let task = tokio::spawn(async move {
            // The listener lives as long as the process; there is nobody to tell of its end.
            let _ = axum::serve(listener, router).await;
        });
        Ok(Self {
            server,
            address,
            task,
        })
    }

    /// Where a repository of this name is served.
    pub fn url(&self, name: &str) -> Result<Url, Error> {
        let text = format!("http://{}/{name}.git", self.address);
        Url::parse(&text).map_err(|_| Error::Url { url: text })
    }

    /// Commits the files to a repository, on `main` and on every branch and tag that is asked for.
    pub fn publish(
        &self,
        name: &str,
        tree: &MemoryTree,
        wanted: &[Wanted],
        seconds: i64,
    ) -> Result<String, Error> {
        let person = || Person {
            name: "flux-local".to_owned(),
            email: "flux-local@localhost".to_owned(),
            time: Time {
                seconds,
                offset_minutes: 0,
            },
        };
        let failed = |source| Error::Commit {
            name: name.to_owned(),
            source,
        };
        self.server
            .update(&format!("{name}.git"), |repository: &mut Repository| {
                let commit = NewCommit {
                    branch: "main",
                    author: person(),
                    committer: person(),
                    message: "Working copy\n",
                };
                let hash = repository.commit(&commit, tree).map_err(failed)?;
                repository
                    .set_ref("refs/heads/master", &hash)
                    .map_err(failed)?;
                for reference in wanted {
                    let full = match reference {
                        Wanted::Branch(branch) => format!("refs/heads/{branch}"),
                        Wanted::Tag(tag) => format!("refs/tags/{tag}"),
                        Wanted::Name(name) => name.clone(),
                    };
                    repository.set_ref(&full, &hash).map_err(failed)?;
                }
                Ok(hash)
            })
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// A reference that some source of the repository follows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    /// A branch.
    Branch(String),
    /// A tag.
    Tag(String),
    /// A full name, `refs/...`.
    Name(String),
}

/// What the manifests of a tree say about sources: the URL and reference of every GitRepository in it.
pub fn sources(tree: &dyn FileTree) -> Vec<(Object, String)> {
    let Ok(files) = flux_tree::walk(tree, &TreePath::default()) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for (path, kind) in files {
        let extension = std::path::Path::new(path.as_str()).extension();
        let yaml = extension.is_some_and(|extension| extension == "yaml" || extension == "yml");
        if !kind.is_file() || !yaml {
            continue;
        }
        let Ok(content) = tree.read(&path) else {
            continue;
        };
        let text = String::from_utf8_lossy(&content);
        if !text.contains("GitRepository") {
            continue;
        }
        // A file that is no manifest is the business of the build that reads it.
        for object in flux_object::read::objects(&content).unwrap_or_default() {
            if object.kind() == "GitRepository"
                && let Some(url) = object.get(&["spec", "url"]).and_then(|url| url.as_str())
            {
                let url = url.to_owned();
                found.push((object, url));
            }
        }
    }
    found
}

/// The reference that a GitRepository follows, where it is one that can be made.
pub fn wanted(source: &Object) -> Option<Wanted> {
    let text = |field: &str| {
        source
            .get(&["spec", "ref", field])
            .and_then(|value| value.as_str())
            .map(str::to_owned)
    };
    if let Some(name) = text("name") {
        return Some(Wanted::Name(name));
    }
    if let Some(tag) = text("tag") {
        return Some(Wanted::Tag(tag));
    }
    text("branch").map(Wanted::Branch)
}

/// All the ways in which an address of a repository is written: `git@host:path`, `ssh://`, `https://`, with and without `.git`.
pub fn spellings(url: &str) -> Vec<String> {
    let rest = match url.split_once("://") {
        Some((_, rest)) => rest
            .rsplit_once('@')
            .map_or(rest, |(_, host)| host)
            .to_owned(),
        None => match url.split_once(':') {
            Some((host, path)) => {
                format!(
                    "{}/{path}",
                    host.rsplit_once('@').map_or(host, |(_, host)| host)
                )
            }
            None => return vec![url.to_owned()],
        },
    };
    let mut all = vec![url.to_owned()];
    for prefix in ["https://", "http://", "ssh://git@", "ssh://"] {
        all.push(format!("{prefix}{rest}"));
    }
    all.dedup();
    all
}

/// Mirrors that lead every spelling of an address to one target.
pub fn mirrors(url: &str, target: &Url) -> Vec<Mirror> {
    spellings(url)
        .iter()
        .map(|spelling| Mirror::new(spelling, target.clone()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_cover_ssh_and_https() {
        let all = spellings("git@git.example.com:org/fleet.git");
        assert!(
            all.contains(&"https://git.example.com/org/fleet.git".to_owned()),
            "{all:?}"
        );
        assert!(
            all.contains(&"ssh://git@git.example.com/org/fleet.git".to_owned()),
            "{all:?}"
        );
        let all = spellings("ssh://git@git.example.com/org/fleet");
        assert!(
            all.contains(&"https://git.example.com/org/fleet".to_owned()),
            "{all:?}"
        );
    }

    #[test]
    fn sources_of_the_example_are_found() {
        let fleet = crate::Fleet::example().unwrap();
        let found = sources(&fleet.tree);
        assert_eq!(found.len(), 4, "{found:?}");
        assert!(
            found
                .iter()
                .all(|(_, url)| url == "https://git.example.com/platform/fleet.git")
        );
        assert_eq!(wanted(&found[0].0), Some(Wanted::Branch("main".to_owned())));
    }
}
