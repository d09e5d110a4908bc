//! What can go wrong in an apply or an update, worded as the API server words it.

use std::fmt;

use crate::fields::Path;
use crate::managed::ManagerKey;

/// Why an apply or update was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MergeError {
    /// Other managers own fields that the request changes: status 409, reason Conflict.
    #[error(transparent)]
    Conflicts(#[from] Conflicts),
    /// The request is malformed: status 400, reason BadRequest.
    #[error("{0}")]
    BadRequest(String),
    /// The object does not fit its type: the server answers with status 500 and this text.
    #[error("{0}")]
    Invalid(String),
}

/// The fields that an apply would take from other managers. Display is the message of the status.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Conflicts(pub(crate) Vec<Conflict>);

impl Conflicts {
    /// The conflicts, by manager and then by field.
    pub fn iter(&self) -> impl Iterator<Item = &Conflict> {
        self.0.iter()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl std::error::Error for Conflicts {}

/// One field owned by one other manager.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conflict {
    pub(crate) manager: ManagerKey,
    pub(crate) path: Path,
}

impl Conflict {
    /// The `message` of the status cause: `conflict with "kubectl" using apps/v1`. Its `reason` is `FieldManagerConflict`.
    pub fn message(&self) -> String {
        format!("conflict with {}", self.manager)
    }

    /// The `field` of the status cause: `.spec.replicas`.
    pub fn field(&self) -> String {
        self.path.to_string()
    }

    /// The name of the other manager.
    pub fn manager(&self) -> &str {
        &self.manager.manager
    }
}

impl fmt::Display for Conflicts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let [one] = self.0.as_slice() {
            return write!(
                f,
                "Apply failed with 1 conflict: conflict with {}: {}",
                one.manager, one.path
            );
        }
        write!(f, "Apply failed with {} conflicts: ", self.0.len())?;
        let mut last = None;
        for (index, conflict) in self.0.iter().enumerate() {
            if last != Some(&conflict.manager) {
                let line = if index == 0 { "" } else { "\n" };
                write!(f, "{line}conflicts with {}:", conflict.manager)?;
                last = Some(&conflict.manager);
            }
            write!(f, "\n- {}", conflict.path)?;
        }
        Ok(())
    }
}
