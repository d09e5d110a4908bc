//! Label keys.

/// Name of the Kustomization that applied an object.
pub const KUSTOMIZE_NAME: &str = "kustomize.toolkit.fluxcd.io/name";
/// Namespace of the Kustomization that applied an object.
pub const KUSTOMIZE_NAMESPACE: &str = "kustomize.toolkit.fluxcd.io/namespace";
/// Name of the HelmRelease that installed an object.
pub const HELM_NAME: &str = "helm.toolkit.fluxcd.io/name";
/// Namespace of the HelmRelease that installed an object.
pub const HELM_NAMESPACE: &str = "helm.toolkit.fluxcd.io/namespace";
/// `Enabled` on a ConfigMap or Secret: its changes wake the objects that refer to it.
pub const WATCH: &str = "reconcile.fluxcd.io/watch";
/// Assigns an object to one shard of controllers (OPS-SHD-001).
pub const SHARD_KEY: &str = "sharding.fluxcd.io/key";
/// `flux` on everything that an installation consists of.
pub const PART_OF: &str = "app.kubernetes.io/part-of";
