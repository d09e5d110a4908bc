//! `flux create`: makes an object, prints it with `--export`, else applies it and waits.

use crate::cli::command::Command;
use crate::cli::flag::{Flag, Kind};

mod apply;
mod kustomization;
mod secret_git;
mod source_git;

/// The verb.
pub(crate) const COMMAND: Command =
    Command::new("create", "Create or update sources and what uses them")
        .persistent(&[
            Flag::switch("export", "print the object instead of applying it"),
            Flag::new("interval", Kind::Duration, "how often to reconcile").default("1m0s"),
            Flag::list("label", "labels to set, key=value, comma-separated"),
        ])
        .commands(&[
            kustomization::COMMAND,
            Command::new("secret", "Create or update Secrets").commands(&[secret_git::COMMAND]),
            SOURCE,
        ]);

const SOURCE: Command = Command::new("source", "Create or update sources")
    .persistent(&[Flag::new(
        "fetch-timeout",
        Kind::Duration,
        "how long fetching may take",
    )
    .default("0s")])
    .commands(&[source_git::COMMAND]);
