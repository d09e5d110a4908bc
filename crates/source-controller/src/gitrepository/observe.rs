//! What a GitRepository depends on: its Secrets, its proxy, the repositories it includes. Reads, and writes nothing.

use flux_api::meta::Artifact;
use flux_api::source::{GitRepository, GitVerification};
use flux_kube::Resource;

use crate::context::Ctx;
use crate::gitrepository::access::AccessError;
use crate::gitrepository::failure::Failure;
use crate::secret::SecretData;

/// What a plan is made from besides the object and what is stored.
#[derive(Debug, Clone, Default)]
pub(super) struct Observed {
    /// The Secret of `spec.secretRef`.
    pub(super) secret: Option<SecretData>,
    /// The Secret of `spec.proxySecretRef`.
    pub(super) proxy: Option<SecretData>,
    /// The artifacts of `spec.include`, in its order.
    pub(super) includes: Vec<Artifact>,
}

/// Reads everything that the plan needs.
pub(super) async fn observe(ctx: &Ctx, object: &GitRepository) -> Result<Observed, Failure> {
    let proxy = match &object.spec.proxy_secret_ref {
        None => None,
        Some(reference) => Some(proxy_secret(ctx, object.namespace(), &reference.name).await?),
    };
    let secret = match &object.spec.secret_ref {
        None => None,
        Some(reference) => {
            let read = read_secret(ctx, object.namespace(), &reference.name).await;
            Some(read.map_err(|source| Failure::Secret {
                name: format!("{}/{}", object.namespace(), reference.name),
                source: Box::new(source),
            })?)
        }
    };
    let mut includes = Vec::with_capacity(object.spec.include.len());
    for include in &object.spec.include {
        includes.push(included(ctx, object.namespace(), &include.repository.name).await?);
    }
    Ok(Observed {
        secret,
        proxy,
        includes,
    })
}

/// The public keys that signatures are checked with (SRC-GVF-002).
pub(super) async fn public_keys(
    ctx: &Ctx,
    namespace: &str,
    verification: &GitVerification,
) -> Result<SecretData, Failure> {
    read_secret(ctx, namespace, &verification.secret_ref.name)
        .await
        .map_err(|error| Failure::PublicKeys(Box::new(error)))
}

async fn proxy_secret(ctx: &Ctx, namespace: &str, name: &str) -> Result<SecretData, Failure> {
    read_secret(ctx, namespace, name).await.map_err(|error| {
        Failure::Proxy(match error {
            flux_kube::Error::NotFound(_) => {
                AccessError::SecretMissing(format!("{namespace}/{name}"))
            }
            error => AccessError::Read(Box::new(error)),
        })
    })
}

async fn read_secret(
    ctx: &Ctx,
    namespace: &str,
    name: &str,
) -> Result<SecretData, flux_kube::Error> {
    let secret = ctx.kube.get(&Resource::secrets(), namespace, name).await?;
    Ok(SecretData::read(&secret))
}

/// The artifact of an included repository (SRC-GIN-001 to SRC-GIN-003).
async fn included(ctx: &Ctx, namespace: &str, name: &str) -> Result<Artifact, Failure> {
    let after = ctx.requeue_dependency;
    let named = || name.to_owned();
    let artifact = ctx
        .artifact_of(namespace, name)
        .await
        .map_err(|error| match error {
            flux_kube::Error::NotFound(_) => Failure::IncludeMissing {
                name: named(),
                after,
            },
            error => Failure::IncludeUnread {
                name: named(),
                source: Box::new(error),
                after,
            },
        })?;
    artifact.ok_or_else(|| Failure::IncludeWithoutArtifact {
        name: named(),
        after,
    })
}
