//! Tags as versions: which of them are in a range, best first.

use crate::error::Error;
use crate::reference::RemoteRef;

/// The tags in a range, grouped by equal versions, the highest version first; within a group by name.
/// Only texts with three parts are versions (spec row COM-REV-001).
pub(crate) fn matching(_range: &str, _tags: Vec<RemoteRef>) -> Result<Vec<Vec<RemoteRef>>, Error> {
    Err(Error::SemverSyntax {
        source: "version ranges are not supported yet".into(),
    })
}
