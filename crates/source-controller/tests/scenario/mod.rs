//! One recorded scenario: its steps are played, what becomes of the objects is watched.

mod compare;
mod world;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use flux_kube::{Apply, Delete, PatchOptions, Resource};
use flux_object::Object;
use futures::StreamExt;
use serde_json::{Value, json};

pub(crate) use compare::compare;
pub(crate) use world::World;

/// No wait of a scenario takes longer.
const PATIENCE: Duration = Duration::from_secs(30);

/// What was seen of the objects of one scenario.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    /// Every version of each object's status, by kind and name.
    pub(crate) statuses: BTreeMap<String, Vec<Value>>,
    /// The objects at the end.
    pub(crate) last: BTreeMap<String, Value>,
    /// Kubernetes events.
    pub(crate) events: Vec<Value>,
    /// Events that were posted.
    pub(crate) posted: Vec<Value>,
}

type History = Arc<Mutex<Vec<(String, Option<Value>)>>>;

/// Plays the steps of a scenario.
pub(crate) async fn play(world: &World, recorded: &Value) -> Result<Seen, String> {
    let namespace = text(recorded, "namespace");
    world.namespace(namespace).await?;
    let history = History::default();
    let watching = tokio::spawn(watch(
        world.clone(),
        namespace.to_owned(),
        Arc::clone(&history),
    ));
    let mut refused = None;
    for step in recorded["timeline"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|e| e["type"] == "step")
    {
        if let Err(why) = take(world, namespace, step, &history).await {
            refused = Some(format!("{}: {why}", text(step, "action")));
            break;
        }
    }
    // The last events and versions are still on their way.
    tokio::time::sleep(Duration::from_millis(1500)).await;
    watching.abort();
    let mut seen = Seen {
        posted: world.posted(namespace),
        ..Seen::default()
    };
    for (name, object) in std::mem::take(&mut *history.lock().expect("no panic")) {
        match object {
            None => drop(seen.last.remove(&name)),
            Some(object) => {
                seen.statuses
                    .entry(name.clone())
                    .or_default()
                    .push(object["status"].clone());
                seen.last.insert(name, object);
            }
        }
    }
    seen.events = world.events(namespace).await?;
    refused.map_or(Ok(seen), Err)
}

async fn watch(world: World, namespace: String, history: History) {
    let resource = world::kind("GitRepository");
    let scope = flux_kube::Watch {
        namespace,
        ..flux_kube::Watch::default()
    };
    let mut events = world.client.watch(&resource, scope);
    while let Some(event) = events.next().await {
        let entry = match event {
            Ok(flux_kube::WatchEvent::Applied(object)) => (key(&object), Some(object.into_value())),
            Ok(flux_kube::WatchEvent::Deleted(object)) => (key(&object), None),
            _ => continue,
        };
        history.lock().expect("no panic").push(entry);
    }
}

fn key(object: &Object) -> String {
    format!("{}/{}", object.kind(), object.name())
}

async fn take(
    world: &World,
    namespace: &str,
    step: &Value,
    history: &History,
) -> Result<(), String> {
    match text(step, "action") {
        "git" => world.commit(step),
        "apply" => {
            for object in step["objects"].as_array().into_iter().flatten() {
                let refused = step["rejected"].as_array().and_then(|list| list.first());
                apply(world, namespace, object, refused).await?;
            }
            Ok(())
        }
        "patch" => {
            let (resource, name) = target(text(step, "object"));
            let options = PatchOptions {
                field_manager: "user",
                ..PatchOptions::default()
            };
            let patch = &step["merge_patch"];
            let patched = world
                .client
                .merge_patch(&resource, (namespace, name), patch, &options)
                .await;
            patched.map(drop).map_err(|e| e.to_string())
        }
        "delete" => {
            let (resource, name) = target(text(step, "object"));
            let deleted = world
                .client
                .delete(&resource, (namespace, name), &Delete::default())
                .await;
            deleted.map(drop).map_err(|e| e.to_string())
        }
        "wait" => wait(namespace, step, history, world).await,
        "sleep" => {
            tokio::time::sleep(Duration::from_secs_f64(
                step["seconds"].as_f64().unwrap_or(0.0),
            ))
            .await;
            Ok(())
        }
        other => Err(format!("step '{other}' is not known here")),
    }
}

async fn apply(
    world: &World,
    namespace: &str,
    object: &Value,
    refused: Option<&Value>,
) -> Result<(), String> {
    let mut object = object.clone();
    let kind = text(&object, "kind").to_owned();
    let resource = world::kind(&kind);
    object["apiVersion"] = json!(resource.api_version());
    object["metadata"]["namespace"] = json!(namespace);
    let object = Object::from_value(object).map_err(|e| e.to_string())?;
    let options = Apply {
        field_manager: "user",
        force: true,
        ..Apply::default()
    };
    match (
        world.client.apply(&resource, &object, &options).await,
        refused,
    ) {
        (Ok(_), None) => Ok(()),
        (Ok(_), Some(_)) => Err("was accepted".to_owned()),
        (Err(error), None) => Err(error.to_string()),
        (Err(error), Some(refused)) => {
            let want = text(refused, "message");
            if error.to_string() == want {
                Ok(())
            } else {
                Err(format!("refused with '{error}', want '{want}'"))
            }
        }
    }
}

fn target(object: &str) -> (Resource, &str) {
    let (kind, name) = object.split_once('/').unwrap_or((object, ""));
    (world::kind(kind), name)
}

/// Waits for the Ready condition of the present generation, or for the end of the object.
async fn wait(
    namespace: &str,
    step: &Value,
    history: &History,
    world: &World,
) -> Result<(), String> {
    let (name, until) = (text(step, "object"), text(step, "until"));
    let (resource, short) = target(name);
    let present = world.client.get(&resource, namespace, short).await;
    let generation = present.as_ref().map_or(0, Object::generation);
    let arrived = |object: &Value| match until.split_once('=') {
        Some((r#type, status)) => object["status"]["conditions"]
            .as_array()
            .into_iter()
            .flatten()
            .any(|c| {
                c["type"] == r#type
                    && c["status"] == status
                    && c["observedGeneration"].as_i64() >= Some(generation)
            }),
        None => false,
    };
    let reached = async {
        loop {
            {
                let history = history.lock().expect("no panic");
                let last = history.iter().rev().find(|(seen, _)| seen == name);
                match last {
                    Some((_, Some(object))) if arrived(object) => return,
                    Some((_, None)) if until == "gone" => return,
                    _ => {}
                }
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, reached)
        .await
        .map_err(|_| format!("{name} is not {until}"))
}

pub(crate) fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}
