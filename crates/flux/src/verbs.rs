//! What the verbs on single kinds share: their sub-commands, and which kind a command line means.

use crate::cli::Fail;
use crate::cli::command::{Call, Command, Run};
use crate::cli::flag::Flag;
use crate::kinds::{self, Kind};

/// A sub-command for one kind.
pub(crate) const fn leaf(
    name: &'static str,
    short: &'static str,
    aliases: &'static [&'static str],
    run: Run,
) -> Command {
    Command::new(name, short)
        .args("[name]")
        .aliases(aliases)
        .run(run)
}

/// The sub-commands of `source`.
pub(crate) const fn sources(run: Run) -> [Command; 5] {
    [
        leaf("git", "GitRepositories", &[], run),
        leaf("oci", "OCIRepositories", &[], run),
        leaf("bucket", "Buckets", &[], run),
        leaf("helm", "HelmRepositories", &[], run),
        leaf("chart", "HelmCharts", &[], run),
    ]
}

/// The sub-commands of `image`.
pub(crate) const fn images(run: Run) -> [Command; 3] {
    [
        leaf("repository", "ImageRepositories", &[], run),
        leaf("policy", "ImagePolicies", &[], run),
        leaf("update", "ImageUpdateAutomations", &[], run),
    ]
}

/// The sub-command for Kustomizations.
pub(crate) const fn kustomization(run: Run) -> Command {
    leaf("kustomization", "Kustomizations", &["ks"], run)
}

/// The sub-command for HelmReleases.
pub(crate) const fn helm_release(run: Run) -> Command {
    leaf("helmrelease", "HelmReleases", &["hr"], run)
}

/// The sub-command for Receivers.
pub(crate) const fn receiver(run: Run) -> Command {
    leaf("receiver", "Receivers", &[], run)
}

/// The sub-command for Alerts.
pub(crate) const fn alert(run: Run) -> Command {
    leaf("alert", "Alerts", &[], run)
}

/// The sub-command for Providers.
pub(crate) const fn provider(run: Run) -> Command {
    leaf("alert-provider", "Providers", &[], run)
}

/// The group of sources.
pub(crate) const fn source_group(commands: &'static [Command]) -> Command {
    Command::new("source", "Sources").commands(commands)
}

/// The group of image kinds.
pub(crate) const fn image_group(commands: &'static [Command]) -> Command {
    Command::new("image", "Image kinds").commands(commands)
}

/// `--all`, as several verbs have it.
pub(crate) const ALL: Flag = Flag::switch("all", "every object of the namespace");

/// The kind that the words behind the verb name.
pub(crate) fn kind(call: &Call) -> Result<&'static Kind, Fail> {
    let words: Vec<&str> = call.path.iter().skip(2).map(|c| c.name).collect();
    kinds::by_words(&words.join(" "))
        .ok_or_else(|| Fail::plain(format!("{} names no kind", call.name())))
}
