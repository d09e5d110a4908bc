//! Recorded vectors of versions and ranges.

use std::cmp::Ordering;
use std::process::ExitCode;

use flux_conformance::{Area, Known, Run, same};
use flux_gocompat::semver::{
    ChartVersion, Constraint, Version, VersionError, choose_chart, choose_tag, newest_first,
};
use serde_json::{Value, json};

fn main() -> ExitCode {
    let mut run = Run::from_args();
    run.area("semver/parse", Known::none(), |area| {
        each(area, "parse.json", parse);
    });
    run.area("semver/constraints", Known::none(), |area| {
        each(area, "constraints.json", constraint);
    });
    run.area("semver/match", Known::none(), |area| {
        each(area, "match.json", matches);
    });
    run.area("semver/compare", Known::none(), |area| {
        each(area, "compare.json", compare);
    });
    run.area("semver/sort", Known::none(), |area| {
        each(area, "sort.json", sort);
    });
    run.area("semver/oci-tags", Known::none(), |area| {
        each(area, "oci-tags.json", tag);
    });
    run.area("semver/helm-charts", Known::none(), |area| {
        let index = read_index(&area.text("helm-index.yaml"));
        each(area, "helm-charts.json", |case| chart(case, &index));
    });
    run.finish()
}

fn each(area: &mut Area, file: &str, check: impl Fn(&Value) -> Result<(), String>) {
    let cases = area.json(file);
    for case in cases.as_array().into_iter().flatten() {
        area.case(text(case, "id"), || check(case));
    }
}

fn text<'a>(case: &'a Value, key: &str) -> &'a str {
    case[key].as_str().unwrap_or_default()
}

fn texts<'a>(case: &'a Value, key: &str) -> Vec<&'a str> {
    case[key]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect()
}

fn version(text: &str) -> Result<Version, String> {
    Version::parse_loose(text).map_err(|error| error.to_string())
}

fn parse(case: &Value) -> Result<(), String> {
    let input = text(case, "input");
    let check = |key: &str, got: Result<Version, VersionError>| {
        let got = match got {
            Err(error) => json!({"error": error.to_string(), "version": null}),
            Ok(version) => json!({"error": null, "version": {
                "major": version.major, "minor": version.minor, "patch": version.patch,
                "prerelease": version.prerelease, "metadata": version.metadata,
                "original": version.original, "string": version.to_string(),
            }}),
        };
        same(&got, &case[key])
    };
    check("flux", Version::parse(input))?;
    check("loose", Version::parse_loose(input))?;
    check("strict", Version::parse_strict(input))
}

fn constraint(case: &Value) -> Result<(), String> {
    match Constraint::parse(text(case, "constraint")) {
        Ok(constraint) => same(&json!(constraint.to_string()), &case["string"]),
        Err(error) => same(&json!(error.to_string()), &case["error"]),
    }
}

fn matches(case: &Value) -> Result<(), String> {
    let constraint =
        Constraint::parse(text(case, "constraint")).map_err(|error| error.to_string())?;
    same(
        &json!(constraint.check(&version(text(case, "version"))?)),
        &case["match"],
    )
}

fn compare(case: &Value) -> Result<(), String> {
    let order = version(text(case, "a"))?.precedence(&version(text(case, "b"))?);
    same(&json!(order as i8), &case["compare"])?;
    same(&json!(order == Ordering::Equal), &case["equal"])
}

fn sort(case: &Value) -> Result<(), String> {
    let range = text(case, "constraint");
    let constraint = if range.is_empty() {
        None
    } else {
        Some(Constraint::parse(range))
    };
    let constraint = match constraint {
        Some(Err(error)) => return same(&json!(error.to_string()), &case["error"]),
        Some(Ok(constraint)) => Some(constraint),
        None => None,
    };
    let mut versions: Vec<Version> = texts(case, "versions")
        .into_iter()
        .filter_map(|version| Version::parse(version).ok())
        .filter(|version| constraint.as_ref().is_none_or(|range| range.check(version)))
        .collect();
    newest_first(&mut versions);
    let got: Vec<&str> = versions
        .iter()
        .map(|version| version.original.as_str())
        .collect();
    same(&got, &texts(case, "sortedDescending"))
}

fn tag(case: &Value) -> Result<(), String> {
    let is_chart = text(case, "layerMediaType").contains("helm.chart");
    let (range, filter) = (text(case, "semver"), text(case, "semverFilter"));
    match choose_tag(&texts(case, "tags"), range, filter, is_chart) {
        Ok(tag) => same(&json!(tag), &case["tag"]),
        Err(error) => same(&json!(error.to_string()), &case["error"]),
    }
}

/// One version in the index.
#[derive(Debug, Default)]
struct Entry {
    chart: String,
    version: String,
    created: String,
    digest: String,
}

/// The index is flat enough to be read line by line.
fn read_index(index: &str) -> Vec<Entry> {
    let mut entries: Vec<Entry> = Vec::new();
    let mut chart = String::new();
    for line in index.lines() {
        if let Some(name) = line
            .strip_prefix("  ")
            .and_then(|line| line.strip_suffix(':'))
            && !name.starts_with(' ')
        {
            name.clone_into(&mut chart);
        }
        if line.starts_with("  - apiVersion:") {
            entries.push(Entry {
                chart: chart.clone(),
                ..Entry::default()
            });
        }
        if let (Some((key, value)), Some(entry)) = (line.split_once(": "), entries.last_mut()) {
            let value = value.trim_matches(['"', '\'']).to_owned();
            match key {
                "    version" => entry.version = value,
                "    created" => entry.created = value,
                "    digest" => entry.digest = value,
                _ => {}
            }
        }
    }
    entries
}

fn chart(case: &Value, index: &[Entry]) -> Result<(), String> {
    let name = text(case, "chart");
    let entries: Vec<&Entry> = index.iter().filter(|entry| entry.chart == name).collect();
    let versions: Vec<ChartVersion<'_>> = entries
        .iter()
        .map(|entry| ChartVersion {
            version: &entry.version,
            created: &entry.created,
        })
        .collect();
    let known = (!versions.is_empty()).then_some(versions.as_slice());
    match choose_chart(name, known, text(case, "range")) {
        Ok(at) => {
            same(&json!(entries[at].version), &case["version"])?;
            same(&json!(entries[at].digest), &case["digest"])
        }
        Err(error) => same(&json!(error.to_string()), &case["error"]),
    }
}
