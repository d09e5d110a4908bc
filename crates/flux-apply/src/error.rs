//! What can go wrong with one object. Texts are those of upstream (KUS-APL-020).

use std::fmt;

use flux_object::ObjectId;

/// What was tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// The check before the first write of a stage.
    DryRun,
    /// The write itself.
    Apply,
    /// The patch that takes over from other field managers.
    Cleanup,
    /// Reading the object.
    Query,
    /// Deleting it.
    Delete,
}

/// Why an apply stopped.
#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    /// The API server refused an object, or could not be asked.
    #[error("{}", refused(id, *operation, source))]
    Refused {
        /// The object.
        id: ObjectId,
        /// What was tried.
        operation: Operation,
        /// The answer.
        #[source]
        source: Box<flux_kube::Error>,
    },
    /// A Secret in SOPS form reached the apply.
    #[error(
        "{0} is SOPS encrypted, configuring decryption is required for this secret to be reconciled"
    )]
    Encrypted(ObjectId),
    /// An object deleted for being recreated did not go away in time.
    #[error("{0} recreation failed: the old object is still being deleted")]
    StillThere(ObjectId),
    /// Objects that later stages need did not become ready.
    #[error("{0}")]
    NotReady(crate::wait::WaitError),
    /// The inventory could not be recorded, so nothing was created.
    #[error("inventory could not be recorded")]
    Ledger(#[source] crate::engine::LedgerError),
}

impl ApplyError {
    pub(crate) fn refused(id: &ObjectId, operation: Operation, source: flux_kube::Error) -> Self {
        Self::Refused {
            id: id.clone(),
            operation,
            source: Box::new(source),
        }
    }

    /// Whether the same apply may succeed a little later.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Refused { source, .. } if source.is_transient())
    }
}

fn refused(id: &ObjectId, operation: Operation, source: &flux_kube::Error) -> impl fmt::Display {
    match operation {
        Operation::DryRun if source.is_not_found() && id.namespace.is_empty() => {
            format!("{id} namespace not specified")
        }
        Operation::DryRun if source.is_not_found() => format!("{id} not found"),
        Operation::DryRun => match reason(source) {
            "" => format!("{id} dry-run failed"),
            reason => format!("{id} dry-run failed ({reason})"),
        },
        Operation::Apply => format!("{id} apply failed"),
        Operation::Cleanup => format!("{id} metadata.managedFields cleanup failed"),
        Operation::Query => format!("{id} query failed"),
        Operation::Delete => format!("{id} delete failed"),
    }
}

fn reason(error: &flux_kube::Error) -> &str {
    const MANAGER_CONFLICT: &str = "FieldManagerConflict";
    let Some(status) = error.status() else {
        return "";
    };
    if status.causes.iter().any(|c| c.reason == MANAGER_CONFLICT) {
        return MANAGER_CONFLICT;
    }
    &status.reason
}
