//! Reconciles Kustomizations: builds the manifests of a source, and keeps a cluster as they say.
//!
//! ```text
//! observe    the source's artifact and the dependencies, from watches
//! plan       what to fetch, build, apply, prune and wait for; or why not
//! execute    fetch, build, apply, prune, await health
//! report     by the chassis, from what the pass returns
//! ```
//!
//! Reading order: [`KustomizeController`], `config` (flags), `context` (adapters), `watches` (what wakes us),
//! `kustomization` (the reconcile).

mod config;
mod context;
mod kustomization;
mod program;
mod watches;

#[cfg(test)]
mod tests;

pub use program::KustomizeController;
