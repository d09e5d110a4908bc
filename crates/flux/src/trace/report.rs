//! The report of a trace, section by section (CLI-TRC-003).

use flux_kube::Client;
use flux_object::Object;
use serde_json::Value;
use std::fmt::Write as _;

use crate::cli::Fail;
use crate::connect;
use crate::kinds;

/// Lines of a label and a text, the texts in one column.
struct Section<'a> {
    width: usize,
    out: &'a mut String,
}

impl Section<'_> {
    fn line(&mut self, label: &str, text: &str) {
        let label = format!("{label}:");
        let width = self.width;
        let _ = writeln!(self.out, "{label:width$}{text}");
    }

    fn some(&mut self, label: &str, text: Option<&str>) {
        if let Some(text) = text.filter(|text| !text.is_empty()) {
            self.line(label, text);
        }
    }

    fn head(&mut self, object: &Object) {
        self.line(object.kind(), object.name());
        self.line("Namespace", object.namespace());
    }

    /// Status and message of readiness.
    fn state(&mut self, object: &Object) {
        let Some(ready) = kinds::condition(object, "Ready") else {
            self.line("Status", "Unknown");
            return;
        };
        let text = |field: &str| ready[field].as_str().unwrap_or_default();
        let at = text("lastTransitionTime").replace('T', " ");
        let at = at.trim_end_matches('Z');
        // Parity: a failed reconciliation that applied before is told as reconciled.
        let how = match text("status") {
            "True" | "False" => "Last reconciled at",
            _ => "Last reconciliation failed at",
        };
        self.line("Status", &format!("{how} {at} +0000 UTC"));
        self.line("Message", text("message"));
    }
}

fn managed(object: &Object, width: usize, out: &mut String) {
    out.push('\n');
    let mut section = Section { width, out };
    section.line("Object", &format!("{}/{}", object.kind(), object.name()));
    section.some("Namespace", Some(object.namespace()));
    section.line("Status", "Managed by Flux");
}

/// An object that a Kustomization applied.
pub(super) async fn of_kustomization(
    client: &Client,
    object: &Object,
    owner: &Object,
    out: &mut String,
) -> Result<(), Fail> {
    managed(object, 17, out);
    out.push_str("---\n");
    let mut section = Section { width: 17, out };
    section.head(owner);
    section.some("Target", owner.get_str(&["spec", "targetNamespace"]));
    let text = |path: &[&str]| owner.get_str(path).unwrap_or_default().to_owned();
    section.line("Path", &text(&["spec", "path"]));
    section.line("Revision", &text(&["status", "lastAppliedRevision"]));
    section.state(owner);
    if let Some(reference) = owner.get(&["spec", "sourceRef"]) {
        let source = source(client, owner, reference).await?;
        out.push_str("---\n");
        of_source(&source, 17, out);
    }
    Ok(())
}

/// An object that a HelmRelease installed.
pub(super) async fn of_release(
    client: &Client,
    object: &Object,
    owner: &Object,
    out: &mut String,
) -> Result<(), Fail> {
    managed(object, 16, out);
    out.push_str("---\n");
    let mut section = Section { width: 16, out };
    section.head(owner);
    section.some("Target", owner.get_str(&["spec", "targetNamespace"]));
    let revision = owner.get_str(&["status", "lastAttemptedRevision"]);
    section.line("Revision", revision.unwrap_or_default());
    section.state(owner);
    if let Some(reference) = owner.get(&["spec", "chartRef"]) {
        let source = source(client, owner, reference).await?;
        return chart_or_source(client, &source, out).await;
    }
    let Some(reference) = owner.get(&["spec", "chart", "spec", "sourceRef"]) else {
        return Ok(());
    };
    if let Some((space, name)) = owner
        .get_str(&["status", "helmChart"])
        .and_then(|chart| chart.split_once('/'))
    {
        let resource = kinds::HELM_CHART.resource();
        let chart = client.get(&resource, space, name).await;
        let chart = chart.map_err(|error| {
            Fail::plain(format!(
                "failed to find HelmChart: {}",
                connect::words(&error)
            ))
        })?;
        return chart_or_source(client, &chart, out).await;
    }
    let source = source(client, owner, reference).await?;
    out.push_str("---\n");
    of_source(&source, width_of(&source), out);
    Ok(())
}

/// A chart with its source, or a source that is the chart.
async fn chart_or_source(client: &Client, found: &Object, out: &mut String) -> Result<(), Fail> {
    out.push_str("---\n");
    if found.kind() != "HelmChart" {
        of_source(found, width_of(found), out);
        return Ok(());
    }
    let mut section = Section { width: 16, out };
    section.head(found);
    let text = |path: &[&str]| found.get_str(path).unwrap_or_default().to_owned();
    section.line("Chart", &text(&["spec", "chart"]));
    section.line("Version", &text(&["spec", "version"]));
    section.line("Revision", &text(&["status", "artifact", "revision"]));
    section.state(found);
    if let Some(reference) = found.get(&["spec", "sourceRef"]) {
        let source = source(client, found, reference).await?;
        out.push_str("---\n");
        of_source(&source, width_of(&source), out);
    }
    Ok(())
}

/// Parity: below a HelmRelease each kind of source has a column of its own.
fn width_of(source: &Object) -> usize {
    match source.kind() {
        "GitRepository" => 15,
        "OCIRepository" => 17,
        _ => 16,
    }
}

async fn source(client: &Client, of: &Object, reference: &Value) -> Result<Object, Fail> {
    let text = |field: &str| reference[field].as_str().filter(|text| !text.is_empty());
    let named = text("kind").unwrap_or_default();
    let kind = kinds::by_kind(named)
        .ok_or_else(|| Fail::plain(format!("source kind {named} is not known")))?;
    let space = text("namespace").unwrap_or_else(|| of.namespace());
    let resource = kind.resource();
    let found = client.get(&resource, space, text("name").unwrap_or_default());
    found.await.map_err(|error| {
        Fail::plain(format!(
            "failed to find {named}: {}",
            connect::words(&error)
        ))
    })
}

fn of_source(source: &Object, width: usize, out: &mut String) {
    let mut section = Section { width, out };
    section.head(source);
    let text = |path: &[&str]| source.get_str(path);
    section.some("URL", text(&["spec", "url"]));
    if source.kind() == "ExternalArtifact" {
        let part = |field: &str| text(&["spec", "sourceRef", field]).unwrap_or_default();
        let origin = format!("{}/{}/{}", part("kind"), part("namespace"), part("name"));
        section.line("Source", &origin);
    }
    for (label, field) in [
        ("Tag", "tag"),
        ("Tag", "semver"),
        ("Branch", "branch"),
        ("Digest", "digest"),
    ] {
        section.some(label, text(&["spec", "ref", field]));
    }
    let revision = text(&["status", "artifact", "revision"]).unwrap_or_default();
    section.line("Revision", revision);
    for (label, key) in [
        ("Origin Revision", "org.opencontainers.image.revision"),
        ("Origin Source", "org.opencontainers.image.source"),
    ] {
        section.some(label, text(&["status", "artifact", "metadata", key]));
    }
    section.state(source);
}
