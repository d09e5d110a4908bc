//! The artifact of the source as a tree in memory.

use std::sync::Arc;

use flux_tree::{FileTree, MemoryTree, TreePath};

use crate::context::Ctx;
use crate::kustomization::failure::Failure;
use crate::kustomization::plan::Plan;

/// An artifact, and the directory in it that is built.
#[derive(Debug)]
pub(crate) struct Source {
    pub(crate) tree: Arc<MemoryTree>,
    pub(crate) path: TreePath,
}

pub(crate) async fn fetch(ctx: &Ctx, plan: &Plan) -> Result<Source, Failure> {
    let source = &plan.source;
    let fetched = ctx.fetcher.fetch(&source.url, &source.digest).await;
    let tree = fetched.map_err(|error| {
        if error.is_not_found() {
            Failure::ArtifactGone(ctx.config.requeue_dependency)
        } else {
            Failure::Fetch(error)
        }
    })?;
    let stated = plan.spec.path.as_deref().unwrap_or_default();
    let missing = || Failure::PathMissing(stated.trim_start_matches("./").to_owned());
    let path = TreePath::clean(".")
        .and_then(|root| root.secure_join(stated))
        .map_err(|_| missing())?;
    let path = flux_tree::resolve(&*tree, &path).map_err(|_| missing())?;
    match tree.kind_of(&path) {
        Ok(Some(flux_tree::EntryKind::Directory)) => Ok(Source { tree, path }),
        _ if path.is_root() => Ok(Source { tree, path }),
        _ => Err(missing()),
    }
}
