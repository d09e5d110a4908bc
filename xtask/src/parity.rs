//! `parity`: how many rows of the contract are done, partly done and open.
//!
//! The table `docs/compat/parity.md` has one line per row that is not open: id, state, and the test that shows it.
//! A family's size stands in the same file, so that the count works without the contract at hand;
//! where the contract is at hand (`../shared/spec`), sizes and ids are compared with it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::{Context, Result, bail};

const TABLE: &str = "docs/compat/parity.md";

#[derive(Default)]
struct Family {
    rows: usize,
    done: usize,
    partly: usize,
}

struct Row {
    id: String,
    state: String,
    test: String,
    line: usize,
}

pub(crate) fn run(root: &Path, _args: &[String]) -> Result<()> {
    let text =
        std::fs::read_to_string(root.join(TABLE)).with_context(|| format!("read {TABLE}"))?;
    let (mut families, rows) = parse(&text)?;
    let mut faults = Vec::new();
    if let Some(spec) = spec_ids(root)? {
        compare(&families, &rows, &spec, &mut faults);
    }
    let sources = sources(root)?;
    let mut seen = BTreeSet::new();
    for row in &rows {
        if !seen.insert(row.id.clone()) {
            faults.push(format!("{TABLE}:{}: {} stands twice", row.line, row.id));
        }
        let family = families
            .get_mut(family_of(&row.id))
            .with_context(|| format!("{TABLE}:{}: {} has no family", row.line, row.id))?;
        match row.state.as_str() {
            "done" => family.done += 1,
            "partly" => family.partly += 1,
            other => faults.push(format!("{TABLE}:{}: state {other:?}", row.line)),
        }
        if row.state == "done" && !names_a_test(&row.test, &sources) {
            faults.push(format!(
                "{TABLE}:{}: {}: no test {:?}",
                row.line, row.id, row.test
            ));
        }
    }
    print(&families);
    if faults.is_empty() {
        Ok(())
    } else {
        bail!("{}", faults.join("\n"))
    }
}

fn print(families: &BTreeMap<String, Family>) {
    let mut total = Family::default();
    println!(
        "{:<12} {:>5} {:>5} {:>6} {:>5}",
        "family", "rows", "done", "partly", "open"
    );
    for (name, family) in families {
        let open = family.rows.saturating_sub(family.done + family.partly);
        println!(
            "{name:<12} {:>5} {:>5} {:>6} {open:>5}",
            family.rows, family.done, family.partly
        );
        total.rows += family.rows;
        total.done += family.done;
        total.partly += family.partly;
    }
    let open = total.rows.saturating_sub(total.done + total.partly);
    println!(
        "{:<12} {:>5} {:>5} {:>6} {open:>5}",
        "all", total.rows, total.done, total.partly
    );
}

fn parse(text: &str) -> Result<(BTreeMap<String, Family>, Vec<Row>)> {
    let mut families = BTreeMap::new();
    let mut rows = Vec::new();
    for (at, line) in text.lines().enumerate() {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        match cells.as_slice() {
            [family, count] if count.parse::<usize>().is_ok() => {
                let rows = count.parse()?;
                families.insert(
                    (*family).to_owned(),
                    Family {
                        rows,
                        ..Family::default()
                    },
                );
            }
            [id, state, test] if is_id(id) => rows.push(Row {
                id: (*id).to_owned(),
                state: (*state).to_owned(),
                test: (*test).to_owned(),
                line: at + 1,
            }),
            _ => {}
        }
    }
    Ok((families, rows))
}

fn compare(
    families: &BTreeMap<String, Family>,
    rows: &[Row],
    spec: &BTreeSet<String>,
    faults: &mut Vec<String>,
) {
    let mut sizes: BTreeMap<&str, usize> = BTreeMap::new();
    for id in spec {
        *sizes.entry(family_of(id)).or_default() += 1;
    }
    for (family, size) in sizes {
        let have = families.get(family).map_or(0, |family| family.rows);
        if have != size {
            faults.push(format!(
                "{TABLE}: family {family} has {size} rows, the table says {have}"
            ));
        }
    }
    for row in rows.iter().filter(|row| !spec.contains(&row.id)) {
        faults.push(format!(
            "{TABLE}:{}: {} is not a row of the contract",
            row.line, row.id
        ));
    }
}

/// The ids of the contract, or nothing where it is not at hand.
fn spec_ids(root: &Path) -> Result<Option<BTreeSet<String>>> {
    let folder = root.join("../shared/spec");
    if !folder.is_dir() {
        return Ok(None);
    }
    let mut ids = BTreeSet::new();
    for entry in std::fs::read_dir(&folder)? {
        let text = std::fs::read_to_string(entry?.path())?;
        for line in text.lines().filter(|line| line.starts_with("| ")) {
            let first = line
                .trim_matches('|')
                .split('|')
                .next()
                .unwrap_or_default()
                .trim();
            if is_id(first) {
                ids.insert(first.to_owned());
            }
        }
    }
    Ok(Some(ids))
}

/// `COM-FLG-001`, `NOT-PRV-generic-hmac`: two parts in capitals, then the row's own.
fn is_id(text: &str) -> bool {
    let mut parts = text.splitn(3, '-');
    let capitals = |part: Option<&str>| {
        part.is_some_and(|part| {
            part.len() >= 2
                && part
                    .chars()
                    .all(|c| c.is_ascii_uppercase() || c.is_ascii_digit())
        })
    };
    capitals(parts.next())
        && capitals(parts.next())
        && parts
            .next()
            .is_some_and(|own| !own.is_empty() && !own.contains(' '))
}

fn family_of(id: &str) -> &str {
    let second = id.match_indices('-').nth(1).map_or(id.len(), |(at, _)| at);
    &id[..second]
}

/// All our Rust sources as one text per file: a test is named by its function or its conformance area.
fn sources(root: &Path) -> Result<Vec<String>> {
    let mut found = Vec::new();
    for folder in ["crates", "tests"] {
        collect(&root.join(folder), &mut found)?;
    }
    Ok(found)
}

fn collect(folder: &Path, found: &mut Vec<String>) -> Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, found)?;
        } else if path
            .extension()
            .is_some_and(|extension| extension == "rs" || extension == "json")
        {
            found.push(std::fs::read_to_string(&path)?);
        }
    }
    Ok(())
}

/// Every test that a row names, separated by commas, occurs in the sources.
fn names_a_test(names: &str, sources: &[String]) -> bool {
    let mut names = names
        .split(',')
        .map(|name| name.trim().trim_matches('`'))
        .peekable();
    names.peek().is_some_and(|first| !first.is_empty())
        && names.all(|name| {
            let function = format!("fn {name}(");
            let area = format!("\"{name}\"");
            sources
                .iter()
                .any(|text| text.contains(&function) || text.contains(&area))
        })
}
