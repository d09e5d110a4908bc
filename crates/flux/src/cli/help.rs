//! Help as text: usage, examples, commands, flags.

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
        out.push_str(&format!("  {name}{args} [flags]\n"));
    }
    if !command.commands.is_empty() {
        out.push_str(&format!("  {name} [command]\n"));
    }
    if !command.aliases.is_empty() {
        out.push_str(&format!(
            "\nAliases:\n  {}, {}\n",
            command.name,
            command.aliases.join(", ")
        ));
    }
    if !command.example.is_empty() {
        out.push_str("\nExamples:\n");
        for line in command.example.lines() {
            out.push_str(&format!("  {line}\n"));
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
        out.push_str(&format!(
            "\nUse \"{name} [command] --help\" for more about a command.\n"
        ));
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
        out.push_str(&format!("  {:width$} {}\n", sub.name, sub.short));
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
    out.push_str(&format!("\n{title}:\n"));
    for (flag, head) in flags.iter().zip(heads) {
        let default = match flag.default {
            "" | "false" => String::new(),
            text => format!(" (default {text})"),
        };
        out.push_str(&format!("  {head:width$}   {}{default}\n", flag.help));
    }
}
