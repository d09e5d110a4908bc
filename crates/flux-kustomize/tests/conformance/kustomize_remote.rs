//! Remote bases: the repositories and files of a case stand in memory behind `Remotes`.

use std::sync::Arc;

use flux_kustomize::{Options, RemoteSpec, Remotes, Reorder, build};
use flux_tree::FileTree;
use serde_json::{Value, json};

use crate::{compare, text, tree};

const REPOSITORIES: &str = "file:///srv/remotes";
const HTTP: &str = "127.0.0.1:8080";

struct Recorded<'c>(&'c Value);

impl Remotes for Recorded<'_> {
    fn repository(&self, spec: &RemoteSpec) -> Result<Arc<dyn FileTree>, String> {
        let name = spec.repository.rsplit('/').next().unwrap_or_default();
        let name = name.strip_suffix(".git").unwrap_or(name);
        let branch = if spec.reference.is_empty() {
            "main"
        } else {
            &spec.reference
        };
        let files = &self.0["remotes"]["git"][name][branch];
        if files.is_null() {
            return Err(format!(
                "couldn't find remote ref {branch} of {}",
                spec.repository
            ));
        }
        Ok(Arc::new(tree(&json!({ "files": files }))))
    }

    fn file(&self, url: &str) -> Result<Vec<u8>, String> {
        let path = url.trim_start_matches("http://").trim_start_matches(HTTP);
        let found = &self.0["remotes"]["http"][path];
        match found["status"].as_u64() {
            Some(200) => Ok(text(&found["body"])),
            status => Err(format!("HTTP Error: status code {}", status.unwrap_or(404))),
        }
    }
}

pub(crate) fn check(case: &Value) -> Result<(), String> {
    let real = |text: String| {
        text.replace("$REMOTES", REPOSITORIES)
            .replace("$HTTP", HTTP)
    };
    let case: Value = serde_json::from_str(&real(case.to_string())).map_err(|e| e.to_string())?;
    let options = Options {
        reorder: match case["options"]["reorder"].as_str() {
            Some("none") => Reorder::None,
            _ => Reorder::Legacy,
        },
        ..Options::default()
    };
    let path = case["build"].as_str().unwrap_or(".");
    let got = build(&tree(&case), path, &options, &Recorded(&case));
    let got = got.and_then(|built| built.to_yaml());
    compare(got.map_err(|e| e.to_string()), &case["want"])
}
