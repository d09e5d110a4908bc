//! A Git server: repositories in memory, read over HTTP by the code under test or by a real `git`.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::extract::Request;
use flux_git::serve::{NewCommit, NewTag, Repository, Server};
use flux_git::{Person, Secret, Time};
use flux_tree::{FileTree, MemoryTree};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tower::util::ServiceExt as _;

use crate::fault::Faults;
use crate::{Fault, SshGitServer};

/// When the first commit of a repository is made; each further one is a minute later.
const FIRST_COMMIT: i64 = 1_700_000_000;

/// A running server. It stops when dropped.
///
/// Commits depend on nothing but their input and their number, so their hashes are the same in every run.
#[derive(Debug)]
pub struct GitServer {
    address: SocketAddr,
    server: Server,
    faults: Faults,
    requests: Arc<Mutex<Vec<String>>>,
    made: Mutex<i64>,
    running: JoinHandle<()>,
}

impl Drop for GitServer {
    fn drop(&mut self) {
        self.running.abort();
    }
}

impl GitServer {
    /// Starts a server that anyone may read, on a free port of the loopback interface.
    ///
    /// # Panics
    /// When no port is free.
    pub async fn start() -> Self {
        Self::over(Server::new()).await
    }

    /// Starts a server that wants a user name and a password.
    ///
    /// # Panics
    /// When no port is free.
    pub async fn start_with_basic(username: &str, password: &str) -> Self {
        Self::over(Server::with_basic(username, Secret::new(password))).await
    }

    async fn over(server: Server) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let (faults, requests) = (Faults::default(), Arc::<Mutex<Vec<String>>>::default());
        let (router, spoiler, log) = (server.router(), faults.clone(), Arc::clone(&requests));
        let app = Router::new().fallback(move |request: Request| {
            let (router, spoiler) = (router.clone(), spoiler.clone());
            let line = format!("{} {}", request.method(), request.uri());
            log.lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(line);
            async move {
                let answer = async { router.oneshot(request).await.unwrap_or_else(|e| match e {}) };
                spoiler.spoil(answer).await
            }
        });
        let running = tokio::spawn(async move {
            // It ends by being aborted.
            let _ = axum::serve(listener, app).await;
        });
        Self {
            address,
            server,
            faults,
            requests,
            made: Mutex::new(0),
            running,
        }
    }

    /// Serves the same repositories over SSH, too.
    ///
    /// # Panics
    /// When no port is free.
    pub async fn over_ssh(&self) -> SshGitServer {
        SshGitServer::over(self.server.clone()).await
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The URL of a repository: `name` is its path, `app.git`.
    pub fn url(&self, name: &str) -> String {
        format!("http://{}/{name}", self.address)
    }

    /// Adds a repository as it is, or replaces one.
    pub fn put(&self, name: &str, repository: Repository) {
        self.server.put(name, repository);
    }

    /// Commits these files, and no others, to the branch `main`; creates the repository where it is missing. Returns
    /// the hash of the commit.
    ///
    /// # Panics
    /// When a path is impossible.
    pub fn commit(&self, name: &str, files: &[(&str, &str)]) -> String {
        let files = files.iter().map(|(path, text)| (*path, (*text).to_owned()));
        let tree = MemoryTree::from_files(files).expect("paths of files");
        self.commit_tree(name, "main", &tree)
    }

    /// Commits a tree to a branch; returns the hash of the commit.
    ///
    /// # Panics
    /// When the tree cannot be committed.
    pub fn commit_tree(&self, name: &str, branch: &str, tree: &dyn FileTree) -> String {
        let person = self.person();
        let new = NewCommit {
            branch,
            author: person.clone(),
            committer: person,
            message: "commit\n",
        };
        self.server
            .update(name, |repository| repository.commit(&new, tree))
            .expect("a commit")
    }

    /// Makes a lightweight tag.
    ///
    /// # Panics
    /// When the hash is not in the repository.
    pub fn tag(&self, name: &str, tag: &str, hash: &str) {
        let reference = format!("refs/tags/{tag}");
        self.server
            .update(name, |repository| repository.set_ref(&reference, hash))
            .expect("a tag");
    }

    /// Makes an annotated tag; returns the hash of the tag object.
    ///
    /// # Panics
    /// When the hash is not in the repository.
    pub fn annotated_tag(&self, name: &str, tag: &str, hash: &str) -> String {
        let new = NewTag {
            name: tag,
            target: hash,
            tagger: self.person(),
            message: "tag\n",
        };
        self.server
            .update(name, |repository| repository.tag(&new))
            .expect("a tag")
    }

    /// Changes a repository in any other way.
    pub fn update<T>(&self, name: &str, change: impl FnOnce(&mut Repository) -> T) -> T {
        self.server.update(name, change)
    }

    /// Removes a repository.
    pub fn remove(&self, name: &str) {
        self.server.remove(name);
    }

    /// Orders a fault for all requests from now on; [`Fault::None`] takes it back.
    pub fn fail(&self, fault: Fault) {
        self.faults.set(fault);
    }

    /// The requests so far: method and path with query.
    pub fn requests(&self) -> Vec<String> {
        self.requests
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn person(&self) -> Person {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        let seconds = FIRST_COMMIT + *made * 60;
        *made += 1;
        Person {
            name: "Test".to_owned(),
            email: "test@example.com".to_owned(),
            time: Time {
                seconds,
                offset_minutes: 0,
            },
        }
    }
}

#[cfg(test)]
mod tests;
