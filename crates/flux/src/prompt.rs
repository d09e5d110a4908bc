//! Questions to the user (CLI-GLB-014, CLI-GLB-015).

use std::io::{BufRead, IsTerminal};

use crate::cli::Fail;
use crate::say;

const BACK: &str = "\x1b[1A\x1b[2K\r\x1b[2K\r";

/// Asks; anything but `y` ends the command.
pub(crate) fn confirm(label: &str) -> Result<(), Fail> {
    let aborting = || Fail::plain("aborting");
    let ask = |typed: &str| {
        format!("\x1b[1m\x1b[34m?\x1b[0m \x1b[1m{label}\x1b[0m? \x1b[2m[y/N]\x1b[0m {typed}█\n")
    };
    if std::io::stdin().is_terminal() {
        say::data(&format!("{label}? [y/N] "));
        say::flush();
        let answer = read_line().unwrap_or_default();
        return if answer.eq_ignore_ascii_case("y") {
            Ok(())
        } else {
            Err(aborting())
        };
    }
    // Parity: where answers are piped in, each key and the final state are drawn, as scripts have seen it.
    say::data(&format!("\x1b[?25l\x1b[2K\r{}", ask("")));
    let Some(answer) = read_line() else {
        say::data(&format!("{BACK}\n\x1b[?25h"));
        return Err(aborting());
    };
    let ends = answer.char_indices().map(|(at, c)| at + c.len_utf8());
    for end in ends.chain([answer.len()]) {
        say::data(&format!("{BACK}{}", ask(&answer[..end])));
    }
    if answer.eq_ignore_ascii_case("y") {
        say::data(&format!(
            "{BACK}\x1b[2m{label}\x1b[0m\x1b[2m:\x1b[0m {answer}\n\x1b[?25h"
        ));
        return Ok(());
    }
    say::data(&format!(
        "{BACK}\x1b[1m\x1b[31m✗\x1b[0m \x1b[1m{label}\x1b[0m\x1b[1m:\x1b[0m \n\x1b[?25h"
    ));
    Err(aborting())
}

/// One line of input without its end; `None` when there is no more.
fn read_line() -> Option<String> {
    let mut line = String::new();
    match std::io::stdin().lock().read_line(&mut line) {
        Ok(0) | Err(_) => None,
        Ok(_) => Some(line.trim_end_matches(['\r', '\n']).to_owned()),
    }
}
