//! From a reference to a commit: list, decide, fetch. Decisions are upstream's, oddities included; the way there is
//! shorter, since nothing but the wanted commit is fetched where the server allows it.

use std::sync::Arc;

use crate::Commit;
use crate::client::{Checkout, CheckoutOptions, Client, Open, Unmoved};
use crate::commit::Tag;
use crate::error::{Cause, Error, ObjectNotFound};
use crate::object::{parse_commit, parse_tag};
use crate::pack::{Kind, Objects};
use crate::protocol::{self, Fetch, Server};
use crate::reference::{RemoteRef, Wanted};
use crate::remote::Remote;
use crate::revision::{self, Pointer};
use crate::submodule;
use crate::versions;

/// As many tags of tags are followed.
const MOST_TAGS: usize = 16;

pub(crate) async fn run(
    client: &Client,
    remote: &Remote,
    options: &CheckoutOptions,
) -> Result<Checkout, Error> {
    let wanted = options.reference.wanted();
    let mut job = Job {
        client,
        remote,
        options,
        open: None,
    };
    let found = match &wanted {
        Wanted::Branch(name) => job.branch(&format!("refs/heads/{name}")).await?,
        Wanted::Tag(name) => job.tag(&format!("refs/tags/{name}")).await?,
        Wanted::Name(name) => job.name(name).await?,
        Wanted::Semver(range) => job.semver(range).await?,
        Wanted::Commit { hash, branch, name } => job.commit(hash, *branch, *name).await?,
    };
    let Checkout::Fetched(mut commit) = found else {
        return Ok(found);
    };
    if options.recurse_submodules {
        let mounts = submodule::fetch_all(client, remote, &commit, &options.limits, 0).await;
        commit.mounts = Arc::new(mounts.map_err(|source| job.clone_error(source))?);
    }
    Ok(Checkout::Fetched(commit))
}

/// Fetches one commit by its hash, with submodules left out: what a submodule needs.
pub(crate) async fn exact(
    client: &Client,
    remote: &Remote,
    hash: &str,
    options: &CheckoutOptions,
) -> Result<Commit, Cause> {
    let mut job = Job {
        client,
        remote,
        options,
        open: None,
    };
    let pointer = Pointer {
        hash: hash.to_owned(),
        reference: String::new(),
    };
    match job.fetch_commit(pointer, &[]).await? {
        Some(commit) => Ok(commit),
        None => Err(Cause::NotACommit {
            name: hash.to_owned(),
        }),
    }
}

struct Job<'a> {
    client: &'a Client,
    remote: &'a Remote,
    options: &'a CheckoutOptions,
    open: Option<Open>,
}

impl Job<'_> {
    fn clone_error(&self, source: Cause) -> Error {
        Error::Clone {
            url: self.remote.shown(),
            source,
        }
    }

    /// Upstream lists references on their own only where it looks for a name or compares with a known revision.
    fn list_error(&self, source: Cause) -> Error {
        let named = matches!(self.options.reference.wanted(), Wanted::Name(_));
        let compared = self
            .options
            .last_observed
            .as_ref()
            .is_some_and(|known| !known.is_empty())
            && matches!(
                self.options.reference.wanted(),
                Wanted::Branch(_) | Wanted::Tag(_)
            );
        if named || compared {
            Error::List {
                url: self.remote.shown(),
                source,
            }
        } else {
            self.clone_error(source)
        }
    }

    async fn connected(&mut self) -> Result<&mut Open, Cause> {
        if self.open.is_none() {
            self.open = Some(self.client.connect(self.remote).await?);
        }
        self.open
            .as_mut()
            .ok_or_else(|| Cause::protocol("no connection"))
    }

    async fn list(&mut self, prefixes: &[&str]) -> Result<Vec<RemoteRef>, Cause> {
        let limits = &self.options.limits;
        self.client
            .list(self.remote, &mut self.open, prefixes, limits)
            .await
    }

    async fn find(&mut self, name: &str) -> Result<Option<RemoteRef>, Cause> {
        let listed = self.list(&[name]).await?;
        Ok(listed.into_iter().find(|found| found.name == name))
    }

    async fn is_empty(&mut self) -> Result<bool, Cause> {
        Ok(self
            .list(&[])
            .await?
            .iter()
            .all(|found| found.hash.is_none()))
    }

    /// What to say about a reference that is missing: something else where everything is.
    async fn absent(&mut self, reference: &str) -> Error {
        match self.is_empty().await {
            Ok(true) => Error::Empty {
                url: self.remote.shown(),
            },
            Ok(false) => self.clone_error(missing(reference)),
            Err(cause) => self.list_error(cause),
        }
    }

    async fn fetch(&mut self, wants: &[String], depth: Option<u32>) -> Result<Objects, Cause> {
        let limits = &self.options.limits;
        let wanted = Fetch { wants, depth };
        loop {
            let open = self.connected().await?;
            let fetched =
                protocol::fetch(&mut open.connection, &open.server, &wanted, limits).await;
            let remembered = std::mem::take(&mut open.remembered);
            if fetched.is_err() || matches!(open.server, Server::V0(_)) {
                // A failed conversation cannot go on, and one of version 0 ends with its pack.
                self.open = None;
            }
            match fetched {
                // The server's own word needs no second try.
                Err(cause) if remembered && !matches!(cause, Cause::Remote { .. }) => {
                    self.client.forget(self.remote);
                }
                fetched => return fetched,
            }
        }
    }

    /// The known revision, where it is this one.
    fn unmoved(&self, text: &str) -> bool {
        self.options
            .last_observed
            .as_ref()
            .is_some_and(|known| !known.is_empty() && revision::current_form(known) == text)
    }

    async fn branch(&mut self, reference: &str) -> Result<Checkout, Error> {
        let found = self
            .find(reference)
            .await
            .map_err(|cause| self.list_error(cause))?;
        let Some(hash) = found.and_then(|found| found.hash) else {
            return match self.is_empty().await {
                Ok(true) => Ok(Checkout::Empty),
                Ok(false) => Err(self.clone_error(missing(reference))),
                Err(cause) => Err(self.list_error(cause)),
            };
        };
        let pointer = Pointer {
            hash,
            reference: reference.to_owned(),
        };
        self.named(pointer).await
    }

    /// Fetches a commit that a branch, or another reference that is no tag, leads to.
    async fn named(&mut self, pointer: Pointer) -> Result<Checkout, Error> {
        if self.unmoved(&self.text_of(&pointer)) {
            return Ok(Checkout::Unmoved(pointer));
        }
        let objects = self
            .fetch(std::slice::from_ref(&pointer.hash), Some(1))
            .await
            .map_err(|cause| self.clone_error(cause))?;
        let hash = pointer.hash.clone();
        match read_commit(&Arc::new(objects), pointer, None) {
            Ok(Some(commit)) => Ok(Checkout::Fetched(Box::new(commit))),
            Ok(None) => Err(commit_not_found(&hash)),
            Err(cause) => Err(self.clone_error(cause)),
        }
    }

    /// The revision that upstream stores and compares: with the full name where a name was asked for.
    fn text_of(&self, pointer: &Pointer) -> String {
        match self.options.reference.wanted() {
            Wanted::Name(_) => pointer.absolute_revision(),
            _ => pointer.revision(),
        }
    }

    async fn tag(&mut self, reference: &str) -> Result<Checkout, Error> {
        let found = self
            .find(reference)
            .await
            .map_err(|cause| self.list_error(cause))?;
        let Some(found) = found else {
            return Err(self.absent(reference).await);
        };
        self.tagged(&found, reference).await
    }

    async fn tagged(&mut self, found: &RemoteRef, reference: &str) -> Result<Checkout, Error> {
        let not_a_commit = || Cause::NotACommit {
            name: reference.to_owned(),
        };
        let target = found
            .target()
            .ok_or_else(|| self.clone_error(not_a_commit()))?;
        let pointer = Pointer {
            hash: target.to_owned(),
            reference: reference.to_owned(),
        };
        if self.unmoved(&self.text_of(&pointer)) {
            return Ok(Checkout::Unmoved(pointer));
        }
        let wants = found.hash.clone().into_iter().collect::<Vec<_>>();
        let fetched = self.fetch(&wants, Some(1)).await;
        let read = fetched.and_then(|objects| read_tagged(&Arc::new(objects), found, reference));
        match read {
            Ok(Some(commit)) => Ok(Checkout::Fetched(Box::new(commit))),
            Ok(None) => Err(self.clone_error(not_a_commit())),
            Err(cause) => Err(self.clone_error(cause)),
        }
    }

    async fn name(&mut self, name: &str) -> Result<Checkout, Error> {
        if name.starts_with('/') || name.ends_with('/') {
            return Err(Error::NameMalformed {
                name: name.to_owned(),
            });
        }
        let (plain, peeled) = match name.strip_suffix("^{}") {
            Some(plain) => (plain, true),
            None => (name, false),
        };
        let found = self
            .find(plain)
            .await
            .map_err(|cause| self.list_error(cause))?;
        let found = found.filter(|found| !peeled || found.peeled.is_some());
        let Some(found) = found else {
            return Err(match self.is_empty().await {
                Ok(true) => self.list_error(Cause::RepositoryEmpty),
                Ok(false) => Error::NameNotFound {
                    name: name.to_owned(),
                },
                Err(cause) => self.list_error(cause),
            });
        };
        if found.symbolic.is_some() || name == "HEAD" {
            // Parity: upstream takes a symbolic reference for one without a hash.
            return Err(commit_not_found(&"0".repeat(40)));
        }
        if plain.starts_with("refs/tags/") {
            return self.tagged(&found, name).await;
        }
        let hash = if peeled { found.peeled } else { found.hash };
        let hash = hash.ok_or_else(|| Error::NameNotFound {
            name: name.to_owned(),
        })?;
        self.named(Pointer {
            hash,
            reference: name.to_owned(),
        })
        .await
    }

    async fn semver(&mut self, range: &str) -> Result<Checkout, Error> {
        let tags = self
            .list(&["refs/tags/"])
            .await
            .map_err(|cause| self.list_error(cause))?;
        if tags.is_empty()
            && self
                .is_empty()
                .await
                .map_err(|cause| self.list_error(cause))?
        {
            return Err(Error::Empty {
                url: self.remote.shown(),
            });
        }
        let mut skipped = Vec::new();
        for group in versions::matching(range, tags)? {
            if let Some(first) = group.first()
                && self.options.unmoved == Unmoved::All
                && group.iter().all(|tag| tag.target() == first.target())
                && let Some(hash) = first.target()
            {
                let pointer = Pointer {
                    hash: hash.to_owned(),
                    reference: first.name.clone(),
                };
                if self.unmoved(&pointer.revision()) {
                    return Ok(Checkout::Unmoved(pointer));
                }
            }
            let best = self.newest(&group, &mut skipped).await;
            if let Some(mut commit) = best.map_err(|cause| self.clone_error(cause))? {
                commit.skipped_tags = skipped;
                return Ok(Checkout::Fetched(Box::new(commit)));
            }
        }
        Err(Error::SemverNoMatch {
            range: range.to_owned(),
        })
    }

    /// The newest commit of tags with equal versions; of equally new ones the tag whose name comes first.
    async fn newest(
        &mut self,
        group: &[RemoteRef],
        skipped: &mut Vec<String>,
    ) -> Result<Option<Commit>, Cause> {
        let mut wants: Vec<String> = group.iter().filter_map(|tag| tag.hash.clone()).collect();
        wants.sort();
        wants.dedup();
        let objects = Arc::new(self.fetch(&wants, Some(1)).await?);
        let mut best: Option<Commit> = None;
        for tag in group {
            match read_tagged(&objects, tag, &tag.name)? {
                Some(commit) => {
                    let newer = best.as_ref().is_none_or(|best| {
                        commit.committer.time.seconds > best.committer.time.seconds
                    });
                    if newer {
                        best = Some(commit);
                    }
                }
                None => skipped.push(tag.name.trim_start_matches("refs/tags/").to_owned()),
            }
        }
        Ok(best)
    }

    async fn commit(
        &mut self,
        hash: &str,
        branch: Option<&str>,
        name: Option<&str>,
    ) -> Result<Checkout, Error> {
        let reference = match (name, branch) {
            (Some(name), _) => name.to_owned(),
            (None, Some(branch)) => format!("refs/heads/{branch}"),
            (None, None) => "HEAD".to_owned(),
        };
        let pointer = Pointer {
            hash: hash.to_ascii_lowercase(),
            reference,
        };
        if self.options.unmoved == Unmoved::All && self.unmoved(&pointer.revision()) {
            return Ok(Checkout::Unmoved(pointer));
        }
        let branch = branch.map(|branch| format!("refs/heads/{branch}"));
        if let Some(branch) = &branch
            && self
                .find(branch)
                .await
                .map_err(|cause| self.clone_error(cause))?
                .is_none()
        {
            return Err(self.absent(branch).await);
        }
        let within: Vec<&str> = branch.as_deref().into_iter().collect();
        match self.fetch_commit(pointer, &within).await {
            Ok(Some(commit)) => Ok(Checkout::Fetched(Box::new(commit))),
            Ok(None) => Err(commit_not_found(hash)),
            Err(Cause::RepositoryEmpty) => Err(Error::Empty {
                url: self.remote.shown(),
            }),
            Err(cause) => Err(self.clone_error(cause)),
        }
    }

    /// Asks for one commit; where the server does not give it by its hash, fetches the history that should hold it.
    async fn fetch_commit(
        &mut self,
        pointer: Pointer,
        within: &[&str],
    ) -> Result<Option<Commit>, Cause> {
        if pointer.hash.len() != 40 || !pointer.hash.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Ok(None);
        }
        let any = self.connected().await?.server.gives_any_commit();
        let wants = [pointer.hash.clone()];
        if any {
            match self.fetch(&wants, Some(1)).await {
                Ok(objects) => return read_commit(&Arc::new(objects), pointer, None),
                Err(Cause::Remote { .. }) => {}
                Err(cause) => return Err(cause),
            }
        }
        let prefixes = if within.is_empty() {
            &["refs/heads/", "refs/tags/"][..]
        } else {
            within
        };
        let tips = self.list(prefixes).await?;
        if tips.is_empty() && self.is_empty().await? {
            return Err(Cause::RepositoryEmpty);
        }
        let mut wants: Vec<String> = tips.into_iter().filter_map(|tip| tip.hash).collect();
        let tip = wants.contains(&pointer.hash);
        if tip {
            wants = vec![pointer.hash.clone()];
        }
        wants.sort();
        wants.dedup();
        if wants.is_empty() {
            return Ok(None);
        }
        let objects = self.fetch(&wants, tip.then_some(1)).await?;
        read_commit(&Arc::new(objects), pointer, None)
    }
}

fn missing(reference: &str) -> Cause {
    Cause::ReferenceNotFound {
        name: reference.to_owned(),
    }
}

fn commit_not_found(hash: &str) -> Error {
    Error::CommitNotFound {
        commit: hash.to_owned(),
        source: ObjectNotFound,
    }
}

/// Reads a commit out of a pack; none where the object is missing or is no commit.
fn read_commit(
    objects: &Arc<Objects>,
    pointer: Pointer,
    referencing_tag: Option<Tag>,
) -> Result<Option<Commit>, Cause> {
    let id = gix_hash::ObjectId::from_hex(pointer.hash.as_bytes())
        .map_err(|error| Cause::protocol(error.to_string()))?;
    let Some((Kind::Commit, raw)) = objects.find(&id)? else {
        return Ok(None);
    };
    let parsed = parse_commit(&raw).map_err(|why| Cause::Corrupt {
        detail: why.to_owned(),
    })?;
    Ok(Some(Commit {
        pointer,
        author: parsed.author,
        committer: parsed.committer,
        message: parsed.message,
        signature: parsed.signature,
        referencing_tag,
        skipped_tags: Vec::new(),
        tree_hash: parsed.tree,
        objects: Arc::clone(objects),
        mounts: Arc::default(),
        raw,
    }))
}

/// Follows a tag to its commit; none where it leads to something else.
fn read_tagged(
    objects: &Arc<Objects>,
    found: &RemoteRef,
    reference: &str,
) -> Result<Option<Commit>, Cause> {
    let Some(hash) = &found.hash else {
        return Ok(None);
    };
    let parse = |hash: &str| {
        gix_hash::ObjectId::from_hex(hash.as_bytes())
            .map_err(|error| Cause::protocol(error.to_string()))
    };
    let mut id = parse(hash)?;
    let mut tag = None;
    for _ in 0..MOST_TAGS {
        match objects.find(&id)? {
            Some((Kind::Tag, raw)) => {
                let parsed = parse_tag(&id.to_string(), &raw).map_err(|why| Cause::Corrupt {
                    detail: why.to_owned(),
                })?;
                id = parsed.target;
                tag.get_or_insert(parsed.tag);
            }
            Some((Kind::Commit, _)) => {
                let pointer = Pointer {
                    hash: id.to_string(),
                    reference: reference.to_owned(),
                };
                let short = found.name.trim_start_matches("refs/tags/").to_owned();
                let tag = tag.unwrap_or_else(|| Tag {
                    name: short,
                    ..Tag::default()
                });
                return read_commit(objects, pointer, Some(tag));
            }
            _ => return Ok(None),
        }
    }
    Ok(None)
}
