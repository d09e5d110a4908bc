//! What is in the cluster before the controllers start: definitions, the namespace, and what the cluster follows.

use flux_kube::{Apply, Client, Resource};
use flux_object::{Gvk, Object};
use flux_tree::{FileTree, MemoryTree, TreePath};
use serde_json::json;

use crate::Error;

/// The namespace of the controllers.
pub(crate) const NAMESPACE: &str = "flux-system";
const MANAGER: &str = "flux";

/// Applies the definitions of all kinds and the namespace of the controllers.
pub async fn prepare(client: &Client) -> Result<(), Error> {
    let definitions = Resource::new(
        "apiextensions.k8s.io/v1",
        "CustomResourceDefinition",
        "customresourcedefinitions",
        false,
    );
    for definition in flux_api::crd::definitions() {
        apply(client, &definitions, &object(definition.object)).await?;
    }
    let namespace =
        json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}});
    apply(client, &Resource::namespaces(), &object(namespace)).await?;
    client.discovery().invalidate();
    Ok(())
}

/// The folder that the cluster follows: the given one, or the only sensible choice below `clusters/`.
pub(crate) fn cluster_path(tree: &MemoryTree, given: Option<&str>) -> Result<String, Error> {
    if let Some(given) = given {
        let path = given.trim_start_matches("./").trim_end_matches('/');
        let exists = path.is_empty()
            || TreePath::clean(path).is_ok_and(|path| {
                tree.kind_of(&path)
                    .ok()
                    .flatten()
                    .is_some_and(flux_tree::EntryKind::is_directory)
            });
        return if exists {
            Ok(path.to_owned())
        } else {
            Err(Error::Cluster(format!(
                "the fleet has no folder '{path}'{}",
                choices(tree)
            )))
        };
    }
    let names = clusters(tree);
    match names.as_slice() {
        [] => Ok(String::new()),
        [only] => Ok(format!("clusters/{only}")),
        many if many.iter().any(|name| name == "staging") => Ok("clusters/staging".to_owned()),
        _ => Err(Error::Cluster(format!(
            "the fleet has several clusters{}",
            choices(tree)
        ))),
    }
}

fn clusters(tree: &MemoryTree) -> Vec<String> {
    let Ok(folder) = TreePath::parse("clusters") else {
        return Vec::new();
    };
    let entries = tree.list(&folder).unwrap_or_default();
    entries
        .into_iter()
        .filter(|entry| entry.kind.is_directory())
        .map(|entry| entry.name)
        .collect()
}

fn choices(tree: &MemoryTree) -> String {
    let names = clusters(tree);
    if names.is_empty() {
        return String::new();
    }
    let flags: Vec<String> = names
        .iter()
        .map(|name| format!("--path clusters/{name}"))
        .collect();
    format!("; choose one: {}", flags.join(", "))
}

/// The source and the root Kustomization: those of `<cluster>/flux-system/gotk-sync.yaml`, or generated ones.
pub(crate) fn root(tree: &MemoryTree, cluster: &str, url: &str) -> Result<Vec<Object>, Error> {
    let file = format!("{cluster}/{NAMESPACE}/gotk-sync.yaml");
    let path = TreePath::clean(&file).map_err(|error| Error::Cluster(error.to_string()))?;
    if let Ok(text) = tree.read(&path) {
        let found = flux_object::read::objects(&text)
            .map_err(|source| Error::Manifest { path: file, source })?;
        // A repository may carry the file empty, to be filled by a bootstrap.
        if !found.is_empty() {
            return Ok(found);
        }
    }
    let source = json!({
        "apiVersion": "source.toolkit.fluxcd.io/v1", "kind": "GitRepository",
        "metadata": {"name": NAMESPACE, "namespace": NAMESPACE},
        "spec": {"interval": "1m0s", "url": url, "ref": {"branch": "main"}},
    });
    let kustomization = json!({
        "apiVersion": "kustomize.toolkit.fluxcd.io/v1", "kind": "Kustomization",
        "metadata": {"name": NAMESPACE, "namespace": NAMESPACE},
        "spec": {
            "interval": "10m0s", "path": format!("./{cluster}"), "prune": true,
            "sourceRef": {"kind": "GitRepository", "name": NAMESPACE},
        },
    });
    Ok(vec![object(source), object(kustomization)])
}

/// A repository that was bootstrapped names a file of manifests of the controllers. They run here already, so the file
/// may be empty; where it is missing, an empty one takes its place.
pub(crate) fn complete(
    tree: &MemoryTree,
    cluster: &str,
) -> Result<MemoryTree, flux_tree::TreeError> {
    let file = format!("{cluster}/{NAMESPACE}/gotk-components.yaml");
    let list = format!("{cluster}/{NAMESPACE}/kustomization.yaml");
    let (Ok(file), Ok(list)) = (TreePath::clean(&file), TreePath::clean(&list)) else {
        return Ok(tree.clone());
    };
    let named = tree
        .read(&list)
        .is_ok_and(|text| String::from_utf8_lossy(&text).contains("gotk-components.yaml"));
    if !named || tree.kind_of(&file)?.is_some() {
        return Ok(tree.clone());
    }
    let mut builder = tree.to_builder();
    builder.file(
        &file,
        "# The controllers run outside the cluster.\n".into(),
        false,
    )?;
    Ok(builder.build())
}

/// Applies objects whose kinds are looked up.
pub(crate) async fn apply_all(client: &Client, objects: &[Object]) -> Result<(), Error> {
    for object in objects {
        let Gvk {
            group,
            version,
            kind,
        } = object.gvk();
        let gvk = Gvk {
            group,
            version,
            kind,
        };
        let resource = client
            .discovery()
            .resource(&gvk)
            .await
            .map_err(|source| Error::Kube {
                what: format!("find the resource of {}", object.id()),
                source,
            })?;
        apply(client, &resource, object).await?;
    }
    Ok(())
}

async fn apply(client: &Client, resource: &Resource, object: &Object) -> Result<(), Error> {
    let options = Apply {
        field_manager: MANAGER,
        force: true,
        ..Apply::default()
    };
    client
        .apply(resource, object, &options)
        .await
        .map_err(|source| Error::Kube {
            what: format!("apply {}", object.id()),
            source,
        })?;
    Ok(())
}

fn object(value: serde_json::Value) -> Object {
    Object::from_value(value).expect("manifests of ours are objects")
}
