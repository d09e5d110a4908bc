//! The effects of a pass over a GitRepository, one function per step.

use std::sync::Arc;

use flux_api::meta::Artifact;
use flux_api::source::GitRepository;
use flux_artifact::unpack::{Limits, Links, unpack};
use flux_artifact::{Digest, Folder, Location, Published, Storage, StorageError, Verification};
use flux_git::{Checkout, Commit};
use flux_gocompat::Time;
use flux_tree::ignore::Matcher;
use flux_tree::{FileTree, MemoryTree, Overlay, Sparse, TreePath};
use jiff::Timestamp;

use crate::context::Ctx;
use crate::gitrepository::failure::{Failure, IncludeError};
use crate::gitrepository::plan::{Plan, placement};

/// What became of the artifact that the status names.
#[derive(Debug, Default)]
pub(super) struct Stored {
    /// The artifact with its present URL, if the file is there and intact.
    pub(super) artifact: Option<Artifact>,
    /// The status names one that is not.
    pub(super) disappeared: bool,
    /// Why an existing file was thrown away.
    pub(super) damaged: Option<String>,
    /// How many old files were removed.
    pub(super) collected: usize,
}

/// Collects garbage and verifies the stored file (SRC-REC-003).
pub(super) async fn look_after_storage(
    ctx: &Ctx,
    object: &GitRepository,
    now: Timestamp,
) -> Result<Stored, Failure> {
    let Some(artifact) = object
        .status
        .as_ref()
        .and_then(|status| status.artifact.clone())
    else {
        return Ok(Stored::default());
    };
    let storage = ctx.storage.clone();
    let own = folder(object).map_err(Failure::Storage)?;
    blocking(move || check(&storage, artifact, &own, now)).await?
}

fn check(
    storage: &Storage,
    mut artifact: Artifact,
    own: &Folder,
    now: Timestamp,
) -> Result<Stored, Failure> {
    let gone = |damaged| Stored {
        disappeared: true,
        damaged,
        ..Stored::default()
    };
    // Who may write the status must not reach the files of other objects.
    let location = Location::recorded(&artifact.path).ok();
    let Some(location) = location.filter(|location| location.folder() == *own) else {
        return Ok(gone(None));
    };
    // Garbage that stays does no harm, and the next pass tries again.
    let collected = storage
        .collect_garbage(&location, now.into())
        .unwrap_or_default()
        .len();
    let verified = storage.verify(&location, &artifact.digest);
    let why = match verified {
        Ok(Verification::Intact) => {
            artifact.url = storage.url(&location);
            return Ok(Stored {
                artifact: Some(artifact),
                collected,
                ..Stored::default()
            });
        }
        Ok(Verification::Missing) => {
            return Ok(Stored {
                collected,
                ..gone(None)
            });
        }
        Ok(Verification::Changed { found }) => {
            format!(
                "computed digest doesn't match '{}', found '{found}'",
                artifact.digest
            )
        }
        Err(error @ StorageError::Digest(_)) => flux_report::chain(&error),
        Err(error) => return Err(Failure::Storage(error)),
    };
    storage.remove(&location).map_err(Failure::RemoveDamaged)?;
    Ok(Stored {
        collected,
        ..gone(Some(why))
    })
}

/// Asks the repository: one listing of references, and the commit if it is another one.
pub(super) async fn checkout(ctx: &Ctx, plan: &Plan) -> Result<Checkout, Failure> {
    match Box::pin(ctx.git.checkout(&plan.remote, &plan.checkout)).await {
        Ok(Checkout::Empty) => Err(Failure::EmptyRepository),
        Ok(checkout) => Ok(checkout),
        Err(error) => Err(Failure::Checkout(Box::new(error))),
    }
}

/// The directories of a sparse checkout; each has to exist in the commit (SRC-GCO-012).
pub(super) async fn sparse_directories(
    object: &GitRepository,
    commit: &Commit,
) -> Result<Vec<TreePath>, Failure> {
    let wanted = object.spec.sparse_checkout.clone();
    let tree = commit.tree();
    blocking(move || {
        wanted
            .into_iter()
            .map(|dir| {
                let path = TreePath::clean(&dir).ok();
                let found = match &path {
                    None => None,
                    Some(path) => tree.kind_of(path).map_err(Failure::Tree)?,
                };
                path.filter(|_| found.is_some())
                    .ok_or(Failure::SparseMissing { dir })
            })
            .collect()
    })
    .await?
}

/// Archives the files of the commit, with what is included, under the hash of the commit (SRC-GCO-016).
pub(super) async fn store(
    ctx: &Ctx,
    object: &Arc<GitRepository>,
    plan: &Plan,
    (commit, sparse): (&Commit, Vec<TreePath>),
) -> Result<Published, Failure> {
    let (storage, object, tree) = (ctx.storage.clone(), Arc::clone(object), commit.tree());
    let (includes, hash) = (plan.includes.clone(), commit.hash().to_owned());
    blocking(move || {
        let reduced = Sparse::new(&tree, sparse.clone());
        let base: &dyn FileTree = if sparse.is_empty() { &tree } else { &reduced };
        let mut files = Overlay::new(base);
        for (include, artifact) in object.spec.include.iter().zip(&includes) {
            let name = &include.repository.name;
            let (from, to) = placement(include);
            let at = TreePath::root()
                .secure_join(to)
                .map_err(|source| Failure::IncludePath {
                    name: name.clone(),
                    source,
                })?;
            Folder::new(GitRepository::KIND, object.namespace(), name)
                .map_err(IncludeError::Read)
                .and_then(|own| included_files(&storage, &own, artifact, from))
                .and_then(|tree| files.mount(at, tree).map_err(IncludeError::Place))
                .map_err(|source| Failure::IncludeCopy {
                    name: name.clone(),
                    from: from.to_owned(),
                    to: to.to_owned(),
                    source: Box::new(source),
                })?;
        }
        let rules = Matcher::for_source(&files, object.spec.ignore.as_deref())
            .map_err(Failure::IgnoreRules)?;
        let location = folder(&object)
            .and_then(|folder| folder.file(&format!("{hash}.tar.gz")))
            .map_err(Failure::Archive)?;
        storage
            .archive(&location, &files, &rules)
            .map_err(Failure::Archive)
    })
    .await?
}

/// The files of an included artifact below one of its directories (SRC-GIN-004).
fn included_files(
    storage: &Storage,
    own: &Folder,
    artifact: &Artifact,
    from: &str,
) -> Result<MemoryTree, IncludeError> {
    let location = Location::recorded(&artifact.path).map_err(IncludeError::Read)?;
    if location.folder() != *own {
        return Err(IncludeError::Foreign);
    }
    let archive = storage.read(&location).map_err(IncludeError::Read)?;
    let recorded: Digest = artifact.digest.parse().map_err(IncludeError::Digest)?;
    if recorded.algorithm().digest(&archive) != recorded {
        return Err(IncludeError::Changed);
    }
    let limits = Limits {
        links: Links::Refuse,
        ..Limits::default()
    };
    let tree = unpack(&archive, &limits).map_err(IncludeError::Unpack)?;
    let dir = TreePath::root()
        .secure_join(from)
        .map_err(|error| IncludeError::Place(flux_tree::TreeError::Path(error)))?;
    tree.subtree(&dir).map_err(IncludeError::Place)
}

/// Removes everything stored for a deleted object; whether there was anything.
pub(super) async fn remove_stored(ctx: &Ctx, object: &GitRepository) -> Result<bool, Failure> {
    let storage = ctx.storage.clone();
    let folder = folder(object).map_err(Failure::Delete)?;
    blocking(move || storage.remove_folder(&folder).map_err(Failure::Delete)).await?
}

/// The artifact for the status.
pub(super) fn artifact(published: Published, revision: String, now: Timestamp) -> Artifact {
    Artifact {
        path: published.path,
        url: published.url,
        revision,
        digest: published.digest.to_string(),
        last_update_time: Time::new(now),
        size: i64::try_from(published.size).ok(),
        metadata: None,
    }
}

fn folder(object: &GitRepository) -> Result<Folder, StorageError> {
    Folder::new(GitRepository::KIND, object.namespace(), object.name())
}

/// Runs disk work off the async threads.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Failure> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(Failure::Interrupted)
}
