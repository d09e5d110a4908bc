//! The name of an object of a known kind, and how urgently it is looked at.

use std::fmt;

/// Namespace and name; the namespace is empty for cluster-scoped kinds.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct ObjectKey {
    /// Namespace.
    pub namespace: String,
    /// Name.
    pub name: String,
}

impl ObjectKey {
    /// From its parts.
    pub fn new(namespace: impl Into<String>, name: impl Into<String>) -> Self {
        Self {
            namespace: namespace.into(),
            name: name.into(),
        }
    }
}

impl fmt::Display for ObjectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.namespace.is_empty() {
            f.write_str(&self.name)
        } else {
            write!(f, "{}/{}", self.namespace, self.name)
        }
    }
}

/// Why an object is looked at; the smaller, the sooner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Priority {
    /// Somebody asked for it.
    UserRequest,
    /// Its spec, or the source it follows, changed.
    NewRevision,
    /// Something it waited for became ready.
    DependencyReady,
    /// It failed before.
    Retry,
    /// Its interval is over.
    Interval,
    /// The controller has just started.
    StartUp,
    /// Nothing happened; what is known is checked again.
    Verification,
}

impl Priority {
    /// Label value in the work queue's metrics.
    pub(crate) const fn label(self) -> &'static str {
        match self {
            Self::UserRequest => "3",
            Self::NewRevision => "2",
            Self::DependencyReady => "1",
            Self::Retry | Self::Interval => "0",
            Self::StartUp => "-100",
            Self::Verification => "-200",
        }
    }
}
