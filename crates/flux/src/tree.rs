//! `flux tree`: what an object has brought to the cluster (CLI-TREE-*).

use std::fmt::Write as _;
use std::future::Future;
use std::io::Read;
use std::pin::Pin;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flux_kube::{Client, List, Resource};
use flux_object::{Object, ObjectId, inventory};
use serde_json::{Value, json};

use crate::cli::Fail;
use crate::cli::command::{Call, Command};
use crate::cli::flag::Flag;
use crate::kinds::{self, Kind};
use crate::root::namespace;
use crate::{connect, say, verbs};

const OUTPUT: Flag = Flag::text("output", "json or yaml instead of a drawing").short('o');

/// The verb.
pub(crate) const COMMAND: Command =
    Command::new("tree", "Show what an object brought to the cluster").commands(&[
        Command::new("artifact", "What makes artifacts").commands(&[verbs::leaf(
            "generator",
            "ArtifactGenerators",
            &[],
            |call| Box::pin(run(call)),
        )
        .flags(&[OUTPUT])]),
        verbs::leaf(
            "kustomization",
            "Kustomizations",
            &["ks", "kustomization"],
            |call| Box::pin(run(call)),
        )
        .flags(&[
            Flag::switch("compact", "show Flux's own kinds only"),
            OUTPUT,
        ]),
    ]);

/// An object and what it brought.
struct Node {
    id: ObjectId,
    below: Vec<Node>,
}

async fn run(call: &Call) -> Result<(), Fail> {
    let kind = verbs::kind(call)?;
    let name = call
        .arg(0)
        .ok_or_else(|| Fail::plain(format!("{} name is required", kind.human)))?;
    let client = connect::client(call).await?;
    let object = client.get(&kind.resource(), &namespace(call), name).await;
    let object = object.map_err(|error| connect::failed(&error))?;
    let root = Node {
        id: object.id(),
        below: below(&client, &object, call.flags.on("compact")).await?,
    };
    match call.flags.text("output") {
        "json" => {
            let mut text = String::new();
            json_of(&root, 0, &mut text);
            say::data(&format!("{text}\n"));
        }
        "yaml" => {
            let text = flux_yaml::to_yaml_string(&value(&root))
                .map_err(|error| Fail::plain(error.to_string()))?;
            say::data(&format!("{text}\n"));
        }
        _ => {
            let mut text = format!("{}\n", subject(&root.id));
            draw(&root, "", &mut text);
            say::data(&format!("{text}\n"));
        }
    }
    Ok(())
}

/// What an object brought; boxed, since Kustomizations nest.
fn below<'a>(
    client: &'a Client,
    object: &'a Object,
    compact: bool,
) -> Pin<Box<dyn Future<Output = Result<Vec<Node>, Fail>> + 'a>> {
    Box::pin(async move {
        if object.kind() == "ArtifactGenerator" {
            return Ok(artifacts(object));
        }
        let mut nodes = Vec::new();
        for entry in object.get_list(&["status", "inventory", "entries"]) {
            let text = entry["id"].as_str().unwrap_or_default();
            let id = inventory::parse(text).map_err(|error| Fail::plain(error.to_string()))?;
            let flux = id.group.ends_with("toolkit.fluxcd.io");
            if compact && !flux {
                continue;
            }
            let itself = id.namespace == object.namespace() && id.name == object.name();
            let mut node = Node {
                id,
                below: Vec::new(),
            };
            if flux && node.id.kind == "Kustomization" && !itself {
                node.below = nested(client, &node.id, compact).await?;
            } else if flux && node.id.kind == "HelmRelease" && !compact {
                node.below = released(client, &node.id).await?;
            }
            nodes.push(node);
        }
        Ok(nodes)
    })
}

fn artifacts(object: &Object) -> Vec<Node> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    object
        .get_list(&["status", "inventory"])
        .iter()
        .map(|entry| Node {
            id: ObjectId {
                group: "source.toolkit.fluxcd.io".to_owned(),
                kind: "ExternalArtifact".to_owned(),
                namespace: text(&entry["namespace"]),
                name: text(&entry["name"]),
            },
            below: Vec::new(),
        })
        .collect()
}

async fn nested(client: &Client, id: &ObjectId, compact: bool) -> Result<Vec<Node>, Fail> {
    match get(client, &kinds::KUSTOMIZATION, id).await? {
        Some(object) => below(client, &object, compact).await,
        None => Ok(Vec::new()),
    }
}

async fn get(client: &Client, kind: &Kind, id: &ObjectId) -> Result<Option<Object>, Fail> {
    match client.get(&kind.resource(), &id.namespace, &id.name).await {
        Ok(object) => Ok(Some(object)),
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(connect::failed(&error)),
    }
}

/// The objects of the newest release of a HelmRelease, and the definitions that its chart brought.
async fn released(client: &Client, id: &ObjectId) -> Result<Vec<Node>, Fail> {
    let Some(release) = get(client, &kinds::HELM_RELEASE, id).await? else {
        return Ok(Vec::new());
    };
    let latest = release.get_list(&["status", "history"]).first();
    let Some(latest) = latest else {
        return Ok(Vec::new());
    };
    let name = latest["name"].as_str().unwrap_or_default();
    let version = latest["version"].as_i64().unwrap_or_default();
    let storage = release
        .get_str(&["status", "storageNamespace"])
        .unwrap_or_else(|| release.namespace());
    let key = format!("sh.helm.release.v1.{name}.v{version}");
    let secret = match client.get(&Resource::secrets(), storage, &key).await {
        Ok(secret) => secret,
        Err(error) if error.is_not_found() => return Ok(Vec::new()),
        Err(error) => return Err(connect::failed(&error)),
    };
    let stored = secret.get_str(&["data", "release"]).unwrap_or_default();
    let record = decode(stored)
        .ok_or_else(|| Fail::plain(format!("failed to decode the Helm storage object {key}")))?;
    let manifest = record["manifest"].as_str().unwrap_or_default();
    let space = record["namespace"].as_str().unwrap_or_default().to_owned();
    let objects = flux_object::read::objects(manifest.as_bytes())
        .map_err(|error| Fail::plain(format!("failed to read the Helm manifest: {error}")))?;
    let mut nodes = Vec::new();
    for object in objects {
        let mut id = object.id();
        if id.namespace.is_empty() && namespaced(client, &object).await? {
            id.namespace.clone_from(&space);
        }
        nodes.push(Node {
            id,
            below: Vec::new(),
        });
    }
    nodes.extend(definitions(client, id).await?);
    Ok(nodes)
}

async fn namespaced(client: &Client, object: &Object) -> Result<bool, Fail> {
    match client.discovery().resource(&object.gvk()).await {
        Ok(resource) => Ok(resource.namespaced),
        Err(flux_kube::Error::NoMatch(_)) => Ok(true),
        Err(error) => Err(connect::failed(&error)),
    }
}

async fn definitions(client: &Client, id: &ObjectId) -> Result<Vec<Node>, Fail> {
    let list = List {
        labels: format!(
            "helm.toolkit.fluxcd.io/name={},helm.toolkit.fluxcd.io/namespace={}",
            id.name, id.namespace
        ),
        ..List::default()
    };
    let page = client.list(&crate::version::definitions(), &list).await;
    let page = page.map_err(|error| connect::failed(&error))?;
    Ok(page
        .objects
        .iter()
        .map(|definition| Node {
            id: ObjectId {
                group: "apiextensions.k8s.io".to_owned(),
                kind: "CustomResourceDefinition".to_owned(),
                namespace: String::new(),
                name: definition.name().to_owned(),
            },
            below: Vec::new(),
        })
        .collect())
}

/// A record of Helm's storage: base64 of the API, base64 of Helm, gzip, JSON.
fn decode(stored: &str) -> Option<Value> {
    let outer = STANDARD.decode(stored).ok()?;
    let inner = STANDARD.decode(outer).ok()?;
    let mut text = Vec::new();
    if inner.starts_with(&[0x1f, 0x8b]) {
        // A release is at most a Secret; what unpacks to more than this is none.
        let limit = 64 << 20;
        let unpack = flate2::read::GzDecoder::new(inner.as_slice());
        unpack.take(limit).read_to_end(&mut text).ok()?;
    } else {
        text = inner;
    }
    serde_json::from_slice(&text).ok()
}

fn subject(id: &ObjectId) -> String {
    if id.namespace.is_empty() {
        format!("{}/{}", id.kind, id.name)
    } else {
        format!("{}/{}/{}", id.kind, id.namespace, id.name)
    }
}

fn draw(node: &Node, indent: &str, out: &mut String) {
    for (at, child) in node.below.iter().enumerate() {
        let last = at + 1 == node.below.len();
        let (branch, trunk) = if last {
            ("└── ", "    ")
        } else {
            ("├── ", "│   ")
        };
        let _ = writeln!(out, "{indent}{branch}{}", subject(&child.id));
        draw(child, &format!("{indent}{trunk}"), out);
    }
}

fn value(node: &Node) -> Value {
    let id = &node.id;
    let mut out = json!({"resource": {
        "Namespace": id.namespace, "Name": id.name,
        "GroupKind": {"Group": id.group, "Kind": id.kind},
    }});
    if !node.below.is_empty() {
        out["resources"] = node.below.iter().map(value).collect();
    }
    out
}

/// JSON with the fields in upstream's order, which is not alphabetical.
fn json_of(node: &Node, depth: usize, out: &mut String) {
    let pad = "  ".repeat(depth);
    let text = |text: &str| Value::from(text).to_string();
    let id = &node.id;
    let _ = write!(
        out,
        "{{\n{pad}  \"resource\": {{\n{pad}    \"Namespace\": {},\n{pad}    \"Name\": {},\n\
         {pad}    \"GroupKind\": {{\n{pad}      \"Group\": {},\n{pad}      \"Kind\": {}\n\
         {pad}    }}\n{pad}  }}",
        text(&id.namespace),
        text(&id.name),
        text(&id.group),
        text(&id.kind)
    );
    if !node.below.is_empty() {
        let _ = writeln!(out, ",\n{pad}  \"resources\": [");
        for (at, child) in node.below.iter().enumerate() {
            let _ = write!(out, "{pad}    ");
            json_of(child, depth + 2, out);
            let end = if at + 1 == node.below.len() {
                "\n"
            } else {
                ",\n"
            };
            out.push_str(end);
        }
        let _ = write!(out, "{pad}  ]");
    }
    let _ = write!(out, "\n{pad}}}");
}
