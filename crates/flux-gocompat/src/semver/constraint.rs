//! A range of versions: `>=1.2 <2 || ~3.1`.

use std::fmt;
use std::sync::LazyLock;

use regex::Regex;

use crate::quote::quote;
use crate::semver::Version;
use crate::semver::version::compare_parts;

const MOST_BYTES: usize = 512;
const MOST_GROUPS: usize = 32;

/// A version in a range: parts may be missing or `x`, `X`, `*`.
const PARTIAL: &str = r"v?([0-9|xX*]+)(\.[0-9|xX*]+)?(\.[0-9|xX*]+)?(-([0-9A-Za-z\-]+(\.[0-9A-Za-z\-]+)*))?(\+([0-9A-Za-z\-]+(\.[0-9A-Za-z\-]+)*))?";
/// The order matters: the empty operator is tried before the longer ones.
const OPERATORS: &str = r"=||!=|>|<|>=|=>|<=|=<|~|~>|\^";
const SPACE: &str = r"[\t\n\f\r ]";

static ONE: LazyLock<Regex> = LazyLock::new(|| {
    compile(&format!(
        "^{SPACE}*({OPERATORS}){SPACE}*({PARTIAL}){SPACE}*$"
    ))
});
static EACH: LazyLock<Regex> =
    LazyLock::new(|| compile(&format!("({OPERATORS}){SPACE}*({PARTIAL})")));
static DASH: LazyLock<Regex> = LazyLock::new(|| {
    compile(&format!(
        "{SPACE}*({PARTIAL}){SPACE}+-{SPACE}+({PARTIAL}){SPACE}*"
    ))
});
static GROUP: LazyLock<Regex> = LazyLock::new(|| {
    let part = format!("({OPERATORS}){SPACE}*({PARTIAL}){SPACE}*");
    compile(&format!(
        "^({SPACE}*{part})((?:{SPACE}+|,{SPACE}*){part})*$"
    ))
});

fn compile(pattern: &str) -> Regex {
    Regex::new(pattern).expect("the pattern is a constant of this module")
}

/// A range: groups of which one must match, each of parts that must all match.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Constraint {
    groups: Vec<Group>,
}

/// Why a text is no range; the texts are the library's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConstraintError {
    /// More than 512 bytes.
    #[error("constraint string is too long (max {MOST_BYTES} bytes)")]
    TooLong,
    /// More than 32 alternatives.
    #[error("too many constraint groups (max {MOST_GROUPS})")]
    TooManyGroups,
    /// An alternative that is no range.
    #[error("improper constraint: {}", quote(.0))]
    Improper(String),
    /// A version that looked right and is none.
    #[error("constraint parser error")]
    Parser,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Group {
    parts: Vec<Part>,
    /// Whether a part names a prerelease; otherwise prereleases never match.
    with_prereleases: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Part {
    operator: String,
    version: Version,
    original: String,
    wild: Wild,
}

/// From which part on a version in a range is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wild {
    Nothing,
    Patch,
    Minor,
    Major,
}

impl Constraint {
    /// Reads a range.
    ///
    /// # Errors
    /// When the text is none.
    pub fn parse(text: &str) -> Result<Self, ConstraintError> {
        if text.len() > MOST_BYTES {
            return Err(ConstraintError::TooLong);
        }
        let text = rewrite_dashes(text);
        let groups: Vec<&str> = text.split("||").collect();
        if groups.len() > MOST_GROUPS {
            return Err(ConstraintError::TooManyGroups);
        }
        let groups = groups
            .into_iter()
            .map(Group::parse)
            .collect::<Result<_, _>>()?;
        Ok(Self { groups })
    }

    /// Whether a version is in the range.
    pub fn check(&self, version: &Version) -> bool {
        self.groups.iter().any(|group| {
            let allowed = version.prerelease.is_empty() || group.with_prereleases;
            allowed && group.parts.iter().all(|part| part.check(version))
        })
    }
}

impl fmt::Display for Constraint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, group) in self.groups.iter().enumerate() {
            f.write_str(if index == 0 { "" } else { " || " })?;
            for (index, part) in group.parts.iter().enumerate() {
                let space = if index == 0 { "" } else { " " };
                write!(f, "{space}{}{}", part.operator, part.original)?;
            }
        }
        Ok(())
    }
}

/// `1.2 - 1.4` becomes `>= 1.2, <= 1.4 `.
fn rewrite_dashes(text: &str) -> String {
    let mut out = text.to_owned();
    for found in DASH.captures_iter(text) {
        let group = |index| found.get(index).map_or("", |group| group.as_str());
        out = out.replacen(group(0), &format!(">= {}, <= {} ", group(1), group(11)), 1);
    }
    out
}

impl Group {
    fn parse(text: &str) -> Result<Self, ConstraintError> {
        if !GROUP.is_match(text) {
            return Err(ConstraintError::Improper(text.to_owned()));
        }
        let parts: Vec<Part> = EACH
            .find_iter(text)
            .map(|part| Part::parse(part.as_str()))
            .collect::<Result<_, _>>()?;
        let with_prereleases = parts.iter().any(|part| !part.version.prerelease.is_empty());
        Ok(Self {
            parts,
            with_prereleases,
        })
    }
}

impl Part {
    fn parse(text: &str) -> Result<Self, ConstraintError> {
        let found = ONE
            .captures(text)
            .ok_or_else(|| ConstraintError::Improper(text.to_owned()))?;
        let group = |index| found.get(index).map_or("", |group| group.as_str());
        let is_open = |part: &str| matches!(part.trim_start_matches('.'), "" | "x" | "X" | "*");
        let (major, minor, patch, prerelease) = (group(3), group(4), group(5), group(6));
        let (wild, version) = if is_open(major) {
            (Wild::Major, format!("0.0.0{prerelease}"))
        } else if is_open(minor) {
            (Wild::Minor, format!("{major}.0.0{prerelease}"))
        } else if is_open(patch) {
            (Wild::Patch, format!("{major}{minor}.0{prerelease}"))
        } else {
            (Wild::Nothing, group(2).to_owned())
        };
        Ok(Self {
            operator: group(1).to_owned(),
            version: Version::parse_loose(&version).map_err(|_| ConstraintError::Parser)?,
            original: group(2).to_owned(),
            wild,
        })
    }

    /// Prereleases were sorted out before.
    fn check(&self, version: &Version) -> bool {
        let order = version.precedence(&self.version);
        match self.operator.as_str() {
            "!=" => self.differs(version),
            ">" => self.is_below(version),
            "<" => order.is_lt(),
            ">=" | "=>" => order.is_ge(),
            "<=" | "=<" => self.is_not_below(version),
            "~" | "~>" => self.tilde(version),
            "^" => self.caret(version),
            _ if self.wild == Wild::Nothing => order.is_eq(),
            _ => self.tilde(version),
        }
    }

    fn differs(&self, version: &Version) -> bool {
        let ours = &self.version;
        match self.wild {
            Wild::Nothing => version.precedence(ours).is_ne(),
            // Parity: `!=*` reads as "another version than 0.0.0".
            _ if ours.major != version.major => true,
            Wild::Minor => false,
            _ if ours.minor != version.minor => true,
            Wild::Patch => {
                // Parity: a release and a prerelease differ here, whichever way.
                compare_parts(&version.prerelease, &ours.prerelease).is_ne()
            }
            Wild::Major => ours.patch != version.patch || version.precedence(ours).is_ne(),
        }
    }

    /// Whether the range's version is below the other: `>1.2` starts at `1.3`.
    fn is_below(&self, version: &Version) -> bool {
        let ours = &self.version;
        match self.wild {
            Wild::Minor => version.major > ours.major,
            Wild::Patch => (version.major, version.minor) > (ours.major, ours.minor),
            Wild::Nothing | Wild::Major => version.precedence(ours).is_gt(),
        }
    }

    fn is_not_below(&self, version: &Version) -> bool {
        let ours = &self.version;
        match self.wild {
            Wild::Nothing => version.precedence(ours).is_le(),
            Wild::Minor => version.major <= ours.major,
            Wild::Patch | Wild::Major => (version.major, version.minor) <= (ours.major, ours.minor),
        }
    }

    fn tilde(&self, version: &Version) -> bool {
        let ours = &self.version;
        if version.precedence(ours).is_lt() {
            return false;
        }
        let is_zero = (ours.major, ours.minor, ours.patch) == (0, 0, 0);
        if is_zero && !matches!(self.wild, Wild::Minor | Wild::Patch) {
            // Parity: `~0.0.0` is any version from there on, as `~*` is.
            return true;
        }
        version.major == ours.major && (version.minor == ours.minor || self.wild == Wild::Minor)
    }

    fn caret(&self, version: &Version) -> bool {
        let ours = &self.version;
        if version.precedence(ours).is_lt() {
            return false;
        }
        if ours.major > 0 || self.wild == Wild::Minor {
            return version.major == ours.major;
        }
        if version.major > 0 {
            return false;
        }
        if ours.minor > 0 || self.wild == Wild::Patch {
            return version.minor == ours.minor;
        }
        // Parity: `^*` has no part that is open to this rule, so it is 0.0.0.
        version.minor == 0 && version.patch == ours.patch
    }
}
