//! One scenario: its steps are taken, what becomes of the objects is watched.

use std::collections::BTreeMap;
use std::time::Duration;

use flux_kube::{Apply, Delete, PatchOptions};
use flux_object::Object;
use serde_json::{Value, json};

use crate::compare::compare;
use crate::world::{Newest, World, kind};

/// No wait of a scenario takes longer.
const PATIENCE: Duration = Duration::from_mins(1);

/// How long events may take on a busy machine.
const SETTLED: Duration = Duration::from_secs(15);

/// What was seen of one scenario.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    /// Every version of each object's status, by kind and name.
    pub(crate) statuses: BTreeMap<String, Vec<Value>>,
    /// The Flux objects at the end.
    pub(crate) last: BTreeMap<String, Value>,
    /// Kubernetes events.
    pub(crate) events: Vec<Value>,
    /// Events that were posted.
    pub(crate) posted: Vec<Value>,
    /// Other objects of the namespace at the end.
    pub(crate) objects: Vec<Value>,
}

/// Plays a scenario, and compares what became of it.
///
/// Events and versions are on their way for a while: the comparison is tried again until it holds, or until nothing more
/// can be expected.
pub(crate) async fn replay(world: &World, recorded: &Value) -> Result<(), String> {
    play(world, recorded).await?;
    // What must not come would come soon.
    tokio::time::sleep(Duration::from_secs(1)).await;
    let settling = tokio::time::sleep(SETTLED);
    tokio::pin!(settling);
    loop {
        let compared = compare(recorded, &seen(world, text(recorded, "namespace")).await?);
        if compared.is_ok() || settling.is_elapsed() {
            return compared;
        }
        tokio::select! {
            () = &mut settling => {}
            () = tokio::time::sleep(Duration::from_millis(500)) => {}
        }
    }
}

/// Plays the steps of a scenario.
pub(crate) async fn play(world: &World, recorded: &Value) -> Result<(), String> {
    let namespace = text(recorded, "namespace");
    world.namespace(namespace).await?;
    let steps = recorded["timeline"].as_array().into_iter().flatten();
    for step in steps.filter(|e| e["type"] == "step") {
        let taken = take(world, namespace, step).await;
        taken.map_err(|why| format!("{}: {why}", text(step, "action")))?;
    }
    Ok(())
}

/// What was seen in a namespace until now.
async fn seen(world: &World, namespace: &str) -> Result<Seen, String> {
    let mut seen = Seen {
        posted: world.posted(namespace),
        events: world.events(namespace).await?,
        objects: world.objects(namespace).await?,
        ..Seen::default()
    };
    for (name, object) in world.history(namespace) {
        match object {
            None => drop(seen.last.remove(&name)),
            Some(object) => {
                let object = world.recorded_words(&object);
                let statuses = seen.statuses.entry(name.clone()).or_default();
                statuses.push(object["status"].clone());
                seen.last.insert(name, object);
            }
        }
    }
    Ok(seen)
}

async fn take(world: &World, namespace: &str, step: &Value) -> Result<(), String> {
    let name = text(step, "object");
    let (resource, short) = target(name);
    match text(step, "action") {
        "git" => world.commit(step),
        "apply" => {
            for object in step["objects"].as_array().into_iter().flatten() {
                apply(world, namespace, object).await?;
            }
            Ok(())
        }
        "patch" => {
            let options = PatchOptions {
                field_manager: "user",
                ..PatchOptions::default()
            };
            let patch = &step["merge_patch"];
            let patched = world
                .client
                .merge_patch(&resource, (namespace, short), patch, &options)
                .await;
            patched.map(drop).map_err(|e| e.to_string())
        }
        "delete" => {
            let deleted = world
                .client
                .delete(&resource, (namespace, short), &Delete::default())
                .await;
            deleted.map(drop).map_err(|e| e.to_string())
        }
        "wait" => wait(world, namespace, step).await,
        "sleep" => {
            let seconds = step["seconds"].as_f64().unwrap_or(0.0);
            tokio::time::sleep(Duration::from_secs_f64(seconds)).await;
            Ok(())
        }
        other => Err(format!("step '{other}' is not known here")),
    }
}

async fn apply(world: &World, namespace: &str, object: &Value) -> Result<(), String> {
    let mut object = object.clone();
    let resource = kind(text(&object, "kind"));
    object["apiVersion"] = json!(resource.api_version());
    object["metadata"]["namespace"] = json!(namespace);
    let object = Object::from_value(object).map_err(|e| e.to_string())?;
    let options = Apply {
        field_manager: "user",
        force: true,
        ..Apply::default()
    };
    let applied = world.client.apply(&resource, &object, &options).await;
    applied.map(drop).map_err(|e| e.to_string())
}

fn target(object: &str) -> (flux_kube::Resource, &str) {
    let (of, name) = object.split_once('/').unwrap_or((object, ""));
    (kind(of), name)
}

/// Waits for the Ready condition of the present generation, or for the end of the object.
async fn wait(world: &World, namespace: &str, step: &Value) -> Result<(), String> {
    let (name, until) = (text(step, "object"), text(step, "until"));
    let (resource, short) = target(name);
    let present = world.client.get(&resource, namespace, short).await;
    let generation = present.as_ref().map_or(0, Object::generation);
    let (until, reason) = until.split_once(" reason ").unwrap_or((until, ""));
    let arrived = |object: &Value| {
        let Some((r#type, status)) = until.split_once('=') else {
            return false;
        };
        let conditions = object["status"]["conditions"].as_array();
        conditions.into_iter().flatten().any(|c| {
            c["type"] == r#type
                && c["status"] == status
                && (reason.is_empty() || c["reason"] == reason)
                && c["observedGeneration"].as_i64() >= Some(generation)
        })
    };
    let reached = async {
        loop {
            match world.newest(namespace, name) {
                Newest::There(object) if arrived(&object) => return,
                Newest::Gone if until == "gone" => return,
                _ => {}
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, reached).await.map_err(|_| {
        let conditions = match world.newest(namespace, name) {
            Newest::There(object) => object["status"]["conditions"].to_string(),
            Newest::Gone | Newest::Unknown => "not there".to_owned(),
        };
        format!("{name} is not {until}: {conditions}")
    })
}

pub(crate) fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}
