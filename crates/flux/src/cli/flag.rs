//! Flags as data: what a command accepts, with the spelling rules of pflag.

use std::collections::BTreeMap;
use std::fmt;

use flux_gocompat::duration::GoDuration;

/// One flag of a command. Descriptions are sentences of ours; names, types and defaults are upstream's.
#[derive(Debug, Clone, Copy)]
pub struct Flag {
    /// The long name, without dashes.
    pub name: &'static str,
    /// The one-letter name.
    pub short: Option<char>,
    /// What its value is.
    pub kind: Kind,
    /// The default as text, `""` for none.
    pub default: &'static str,
    /// What it does.
    pub help: &'static str,
    /// Whether help and completion leave it out.
    pub hidden: bool,
    /// What to say to whoever still uses it; empty for a flag in use.
    pub deprecated: &'static str,
}

/// The kinds of values.
#[derive(Debug, Clone, Copy)]
pub enum Kind {
    /// `--x`, `--x=false`.
    Bool,
    /// Any text; the last one wins.
    String,
    /// A whole number.
    Int,
    /// A whole number, worded as Go's `ParseInt`.
    Int64,
    /// A decimal number.
    Float,
    /// A Go duration.
    Duration,
    /// Comma-separated, repeatable; the first use replaces the default.
    Slice,
    /// Repeatable, each taken whole.
    Array,
    /// `key=value`, comma-separated, repeatable.
    Pairs,
    /// Text with a rule of its own: the name of the type in help, and what checks and rewrites it.
    Checked(&'static str, fn(&str) -> Result<String, String>),
}

impl Flag {
    /// A flag that takes a value.
    pub const fn new(name: &'static str, kind: Kind, help: &'static str) -> Self {
        Self {
            name,
            short: None,
            kind,
            default: "",
            help,
            hidden: false,
            deprecated: "",
        }
    }

    /// A boolean flag, off by default.
    pub const fn switch(name: &'static str, help: &'static str) -> Self {
        Self::new(name, Kind::Bool, help)
    }

    /// A text flag.
    pub const fn text(name: &'static str, help: &'static str) -> Self {
        Self::new(name, Kind::String, help)
    }

    /// A comma-separated list.
    pub const fn list(name: &'static str, help: &'static str) -> Self {
        Self::new(name, Kind::Slice, help)
    }

    /// With a one-letter name.
    #[must_use]
    pub const fn short(mut self, letter: char) -> Self {
        self.short = Some(letter);
        self
    }

    /// With a default.
    #[must_use]
    pub const fn default(mut self, text: &'static str) -> Self {
        self.default = text;
        self
    }

    /// Left out of help and completion.
    #[must_use]
    pub const fn hidden(mut self) -> Self {
        self.hidden = true;
        self
    }

    /// No longer in use: left out of help, and answered with a note.
    #[must_use]
    pub const fn deprecated(mut self, note: &'static str) -> Self {
        self.hidden = true;
        self.deprecated = note;
        self
    }

    /// Whether it stands alone (`--x`) when no `=` follows.
    pub fn is_switch(&self) -> bool {
        matches!(self.kind, Kind::Bool)
    }

    /// The name of its type in help.
    pub fn type_name(&self) -> &'static str {
        match self.kind {
            Kind::Bool => "",
            Kind::String => "string",
            Kind::Int | Kind::Int64 => "int",
            Kind::Float => "float32",
            Kind::Duration => "duration",
            Kind::Slice => "strings",
            Kind::Array => "stringArray",
            Kind::Pairs => "stringToString",
            Kind::Checked(name, _) => name,
        }
    }

    /// How an error names it: `-n, --namespace` or `--url`.
    fn shown(&self) -> String {
        self.short.map_or_else(
            || format!("--{}", self.name),
            |letter| format!("-{letter}, --{}", self.name),
        )
    }

    /// Checks one given text; the error is what the user reads.
    fn check(&self, text: &str) -> Result<Vec<String>, String> {
        let one = |text: String| Ok(vec![text]);
        let checked = match self.kind {
            Kind::Bool => parse_bool(text).and_then(|value| one(value.to_string())),
            Kind::String | Kind::Array => one(text.to_owned()),
            Kind::Int => number(text, "Atoi").and_then(|value| one(value.to_string())),
            Kind::Int64 => number(text, "ParseInt").and_then(|value| one(value.to_string())),
            Kind::Float => match text.parse::<f32>() {
                Ok(value) => one(value.to_string()),
                Err(_) => Err(format!(
                    "strconv.ParseFloat: parsing {text:?}: invalid syntax"
                )),
            },
            Kind::Duration => match text.parse::<GoDuration>() {
                Ok(value) => one(value.to_string()),
                Err(error) => Err(error.to_string()),
            },
            Kind::Slice => split_csv(text),
            Kind::Pairs => pairs(text),
            Kind::Checked(_, check) => check(text).and_then(one),
        };
        checked.map_err(|why| {
            format!(
                "invalid argument {text:?} for {:?} flag: {why}",
                self.shown()
            )
        })
    }
}

/// The values of one call, by flag name. Flags that were not given answer with their default.
#[derive(Default, Clone)]
pub struct Values {
    given: BTreeMap<&'static str, Vec<String>>,
    known: BTreeMap<&'static str, Flag>,
}

impl fmt::Debug for Values {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Values may be passwords: names only.
        f.debug_set().entries(self.given.keys()).finish()
    }
}

impl Values {
    /// Makes a flag known, so that its default is.
    pub(crate) fn declare(&mut self, flag: Flag) {
        self.known.insert(flag.name, flag);
    }

    /// Takes one use of a flag.
    pub(crate) fn set(&mut self, flag: &Flag, text: &str) -> Result<(), String> {
        let values = flag.check(text)?;
        let slot = self.given.entry(flag.name).or_default();
        if !matches!(flag.kind, Kind::Slice | Kind::Array | Kind::Pairs) {
            slot.clear();
        }
        slot.extend(values);
        Ok(())
    }

    /// The notes on deprecated flags that were given.
    pub(crate) fn notes(&self) -> Vec<String> {
        self.given
            .keys()
            .filter_map(|name| self.known.get(name))
            .filter(|flag| !flag.deprecated.is_empty())
            .map(|flag| {
                let note = flag.deprecated;
                format!("Flag --{} has been deprecated, {note}", flag.name)
            })
            .collect()
    }

    /// Whether the user gave the flag.
    pub fn given(&self, name: &str) -> bool {
        self.given.contains_key(name)
    }

    /// The text of a flag, its default, or `""`.
    pub fn text(&self, name: &str) -> &str {
        match self.given.get(name) {
            Some(values) => values.last().map_or("", String::as_str),
            None => self.known.get(name).map_or("", |flag| flag.default),
        }
    }

    /// The text of a flag unless it is empty.
    pub fn some(&self, name: &str) -> Option<&str> {
        Some(self.text(name)).filter(|text| !text.is_empty())
    }

    /// Whether a switch is on.
    pub fn on(&self, name: &str) -> bool {
        self.text(name) == "true"
    }

    /// The items of a list.
    pub fn list(&self, name: &str) -> Vec<String> {
        match self.given.get(name) {
            Some(values) => values.clone(),
            None => self
                .known
                .get(name)
                .filter(|flag| !flag.default.is_empty())
                .map_or_else(Vec::new, |flag| {
                    flag.default.split(',').map(str::to_owned).collect()
                }),
        }
    }

    /// A number, 0 where it is none.
    pub fn number(&self, name: &str) -> i64 {
        self.text(name).parse().unwrap_or(0)
    }

    /// A duration, zero where it is none.
    pub fn duration(&self, name: &str) -> GoDuration {
        self.text(name).parse().unwrap_or_default()
    }
}

/// Go's `strconv.ParseBool`.
fn parse_bool(text: &str) -> Result<bool, String> {
    match text {
        "1" | "t" | "T" | "TRUE" | "true" | "True" => Ok(true),
        "0" | "f" | "F" | "FALSE" | "false" | "False" => Ok(false),
        _ => Err(format!(
            "strconv.ParseBool: parsing {text:?}: invalid syntax"
        )),
    }
}

fn number(text: &str, function: &str) -> Result<i64, String> {
    text.parse::<i64>().map_err(|error| {
        let why = match error.kind() {
            std::num::IntErrorKind::PosOverflow | std::num::IntErrorKind::NegOverflow => {
                "value out of range"
            }
            _ => "invalid syntax",
        };
        format!("strconv.{function}: parsing {text:?}: {why}")
    })
}

/// One line of comma-separated values, as Go's csv reader takes it: quotes only around whole fields.
fn split_csv(text: &str) -> Result<Vec<String>, String> {
    if text.is_empty() {
        return Ok(Vec::new());
    }
    let mut fields = Vec::new();
    let mut rest = text;
    loop {
        if let Some(quoted) = rest.strip_prefix('"') {
            let (field, after) = quoted_field(quoted, text)?;
            fields.push(field);
            match after.strip_prefix(',') {
                Some(next) => rest = next,
                None if after.is_empty() => return Ok(fields),
                None => {
                    return Err(csv_error(
                        text,
                        after,
                        "extraneous or missing \" in quoted-field",
                    ));
                }
            }
        } else {
            let (field, next) = match rest.split_once(',') {
                Some((field, next)) => (field, Some(next)),
                None => (rest, None),
            };
            if field.contains('"') {
                return Err(csv_error(text, rest, "bare \" in non-quoted-field"));
            }
            fields.push(field.to_owned());
            match next {
                Some(next) => rest = next,
                None => return Ok(fields),
            }
        }
    }
}

fn quoted_field<'a>(mut rest: &'a str, whole: &str) -> Result<(String, &'a str), String> {
    let mut field = String::new();
    loop {
        let Some((part, after)) = rest.split_once('"') else {
            return Err(csv_error(
                whole,
                "",
                "extraneous or missing \" in quoted-field",
            ));
        };
        field.push_str(part);
        match after.strip_prefix('"') {
            Some(next) => {
                field.push('"');
                rest = next;
            }
            None => return Ok((field, after)),
        }
    }
}

fn csv_error(whole: &str, rest: &str, why: &str) -> String {
    format!(
        "parse error on line 1, column {}: {why}",
        whole.len() - rest.len() + 1
    )
}

fn pairs(text: &str) -> Result<Vec<String>, String> {
    let fields = if text.matches('=').count() == 1 {
        vec![text.trim_matches('"').to_owned()]
    } else {
        split_csv(text)?
    };
    for field in &fields {
        if !field.contains('=') {
            return Err(format!("{field} must be formatted as key=value"));
        }
    }
    Ok(fields)
}
