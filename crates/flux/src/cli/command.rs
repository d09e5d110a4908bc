//! Commands as data, and how a command line finds its command: cobra's rules.

use std::fmt::Write as _;

use std::future::Future;
use std::pin::Pin;

use super::Fail;
use super::flag::{Flag, Values};

/// What a command does when it runs.
pub type Run = for<'a> fn(&'a Call) -> Pin<Box<dyn Future<Output = Result<(), Fail>> + 'a>>;

/// One command. A command without `run` prints its help.
#[derive(Debug, Clone, Copy)]
pub struct Command {
    /// Its word.
    pub name: &'static str,
    /// Other words for it.
    pub aliases: &'static [&'static str],
    /// What stands behind the word in the use line, such as `[name]`.
    pub args: &'static str,
    /// One line on what it does.
    pub short: &'static str,
    /// More on it, below the line; may be empty.
    pub long: &'static str,
    /// Examples, a command per line, comments with `#`.
    pub example: &'static str,
    /// Flags of its own.
    pub flags: &'static [Flag],
    /// Flags that its sub-commands take too.
    pub persistent: &'static [Flag],
    /// Sub-commands.
    pub commands: &'static [Command],
    /// How many arguments it takes.
    pub arity: Arity,
    /// What it does.
    pub run: Option<Run>,
    /// Whether help and completion leave it out.
    pub hidden: bool,
}

/// The number of arguments that are accepted; commands word more precise complaints themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arity {
    /// Any number.
    Any,
    /// None: a word is taken for an unknown sub-command.
    None,
    /// Exactly so many.
    Exactly(usize),
    /// At most so many.
    AtMost(usize),
    /// At least so many.
    AtLeast(usize),
}

impl Command {
    /// A command with nothing but a name and a line about it.
    pub const fn new(name: &'static str, short: &'static str) -> Self {
        Self {
            name,
            aliases: &[],
            args: "",
            short,
            long: "",
            example: "",
            flags: &[],
            persistent: &[],
            commands: &[],
            arity: Arity::Any,
            run: None,
            hidden: false,
        }
    }

    /// With what runs.
    #[must_use]
    pub const fn run(mut self, run: Run) -> Self {
        self.run = Some(run);
        self
    }

    /// With the argument part of the use line.
    #[must_use]
    pub const fn args(mut self, args: &'static str) -> Self {
        self.args = args;
        self
    }

    /// With a number of arguments.
    #[must_use]
    pub const fn arity(mut self, arity: Arity) -> Self {
        self.arity = arity;
        self
    }

    /// With other words for it.
    #[must_use]
    pub const fn aliases(mut self, aliases: &'static [&'static str]) -> Self {
        self.aliases = aliases;
        self
    }

    /// With flags.
    #[must_use]
    pub const fn flags(mut self, flags: &'static [Flag]) -> Self {
        self.flags = flags;
        self
    }

    /// With flags that are handed down.
    #[must_use]
    pub const fn persistent(mut self, flags: &'static [Flag]) -> Self {
        self.persistent = flags;
        self
    }

    /// With sub-commands.
    #[must_use]
    pub const fn commands(mut self, commands: &'static [Self]) -> Self {
        self.commands = commands;
        self
    }

    /// With an explanation below the line.
    #[must_use]
    pub const fn long(mut self, long: &'static str) -> Self {
        self.long = long;
        self
    }

    /// With examples.
    #[must_use]
    pub const fn example(mut self, example: &'static str) -> Self {
        self.example = example;
        self
    }

    /// Left out of help and completion.
    #[must_use]
    pub const fn hidden(mut self) -> Self {
        self.hidden = true;
        self
    }

    fn answers_to(&self, word: &str) -> bool {
        self.name == word || self.aliases.contains(&word)
    }
}

/// One command line, understood.
#[derive(Debug)]
pub struct Call {
    /// The commands from the root to the one that runs.
    pub path: Vec<&'static Command>,
    /// The arguments that are neither commands nor flags.
    pub args: Vec<String>,
    /// The flags.
    pub flags: Values,
}

impl Call {
    /// The argument at a place, if it was given.
    pub fn arg(&self, at: usize) -> Option<&str> {
        self.args.get(at).map(String::as_str)
    }

    /// The full name of the command, `flux get sources git`.
    pub fn name(&self) -> String {
        let words: Vec<&str> = self.path.iter().map(|command| command.name).collect();
        words.join(" ")
    }
}

/// What a command line asks for.
#[derive(Debug)]
pub enum Parsed {
    /// Run this.
    Run(Call),
    /// Print the help of the last command of this path.
    Help(Vec<&'static Command>),
    /// `--version` at the root.
    Version,
}

/// Understands a command line (without the program's own name).
pub fn parse(root: &'static Command, words: &[String]) -> Result<Parsed, Fail> {
    if let Some((first, rest)) = words.split_first()
        && first == "help"
    {
        return Ok(Parsed::Help(find(root, rest).0));
    }
    let (path, rest) = find(root, words);
    let command = path.last().copied().unwrap_or(root);
    if path.len() == 1
        && let Some(word) = rest.iter().find(|word| !word.starts_with('-'))
        && first_argument(&path, &rest) == Some(word.as_str())
    {
        return Err(unknown(root, word));
    }
    let mut flags = Values::default();
    for flag in flags_of(&path) {
        flags.declare(flag);
    }
    let args = take_flags(&path, &rest, &mut flags).map_err(Fail::plain)?;
    if flags.on("help") || command.run.is_none() {
        if flags.on("version") && path.len() == 1 {
            return Ok(Parsed::Version);
        }
        return Ok(Parsed::Help(path));
    }
    check_arity(&path, command.arity, &args)?;
    Ok(Parsed::Run(Call { path, args, flags }))
}

/// Every flag that the last command of a path accepts.
pub fn flags_of(path: &[&'static Command]) -> Vec<Flag> {
    let mut flags = vec![Flag::switch("help", "show what the command does").short('h')];
    if path.len() == 1 {
        flags.push(Flag::switch("version", "show the version of flux").short('v'));
    }
    if let Some(last) = path.last() {
        flags.extend_from_slice(last.flags);
    }
    for command in path.iter().rev() {
        flags.extend_from_slice(command.persistent);
    }
    flags
}

/// Follows the words that name commands, past flags and their values; the rest keeps its order.
fn find(root: &'static Command, words: &[String]) -> (Vec<&'static Command>, Vec<String>) {
    let mut path = vec![root];
    let mut rest: Vec<String> = words.to_vec();
    loop {
        let here = path.last().copied().unwrap_or(root);
        let Some(at) = first_argument_at(&path, &rest) else {
            return (path, rest);
        };
        let Some(next) = here
            .commands
            .iter()
            .find(|command| command.answers_to(&rest[at]))
        else {
            return (path, rest);
        };
        rest.remove(at);
        path.push(next);
    }
}

fn first_argument<'a>(path: &[&'static Command], words: &'a [String]) -> Option<&'a str> {
    first_argument_at(path, words).map(|at| words[at].as_str())
}

fn first_argument_at(path: &[&'static Command], words: &[String]) -> Option<usize> {
    let flags = flags_of(path);
    let mut at = 0;
    while at < words.len() {
        let word = &words[at];
        if word == "--" {
            return None;
        }
        if let Some(name) = word.strip_prefix("--") {
            let takes_value = !name.contains('=')
                && !flags
                    .iter()
                    .any(|flag| flag.name == name && flag.is_switch());
            at += 1 + usize::from(takes_value);
        } else if word.len() == 2 && word.starts_with('-') {
            let letter = word.chars().nth(1);
            let switch = flags
                .iter()
                .any(|flag| flag.short == letter && flag.is_switch());
            at += 1 + usize::from(!switch);
        } else if word.starts_with('-') && word.len() > 1 {
            at += 1;
        } else {
            return Some(at);
        }
    }
    None
}

/// Takes the flags out of the words; what remains are the arguments.
fn take_flags(
    path: &[&'static Command],
    words: &[String],
    values: &mut Values,
) -> Result<Vec<String>, String> {
    let flags = flags_of(path);
    let mut args = Vec::new();
    let mut words = words.iter();
    while let Some(word) = words.next() {
        if word == "--" {
            args.extend(words.cloned());
            break;
        }
        if let Some(long) = word.strip_prefix("--") {
            let (name, value) = match long.split_once('=') {
                Some((name, value)) => (name, Some(value)),
                None => (long, None),
            };
            if name.is_empty() || name.starts_with('-') {
                return Err(format!("bad flag syntax: {word}"));
            }
            let flag = flags
                .iter()
                .find(|flag| flag.name == name)
                .ok_or_else(|| format!("unknown flag: --{name}"))?;
            match value {
                Some(value) => values.set(flag, value)?,
                None if flag.is_switch() => values.set(flag, "true")?,
                None => {
                    let next = words
                        .next()
                        .ok_or_else(|| format!("flag needs an argument: --{name}"))?;
                    values.set(flag, next)?;
                }
            }
        } else if word.starts_with('-') && word.len() > 1 {
            take_short(&flags, word, &mut words, values)?;
        } else {
            args.push(word.clone());
        }
    }
    Ok(args)
}

/// `-abc`: switches may be joined; the first that takes a value takes what follows.
fn take_short(
    flags: &[Flag],
    word: &str,
    words: &mut std::slice::Iter<'_, String>,
    values: &mut Values,
) -> Result<(), String> {
    let mut letters = &word[1..];
    while let Some(letter) = letters.chars().next() {
        let after = &letters[letter.len_utf8()..];
        let flag = flags
            .iter()
            .find(|flag| flag.short == Some(letter))
            .ok_or_else(|| format!("unknown shorthand flag: '{letter}' in -{letters}"))?;
        if let Some(value) = after.strip_prefix('=') {
            return values.set(flag, value);
        }
        if flag.is_switch() {
            values.set(flag, "true")?;
            letters = after;
            continue;
        }
        if !after.is_empty() {
            return values.set(flag, after);
        }
        let next = words
            .next()
            .ok_or_else(|| format!("flag needs an argument: '{letter}' in -{letters}"))?;
        return values.set(flag, next);
    }
    Ok(())
}

fn check_arity(path: &[&'static Command], arity: Arity, args: &[String]) -> Result<(), Fail> {
    let count = args.len();
    let wrong = match arity {
        Arity::Any => None,
        Arity::None => args.first().map(|word| {
            let words: Vec<&str> = path.iter().map(|command| command.name).collect();
            format!("unknown command {word:?} for {:?}", words.join(" "))
        }),
        Arity::Exactly(want) => {
            (count != want).then(|| format!("accepts {want} arg(s), received {count}"))
        }
        Arity::AtMost(most) => {
            (count > most).then(|| format!("accepts at most {most} arg(s), received {count}"))
        }
        Arity::AtLeast(least) => (count < least)
            .then(|| format!("requires at least {least} arg(s), only received {count}")),
    };
    wrong.map_or(Ok(()), |text| Err(Fail::plain(text)))
}

/// An unknown first word, with the commands that it may have meant.
fn unknown(root: &'static Command, word: &str) -> Fail {
    let mut text = format!("unknown command {word:?} for {:?}", root.name);
    let lower = word.to_lowercase();
    let near: Vec<&str> = root
        .commands
        .iter()
        .filter(|command| !command.hidden)
        .filter(|command| distance(&lower, command.name) <= 2 || command.name.starts_with(&lower))
        .map(|command| command.name)
        .collect();
    if !near.is_empty() {
        text.push_str("\n\nDid you mean this?\n");
        for name in near {
            let _ = writeln!(text, "\t{name}");
        }
    }
    Fail::plain(text)
}

/// Levenshtein's distance.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, left) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, right) in b.iter().enumerate() {
            let substitute = diagonal + usize::from(left != *right);
            diagonal = row[j + 1];
            row[j + 1] = substitute.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}
