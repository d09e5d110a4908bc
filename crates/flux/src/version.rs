//! `flux version` and the version that is reported (CLI-VER-001).

use flux_kube::{Client, List, Resource};
use flux_object::Object;
use serde_json::{Value, json};

use crate::cli::Fail;
use crate::cli::command::{Call, Command};
use crate::cli::flag::Flag;
use crate::root::namespace;
use crate::{connect, say};

/// The upstream release whose command line and manifests these are.
pub(crate) const VERSION: &str = "2.9.4";

/// The label that all parts of an installation carry.
pub(crate) const PART_OF: &str = "app.kubernetes.io/part-of=flux";

/// The verb.
pub(crate) const COMMAND: Command =
    Command::new("version", "Show the versions of client and cluster")
        .flags(&[
            Flag::switch("client", "show the version of this program only"),
            Flag::text("output", "yaml or json")
                .short('o')
                .default("yaml"),
        ])
        .run(|call| Box::pin(run(call)));

async fn run(call: &Call) -> Result<(), Fail> {
    let output = call.flags.text("output");
    if !matches!(output, "yaml" | "json") {
        return Err(Fail::plain(format!(
            "--output must be json or yaml, not {output}"
        )));
    }
    let mut lines = vec![("flux".to_owned(), format!("v{VERSION}"))];
    if !call.flags.on("client") {
        lines.extend(cluster(call).await?);
    }
    if output == "yaml" {
        for (name, version) in lines {
            say::data(&format!("{name}: {version}\n"));
        }
        return Ok(());
    }
    let all: serde_json::Map<String, Value> = lines
        .into_iter()
        .map(|(name, v)| (name, v.into()))
        .collect();
    let text = serde_json::to_string_pretty(&json!(all))
        .map_err(|error| Fail::plain(error.to_string()))?;
    say::data(&format!("{text}\n"));
    Ok(())
}

async fn cluster(call: &Call) -> Result<Vec<(String, String)>, Fail> {
    let client = connect::client(call).await?;
    let namespace = namespace(call);
    let deployments = deployments(&client, &namespace).await?;
    if deployments.is_empty() {
        return Err(Fail::plain(format!(
            "no deployments found in {namespace} namespace"
        )));
    }
    let mut lines = Vec::new();
    let definition = client
        .get(
            &definitions(),
            "",
            "gitrepositories.source.toolkit.fluxcd.io",
        )
        .await
        .map_err(|error| connect::failed(&error))?;
    if let Some(distribution) = distribution(&definition) {
        lines.push(("distribution".to_owned(), distribution));
    }
    for deployment in &deployments {
        for image in images(deployment) {
            let tag = image.rsplit_once(':').map_or("", |(_, tag)| tag);
            lines.push((deployment.name().to_owned(), tag.to_owned()));
        }
    }
    Ok(lines)
}

/// The Deployments of an installation.
pub(crate) async fn deployments(client: &Client, namespace: &str) -> Result<Vec<Object>, Fail> {
    let list = List {
        namespace: namespace.to_owned(),
        labels: PART_OF.to_owned(),
        ..List::default()
    };
    client
        .list(&deployment(), &list)
        .await
        .map(|page| page.objects)
        .map_err(|error| connect::failed(&error))
}

/// Where Deployments live.
pub(crate) fn deployment() -> Resource {
    Resource::new("apps/v1", "Deployment", "deployments", true)
}

/// Where definitions of custom resources live.
pub(crate) fn definitions() -> Resource {
    Resource::new(
        "apiextensions.k8s.io/v1",
        "CustomResourceDefinition",
        "customresourcedefinitions",
        false,
    )
}

/// `flux-v2.9.4`, from the labels of a definition.
pub(crate) fn distribution(definition: &Object) -> Option<String> {
    let part = definition.label("app.kubernetes.io/part-of")?;
    let version = definition.label("app.kubernetes.io/version")?;
    Some(format!("{part}-{version}"))
}

/// The images of a Deployment's containers.
pub(crate) fn images(deployment: &Object) -> Vec<String> {
    deployment
        .get_list(&["spec", "template", "spec", "containers"])
        .iter()
        .filter_map(|container| container["image"].as_str())
        .map(str::to_owned)
        .collect()
}
