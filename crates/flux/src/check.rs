//! `flux check`: whether cluster and installation are as they should be (CLI-CHK-*).

use flux_kube::{Client, List};
use serde_json::Value;
use tokio::time::Instant;

use crate::cli::Fail;
use crate::cli::command::{Arity, Call, Command};
use crate::cli::flag::{Flag, Kind};
use crate::root::namespace;
use crate::{connect, say, version, wait};

/// The oldest Kubernetes minor release that is supported.
const OLDEST: (u32, u32) = (1, 33);

/// The verb.
pub(crate) const COMMAND: Command = Command::new("check", "Check cluster and installation")
    .flags(&[
        Flag::list("components", "accepted, without an effect").default(
            "source-controller,kustomize-controller,helm-controller,notification-controller",
        ),
        Flag::list("components-extra", "accepted, without an effect"),
        Flag::new(
            "poll-interval",
            Kind::Duration,
            "accepted, without an effect",
        )
        .default("5s"),
        Flag::switch("pre", "check only what an installation needs"),
    ])
    .arity(Arity::None)
    .run(|call| Box::pin(run(call)));

async fn run(call: &Call) -> Result<(), Fail> {
    say::action("checking prerequisites");
    let deadline = wait::deadline(call);
    let client = match connect::client(call).await {
        Ok(client) => client,
        Err(fail) => {
            say::failure(&format!(
                "Kubernetes client initialization failed: kubernetes configuration load failed: {fail}"
            ));
            return Err(Fail::plain(""));
        }
    };
    let mut good = kubernetes(&client).await;
    if call.flags.on("pre") {
        if !good {
            return Err(Fail::plain(""));
        }
        say::success("prerequisites checks passed");
        return Ok(());
    }
    say::action("checking version in cluster");
    good &= installed(&client).await;
    say::action("checking controllers");
    good &= controllers(&client, &namespace(call), deadline).await;
    say::action("checking crds");
    good &= Instant::now() < deadline && definitions(&client).await;
    if !good {
        return Err(Fail::plain("check failed"));
    }
    say::success("all checks passed");
    Ok(())
}

async fn kubernetes(client: &Client) -> bool {
    let body = match client.raw_get("/version").await {
        Ok(body) => body,
        Err(error) => {
            let why = connect::words_of(&error, "/version");
            say::failure(&format!("Kubernetes API call failed: {why}"));
            return false;
        }
    };
    let value: Value = serde_json::from_slice(&body).unwrap_or_default();
    let text = value["gitVersion"].as_str().unwrap_or_default();
    let text = text.trim_start_matches('v');
    let mut parts = text.split('.').map(|part| part.parse::<u32>().unwrap_or(0));
    let found = (parts.next().unwrap_or(0), parts.next().unwrap_or(0));
    let rule = format!(">={}.{}.0-0", OLDEST.0, OLDEST.1);
    if found < OLDEST {
        say::failure(&format!("Kubernetes version {text} does not match {rule}"));
        return false;
    }
    say::success(&format!("Kubernetes {text} {rule}"));
    true
}

async fn installed(client: &Client) -> bool {
    let name = "gitrepositories.source.toolkit.fluxcd.io";
    let definition = match client.get(&version::definitions(), "", name).await {
        Ok(definition) => definition,
        Err(error) => {
            say::failure(&format!("checking failed: {}", connect::words(&error)));
            return false;
        }
    };
    if let Some(distribution) = version::distribution(&definition) {
        say::success(&format!("distribution: {distribution}"));
    }
    let by_flux = definition.label("kustomize.toolkit.fluxcd.io/namespace");
    say::success(&format!("bootstrapped: {}", by_flux.is_some()));
    true
}

async fn controllers(client: &Client, namespace: &str, deadline: Instant) -> bool {
    let Ok(deployments) = version::deployments(client, namespace).await else {
        return false;
    };
    if deployments.is_empty() {
        say::failure(&format!(
            "no controllers found in the '{namespace}' namespace with the label selector '{}'",
            version::PART_OF
        ));
        return false;
    }
    let mut good = true;
    for deployment in &deployments {
        good &= ready(client, namespace, deployment.name(), deadline).await;
        for image in version::images(deployment) {
            say::action(&image);
        }
    }
    good
}

/// Waits for a Deployment and tells how it is.
pub(crate) async fn ready(client: &Client, namespace: &str, name: &str, deadline: Instant) -> bool {
    let resource = version::deployment();
    let at = (namespace, name);
    let state = wait::until(client, &resource, at, deadline, wait::current).await;
    match state {
        Ok(_) => {
            say::success(&format!("{name}: deployment ready"));
            true
        }
        Err(fail) => {
            let gone = fail.text.ends_with("not found");
            let how = if gone { "not found" } else { "not ready" };
            say::failure(&format!("{name}: deployment {how}"));
            false
        }
    }
}

async fn definitions(client: &Client) -> bool {
    let list = List {
        labels: version::PART_OF.to_owned(),
        ..List::default()
    };
    let Ok(page) = client.list(&version::definitions(), &list).await else {
        return false;
    };
    if page.objects.is_empty() {
        say::failure(&format!(
            "no crds found with the label selector '{}'",
            version::PART_OF
        ));
        return false;
    }
    let mut good = true;
    for definition in &page.objects {
        let name = definition.name();
        let stored = definition.get_list(&["status", "storedVersions"]);
        if let Some(stored) = stored.first().and_then(Value::as_str) {
            say::success(&format!("{name}/{stored}"));
        } else {
            good = false;
            say::failure(&format!("no stored versions for {name}"));
        }
    }
    good
}
