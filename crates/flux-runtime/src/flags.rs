//! Command-line flags in the manner of Go's pflag: `--name=value`, `--name value`, `--bool`, `--bool=false`.
//!
//! Parsing knows nothing of meaning: a value is checked for its type and kept as text.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use flux_gocompat::GoDuration;

/// The type of a flag's value, by pflag's names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FlagType {
    /// `true` or `false`; no value means `true`.
    Bool,
    /// A signed number.
    Int,
    /// 0 to 255.
    Uint8,
    /// A number with a fraction.
    Float32,
    /// Any text.
    String,
    /// Go's duration syntax.
    Duration,
    /// Texts separated by commas; repeated flags add.
    Strings,
    /// One text per flag; repeated flags add.
    StringArray,
    /// `Name=true,Other=false`; repeated flags add.
    BoolMap,
}

impl FlagType {
    /// pflag's name of the type.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bool => "bool",
            Self::Int => "int",
            Self::Uint8 => "uint8",
            Self::Float32 => "float32",
            Self::String => "string",
            Self::Duration => "duration",
            Self::Strings => "strings",
            Self::StringArray => "stringArray",
            Self::BoolMap => "mapStringBool",
        }
    }

    fn accepts(self, text: &str) -> Result<(), String> {
        let checked = match self {
            Self::Bool => parse_bool(text).map(|_| ()).ok_or("not a boolean"),
            Self::Int => text.parse::<i64>().map(|_| ()).map_err(|_| "not a number"),
            Self::Uint8 => text
                .parse::<u8>()
                .map(|_| ())
                .map_err(|_| "not a number from 0 to 255"),
            Self::Float32 => text.parse::<f32>().map(|_| ()).map_err(|_| "not a number"),
            Self::Duration => text
                .parse::<GoDuration>()
                .map(|_| ())
                .map_err(|_| "not a duration"),
            Self::BoolMap => text
                .split(',')
                .all(|pair| {
                    pair.split_once('=')
                        .is_some_and(|(_, v)| parse_bool(v).is_some())
                })
                .then_some(())
                .ok_or("not of the form Name=true,Name2=false"),
            Self::String | Self::Strings | Self::StringArray => Ok(()),
        };
        checked.map_err(str::to_owned)
    }
}

/// One flag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flag {
    /// Name without dashes.
    pub name: &'static str,
    /// Type of the value.
    pub kind: FlagType,
    /// Default in text form.
    pub default: String,
    /// What it does.
    pub help: &'static str,
}

/// Why a command line cannot be used. Every case but help is answered with the usage and exit status 2.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FlagError {
    /// `--help` or `-h`.
    #[error("help requested")]
    Help,
    /// No flag of this name.
    #[error("unknown flag: --{0}")]
    Unknown(String),
    /// A flag without its value.
    #[error("flag needs an argument: --{0}")]
    NoValue(String),
    /// A value of another type.
    #[error("flag --{name} has a value that is {problem}")]
    Value {
        /// Name of the flag.
        name: String,
        /// What is wrong with it.
        problem: String,
    },
}

/// The flags of a program and, after parsing, their values.
#[derive(Debug, Clone, Default)]
pub struct FlagSet {
    flags: BTreeMap<&'static str, Flag>,
    values: BTreeMap<&'static str, Vec<String>>,
}

impl FlagSet {
    /// Adds a flag, or replaces one of the same name (a program may have a default of its own).
    pub fn add(
        &mut self,
        name: &'static str,
        kind: FlagType,
        default: &str,
        help: &'static str,
    ) -> &mut Self {
        let default = default.to_owned();
        self.flags.insert(
            name,
            Flag {
                name,
                kind,
                default,
                help,
            },
        );
        self
    }

    /// Takes a flag away that a program does not have.
    pub fn remove(&mut self, name: &str) -> &mut Self {
        self.flags.remove(name);
        self
    }

    /// All flags by name.
    pub fn flags(&self) -> impl Iterator<Item = &Flag> {
        self.flags.values()
    }

    /// Reads arguments (without the program's name). Arguments that are no flags are ignored, as upstream ignores them.
    ///
    /// # Errors
    /// When a flag is unknown, lacks a value or has one of the wrong type, or when help is asked for.
    pub fn parse(&mut self, arguments: &[String]) -> Result<(), FlagError> {
        let mut rest = arguments.iter();
        while let Some(argument) = rest.next() {
            if argument == "--" {
                break;
            }
            if argument == "-h" {
                return Err(FlagError::Help);
            }
            let Some(body) = argument.strip_prefix("--") else {
                if argument.len() > 1 && argument.starts_with('-') {
                    return Err(FlagError::Unknown(
                        argument.trim_start_matches('-').to_owned(),
                    ));
                }
                continue;
            };
            let (name, stated) = match body.split_once('=') {
                Some((name, value)) => (name, Some(value.to_owned())),
                None => (body, None),
            };
            let Some(flag) = self.flags.get(name) else {
                if name == "help" {
                    return Err(FlagError::Help);
                }
                return Err(FlagError::Unknown(name.to_owned()));
            };
            let value = match (stated, flag.kind) {
                (Some(value), _) => value,
                (None, FlagType::Bool) => "true".to_owned(),
                (None, _) => rest
                    .next()
                    .cloned()
                    .ok_or_else(|| FlagError::NoValue(name.to_owned()))?,
            };
            flag.kind
                .accepts(&value)
                .map_err(|problem| FlagError::Value {
                    name: name.to_owned(),
                    problem,
                })?;
            let values = self.values.entry(flag.name).or_default();
            let adds = matches!(
                flag.kind,
                FlagType::Strings | FlagType::StringArray | FlagType::BoolMap
            );
            if !adds {
                values.clear();
            }
            values.push(value);
        }
        Ok(())
    }

    /// Whether the flag was given.
    pub fn is_set(&self, name: &str) -> bool {
        self.values.contains_key(name)
    }

    /// The value of a text flag, or of any flag with one value, as text. Empty for unknown names.
    pub fn text(&self, name: &str) -> &str {
        let given = self.values.get(name).and_then(|v| v.last());
        given
            .or_else(|| self.flags.get(name).map(|f| &f.default))
            .map_or("", String::as_str)
    }

    /// The value of a boolean flag.
    pub fn bool(&self, name: &str) -> bool {
        parse_bool(self.text(name)).unwrap_or(false)
    }

    /// The value of a number flag.
    pub fn int(&self, name: &str) -> i64 {
        self.text(name).parse().unwrap_or(0)
    }

    /// The value of a number flag with a fraction.
    pub fn float(&self, name: &str) -> f32 {
        self.text(name).parse().unwrap_or(0.0)
    }

    /// The value of a duration flag.
    pub fn duration(&self, name: &str) -> GoDuration {
        self.text(name).parse().unwrap_or(GoDuration::from_secs(0))
    }

    /// The values of a flag that may be repeated; comma-separated ones are split.
    pub fn list(&self, name: &str) -> Vec<String> {
        let Some(flag) = self.flags.get(name) else {
            return Vec::new();
        };
        let default = std::slice::from_ref(&flag.default);
        let values = self.values.get(name).map_or(default, Vec::as_slice);
        let split = flag.kind != FlagType::StringArray;
        values
            .iter()
            .flat_map(|value| {
                let parts: Vec<&str> = if split {
                    value.split(',').collect()
                } else {
                    vec![value]
                };
                parts.into_iter().map(str::to_owned).collect::<Vec<_>>()
            })
            .filter(|value| !value.is_empty())
            .collect()
    }

    /// The pairs of a map flag, in order.
    pub fn map(&self, name: &str) -> Vec<(String, bool)> {
        let pair = |text: String| {
            let (name, value) = text.split_once('=')?;
            Some((name.to_owned(), parse_bool(value)?))
        };
        self.list(name).into_iter().filter_map(pair).collect()
    }

    /// The usage text.
    pub fn usage(&self, program: &str) -> String {
        let mut text = format!("Usage of {program}:\n");
        for flag in self.flags.values() {
            let kind = if flag.kind == FlagType::Bool {
                ""
            } else {
                flag.kind.name()
            };
            let _ = write!(text, "      --{} {kind}", flag.name);
            let plain = matches!(flag.default.as_str(), "" | "0" | "false");
            let _ = match flag.kind {
                _ if plain => writeln!(text, "   {}", flag.help),
                FlagType::String => {
                    writeln!(text, "   {} (default \"{}\")", flag.help, flag.default)
                }
                _ => writeln!(text, "   {} (default {})", flag.help, flag.default),
            };
        }
        text
    }
}

/// The spellings that Go's `strconv.ParseBool` takes.
fn parse_bool(text: &str) -> Option<bool> {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Some(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set() -> FlagSet {
        let mut set = FlagSet::default();
        set.add("on", FlagType::Bool, "false", "a switch")
            .add("yes", FlagType::Bool, "true", "another")
            .add("n", FlagType::Int, "4", "a number")
            .add("algos", FlagType::Strings, "", "a list")
            .add("override", FlagType::StringArray, "", "a list")
            .add("gates", FlagType::BoolMap, "", "gates")
            .add("delay", FlagType::Duration, "750ms", "a span")
            .add("jitter", FlagType::Uint8, "5", "percent");
        set
    }

    fn parse(arguments: &[&str]) -> Result<FlagSet, FlagError> {
        let mut set = set();
        let arguments: Vec<String> = arguments.iter().map(|a| (*a).to_owned()).collect();
        set.parse(&arguments).map(|()| set)
    }

    #[test]
    fn values_in_both_forms() {
        let set = parse(&["--n", "7", "--on", "--yes=false", "--delay=2s", "extra"]).unwrap();
        assert_eq!(
            (set.int("n"), set.bool("on"), set.bool("yes")),
            (7, true, false)
        );
        assert_eq!(set.duration("delay"), GoDuration::from_secs(2));
        let lists = parse(&[
            "--algos=a,b",
            "--algos",
            "c",
            "--override=x,y",
            "--gates=A=true,B=0",
        ]);
        let lists = lists.unwrap();
        assert_eq!(lists.list("algos"), ["a", "b", "c"]);
        assert_eq!(lists.list("override"), ["x,y"]);
        assert_eq!(
            lists.map("gates"),
            [("A".to_owned(), true), ("B".to_owned(), false)]
        );
        assert_eq!(set_defaults(), (4, GoDuration::from_nanos(750_000_000)));
    }

    fn set_defaults() -> (i64, GoDuration) {
        let set = parse(&[]).unwrap();
        (set.int("n"), set.duration("delay"))
    }

    #[test]
    fn refusals() {
        for (arguments, want) in [
            (vec!["--nope"], FlagError::Unknown("nope".into())),
            (vec!["-x"], FlagError::Unknown("x".into())),
            (vec!["--n"], FlagError::NoValue("n".into())),
            (vec!["--help"], FlagError::Help),
        ] {
            assert_eq!(parse(&arguments).unwrap_err(), want);
        }
        for bad in [
            "--n=x",
            "--jitter=-1",
            "--jitter=256",
            "--gates=x",
            "--on=maybe",
            "--delay=1",
        ] {
            assert!(
                matches!(parse(&[bad]), Err(FlagError::Value { .. })),
                "{bad}"
            );
        }
    }
}
