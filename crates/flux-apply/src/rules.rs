//! What labels and annotations ask for, and whose an object is.

use flux_object::Object;

/// Whose objects are applied: two labels on each of them say so (KUS-APL-003).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Owner {
    /// Prefix of the labels and annotations, such as `kustomize.toolkit.fluxcd.io`.
    pub group: String,
    /// Name of the owning object.
    pub name: String,
    /// Its namespace.
    pub namespace: String,
}

impl Owner {
    /// Sets both labels.
    pub fn mark(&self, object: &mut Object) {
        object.set_label(&format!("{}/name", self.group), &self.name);
        object.set_label(&format!("{}/namespace", self.group), &self.namespace);
    }
}

/// How an object is applied (KUS-APL-010).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Fields of other managers are taken over.
    Override,
    /// Fields of other managers are kept.
    Merge,
    /// Only created, never changed.
    IfNotPresent,
    /// Left alone.
    Ignore,
}

/// What the labels and annotations of one object ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Wishes {
    pub(crate) mode: Mode,
    pub(crate) reconcile_disabled: bool,
    pub(crate) prune_disabled: bool,
    pub(crate) force: bool,
}

impl Wishes {
    pub(crate) fn of(object: &Object, group: &str) -> Self {
        let says = |key: &str, value: &str| {
            let key = format!("{group}/{key}");
            [object.annotation(&key), object.label(&key)]
                .into_iter()
                .flatten()
                .any(|found| found.eq_ignore_ascii_case(value))
        };
        let mode = if says("ssa", "Ignore") {
            Mode::Ignore
        } else if says("ssa", "IfNotPresent") {
            Mode::IfNotPresent
        } else if says("ssa", "Merge") {
            Mode::Merge
        } else {
            Mode::Override
        };
        Self {
            mode,
            reconcile_disabled: says("reconcile", "disabled"),
            prune_disabled: says("prune", "disabled"),
            force: says("force", "enabled"),
        }
    }

    /// Whether an object with these wishes is left alone by an apply.
    pub(crate) fn leaves_alone(self) -> bool {
        self.reconcile_disabled || self.mode == Mode::Ignore
    }

    /// Whether an object with these wishes survives a prune (KUS-PRN-002).
    pub(crate) fn survives_prune(self) -> bool {
        self.leaves_alone() || self.prune_disabled
    }
}
