//! Progress of a GitRepository, worded as upstream words it.

use flux_api::meta::condition_type::ARTIFACT_OUTDATED;
use flux_api::source::reason;
use flux_report::{Fact, ReadyDuring};

/// A moment in a pass that is worth telling.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    /// A pass begins (SRC-REC-002).
    Processing {
        /// The generation that was observed last and the present one, if they differ.
        generations: Option<(i64, i64)>,
        /// Ready is True or False, and stays so for now.
        judged: bool,
    },
    /// Nothing is stored (any more).
    Building {
        /// The status names an artifact that is gone or damaged.
        disappeared: bool,
    },
    /// The included artifacts are not those of the stored artifact.
    IncludesDiffer {
        /// There were includes before.
        known: bool,
    },
    /// The repository moved.
    NewRevision {
        /// Where to.
        revision: String,
        /// There is a stored artifact, which is outdated now.
        stored: bool,
    },
}

impl Step {
    fn news(&self) -> String {
        match self {
            Self::Processing { .. } | Self::Building { .. } => String::new(),
            Self::IncludesDiffer { .. } => {
                "included artifacts differ from last observed includes".to_owned()
            }
            Self::NewRevision { revision, .. } => format!("new upstream revision '{revision}'"),
        }
    }
}

impl flux_report::Step for Step {
    fn message(&self) -> String {
        match self {
            Self::Processing {
                generations: Some((from, to)),
                ..
            } => {
                format!("processing object: new generation {from} -> {to}")
            }
            Self::Processing {
                generations: None, ..
            } => "reconciliation in progress".to_owned(),
            Self::Building { disappeared: false } => "building artifact".to_owned(),
            Self::Building { disappeared: true } => {
                "building artifact: disappeared from storage".to_owned()
            }
            Self::IncludesDiffer { .. } | Self::NewRevision { .. } => {
                format!("building artifact: {}", self.news())
            }
        }
    }

    fn ready(&self) -> ReadyDuring {
        match self {
            Self::Processing { judged: true, .. } => ReadyDuring::Keep,
            _ => ReadyDuring::Same,
        }
    }

    /// An artifact is outdated only if there is one (SRC-REC-009).
    fn facts(&self) -> Vec<Fact> {
        let reason = match self {
            Self::IncludesDiffer { known: true } => reason::INCLUDE_CHANGE,
            Self::NewRevision { stored: true, .. } => reason::NEW_REVISION,
            _ => return Vec::new(),
        };
        vec![Fact::yes(ARTIFACT_OUTDATED, reason, self.news())]
    }
}
