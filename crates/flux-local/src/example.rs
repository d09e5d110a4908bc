//! The example fleet, carried in the program so that it runs anywhere.

/// Path and content of every file of `examples/fleet`.
pub(crate) const FILES: &[(&str, &str)] = &[
    (
        "README.md",
        include_str!("../../../examples/fleet/README.md"),
    ),
    (
        "apps/base/deployment.yaml",
        include_str!("../../../examples/fleet/apps/base/deployment.yaml"),
    ),
    (
        "apps/base/kustomization.yaml",
        include_str!("../../../examples/fleet/apps/base/kustomization.yaml"),
    ),
    (
        "apps/base/namespace.yaml",
        include_str!("../../../examples/fleet/apps/base/namespace.yaml"),
    ),
    (
        "apps/base/service.yaml",
        include_str!("../../../examples/fleet/apps/base/service.yaml"),
    ),
    (
        "apps/production/kustomization.yaml",
        include_str!("../../../examples/fleet/apps/production/kustomization.yaml"),
    ),
    (
        "apps/production/replicas.yaml",
        include_str!("../../../examples/fleet/apps/production/replicas.yaml"),
    ),
    (
        "apps/staging/kustomization.yaml",
        include_str!("../../../examples/fleet/apps/staging/kustomization.yaml"),
    ),
    (
        "apps/staging/replicas.yaml",
        include_str!("../../../examples/fleet/apps/staging/replicas.yaml"),
    ),
    (
        "clusters/production/apps.yaml",
        include_str!("../../../examples/fleet/clusters/production/apps.yaml"),
    ),
    (
        "clusters/production/flux-system/gotk-sync.yaml",
        include_str!("../../../examples/fleet/clusters/production/flux-system/gotk-sync.yaml"),
    ),
    (
        "clusters/production/flux-system/kustomization.yaml",
        include_str!("../../../examples/fleet/clusters/production/flux-system/kustomization.yaml"),
    ),
    (
        "clusters/production/infrastructure.yaml",
        include_str!("../../../examples/fleet/clusters/production/infrastructure.yaml"),
    ),
    (
        "clusters/production/tenants.yaml",
        include_str!("../../../examples/fleet/clusters/production/tenants.yaml"),
    ),
    (
        "clusters/staging/apps.yaml",
        include_str!("../../../examples/fleet/clusters/staging/apps.yaml"),
    ),
    (
        "clusters/staging/flux-system/gotk-sync.yaml",
        include_str!("../../../examples/fleet/clusters/staging/flux-system/gotk-sync.yaml"),
    ),
    (
        "clusters/staging/flux-system/kustomization.yaml",
        include_str!("../../../examples/fleet/clusters/staging/flux-system/kustomization.yaml"),
    ),
    (
        "clusters/staging/infrastructure.yaml",
        include_str!("../../../examples/fleet/clusters/staging/infrastructure.yaml"),
    ),
    (
        "clusters/staging/tenants.yaml",
        include_str!("../../../examples/fleet/clusters/staging/tenants.yaml"),
    ),
    (
        "infrastructure/configs/cluster-settings.yaml",
        include_str!("../../../examples/fleet/infrastructure/configs/cluster-settings.yaml"),
    ),
    (
        "infrastructure/configs/issuer.yaml",
        include_str!("../../../examples/fleet/infrastructure/configs/issuer.yaml"),
    ),
    (
        "infrastructure/configs/kustomization.yaml",
        include_str!("../../../examples/fleet/infrastructure/configs/kustomization.yaml"),
    ),
    (
        "infrastructure/controllers/deployment.yaml",
        include_str!("../../../examples/fleet/infrastructure/controllers/deployment.yaml"),
    ),
    (
        "infrastructure/controllers/issuer-crd.yaml",
        include_str!("../../../examples/fleet/infrastructure/controllers/issuer-crd.yaml"),
    ),
    (
        "infrastructure/controllers/kustomization.yaml",
        include_str!("../../../examples/fleet/infrastructure/controllers/kustomization.yaml"),
    ),
    (
        "infrastructure/controllers/namespace.yaml",
        include_str!("../../../examples/fleet/infrastructure/controllers/namespace.yaml"),
    ),
    (
        "tenants/base/orange/kustomization.yaml",
        include_str!("../../../examples/fleet/tenants/base/orange/kustomization.yaml"),
    ),
    (
        "tenants/base/orange/rbac.yaml",
        include_str!("../../../examples/fleet/tenants/base/orange/rbac.yaml"),
    ),
    (
        "tenants/base/orange/sync.yaml",
        include_str!("../../../examples/fleet/tenants/base/orange/sync.yaml"),
    ),
    (
        "tenants/base/purple/kustomization.yaml",
        include_str!("../../../examples/fleet/tenants/base/purple/kustomization.yaml"),
    ),
    (
        "tenants/base/purple/rbac.yaml",
        include_str!("../../../examples/fleet/tenants/base/purple/rbac.yaml"),
    ),
    (
        "tenants/base/purple/sync.yaml",
        include_str!("../../../examples/fleet/tenants/base/purple/sync.yaml"),
    ),
    (
        "tenants/production/kustomization.yaml",
        include_str!("../../../examples/fleet/tenants/production/kustomization.yaml"),
    ),
    (
        "tenants/staging/kustomization.yaml",
        include_str!("../../../examples/fleet/tenants/staging/kustomization.yaml"),
    ),
    (
        "workloads/orange/config.yaml",
        include_str!("../../../examples/fleet/workloads/orange/config.yaml"),
    ),
    (
        "workloads/orange/deployment.yaml",
        include_str!("../../../examples/fleet/workloads/orange/deployment.yaml"),
    ),
    (
        "workloads/purple/service.yaml",
        include_str!("../../../examples/fleet/workloads/purple/service.yaml"),
    ),
    (
        "workloads/purple/statefulset.yaml",
        include_str!("../../../examples/fleet/workloads/purple/statefulset.yaml"),
    ),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::{Path, PathBuf};

    use super::FILES;

    fn collect(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                collect(&path, found);
            } else {
                found.push(path);
            }
        }
    }

    #[test]
    fn every_file_of_the_example_is_carried() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/fleet");
        let mut found = Vec::new();
        collect(&root, &mut found);
        let found: BTreeSet<String> = found
            .iter()
            .map(|path| path.strip_prefix(&root).unwrap().display().to_string())
            .collect();
        let carried: BTreeSet<String> = FILES.iter().map(|(path, _)| (*path).to_owned()).collect();
        assert_eq!(carried, found);
    }
}
