//! `flux install`: prints or applies the manifests of the controllers (INS-*).

use flux_kube::{Apply, Client};
use flux_object::{Object, stage};

use crate::cli::Fail;
use crate::cli::command::{Arity, Call, Command};
use crate::cli::flag::{Flag, Kind};
use crate::root::namespace;
use crate::version::VERSION;
use crate::{check, connect, say, version, wait};

mod bundle;
mod shared;
mod workload;

/// What the flags ask for.
pub(crate) struct Plan {
    pub(crate) namespace: String,
    pub(crate) components: Vec<String>,
    pub(crate) registry: String,
    pub(crate) pull_secret: String,
    pub(crate) watch_all: bool,
    pub(crate) log_level: String,
    pub(crate) network_policy: bool,
    pub(crate) cluster_domain: String,
    pub(crate) toleration_keys: Vec<String>,
}

/// The verb.
pub(crate) const COMMAND: Command = Command::new("install", "Install the controllers")
    .flags(&[
        Flag::text("cluster-domain", "domain of the cluster").default("cluster.local"),
        Flag::list("components", "controllers to install").default(
            "source-controller,kustomize-controller,helm-controller,notification-controller",
        ),
        Flag::list("components-extra", "controllers to install besides"),
        Flag::switch("export", "print the manifests instead of applying them"),
        Flag::switch("force", "install over an installation by another tool"),
        Flag::text("image-pull-secret", "Secret for pulling the images"),
        Flag::new(
            "log-level",
            Kind::Checked("debug|info|error", log_level),
            "least severe level",
        )
        .default("info"),
        Flag::text("manifests", "folder with manifests").hidden(),
        Flag::switch("network-policy", "install the network policies").default("true"),
        Flag::text("registry", "registry of the images").default("ghcr.io/fluxcd"),
        Flag::text(
            "registry-creds",
            "credentials of the registry, user:password",
        ),
        Flag::list("toleration-keys", "taints that the controllers tolerate"),
        Flag::text("version", "release to install").short('v'),
        Flag::switch("watch-all-namespaces", "watch all namespaces").default("true"),
    ])
    .arity(Arity::None)
    .run(|call| Box::pin(run(call)));

fn log_level(text: &str) -> Result<String, String> {
    match text {
        "debug" | "info" | "error" => Ok(text.to_owned()),
        "" => Err("no log level given, must be one of: debug, info, error".to_owned()),
        _ => Err(format!(
            "unsupported log level '{text}', must be one of: debug, info, error"
        )),
    }
}

async fn run(call: &Call) -> Result<(), Fail> {
    let plan = plan(call)?;
    if call.flags.on("export") {
        say::data(&text(&plan)?);
        return Ok(());
    }
    say::generate("generating manifests");
    let manifest = text(&plan)?;
    say::success("manifests build completed");
    if call.flags.on("verbose") {
        say::data(&manifest);
    }
    let space = &plan.namespace;
    say::action(&format!("installing components in {space} namespace"));
    let client = connect::client(call).await?;
    refuse_bootstrapped(&client).await?;
    let deadline = wait::deadline(call);
    apply(&client, &plan).await?;
    if call.flags.some("registry-creds").is_some() {
        return Err(Fail::plain(
            "making the image pull Secret is not supported by this build of flux",
        ));
    }
    say::waiting("verifying installation");
    let mut good = true;
    for component in &plan.components {
        good &= check::ready(&client, space, component, deadline).await;
    }
    if !good {
        return Err(Fail::plain("install failed"));
    }
    say::success("install finished");
    Ok(())
}

/// Reads and checks the flags (INS-CMD-002, INS-CMD-003).
fn plan(call: &Call) -> Result<Plan, Fail> {
    let flags = &call.flags;
    let mut components = flags.list("components");
    components.extend(flags.list("components-extra"));
    for (at, component) in components.iter().enumerate() {
        if !bundle::is_known(component) {
            return Err(Fail::plain(format!(
                "component {component} is not available"
            )));
        }
        if components[..at].contains(component) {
            return Err(Fail::plain(format!("component {component} is given twice")));
        }
    }
    if let Some(credentials) = flags.some("registry-creds") {
        if flags.some("image-pull-secret").is_none() {
            return Err(Fail::plain(
                "--registry-creds requires --image-pull-secret to be set",
            ));
        }
        if credentials.split(':').count() != 2 {
            return Err(Fail::plain(
                "invalid --registry-creds format, expected 'user:password'",
            ));
        }
    }
    if let Some(target) = flags.some("version") {
        if target != "latest" && !target.starts_with('v') {
            return Err(Fail::plain(format!(
                "targeted version '{target}' must be prefixed with 'v'"
            )));
        }
        if target.trim_start_matches('v') != VERSION {
            return Err(Fail::plain(format!(
                "this build of flux installs v{VERSION} only, not {target}"
            )));
        }
    }
    Ok(Plan {
        namespace: namespace(call),
        components,
        registry: flags.text("registry").to_owned(),
        pull_secret: flags.text("image-pull-secret").to_owned(),
        watch_all: flags.on("watch-all-namespaces"),
        log_level: flags.text("log-level").to_owned(),
        network_policy: flags.on("network-policy"),
        cluster_domain: flags.text("cluster-domain").to_owned(),
        toleration_keys: flags.list("toleration-keys"),
    })
}

/// The whole manifest (INS-GEN-001).
fn text(plan: &Plan) -> Result<String, Fail> {
    let mut out = format!(
        "---\n# This manifest was generated by flux. DO NOT EDIT.\n# Flux Version: v{VERSION}\n# Components: {}\n",
        plan.components.join(",")
    );
    let documents: Result<Vec<String>, Fail> = bundle::objects(plan)
        .iter()
        .map(|object| {
            flux_yaml::to_yaml_string(object).map_err(|error| Fail::plain(error.to_string()))
        })
        .collect();
    out.push_str(&documents?.join("---\n"));
    Ok(out)
}

/// INS-CMD-005.
async fn refuse_bootstrapped(client: &Client) -> Result<(), Fail> {
    let name = "gitrepositories.source.toolkit.fluxcd.io";
    let definition = match client.get(&version::definitions(), "", name).await {
        Ok(definition) => definition,
        Err(error) if error.is_not_found() => return Ok(()),
        Err(error) => {
            let why = connect::words(&error);
            return Err(Fail::plain(format!("cluster info unavailable: {why}")));
        }
    };
    if definition
        .label("kustomize.toolkit.fluxcd.io/namespace")
        .is_none()
    {
        return Ok(());
    }
    let found = definition
        .label("app.kubernetes.io/version")
        .unwrap_or_default();
    Err(Fail::plain(format!(
        "this cluster has already been bootstrapped with Flux {found}! Please use 'flux bootstrap' to upgrade"
    )))
}

/// Definitions and the namespace first, then the rest (INS-CMD-007).
async fn apply(client: &Client, plan: &Plan) -> Result<(), Fail> {
    let objects: Result<Vec<Object>, _> = bundle::objects(plan)
        .into_iter()
        .map(Object::from_value)
        .collect();
    let objects = objects.map_err(|error| Fail::plain(error.to_string()))?;
    let early = |object: &&Object| stage::is_crd(&object.id()) || stage::is_namespace(&object.id());
    let (first, rest): (Vec<&Object>, Vec<&Object>) = objects.iter().partition(early);
    for object in first.into_iter().chain(rest) {
        apply_one(client, object).await?;
    }
    Ok(())
}

async fn apply_one(client: &Client, object: &Object) -> Result<(), Fail> {
    let failed = |error: flux_kube::Error| connect::failed(&error);
    let resource = client.discovery().resource(&object.gvk()).await;
    let resource = resource.map_err(failed)?;
    let before = match client
        .get(&resource, object.namespace(), object.name())
        .await
    {
        Ok(before) => Some(before),
        Err(error) if error.is_not_found() => None,
        Err(error) => return Err(failed(error)),
    };
    let options = Apply {
        field_manager: "flux",
        force: true,
        ..Apply::default()
    };
    let after = client.apply(&resource, object, &options).await;
    let after = after.map_err(failed)?.object;
    let how = match &before {
        None => "created",
        Some(before) if before.resource_version() == after.resource_version() => "unchanged",
        Some(_) => "configured",
    };
    let subject = object.id();
    let name = if subject.namespace.is_empty() {
        format!("{}/{}", subject.kind, subject.name)
    } else {
        format!("{}/{}/{}", subject.kind, subject.namespace, subject.name)
    };
    say::data(&format!("{name} {how}\n"));
    Ok(())
}
