//! Metrics and leases of running controllers, after one object of each kind was reconciled.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;

use flux_conformance::{Area, same};
use flux_kube::Resource;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::play;
use crate::world::World;

/// Families that dashboards use; the rest of the framework's is not promised.
const PROMISED: [&str; 4] = ["gotk_", "controller_runtime_", "rest_client_", "workqueue_"];
/// Webhooks are not served by these controllers.
const WITHOUT: &str = "webhook";
/// Families that cannot show here, and why.
const ELSEWHERE: [(&str, &str); 2] = [
    ("gotk_cache_events_total", "needs a Helm repository"),
    (
        "rest_client_requests_total",
        "a given client is not counted; the harness of the program looks for it",
    ),
];

type Families = BTreeMap<String, (String, BTreeSet<String>)>;

/// Plays a first pass, then compares the metrics and the leases of both controllers.
pub(crate) async fn check(area: &mut Area, first: &Value) {
    let world = World::start_with(&["--enable-leader-election".to_owned()], &[]).await;
    let played = play::play(&world, first).await;
    area.case("first pass", || played);
    let controllers = ["source-controller", "kustomize-controller"];
    for (controller, address) in controllers.into_iter().zip(world.metrics()) {
        let recorded = area.json(&format!("{controller}.json"));
        let scraped = scrape(address).await.map(|text| families(&text));
        for (name, want) in promised(&recorded) {
            let id = format!("{controller} {name}");
            if let Some((_, why)) = ELSEWHERE.iter().find(|(family, _)| *family == name) {
                area.skip(&id, why);
                continue;
            }
            area.case(&id, || {
                let families = scraped.as_ref().map_err(Clone::clone)?;
                let got = families.get(&name).ok_or("is not there")?;
                same(got, &want)
            });
        }
        let lease = recorded["leader_election_lease"].as_str();
        let lease = lease.unwrap_or_default().to_owned();
        let resource = Resource::new("coordination.k8s.io/v1", "Lease", "leases", true);
        let found = world.client.get(&resource, "flux-system", &lease).await;
        area.case(&format!("{controller} lease"), || {
            found.map(drop).map_err(|error| format!("{lease}: {error}"))
        });
    }
    world.stop().await;
}

fn promised(recorded: &Value) -> Families {
    let lists = ["own_metrics", "framework_metrics"];
    let all = lists
        .iter()
        .flat_map(|list| recorded[*list].as_array().into_iter().flatten());
    let text = |value: &Value, key: &str| value[key].as_str().unwrap_or_default().to_owned();
    all.map(|family| {
        let labels = family["labels"].as_array().into_iter().flatten();
        let labels = labels.filter_map(Value::as_str).map(str::to_owned);
        let shape = (text(family, "type"), labels.collect());
        (text(family, "name"), shape)
    })
    .filter(|(name, _)| PROMISED.iter().any(|p| name.starts_with(p)) && !name.contains(WITHOUT))
    .collect()
}

/// Type and labels of every family in a scraped text.
fn families(text: &str) -> Families {
    let mut all = Families::new();
    for line in text.lines() {
        if let Some(("TYPE", family)) = line.strip_prefix("# ").and_then(|l| l.split_once(' ')) {
            let (name, kind) = family.split_once(' ').unwrap_or((family, ""));
            all.insert(name.to_owned(), (kind.to_owned(), BTreeSet::new()));
        } else if let Some((name, rest)) = line.split_once('{') {
            let base = ["_bucket", "_sum", "_count"]
                .iter()
                .filter_map(|end| name.strip_suffix(end))
                .find(|base| all.contains_key(*base))
                .unwrap_or(name);
            let labels = rest.split_once('}').map_or("", |(labels, _)| labels);
            let names = labels.split("\",").filter_map(|pair| pair.split_once('='));
            let names = names.map(|(name, _)| name.trim().to_owned());
            if let Some(family) = all.get_mut(base) {
                family.1.extend(names.filter(|name| name != "le"));
            }
        }
    }
    all
}

async fn scrape(address: SocketAddr) -> Result<String, String> {
    let mut stream = TcpStream::connect(address)
        .await
        .map_err(|e| e.to_string())?;
    let request = b"GET /metrics HTTP/1.0\r\nHost: metrics\r\n\r\n";
    stream.write_all(request).await.map_err(|e| e.to_string())?;
    let mut text = String::new();
    let read = stream.read_to_string(&mut text).await;
    read.map(|_| text).map_err(|e| e.to_string())
}
