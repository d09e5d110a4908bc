//! `flux events`: what the controllers have reported (CLI-EVT-*).

use flux_gocompat::duration::GoDuration;
use flux_kube::{Client, List, Resource, Watch, WatchEvent};
use flux_object::Object;
use futures::StreamExt;
use jiff::Timestamp;

use crate::cli::Fail;
use crate::cli::command::{Call, Command};
use crate::cli::flag::Flag;
use crate::kinds::{self, Kind};
use crate::root::namespace;
use crate::{connect, say, table, wait};

/// The verb.
pub(crate) const COMMAND: Command = Command::new("events", "Show what the controllers reported")
    .flags(&[
        Flag::switch("all-namespaces", "show all namespaces").short('A'),
        Flag::text(
            "for",
            "show what is about this, kind[/name], and about what it refers to",
        ),
        Flag::list("types", "show these types only, Normal or Warning"),
        Flag::switch("watch", "go on showing new events").short('w'),
    ])
    .run(|call| Box::pin(run(call)));

/// What an event may be about.
struct About {
    kind: String,
    name: Option<String>,
    namespace: String,
}

/// Which events are shown.
struct Filter {
    /// Empty for everything of Flux.
    about: Vec<About>,
    types: Vec<String>,
    namespaced: bool,
}

impl Filter {
    fn shows(&self, event: &Object) -> bool {
        let text = |field: &str| {
            event
                .get_str(&["involvedObject", field])
                .unwrap_or_default()
        };
        let group = text("apiVersion").split('/').next().unwrap_or_default();
        let kind = event.get_str(&["type"]).unwrap_or_default();
        if !group.ends_with("fluxcd.io")
            || kinds::by_kind(text("kind")).is_none()
            || !(self.types.is_empty() || self.types.iter().any(|t| t.eq_ignore_ascii_case(kind)))
        {
            return false;
        }
        self.about.is_empty()
            || self.about.iter().any(|about| {
                about.kind == text("kind")
                    && about.name.as_ref().is_none_or(|name| name == text("name"))
                    && (about.namespace.is_empty() || about.namespace == event.namespace())
            })
    }
}

async fn run(call: &Call) -> Result<(), Fail> {
    let types = call.flags.list("types");
    for kind in &types {
        if !["normal", "warning"].contains(&kind.to_lowercase().as_str()) {
            return Err(Fail::plain(format!(
                "type '{kind}' not supported. Supported types are Normal, Warning"
            )));
        }
    }
    let everywhere = call.flags.on("all-namespaces");
    let space = namespace(call);
    let selected = select(call.flags.text("for"))?;
    let client = connect::client(call).await?;
    let mut spaces = vec![if everywhere {
        String::new()
    } else {
        space.clone()
    }];
    let mut filter = Filter {
        about: Vec::new(),
        types,
        namespaced: everywhere,
    };
    if let Some((kind, name)) = selected {
        filter.about = about(&client, kind, name.as_deref(), &space).await?;
        for about in &filter.about {
            if !everywhere && !spaces.contains(&about.namespace) {
                spaces.push(about.namespace.clone());
                filter.namespaced = true;
            }
        }
    }
    if call.flags.on("watch") {
        return watch(call, &client, &filter, &spaces).await;
    }
    let events = list(&client, &filter, &spaces).await?;
    if events.is_empty() {
        say::failure(&if everywhere {
            "No events found.".to_owned()
        } else {
            format!("No events found in {space} namespace.")
        });
        return Ok(());
    }
    let rows: Vec<Vec<String>> = events.iter().map(|event| row(event, &filter)).collect();
    say::data(&table::render(Some(&header(&filter)), &rows));
    Ok(())
}

/// `kind[/name]` of `--for`.
fn select(text: &str) -> Result<Option<(&'static Kind, Option<String>)>, Fail> {
    if text.is_empty() {
        return Ok(None);
    }
    let (kind, name) = match text.split_once('/') {
        Some((kind, name)) if !name.contains('/') => (kind, Some(name)),
        _ => (text, None),
    };
    if kind.is_empty() {
        return Err(Fail::plain(
            "--for selector must be of format <kind>[/<name>]",
        ));
    }
    let found = kinds::by_kind_in_any_case(kind)
        .ok_or_else(|| Fail::plain(format!("'{kind}' is not a recognized Flux kind")))?;
    let name = name.filter(|name| !name.is_empty()).map(str::to_owned);
    Ok(Some((found, name)))
}

/// An object and what it refers to (CLI-EVT-002).
async fn about(
    client: &Client,
    kind: &Kind,
    name: Option<&str>,
    space: &str,
) -> Result<Vec<About>, Fail> {
    let mut all = vec![About {
        kind: kind.kind.to_owned(),
        name: name.map(str::to_owned),
        namespace: space.to_owned(),
    }];
    let Some(name) = name else {
        return Ok(all);
    };
    let object = client.get(&kind.resource(), space, name).await;
    let object = object.map_err(|error| connect::failed(&error))?;
    let (path, fixed): (&[&str], &str) = match kind.kind {
        "Kustomization" | "HelmChart" | "ImageUpdateAutomation" => (&["spec", "sourceRef"], ""),
        "HelmRelease" => (&["spec", "chart", "spec", "sourceRef"], ""),
        "Alert" => (&["spec", "providerRef"], "Provider"),
        "ImagePolicy" => (&["spec", "imageRepositoryRef"], "ImageRepository"),
        _ => return Ok(all),
    };
    let field = |field: &str| {
        let whole: Vec<&str> = path.iter().copied().chain([field]).collect();
        object.get_str(&whole).map(str::to_owned)
    };
    let missing = |field: &str| {
        Fail::plain(format!(
            "field '{}.{field}' for '{space}/{name}' not found",
            path.join(".")
        ))
    };
    let source = About {
        kind: match fixed {
            "" => field("kind").ok_or_else(|| missing("kind"))?,
            fixed => fixed.to_owned(),
        },
        name: Some(field("name").ok_or_else(|| missing("name"))?),
        namespace: field("namespace").unwrap_or_else(|| space.to_owned()),
    };
    if kind.kind == "HelmRelease" {
        all.push(About {
            kind: "HelmChart".to_owned(),
            name: Some(format!("{space}-{name}")),
            namespace: source.namespace.clone(),
        });
    }
    all.push(source);
    Ok(all)
}

/// The events, oldest first.
async fn list(client: &Client, filter: &Filter, spaces: &[String]) -> Result<Vec<Object>, Fail> {
    let mut events = Vec::new();
    for space in spaces {
        let list = List {
            namespace: space.clone(),
            ..List::default()
        };
        let page = client.list(&Resource::events(), &list).await;
        let page = page.map_err(|error| {
            Fail::plain(format!("error getting events: {}", connect::words(&error)))
        })?;
        events.extend(page.objects.into_iter().filter(|event| filter.shows(event)));
    }
    events.sort_by_key(|event| moment(event, "lastTimestamp"));
    Ok(events)
}

fn header(filter: &Filter) -> Vec<String> {
    let titles = ["LAST SEEN", "TYPE", "REASON", "OBJECT", "MESSAGE"];
    let first = filter.namespaced.then_some("NAMESPACE");
    first.into_iter().chain(titles).map(str::to_owned).collect()
}

fn row(event: &Object, filter: &Filter) -> Vec<String> {
    let text = |path: &[&str]| event.get_str(path).unwrap_or_default().to_owned();
    let object = format!(
        "{}/{}",
        text(&["involvedObject", "kind"]),
        text(&["involvedObject", "name"])
    );
    let mut cells = Vec::new();
    if filter.namespaced {
        cells.push(event.namespace().to_owned());
    }
    cells.extend([
        last_seen(event),
        text(&["type"]),
        text(&["reason"]),
        object,
        text(&["message"]),
    ]);
    cells
}

fn moment(event: &Object, field: &str) -> Timestamp {
    [field, "eventTime"]
        .into_iter()
        .filter_map(|field| event.get_str(&[field]))
        .find_map(|text| text.parse().ok())
        .unwrap_or(Timestamp::UNIX_EPOCH)
}

/// `5m`, or `5m (x3 over 10m)` (CLI-EVT-003).
fn last_seen(event: &Object) -> String {
    let since = |field: &str| {
        let seconds = Timestamp::now().as_second() - moment(event, field).as_second();
        GoDuration::from_nanos(seconds.max(0).saturating_mul(1_000_000_000)).human()
    };
    let last = since("lastTimestamp");
    match event.get_i64(&["count"]) {
        Some(count) if count > 1 => format!("{last} (x{count} over {})", since("firstTimestamp")),
        _ => last,
    }
}

/// Prints a row per event until the timeout.
async fn watch(
    call: &Call,
    client: &Client,
    filter: &Filter,
    spaces: &[String],
) -> Result<(), Fail> {
    let deadline = wait::deadline(call);
    let streams = spaces.iter().map(|space| {
        let watch = Watch {
            namespace: space.clone(),
            ..Watch::default()
        };
        client.watch(&Resource::events(), watch)
    });
    let mut events = futures::stream::select_all(streams);
    let mut first = true;
    while let Ok(next) = tokio::time::timeout_at(deadline, events.next()).await {
        let event = match next {
            Some(Ok(WatchEvent::Applied(event))) if filter.shows(&event) => event,
            Some(Err(error)) if !error.is_transient() => return Err(connect::failed(&error)),
            None => break,
            Some(_) => continue,
        };
        let rows = vec![row(&event, filter)];
        if first {
            say::data(&table::render(Some(&header(filter)), &rows));
        } else {
            say::data(&table::render_loose(&rows));
        }
        say::flush();
        first = false;
    }
    Ok(())
}
