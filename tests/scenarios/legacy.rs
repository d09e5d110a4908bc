//! Manifests of older versions, unchanged.

use flux_tests::{World, deployments, git_repositories, kustomizations};

use crate::install::{DEPLOYMENT, SERVICE};

const TENANT: &str = "
apiVersion: v1
kind: Secret
metadata:
  name: credentials
stringData:
  username: tenant
  password: sesame
---
apiVersion: v1
kind: ServiceAccount
metadata:
  name: tenant
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata:
  name: tenant
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: ClusterRole
  name: cluster-admin
subjects:
- kind: ServiceAccount
  name: tenant
  namespace: NAMESPACE
---
apiVersion: source.toolkit.fluxcd.io/v1beta1
kind: GitRepository
metadata:
  name: tenant
spec:
  interval: 1h
  gitImplementation: libgit2
  url: URL
  ref:
    branch: main
  secretRef:
    name: credentials
---
apiVersion: kustomize.toolkit.fluxcd.io/v1beta1
kind: Kustomization
metadata:
  name: tenant
spec:
  interval: 1h
  path: ./deploy
  prune: true
  validation: client
  serviceAccountName: tenant
  targetNamespace: NAMESPACE
  sourceRef:
    kind: GitRepository
    name: tenant
";

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_of_v1beta1_becomes_ready() {
    let world = World::start("legacy").await;
    let git = flux_testkit::GitServer::start_with_basic("tenant", "sesame").await;
    git.commit(
        "tenant.git",
        &[
            ("deploy/web.yaml", DEPLOYMENT),
            ("deploy/service.yaml", SERVICE),
        ],
    );
    let manifests = TENANT
        .replace("NAMESPACE", &world.namespace)
        .replace("URL", &git.url("tenant.git"));
    world.apply(&manifests).await;
    world
        .until_ready(&git_repositories(), "tenant", "True")
        .await;
    world.until_ready(&kustomizations(), "tenant", "True").await;
    assert!(world.get(&deployments(), "web").await.is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_field_whose_meaning_would_be_lost_names_its_successor() {
    let world = World::start("lost").await;
    let refused = world
        .try_apply(
            "
apiVersion: kustomize.toolkit.fluxcd.io/v1beta1
kind: Kustomization
metadata:
  name: old
spec:
  interval: 1h
  prune: true
  patchesStrategicMerge:
  - apiVersion: apps/v1
    kind: Deployment
    metadata: {name: web}
  sourceRef:
    kind: GitRepository
    name: old
",
        )
        .await
        .expect_err("the field is refused");
    let text = flux_tests::chain(&refused);
    assert!(text.contains("patches"), "{text}");
    assert!(world.get(&kustomizations(), "old").await.is_none());
}
