//! Help as text: usage, examples, commands, flags.

use std::fmt::Write as _;

use super::command::{Command, flags_of};
use super::flag::Flag;

/// The help of the last command of a path.
pub fn render(path: &[&'static Command]) -> String {
    let Some(command) = path.last() else {
        return String::new();
    };
    let name: Vec<&str> = path.iter().map(|command| command.name).collect();
    let name = name.join(" ");
    let mut out = String::new();
    out.push_str(if command.long.is_empty() {
        command.short
    } else {
        command.long
    });
    out.push_str("\n\nUsage:\n");
    if command.run.is_some() {
        let args = if command.args.is_empty() {
            String::new()
        } else {
            format!(" {}", command.args)
        };
        let _ = writeln!(out, "  {name}{args} [flags]");
    }
    if !command.commands.is_empty() {
        let _ = writeln!(out, "  {name} [command]");
    }
    if !command.aliases.is_empty() {
        let _ = writeln!(
            out,
            "\nAliases:\n  {}, {}",
            command.name,
            command.aliases.join(", ")
        );
    }
    if !command.example.is_empty() {
        out.push_str("\nExamples:\n");
        for line in command.example.lines() {
            let _ = writeln!(out, "  {line}");
        }
    }
    commands(command, &mut out);
    let own = flags_of(path);
    let inherited: Vec<Flag> = path[..path.len() - 1]
        .iter()
        .flat_map(|above| above.persistent)
        .copied()
        .collect();
    let (global, local): (Vec<Flag>, Vec<Flag>) = own
        .into_iter()
        .partition(|flag| inherited.iter().any(|other| other.name == flag.name));
    flags("Flags", local, &mut out);
    flags("Global Flags", global, &mut out);
    if !command.commands.is_empty() {
        let _ = writeln!(
            out,
            "\nUse \"{name} [command] --help\" for more about a command."
        );
    }
    out
}

fn commands(command: &Command, out: &mut String) {
    let mut shown: Vec<&Command> = command.commands.iter().filter(|sub| !sub.hidden).collect();
    if shown.is_empty() {
        return;
    }
    shown.sort_by_key(|sub| sub.name);
    let width = shown
        .iter()
        .map(|sub| sub.name.len())
        .max()
        .unwrap_or(0)
        .max(11);
    out.push_str("\nAvailable Commands:\n");
    for sub in shown {
        let _ = writeln!(out, "  {:width$} {}", sub.name, sub.short);
    }
}

fn flags(title: &str, mut flags: Vec<Flag>, out: &mut String) {
    flags.retain(|flag| !flag.hidden);
    if flags.is_empty() {
        return;
    }
    flags.sort_by_key(|flag| flag.name);
    let heads: Vec<String> = flags
        .iter()
        .map(|flag| {
            let short = flag
                .short
                .map_or_else(|| "    ".to_owned(), |letter| format!("-{letter}, "));
            format!("{short}--{} {}", flag.name, flag.type_name())
                .trim_end()
                .to_owned()
        })
        .collect();
    let width = heads.iter().map(String::len).max().unwrap_or(0);
    let _ = writeln!(out, "\n{title}:");
    for (flag, head) in flags.iter().zip(heads) {
        let default = match flag.default {
            "" | "false" => String::new(),
            text => format!(" (default {text})"),
        };
        let _ = writeln!(out, "  {head:width$}   {}{default}", flag.help);
    }
}
