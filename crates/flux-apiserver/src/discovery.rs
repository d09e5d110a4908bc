//! Addresses that are about the server itself: discovery, version, health, OpenAPI.

use serde_json::{Value, json};

use crate::cluster::Cluster;
use crate::error::ApiError;
use crate::http::Reply;
use crate::openapi;
use crate::pipeline::Ask;
use crate::registry::{Resource, Snapshot};

/// The Kubernetes version this server behaves like.
pub(crate) const VERSION: &str = "v1.35.4";

const AGGREGATED: &str = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

pub(crate) fn serve(cluster: &Cluster, ask: &Ask) -> Reply {
    if !matches!(ask.target.verb, "get" | "head") {
        return Reply::error(&ApiError::method_not_allowed());
    }
    let snapshot = cluster.registry.snapshot();
    let parts: Vec<&str> = ask
        .target
        .path
        .split('/')
        .filter(|p| !p.is_empty())
        .collect();
    let found = match parts.as_slice() {
        [] => Some(json!({"paths": root(&snapshot)})),
        ["healthz" | "livez" | "readyz", ..] => return Reply::text(200, "ok"),
        ["version"] => Some(version()),
        ["api"] if aggregated(ask) => return aggregate(&snapshot, true),
        ["apis"] if aggregated(ask) => return aggregate(&snapshot, false),
        ["api"] => Some(core_versions(cluster)),
        ["apis"] => Some(groups(&snapshot)),
        ["apis", group] => snapshot
            .groups
            .iter()
            .find(|(name, _)| name == group && !name.is_empty())
            .map(|(name, versions)| {
                let mut value = json!({"kind": "APIGroup", "apiVersion": "v1"});
                merge(&mut value, group_value(name, versions));
                value
            }),
        ["api", version] => resources(&snapshot, "", version),
        ["apis", group, version] => resources(&snapshot, group, version),
        ["openapi", rest @ ..] => return openapi::serve(&snapshot, rest, &ask.accept),
        _ => None,
    };
    match found {
        Some(value) => Reply::json(200, &value),
        None => Reply::error(&ApiError::no_such_resource()),
    }
}

fn merge(value: &mut Value, other: Value) {
    if let (Value::Object(a), Value::Object(b)) = (value, other) {
        a.extend(b);
    }
}

fn version() -> Value {
    json!({
        "major": "1", "minor": "35", "gitVersion": VERSION, "gitCommit": "",
        "gitTreeState": "clean", "buildDate": "2026-01-01T00:00:00Z", "goVersion": "",
        "compiler": "", "platform": "linux/amd64",
        "emulationMajor": "1", "emulationMinor": "35",
        "minCompatibilityMajor": "1", "minCompatibilityMinor": "34",
    })
}

fn root(snapshot: &Snapshot) -> Vec<String> {
    let mut paths = vec!["/api".to_owned(), "/api/v1".to_owned(), "/apis".to_owned()];
    for (group, versions) in snapshot.groups.iter().filter(|(g, _)| !g.is_empty()) {
        paths.push(format!("/apis/{group}"));
        paths.extend(versions.iter().map(|v| format!("/apis/{group}/{v}")));
    }
    let rest = [
        "/healthz",
        "/livez",
        "/openapi/v2",
        "/openapi/v3",
        "/readyz",
        "/version",
    ];
    paths.extend(rest.map(str::to_owned));
    paths
}

fn core_versions(cluster: &Cluster) -> Value {
    let address = cluster.options.listen.to_string();
    json!({
        "kind": "APIVersions",
        "versions": ["v1"],
        "serverAddressByClientCIDRs": [{"clientCIDR": "0.0.0.0/0", "serverAddress": address}],
    })
}

fn group_value(name: &str, versions: &[String]) -> Value {
    let list: Vec<Value> = versions
        .iter()
        .map(|v| json!({"groupVersion": format!("{name}/{v}"), "version": v}))
        .collect();
    json!({"name": name, "versions": list, "preferredVersion": list.first()})
}

fn groups(snapshot: &Snapshot) -> Value {
    let list: Vec<Value> = snapshot
        .groups
        .iter()
        .filter(|(name, _)| !name.is_empty())
        .map(|(name, versions)| group_value(name, versions))
        .collect();
    json!({"kind": "APIGroupList", "apiVersion": "v1", "groups": list})
}

/// Verbs and kind of each subresource.
fn subresources(resource: &Resource) -> Vec<(&str, &'static str, &'static str, Vec<&'static str>)> {
    let mut out: Vec<(&str, &'static str, &'static str, Vec<&'static str>)> = Vec::new();
    for name in &resource.subresources {
        out.push(match *name {
            "token" => (
                "token",
                "TokenRequest",
                "authentication.k8s.io/v1",
                vec!["create"],
            ),
            "binding" => ("binding", "Binding", "", vec!["create"]),
            "eviction" => ("eviction", "Eviction", "policy/v1", vec!["create"]),
            "log" => ("log", "", "", vec!["get"]),
            "finalize" => ("finalize", "", "", vec!["update"]),
            other => (other, "", "", vec!["get", "patch", "update"]),
        });
    }
    if resource.scale.is_some() {
        out.push((
            "scale",
            "Scale",
            "autoscaling/v1",
            vec!["get", "patch", "update"],
        ));
    }
    if resource.status {
        out.push(("status", "", "", vec!["get", "patch", "update"]));
    }
    out
}

fn split(api_version: &str) -> (&str, &str) {
    api_version.split_once('/').unwrap_or(("", api_version))
}

fn resources(snapshot: &Snapshot, group: &str, version: &str) -> Option<Value> {
    let mut list = Vec::new();
    for resource in snapshot.of_version(group, version) {
        let mut item = json!({
            "name": resource.plural,
            "singularName": resource.singular,
            "namespaced": resource.namespaced,
            "kind": resource.kind,
            "verbs": resource.verbs(),
        });
        if !resource.short_names.is_empty() {
            item["shortNames"] = resource.short_names.clone().into();
        }
        if !resource.categories.is_empty() {
            item["categories"] = resource.categories.clone().into();
        }
        if !resource.review {
            item["storageVersionHash"] = hash(&resource.table).into();
        }
        list.push(item);
        for (name, kind, api_version, verbs) in subresources(resource) {
            let kind = if kind.is_empty() {
                &resource.kind
            } else {
                kind
            };
            let mut item = json!({
                "name": format!("{}/{name}", resource.plural),
                "singularName": "",
                "namespaced": resource.namespaced,
                "kind": kind,
                "verbs": verbs,
            });
            if !api_version.is_empty() {
                let (group, version) = split(api_version);
                item["group"] = group.into();
                item["version"] = version.into();
            }
            list.push(item);
        }
    }
    let served = snapshot
        .groups
        .iter()
        .any(|(g, v)| g == group && v.iter().any(|v| v == version));
    let api_version = if group.is_empty() {
        version.to_owned()
    } else {
        format!("{group}/{version}")
    };
    served.then(|| {
        json!({
            "kind": "APIResourceList", "apiVersion": "v1", "groupVersion": api_version,
            "resources": list,
        })
    })
}

fn hash(text: &str) -> String {
    use base64::Engine;
    use sha2::Digest;
    let digest = sha2::Sha256::digest(text.as_bytes());
    base64::engine::general_purpose::STANDARD.encode(&digest[..8])
}

fn aggregated(ask: &Ask) -> bool {
    let accept = ask.accept.replace(' ', "");
    accept.contains("as=APIGroupDiscoveryList") && accept.contains("v=v2;")
        || accept.contains("as=APIGroupDiscoveryList") && accept.contains("v=v2,")
        || accept.ends_with("v=v2")
}

fn aggregate(snapshot: &Snapshot, core: bool) -> Reply {
    let items: Vec<Value> = snapshot
        .groups
        .iter()
        .filter(|(name, _)| name.is_empty() == core)
        .map(|(name, versions)| {
            let versions: Vec<Value> = versions
                .iter()
                .map(|version| {
                    let list: Vec<Value> = snapshot
                        .of_version(name, version)
                        .map(|r| aggregate_one(r))
                        .collect();
                    json!({"version": version, "resources": list, "freshness": "Current"})
                })
                .collect();
            let meta = if name.is_empty() {
                json!({})
            } else {
                json!({"name": name})
            };
            json!({"metadata": meta, "versions": versions})
        })
        .collect();
    let value = json!({
        "kind": "APIGroupDiscoveryList",
        "apiVersion": "apidiscovery.k8s.io/v2",
        "metadata": {},
        "items": items,
    });
    let mut reply = Reply::json(200, &value);
    reply.content_type = AGGREGATED;
    reply
}

fn aggregate_one(resource: &Resource) -> Value {
    let kind = |group: &str, version: &str, kind: &str| json!({"group": group, "version": version, "kind": kind});
    let own = kind(&resource.group, &resource.version, &resource.kind);
    let subs: Vec<Value> = subresources(resource)
        .into_iter()
        .map(|(name, sub_kind, api_version, verbs)| {
            let (group, version) = if api_version.is_empty() {
                (resource.group.as_str(), resource.version.as_str())
            } else {
                split(api_version)
            };
            let sub_kind = if sub_kind.is_empty() {
                &resource.kind
            } else {
                sub_kind
            };
            json!({
                "subresource": name,
                "responseKind": kind(group, version, sub_kind),
                "verbs": verbs,
            })
        })
        .collect();
    let mut item = json!({
        "resource": resource.plural,
        "responseKind": own,
        "scope": if resource.namespaced { "Namespaced" } else { "Cluster" },
        "singularResource": resource.singular,
        "verbs": resource.verbs(),
    });
    if !resource.short_names.is_empty() {
        item["shortNames"] = resource.short_names.clone().into();
    }
    if !resource.categories.is_empty() {
        item["categories"] = resource.categories.clone().into();
    }
    if !subs.is_empty() {
        item["subresources"] = subs.into();
    }
    item
}
