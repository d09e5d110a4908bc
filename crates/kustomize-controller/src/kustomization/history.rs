//! `status.history`: the last outcomes, newest first (KUS-API-027).

use std::collections::BTreeMap;

use flux_api::kustomize::{HISTORY_LIMIT, HistoryEntry};
use flux_gocompat::{GoDuration, Time};
use jiff::Timestamp;

/// One outcome to be remembered.
#[derive(Debug, Clone)]
pub(crate) struct Outcome<'a> {
    pub(crate) digest: &'a str,
    pub(crate) status: &'a str,
    pub(crate) revision: &'a str,
    pub(crate) origin_revision: Option<&'a str>,
    pub(crate) elapsed: GoDuration,
    pub(crate) now: Timestamp,
}

/// Adds an outcome in front. The same digest with the same status is counted instead, wherever it stands.
pub(crate) fn remember(history: &mut Vec<HistoryEntry>, outcome: &Outcome<'_>) {
    let mut metadata = BTreeMap::from([("revision".to_owned(), outcome.revision.to_owned())]);
    if let Some(origin) = outcome.origin_revision {
        metadata.insert("originRevision".to_owned(), origin.to_owned());
    }
    let known = history.iter().position(|entry| {
        entry.digest == outcome.digest && entry.last_reconciled_status == outcome.status
    });
    let now = Time::new(outcome.now);
    let entry = match known.map(|at| history.remove(at)) {
        Some(entry) => HistoryEntry {
            last_reconciled: now,
            last_reconciled_duration: outcome.elapsed,
            total_reconciliations: entry.total_reconciliations + 1,
            metadata: Some(metadata),
            ..entry
        },
        None => HistoryEntry {
            digest: outcome.digest.to_owned(),
            first_reconciled: now,
            last_reconciled: now,
            last_reconciled_duration: outcome.elapsed,
            last_reconciled_status: outcome.status.to_owned(),
            total_reconciliations: 1,
            metadata: Some(metadata),
        },
    };
    history.insert(0, entry);
    history.truncate(HISTORY_LIMIT);
}
