//! Cases against an API server with a prepared fleet and no controllers.

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use flux_apiserver::{Options, Server, Workloads};
use flux_conformance::Area;
use flux_kube::{Client, Credentials, PatchOptions, Resource, Trust};
use flux_object::Object;
use serde_json::Value;

use super::invoke::{Place, compare};

/// Groups whose commands change the cluster: each of their cases gets a server of its own.
const WRITERS: &[&str] = &[
    "suspend-resume",
    "delete",
    "reconcile",
    "create",
    "install-uninstall",
];

/// How many cases run at a time; most of them wait for a timeout.
const AT_ONCE: usize = 6;

/// What the cluster holds before a case.
struct Fleet {
    objects: Vec<Object>,
    ready: bool,
}

/// Runs the cases of a group whose arguments start with one of these words.
pub(crate) fn group(area: &mut Area, group: &str, verbs: &[&str], only: Option<&str>) {
    let recorded = area.json(&format!("{group}.json"));
    let cases: Vec<&Value> = recorded["cases"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|case| {
            let id = case["id"].as_str().unwrap_or_default();
            only.is_none_or(|only| id.contains(only))
        })
        .filter(|case| is_of(case, verbs))
        .collect();
    if cases.is_empty() {
        return;
    }
    let fleet = Fleet::read(area, group == "check-ready");
    let fixtures = area.folder().join("../offline/fixtures");
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .expect("a runtime can be made");
    let shared = if WRITERS.contains(&group) {
        None
    } else {
        Some(
            runtime
                .block_on(fleet.start())
                .expect("the fleet is set up"),
        )
    };
    let results = run_all(&cases, |case| {
        if let Some(server) = &shared {
            return run(&runtime, server, case, &fixtures);
        }
        let server = runtime.block_on(fleet.start())?;
        let result = run(&runtime, &server, case, &fixtures);
        runtime.block_on(server.stop());
        result
    });
    for (case, result) in cases.iter().zip(results) {
        area.case(case["id"].as_str().unwrap_or_default(), || result);
    }
}

/// Whether a case begins with one of these commands; no command stands for all.
pub(crate) fn is_of(case: &Value, commands: &[&str]) -> bool {
    let words = [&case["args"][0], &case["args"][1], &case["args"][2]]
        .map(|word| word.as_str().unwrap_or_default())
        .join(" ");
    commands.is_empty()
        || commands
            .iter()
            .any(|command| format!("{words} ").starts_with(&format!("{command} ")))
}

/// Runs cases side by side; the results keep the order of the cases.
fn run_all(
    cases: &[&Value],
    check: impl Fn(&Value) -> Result<(), String> + Sync,
) -> Vec<Result<(), String>> {
    let next = AtomicUsize::new(0);
    let results: Vec<Mutex<Result<(), String>>> =
        cases.iter().map(|_| Mutex::new(Ok(()))).collect();
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some((case, result)) = {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    cases.get(at).zip(results.get(at))
                } {
                    *result.lock().expect("no holder panics") = check(case);
                }
            });
        }
    });
    results
        .into_iter()
        .map(|result| result.into_inner().expect("no holder panics"))
        .collect()
}

fn run(
    runtime: &tokio::runtime::Runtime,
    server: &Server,
    case: &Value,
    fixtures: &Path,
) -> Result<(), String> {
    let place = Place::new(fixtures)?;
    let kubeconfig: PathBuf = place.home_file("kubeconfig", &server.kubeconfig("admin"))?;
    let mut got = place.run(case, Some(&kubeconfig))?;
    let address = server.addr().to_string();
    got.stdout = got.stdout.replace(&address, "${APISERVER}");
    got.stderr = got.stderr.replace(&address, "${APISERVER}");
    compare(&got, &case["want"])?;
    runtime.block_on(after(server, &case["want"]["after"]))
}

/// Compares the objects that a case names with what the server holds.
async fn after(server: &Server, want: &Value) -> Result<(), String> {
    let wanted = want.as_array().map(Vec::as_slice).unwrap_or_default();
    if wanted.is_empty() {
        return Ok(());
    }
    let client = connect(server).await?;
    for entry in wanted {
        let text = |field: &str| entry[field].as_str().unwrap_or_default().to_owned();
        let resource = resource(&text("kind"), &entry["object"]);
        let got = match client
            .get(&resource, &text("namespace"), &text("name"))
            .await
        {
            Ok(object) => stripped(object.into_value()),
            Err(error) if error.is_not_found() => Value::Null,
            Err(error) => return Err(error.to_string()),
        };
        if let Err(why) = matches(&got, &entry["object"], "") {
            return Err(format!("after: {} {}: {why}", text("kind"), text("name")));
        }
    }
    Ok(())
}

fn stripped(mut object: Value) -> Value {
    for field in [
        "creationTimestamp",
        "generation",
        "managedFields",
        "resourceVersion",
        "uid",
    ] {
        if let Some(metadata) = object["metadata"].as_object_mut() {
            metadata.remove(field);
        }
    }
    object
}

/// Whether a value is the recorded one, where `${TIME}` stands for a moment of the run.
fn matches(got: &Value, want: &Value, at: &str) -> Result<(), String> {
    match (got, want) {
        (Value::Object(got), Value::Object(want)) => {
            for key in got.keys().chain(want.keys()) {
                let side = |map: &serde_json::Map<String, Value>| {
                    map.get(key).cloned().unwrap_or(Value::Null)
                };
                matches(&side(got), &side(want), &format!("{at}.{key}"))?;
            }
            Ok(())
        }
        (Value::Array(got), Value::Array(want)) if got.len() == want.len() => {
            for (index, (got, want)) in got.iter().zip(want).enumerate() {
                matches(got, want, &format!("{at}[{index}]"))?;
            }
            Ok(())
        }
        (Value::String(got), Value::String(want)) if want.contains("${TIME}") => {
            let (start, end) = want.split_once("${TIME}").unwrap_or_default();
            if got.starts_with(start) && got.ends_with(end) && got.len() > want.len() {
                return Ok(());
            }
            Err(format!("{at}: {got}, want {want}"))
        }
        (got, want) if got == want => Ok(()),
        (got, want) => Err(format!("{at}: {got}, want {want}")),
    }
}

async fn connect(server: &Server) -> Result<Client, String> {
    let credentials = Credentials::Text {
        text: server.kubeconfig("admin"),
        context: None,
        trust: Trust::Own,
    };
    let options = flux_kube::Options {
        qps: 0.0,
        ..flux_kube::Options::default()
    };
    Client::connect(credentials, &options)
        .await
        .map_err(|error| error.to_string())
}

/// Where the objects of a kind live; the version of the recorded object counts where there is one.
fn resource(kind: &str, object: &Value) -> Resource {
    let known = flux_api::crd::definitions()
        .into_iter()
        .map(|definition| definition.object)
        .find(|definition| definition["spec"]["names"]["kind"] == kind);
    let Some(definition) = known else {
        return builtin(kind, object["apiVersion"].as_str().unwrap_or("v1"));
    };
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let version = definition["spec"]["versions"]
        .as_array()
        .into_iter()
        .flatten()
        .find(|version| version["storage"] == true)
        .map(|version| text(&version["name"]))
        .unwrap_or_default();
    Resource::new(
        &format!("{}/{version}", text(&definition["spec"]["group"])),
        kind,
        &text(&definition["spec"]["names"]["plural"]),
        true,
    )
}

fn builtin(kind: &str, api_version: &str) -> Resource {
    let plural = match kind {
        "NetworkPolicy" => "networkpolicies".to_owned(),
        kind => format!("{}s", kind.to_lowercase()),
    };
    let cluster = [
        "Namespace",
        "Node",
        "ClusterRole",
        "ClusterRoleBinding",
        "CustomResourceDefinition",
    ];
    Resource::new(api_version, kind, &plural, !cluster.contains(&kind))
}

impl Fleet {
    /// The objects: those of a complete installation, then the prepared ones.
    fn read(area: &Area, ready: bool) -> Self {
        let mut objects = vec![namespace("apps"), namespace("team-b")];
        objects.extend(
            flux_api::crd::definitions()
                .into_iter()
                .map(|definition| labelled(definition.object)),
        );
        let installs = area.json("../offline/install-export.json");
        let complete = installs["cases"]
            .as_array()
            .into_iter()
            .flatten()
            .find(|case| {
                case["args"].as_array().is_some_and(|args| args.len() == 3)
                    && case["want"]["documents"] == 43
            })
            .expect("a complete installation is recorded");
        for object in complete["want"]["objects"].as_array().into_iter().flatten() {
            if object["kind"] != "CustomResourceDefinition" {
                objects.push(Object::from_value(object.clone()).expect("recorded objects are"));
            }
        }
        let text = fill_times(&area.text("state/fleet.yaml"));
        objects.extend(flux_object::read::objects(text.as_bytes()).expect("the fleet is YAML"));
        Self { objects, ready }
    }

    /// A server that holds the fleet.
    async fn start(&self) -> Result<Server, String> {
        let server = Server::start(Options {
            workloads: Workloads::Inert,
            ..Options::default()
        })
        .await
        .map_err(|error| error.to_string())?;
        let client = connect(&server).await?;
        for object in self
            .objects
            .iter()
            .filter(|object| object.kind() == "Namespace")
        {
            put(&client, object, self.ready).await?;
        }
        for object in self
            .objects
            .iter()
            .filter(|object| object.kind() != "Namespace")
        {
            put(&client, object, self.ready).await?;
        }
        Ok(server)
    }
}

fn namespace(name: &str) -> Object {
    Object::from_value(serde_json::json!({
        "apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}
    }))
    .expect("a namespace is an object")
}

/// A definition as an installation leaves it: with the labels that tell the version.
fn labelled(mut definition: Value) -> Object {
    definition["metadata"]["labels"] = serde_json::json!({
        "app.kubernetes.io/instance": "flux-system",
        "app.kubernetes.io/part-of": "flux",
        "app.kubernetes.io/version": "v2.9.4",
    });
    Object::from_value(definition).expect("definitions are objects")
}

async fn put(client: &Client, object: &Object, ready: bool) -> Result<(), String> {
    let mut object = object.clone();
    let mut status = object.as_map_mut().remove("status");
    let resource = if object.group().ends_with("fluxcd.io") {
        resource(object.kind(), &Value::Null)
    } else {
        builtin(object.kind(), object.api_version())
    };
    let what = format!("{} {}", object.kind(), object.name());
    let made = client
        .create(&resource, &object, &PatchOptions::default())
        .await;
    match made {
        Ok(_) => {}
        Err(error) if error.is_already_exists() => {}
        Err(error) => return Err(format!("{what}: {error}")),
    }
    if ready && object.kind() == "Deployment" && object.namespace() == "flux-system" {
        status = Some(serde_json::json!({
            "observedGeneration": 1, "replicas": 1, "updatedReplicas": 1, "readyReplicas": 1,
            "availableReplicas": 1,
            "conditions": [
                {"type": "Available", "status": "True", "reason": "MinimumReplicasAvailable"},
                {"type": "Progressing", "status": "True", "reason": "NewReplicaSetAvailable"},
            ],
        }));
    }
    let Some(status) = status else {
        return Ok(());
    };
    let options = PatchOptions {
        subresource: "status",
        ..PatchOptions::default()
    };
    client
        .merge_patch(
            &resource,
            (object.namespace(), object.name()),
            &serde_json::json!({"status": status}),
            &options,
        )
        .await
        .map(|_| ())
        .map_err(|error| format!("status of {what}: {error}"))
}

/// `${NOW-25m}` stands for the moment 25 minutes ago.
fn fill_times(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${NOW-") {
        let (minutes, after) = after.split_once("m}").unwrap_or(("0", after));
        let minutes: u64 = minutes.parse().unwrap_or(0);
        let then = std::time::SystemTime::now() - Duration::from_mins(minutes);
        let stamp = jiff::Timestamp::try_from(then).expect("now can be told");
        out.push_str(before);
        out.push_str(&flux_gocompat::time::Time::new(stamp).to_string());
        rest = after;
    }
    out.push_str(rest);
    out
}
