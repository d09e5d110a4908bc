//! `flux completion`: scripts for shells, which ask this program what may come next (CLI-CMP-001).

use crate::cli::Fail;
use crate::cli::command::{Call, Command, flags_of};
use crate::{root, say};

/// The verb.
pub(crate) const COMMAND: Command = Command::new("completion", "Print a completion script")
    .commands(&[
        Command::new("bash", "For bash").run(|_| Box::pin(std::future::ready(print(BASH)))),
        Command::new("fish", "For fish").run(|_| Box::pin(std::future::ready(print(FISH)))),
        Command::new("powershell", "For PowerShell")
            .run(|_| Box::pin(std::future::ready(print(POWERSHELL)))),
        Command::new("zsh", "For zsh").run(|_| Box::pin(std::future::ready(print(ZSH)))),
    ]);

/// What the scripts call: the words typed so far behind `--`, the last one unfinished.
pub(crate) const ANSWER: Command = Command::new("__complete", "Answer a completion script")
    .hidden()
    .run(|call| Box::pin(std::future::ready(answer(call))));

#[expect(clippy::unnecessary_wraps, reason = "commands may fail")]
fn print(script: &str) -> Result<(), Fail> {
    say::data(script);
    Ok(())
}

#[expect(clippy::unnecessary_wraps, reason = "commands may fail")]
fn answer(call: &Call) -> Result<(), Fail> {
    let (typed, before) = match call.args.split_last() {
        Some((last, before)) => (last.as_str(), before),
        None => ("", &[][..]),
    };
    let mut path = vec![&root::ROOT];
    for word in before {
        let here = path.last().copied().unwrap_or(&root::ROOT);
        let next = here
            .commands
            .iter()
            .find(|command| command.name == word || command.aliases.contains(&word.as_str()));
        path.extend(next);
    }
    let mut lines: Vec<String> = if typed.starts_with('-') {
        flags_of(&path)
            .iter()
            .filter(|flag| !flag.hidden)
            .map(|flag| format!("--{}\t{}\n", flag.name, flag.help))
            .collect()
    } else {
        let here = path.last().map_or(&[][..], |command| command.commands);
        here.iter()
            .filter(|command| !command.hidden)
            .map(|command| format!("{}\t{}\n", command.name, command.short))
            .collect()
    };
    lines.retain(|line| line.starts_with(typed));
    lines.sort();
    say::data(&lines.concat());
    Ok(())
}

const BASH: &str = r#"# flux completion for bash
_flux_complete() {
    local IFS=$'\n'
    local words=("${COMP_WORDS[@]:1:COMP_CWORD}")
    COMPREPLY=($(flux __complete -- "${words[@]}" 2>/dev/null | cut -f1))
}
complete -o default -F _flux_complete flux
"#;

const ZSH: &str = r#"#compdef flux
# flux completion for zsh
_flux() {
    local -a found
    local name about
    while IFS=$'\t' read -r name about; do
        found+=("${name//:/\\:}:${about}")
    done < <(flux __complete -- "${(@)words[2,CURRENT]}" 2>/dev/null)
    if (( ${#found} )); then _describe flux found; else _files; fi
}
compdef _flux flux
"#;

const FISH: &str = r"# flux completion for fish
function __flux_complete
    set -l words (commandline -opc) (commandline -ct)
    flux __complete -- $words[2..-1] 2>/dev/null
end
complete -c flux -a '(__flux_complete)'
";

const POWERSHELL: &str = r#"# flux completion for PowerShell
Register-ArgumentCompleter -Native -CommandName flux -ScriptBlock {
    param($typed, $line, $cursor)
    $words = @($line.CommandElements | Select-Object -Skip 1 | ForEach-Object { "$_" })
    if ($typed -eq '') { $words += '' }
    flux __complete -- @words 2>$null | ForEach-Object {
        $name, $about = $_ -split "`t", 2
        [System.Management.Automation.CompletionResult]::new($name, $name, 'ParameterValue', "$about ")
    }
}
"#;
