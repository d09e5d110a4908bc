//! Archives and digests against recorded upstream ones.

use std::io::Read;

use flux_artifact::{Algorithm, Index, archive};
use flux_conformance::{Known, Run, same};
use flux_tree::ignore::Matcher;
use flux_tree::{EntryKind, MemoryTree, MemoryTreeBuilder, TreePath};
use serde_json::Value;

fn main() -> std::process::ExitCode {
    let mut run = Run::from_args();
    run.area("sourceignore/trees", Known::none(), |area| {
        for case in area.json("trees.json").as_array().into_iter().flatten() {
            area.case(case["id"].as_str().unwrap_or_default(), || check_tree(case));
        }
    });
    run.area("sourceignore/digest-algorithms", Known::none(), |area| {
        for case in area
            .json("digest-algorithms.json")
            .as_array()
            .into_iter()
            .flatten()
        {
            area.case(case["id"].as_str().unwrap_or_default(), || {
                check_algorithm(case)
            });
        }
    });
    run.area("sourceignore/bucket-index", Known::none(), |area| {
        for case in area
            .json("bucket-index.json")
            .as_array()
            .into_iter()
            .flatten()
        {
            area.case(case["id"].as_str().unwrap_or_default(), || {
                check_index(case)
            });
        }
    });
    run.finish()
}

fn check_index(case: &Value) -> Result<(), String> {
    let mut index = Index::default();
    for (key, version) in case["entries"].as_object().into_iter().flatten() {
        index.put(key, version.as_str().unwrap_or_default());
    }
    same(&Some(index.text().as_str()), &case["text"].as_str())?;
    for name in ["sha1", "sha256", "sha384", "sha512", "blake3"] {
        let algorithm: Algorithm = name.parse().map_err(|_| format!("no algorithm {name}"))?;
        same(
            &Some(index.digest(algorithm).to_string().as_str()),
            &case[name].as_str(),
        )?;
    }
    Ok(())
}

fn check_algorithm(case: &Value) -> Result<(), String> {
    let name = case["input"].as_str().unwrap_or_default();
    match name.parse::<Algorithm>() {
        Ok(algorithm) => same(
            &Some(algorithm.digest(b"hello").to_string().as_str()),
            &case["digestOfHello"].as_str(),
        ),
        Err(error) => same(&Some(error.to_string().as_str()), &case["error"].as_str()),
    }
}

fn check_tree(case: &Value) -> Result<(), String> {
    let tree = tree_of(case)?;
    let ignore = case["specIgnore"].as_str().filter(|text| !text.is_empty());
    let rules = Matcher::for_source(&tree, ignore).map_err(|e| e.to_string())?;
    let mut bytes = Vec::new();
    archive::pack(&tree, &rules, Algorithm::Sha256, &mut bytes).map_err(|e| e.to_string())?;
    same(
        &Some(hex::encode(&bytes[..10]).as_str()),
        &case["gzipHeader"].as_str(),
    )?;
    let mut tar = Vec::new();
    flate2::read::GzDecoder::new(bytes.as_slice())
        .read_to_end(&mut tar)
        .map_err(|e| e.to_string())?;
    same(&regular_files(&tar)?, &texts(&case["archivedFiles"]))?;
    same(&Some(tar.len() as u64), &case["tarBytes"].as_u64())?;
    same(
        &Some(Algorithm::Sha256.digest(&tar).hex()),
        &case["tarSha256"].as_str(),
    )
}

fn tree_of(case: &Value) -> Result<MemoryTree, String> {
    let mut builder = MemoryTree::builder();
    for (name, content) in case["files"].as_object().into_iter().flatten() {
        put(&mut builder, name, content.as_str().unwrap_or_default())
            .map_err(|e| format!("{name}: {e}"))?;
    }
    Ok(builder.build())
}

fn put(
    builder: &mut MemoryTreeBuilder,
    name: &str,
    content: &str,
) -> Result<(), flux_tree::TreeError> {
    let path = TreePath::clean(name).map_err(flux_tree::TreeError::Path)?;
    let kind = match (
        name.ends_with('/'),
        content.strip_prefix("->"),
        content.strip_prefix("x!"),
    ) {
        (true, ..) => EntryKind::Directory,
        (_, Some(_), _) => EntryKind::Symlink,
        (.., executable) => EntryKind::File {
            executable: executable.is_some(),
        },
    };
    match kind {
        EntryKind::Directory => builder.directory(&path),
        EntryKind::Symlink => builder.symlink(&path, &content[2..]),
        _ => {
            let executable = content.starts_with("x!");
            let content = content.strip_prefix("x!").unwrap_or(content).to_owned();
            builder.file(&path, content.into(), executable)
        }
    }
}

fn regular_files(tar: &[u8]) -> Result<Vec<String>, String> {
    let mut names = Vec::new();
    for entry in tar::Archive::new(tar)
        .entries()
        .map_err(|e| e.to_string())?
    {
        let entry = entry.map_err(|e| e.to_string())?;
        if entry.header().entry_type().is_file() {
            names.push(String::from_utf8_lossy(&entry.path_bytes()).into_owned());
        }
    }
    // Recorded in the order of names, not of the archive; that order is part of the digest.
    names.sort();
    Ok(names)
}

fn texts(value: &Value) -> Vec<String> {
    value
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|v| v.as_str().map(str::to_owned))
        .collect()
}
