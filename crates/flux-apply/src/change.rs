//! What became of each object.

use std::fmt;

use flux_object::ObjectId;

/// What was done with an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    /// It did not exist.
    Created,
    /// It was changed.
    Configured,
    /// It was as desired.
    Unchanged,
    /// An annotation asked to leave it alone, or it is not ours.
    Skipped,
    /// It was deleted, or had been.
    Deleted,
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Created => "created",
            Self::Configured => "configured",
            Self::Unchanged => "unchanged",
            Self::Skipped => "skipped",
            Self::Deleted => "deleted",
        })
    }
}

/// One object and what was done with it (KUS-APL-008).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The object.
    pub id: ObjectId,
    /// API version without its group, as inventories keep it.
    pub version: String,
    /// What was done.
    pub action: Action,
    /// A Job that the cluster removes by itself some time after it finished.
    pub expires: bool,
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.id, self.action)
    }
}

/// The changes worth telling, one line each: all but `unchanged` ones and those skipped.
pub fn lines(changes: &[Change], actions: &[Action]) -> String {
    let lines: Vec<String> = changes
        .iter()
        .filter(|change| actions.contains(&change.action))
        .map(ToString::to_string)
        .collect();
    lines.join("\n")
}
