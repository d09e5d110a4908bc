//! Which of many versions a range selects.

use crate::regexp::{Regexp, RegexpError};
use crate::semver::{Constraint, ConstraintError, Version};

/// Why nothing was selected; the texts reach users through conditions.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChoiceError {
    /// The range of a tag is none.
    #[error("semver '{range}' parse error: {source}")]
    TagRange {
        /// The range.
        range: String,
        /// What is wrong with it.
        source: ConstraintError,
    },
    /// The range of a chart is none.
    #[error(transparent)]
    ChartRange(#[from] ConstraintError),
    /// The filter of tags is no regular expression.
    #[error(transparent)]
    Filter(#[from] RegexpError),
    /// No tag is in the range.
    #[error("no match found for semver: {0}")]
    NoTag(String),
    /// No version of the chart is in the range.
    #[error("no '{chart}' chart with version matching '{range}' found")]
    NoChart {
        /// The chart.
        chart: String,
        /// The range.
        range: String,
    },
    /// The index does not have the chart.
    #[error("no chart name found")]
    NoChartName,
    /// The index has no version of the chart.
    #[error("no chart version found")]
    NoChartVersion,
}

/// Sorts newest first; versions of equal precedence keep their order.
pub fn newest_first(versions: &mut [Version]) {
    versions.sort_by(|a, b| b.precedence(a));
}

/// The newest tag in a range, out of those that match a filter (none where it is empty). In the tags of Helm charts
/// (`is_chart`) an underscore stands for the plus sign, which tags may not have.
///
/// # Errors
/// When filter or range are malformed or no tag is in the range.
pub fn choose_tag(
    tags: &[&str],
    range: &str,
    filter: &str,
    is_chart: bool,
) -> Result<String, ChoiceError> {
    let filter = if filter.is_empty() {
        None
    } else {
        Some(Regexp::new(filter)?)
    };
    let constraint = Constraint::parse(range).map_err(|source| ChoiceError::TagRange {
        range: range.to_owned(),
        source,
    })?;
    let mut versions: Vec<Version> = tags
        .iter()
        .filter(|tag| filter.as_ref().is_none_or(|filter| filter.is_match(tag)))
        .filter_map(|tag| {
            let text = if is_chart {
                tag.replace('_', "+")
            } else {
                (*tag).to_owned()
            };
            Version::parse(&text).ok()
        })
        .filter(|version| constraint.check(version))
        .collect();
    newest_first(&mut versions);
    let newest = versions
        .into_iter()
        .next()
        .ok_or_else(|| ChoiceError::NoTag(range.to_owned()))?;
    Ok(if is_chart {
        newest.original.replace('+', "_")
    } else {
        newest.original
    })
}

/// One version of a chart in an index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChartVersion<'a> {
    /// Its version, as the index has it.
    pub version: &'a str,
    /// When it was made; RFC 3339 in UTC, or empty.
    pub created: &'a str,
}

/// The place of the version that a range selects: that very text, else the newest in the range. An empty range is any
/// release. Among equals the one made last is chosen, and then the one that comes last.
///
/// # Errors
/// When there are no versions, the range is malformed, or nothing is in it.
pub fn choose_chart(
    chart: &str,
    versions: Option<&[ChartVersion<'_>]>,
    range: &str,
) -> Result<usize, ChoiceError> {
    let versions = versions.ok_or(ChoiceError::NoChartName)?;
    if versions.is_empty() {
        return Err(ChoiceError::NoChartVersion);
    }
    // An entry whose version is none does not count as part of the index.
    let is_exact = |entry: &ChartVersion<'_>| {
        entry.version == range && Version::parse_loose(entry.version).is_ok()
    };
    if !range.is_empty()
        && let Some(exact) = versions.iter().position(is_exact)
    {
        return Ok(exact);
    }
    let constraint = Constraint::parse(if range.is_empty() { "*" } else { range })?;
    let in_range = versions.iter().enumerate().filter_map(|(at, entry)| {
        let version = Version::parse(entry.version).ok()?;
        constraint
            .check(&version)
            .then_some((at, version, entry.created))
    });
    let newest = in_range.max_by(|(_, a, a_created), (_, b, b_created)| {
        // The last of equal maxima is taken.
        a.precedence(b).then_with(|| a_created.cmp(b_created))
    });
    newest
        .map(|(at, _, _)| at)
        .ok_or_else(|| ChoiceError::NoChart {
            chart: chart.to_owned(),
            range: range.to_owned(),
        })
}
