//! `flux stats`: how many objects of each kind there are, and how they do (CLI-STA-001).

use flux_kube::List;
use flux_object::Object;

use crate::cli::Fail;
use crate::cli::command::{Call, Command};
use crate::cli::flag::Flag;
use crate::kinds::{self, Kind};
use crate::root::namespace;
use crate::{connect, say, table};

const COUNTED: &[Kind] = &[
    kinds::GIT_REPOSITORY,
    kinds::OCI_REPOSITORY,
    kinds::HELM_REPOSITORY,
    kinds::HELM_CHART,
    kinds::BUCKET,
    kinds::KUSTOMIZATION,
    kinds::HELM_RELEASE,
    kinds::ALERT,
    kinds::PROVIDER,
    kinds::RECEIVER,
    kinds::IMAGE_UPDATE,
    kinds::IMAGE_POLICY,
    kinds::IMAGE_REPOSITORY,
];

/// The verb.
pub(crate) const COMMAND: Command = Command::new("stats", "Count objects by kind and state")
    .persistent(&[Flag::switch("all-namespaces", "count in all namespaces").short('A')])
    .run(|call| Box::pin(run(call)));

async fn run(call: &Call) -> Result<(), Fail> {
    let client = connect::client(call).await?;
    let all = call.flags.on("all-namespaces");
    let list = List {
        namespace: if all { String::new() } else { namespace(call) },
        ..List::default()
    };
    let resources: Vec<_> = COUNTED.iter().map(Kind::resource).collect();
    let pages = resources
        .iter()
        .map(|resource| client.list(resource, &list));
    let mut rows = Vec::new();
    for (kind, page) in COUNTED.iter().zip(futures::future::join_all(pages).await) {
        // Parity: a kind that cannot be listed counts nothing.
        let objects = page.map(|page| page.objects).unwrap_or_default();
        rows.push(row(kind, &objects));
    }
    let header = ["RECONCILERS", "RUNNING", "FAILING", "SUSPENDED", "STORAGE"];
    say::data(&table::render(Some(&header.map(str::to_owned)), &rows));
    Ok(())
}

fn row(kind: &Kind, objects: &[Object]) -> Vec<String> {
    let suspended = objects.iter().filter(|o| kinds::is_suspended(o)).count();
    let failing = objects
        .iter()
        .filter_map(|object| kinds::condition(object, "Ready"))
        .filter(|ready| ready["status"] == "False")
        .count();
    let bytes: i64 = objects
        .iter()
        .filter_map(|object| object.get_i64(&["status", "artifact", "size"]))
        .sum();
    vec![
        kind.kind.to_owned(),
        (objects.len() - suspended).to_string(),
        failing.to_string(),
        suspended.to_string(),
        size(bytes),
    ]
}

/// Bytes in binary units with one decimal.
fn size(bytes: i64) -> String {
    if bytes <= 0 {
        return "-".to_owned();
    }
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    let mut unit: i64 = 1024;
    let mut names = "KMGTPE".chars();
    let mut name = names.next().unwrap_or('K');
    while bytes / unit >= 1024 {
        unit *= 1024;
        name = names.next().unwrap_or('E');
    }
    let tenths = (i128::from(bytes) * 10 + i128::from(unit) / 2) / i128::from(unit);
    format!("{}.{} {name}iB", tenths / 10, tenths % 10)
}
