//! Ignore patterns against recorded upstream answers.

use flux_conformance::{Known, Run, same};
use flux_tree::TreePath;
use flux_tree::ignore::{Matcher, parse};
use serde_json::Value;

fn main() -> std::process::ExitCode {
    let mut run = Run::from_args();
    run.area("sourceignore/match", Known::none(), |area| {
        for case in area.json("match.json").as_array().into_iter().flatten() {
            let id = case["id"].as_str().unwrap_or_default();
            area.case(id, || check(case));
        }
    });
    run.finish()
}

fn check(case: &Value) -> Result<(), String> {
    let text = |key: &str| case[key].as_str().unwrap_or_default();
    let path: Vec<&str> = text("path").split('/').collect();
    let domain = TreePath::parse(text("domain")).map_err(|e| e.to_string())?;
    let rules = if case["defaults"] == true {
        Matcher::with_defaults(Vec::new())
    } else {
        Matcher::new(parse(text("patterns"), &domain))
    };
    same(
        &Some(rules.ignores_components(&path, case["isDir"] == true)),
        &case["ignored"].as_bool(),
    )
}
