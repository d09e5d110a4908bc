//! `flux get`: what there is and how it is doing (CLI-GET-*).

use flux_kube::{Client, List, Watch, WatchEvent};
use flux_object::Object;
use futures::StreamExt;

use crate::cli::Fail;
use crate::cli::command::{Call, Command};
use crate::cli::flag::Flag;
use crate::kinds::{self, Column, Kind};
use crate::root::namespace;
use crate::{connect, say, table};

/// The verb.
pub(crate) const COMMAND: Command = Command::new("get", "Show what there is and how it is doing")
    .persistent(&[
        Flag::switch("all-namespaces", "show all namespaces").short('A'),
        Flag::text("label-selector", "show what has these labels").short('l'),
        Flag::switch("no-header", "leave the header out"),
        Flag::text(
            "status-selector",
            "show what is so: type=status or type!=status, such as ready=false",
        ),
        Flag::switch("watch", "go on showing changes").short('w'),
    ])
    .commands(&[
        Command::new("alert-providers", "Show Providers")
            .aliases(&["alert-provider"])
            .run(|call| Box::pin(one(call, &kinds::PROVIDER))),
        Command::new("alerts", "Show Alerts")
            .aliases(&["alert"])
            .run(|call| Box::pin(one(call, &kinds::ALERT))),
        Command::new("all", "Show everything").run(|call| Box::pin(all(call))),
        Command::new("artifacts", "Show what makes artifacts")
            .aliases(&["artifact"])
            .commands(&[Command::new("generators", "Show ArtifactGenerators")
                .aliases(&["generator"])
                .run(|call| Box::pin(one(call, &kinds::GENERATOR)))]),
        Command::new("helmreleases", "Show HelmReleases")
            .aliases(&["hr", "helmrelease"])
            .flags(&[SHOW_SOURCE])
            .run(|call| Box::pin(one(call, &kinds::HELM_RELEASE))),
        Command::new("images", "Show image kinds")
            .aliases(&["image"])
            .commands(&[
                Command::new("all", "Show all image kinds")
                    .run(|call| Box::pin(sections(call, kinds::IMAGES))),
                Command::new("policy", "Show ImagePolicies")
                    .run(|call| Box::pin(one(call, &kinds::IMAGE_POLICY))),
                Command::new("repository", "Show ImageRepositories")
                    .run(|call| Box::pin(one(call, &kinds::IMAGE_REPOSITORY))),
                Command::new("update", "Show ImageUpdateAutomations")
                    .run(|call| Box::pin(one(call, &kinds::IMAGE_UPDATE))),
            ]),
        Command::new("kustomizations", "Show Kustomizations")
            .aliases(&["ks", "kustomization"])
            .flags(&[SHOW_SOURCE])
            .run(|call| Box::pin(one(call, &kinds::KUSTOMIZATION))),
        Command::new("receivers", "Show Receivers")
            .aliases(&["receiver"])
            .run(|call| Box::pin(one(call, &kinds::RECEIVER))),
        SOURCES,
    ]);

const SHOW_SOURCE: Flag = Flag::switch("show-source", "add a column with the source");

const SOURCES: Command = Command::new("sources", "Show sources")
    .aliases(&["source"])
    .commands(&[
        Command::new("all", "Show all sources")
            .run(|call| Box::pin(sections(call, kinds::SOURCES))),
        Command::new("bucket", "Show Buckets").run(|call| Box::pin(one(call, &kinds::BUCKET))),
        Command::new("chart", "Show HelmCharts")
            .run(|call| Box::pin(one(call, &kinds::HELM_CHART))),
        Command::new("external", "Show ExternalArtifacts")
            .run(|call| Box::pin(one(call, &kinds::EXTERNAL_ARTIFACT))),
        Command::new("git", "Show GitRepositories")
            .run(|call| Box::pin(one(call, &kinds::GIT_REPOSITORY))),
        Command::new("helm", "Show HelmRepositories")
            .run(|call| Box::pin(one(call, &kinds::HELM_REPOSITORY))),
        Command::new("oci", "Show OCIRepositories")
            .run(|call| Box::pin(one(call, &kinds::OCI_REPOSITORY))),
    ]);

/// Which objects are shown.
struct Scope {
    namespace: String,
    all: bool,
    labels: String,
    name: Option<String>,
    status: Option<Result<StatusSelector, Fail>>,
}

impl Scope {
    fn new(call: &Call) -> Result<Self, Fail> {
        let all = call.flags.on("all-namespaces");
        Ok(Self {
            namespace: if all { String::new() } else { namespace(call) },
            all,
            labels: label_selector(call.flags.text("label-selector"))?,
            name: call.arg(0).map(str::to_owned),
            status: call
                .flags
                .some("status-selector")
                .map(StatusSelector::parse),
        })
    }

    fn fields(&self) -> String {
        self.name
            .as_ref()
            .map_or_else(String::new, |name| format!("metadata.name={name}"))
    }

    fn shows(&self, kind: &Kind, object: &Object) -> bool {
        match &self.status {
            Some(Ok(selector)) => selector.matches(kind, object),
            Some(Err(_)) | None => true,
        }
    }
}

/// Parity: this flag is read into the object form of a selector, which has no `!=`.
fn label_selector(text: &str) -> Result<String, Fail> {
    let wrong = |why: &str| Fail::plain(format!("unable to parse label selector: {why}"));
    let selector = flux_object::selector::LabelSelector::parse(text)
        .map_err(|error| wrong(&error.to_string()))?;
    if text.contains("!=") {
        return Err(wrong("\"!=\" is not a valid label selector operator"));
    }
    drop(selector);
    Ok(text.to_owned())
}

/// `ready=false`, `ready!=true`: in any letter case; a condition that an object lacks has no status at all.
struct StatusSelector {
    kind: String,
    status: String,
    equal: bool,
}

impl StatusSelector {
    fn parse(text: &str) -> Result<Self, Fail> {
        let (parts, equal) = if text.contains("!=") {
            (text.splitn(2, "!=").collect::<Vec<_>>(), false)
        } else {
            (text.splitn(2, '=').collect::<Vec<_>>(), true)
        };
        let [kind, status] = parts.as_slice() else {
            return Err(Fail::plain(format!(
                "expected status selector in type=status or type!=status format, but found: {text}"
            )));
        };
        Ok(Self {
            kind: (*kind).to_owned(),
            status: (*status).to_owned(),
            equal,
        })
    }

    fn matches(&self, kind: &Kind, object: &Object) -> bool {
        let found = if kind.is_static_object(object) && self.kind.eq_ignore_ascii_case("ready") {
            Some("True")
        } else {
            kinds::condition(object, &self.kind).and_then(|condition| condition["status"].as_str())
        };
        found.is_some_and(|status| status.eq_ignore_ascii_case(&self.status)) == self.equal
    }
}

async fn one(call: &Call, kind: &Kind) -> Result<(), Fail> {
    let scope = Scope::new(call)?;
    let client = connect::client(call).await?;
    if call.flags.on("watch") {
        return watch(call, &client, kind, &scope).await;
    }
    let objects = list(&client, kind, &scope).await?;
    if objects.is_empty() {
        return Err(Fail::plain(nothing(kind, &scope)));
    }
    print_section(call, kind, &scope, &objects, false);
    Ok(())
}

fn nothing(kind: &Kind, scope: &Scope) -> String {
    let place = if scope.all {
        "any"
    } else {
        scope.namespace.as_str()
    };
    match &scope.name {
        Some(name) => format!(
            "{} object '{name}' not found in {place:?} namespace",
            kind.kind
        ),
        None => format!("no {} objects found in {place:?} namespace", kind.kind),
    }
}

async fn all(call: &Call) -> Result<(), Fail> {
    refuse_watch(call)?;
    for kinds in [kinds::SOURCES, kinds::IMAGES, kinds::REST] {
        sections(call, kinds).await?;
    }
    Ok(())
}

/// Parity: an error of one kind is shown, and the rest goes on (CLI-GET-013).
async fn sections(call: &Call, kinds: &[Kind]) -> Result<(), Fail> {
    refuse_watch(call)?;
    let scope = Scope::new(call)?;
    let client = connect::client(call).await?;
    for kind in kinds {
        match list(&client, kind, &scope).await {
            Ok(objects) if objects.is_empty() => {}
            Ok(objects) => print_section(call, kind, &scope, &objects, true),
            Err(fail) => say::failure(&fail.text),
        }
    }
    Ok(())
}

fn refuse_watch(call: &Call) -> Result<(), Fail> {
    if call.flags.on("watch") {
        return Err(Fail::plain(
            "expected a single resource type, but found all",
        ));
    }
    Ok(())
}

/// The objects in scope; none where the cluster does not know the kind. What the status selector leaves out is
/// left out later, since a header alone is printed for it.
async fn list(client: &Client, kind: &Kind, scope: &Scope) -> Result<Vec<Object>, Fail> {
    let list = List {
        namespace: scope.namespace.clone(),
        labels: scope.labels.clone(),
        fields: scope.fields(),
        ..List::default()
    };
    match client.list(&kind.resource(), &list).await {
        // Parity: a selector that cannot be read is told only once the cluster has answered.
        Ok(page) => match &scope.status {
            Some(Err(fail)) => Err(fail.clone()),
            _ => Ok(page.objects),
        },
        Err(error) if error.is_not_found() => Ok(Vec::new()),
        Err(error) => Err(connect::failed(&error)),
    }
}

fn print_section(call: &Call, kind: &Kind, scope: &Scope, objects: &[Object], sectioned: bool) {
    let rows: Vec<Vec<String>> = objects
        .iter()
        .filter(|object| scope.shows(kind, object))
        .map(|object| row(call, kind, scope, object, sectioned))
        .collect();
    if sectioned && rows.is_empty() {
        return;
    }
    let header = header(call, kind, scope);
    let shown = (!call.flags.on("no-header")).then_some(header.as_slice());
    say::data(&table::render(shown, &rows));
    if sectioned {
        say::data("\n");
    }
}

fn header(call: &Call, kind: &Kind, scope: &Scope) -> Vec<String> {
    let mut titles = Vec::new();
    if scope.all {
        titles.push("NAMESPACE");
    }
    titles.push("NAME");
    if call.flags.on("show-source") {
        titles.push("SOURCE");
    }
    titles.extend(kind.columns.iter().map(|column| column.title()));
    titles.extend(["READY", "MESSAGE"]);
    titles.into_iter().map(str::to_owned).collect()
}

fn row(call: &Call, kind: &Kind, scope: &Scope, object: &Object, sectioned: bool) -> Vec<String> {
    let mut cells = Vec::new();
    if scope.all {
        cells.push(object.namespace().to_owned());
    }
    cells.push(if sectioned {
        format!("{}/{}", kind.kind.to_lowercase(), object.name())
    } else {
        object.name().to_owned()
    });
    if call.flags.on("show-source") {
        cells.push(source(object));
    }
    cells.extend(
        kind.columns
            .iter()
            .map(|column: &Column| column.cell(object)),
    );
    let (ready, message) = kind.readiness(object);
    cells.extend([ready, message]);
    cells
}

/// The source of a Kustomization or a HelmRelease, `Kind/namespace/name`.
fn source(object: &Object) -> String {
    let reference = [
        &["spec", "sourceRef"][..],
        &["spec", "chartRef"],
        &["spec", "chart", "spec", "sourceRef"],
    ]
    .into_iter()
    .find_map(|path| object.get(path));
    let Some(reference) = reference else {
        return String::new();
    };
    let text = |field: &str| reference[field].as_str().filter(|text| !text.is_empty());
    format!(
        "{}/{}/{}",
        text("kind").unwrap_or_default(),
        text("namespace").unwrap_or_else(|| object.namespace()),
        text("name").unwrap_or_default()
    )
}

/// Prints a row per change until the timeout (CLI-GET-021).
async fn watch(call: &Call, client: &Client, kind: &Kind, scope: &Scope) -> Result<(), Fail> {
    let watch = Watch {
        namespace: scope.namespace.clone(),
        labels: scope.labels.clone(),
        fields: scope.fields(),
        ..Watch::default()
    };
    let deadline = tokio::time::Instant::now() + call.flags.duration("timeout").to_std_or_zero();
    let mut events = client.watch(&kind.resource(), watch);
    let mut first = true;
    loop {
        let event = tokio::time::timeout_at(deadline, events.next())
            .await
            .map_err(|_| Fail::plain("timed out waiting for the condition"))?;
        let object = match event {
            Some(Ok(WatchEvent::Applied(object) | WatchEvent::Deleted(object))) => object,
            Some(Err(error)) if !error.is_transient() => return Err(connect::failed(&error)),
            None => return Ok(()),
            Some(_) => continue,
        };
        if !scope.shows(kind, &object) {
            continue;
        }
        let rows = vec![row(call, kind, scope, &object, false)];
        if first && !call.flags.on("no-header") {
            say::data(&table::render(Some(&header(call, kind, scope)), &rows));
        } else {
            say::data(&table::render_loose(&rows));
        }
        first = false;
    }
}
