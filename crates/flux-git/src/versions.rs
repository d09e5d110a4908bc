//! Tags as versions: which of them are in a range, best first.

use flux_gocompat::semver::{Constraint, Version};

use crate::error::Error;
use crate::reference::RemoteRef;

/// The tags in a range, grouped by equal versions, the highest version first; within a group by name.
/// Only texts with three parts are versions (spec row COM-REV-001).
pub(crate) fn matching(range: &str, tags: Vec<RemoteRef>) -> Result<Vec<Vec<RemoteRef>>, Error> {
    let constraint = Constraint::parse(range).map_err(|error| Error::SemverSyntax {
        source: Box::new(error),
    })?;
    let mut versions: Vec<(Version, RemoteRef)> = tags
        .into_iter()
        .filter_map(|tag| {
            let version = Version::parse(tag.name.strip_prefix("refs/tags/")?).ok()?;
            constraint.check(&version).then_some((version, tag))
        })
        .collect();
    versions.sort_by(|(a, tag_a), (b, tag_b)| {
        b.precedence(a).then_with(|| tag_a.name.cmp(&tag_b.name))
    });
    let mut groups: Vec<(Version, Vec<RemoteRef>)> = Vec::new();
    for (version, tag) in versions {
        match groups.last_mut() {
            Some((last, group)) if last.precedence(&version).is_eq() => group.push(tag),
            _ => groups.push((version, vec![tag])),
        }
    }
    Ok(groups.into_iter().map(|(_, group)| group).collect())
}
