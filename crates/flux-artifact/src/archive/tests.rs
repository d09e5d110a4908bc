//! Packing: what is left out, and that what is packed can be read back.

use flux_tree::ignore::{Matcher, parse};
use flux_tree::{MemoryTree, TreePath, walk};

use super::pack;
use crate::digest::Algorithm;
use crate::unpack::{Limits, unpack};

fn tree() -> MemoryTree {
    let mut builder = MemoryTree::from_files([("a/b.yaml", "b: 1\n"), ("c.txt", "c")])
        .expect("tree")
        .to_builder();
    let path = |text| TreePath::parse(text).expect("a normal path");
    builder
        .file(&path("run.sh"), "#!/bin/sh\n".into(), true)
        .expect("put");
    builder.symlink(&path("link"), "c.txt").expect("put");
    builder.directory(&path("empty")).expect("made");
    let long = format!("{}/ü.yaml", "d".repeat(180));
    builder
        .file(&path(&long), "deep".into(), false)
        .expect("put");
    builder.build()
}

#[test]
fn what_is_packed_can_be_unpacked() {
    let rules = Matcher::new(parse("c.txt", &TreePath::root()));
    let mut bytes = Vec::new();
    let packed = pack(&tree(), &rules, Algorithm::Sha256, &mut bytes).expect("packed");
    assert_eq!(packed.size, bytes.len() as u64);
    assert_eq!(packed.digest, Algorithm::Sha256.digest(&bytes));
    let back = unpack(&bytes, &Limits::default()).expect("unpacked");
    let mut want = walk(&tree(), &TreePath::root()).expect("walked");
    want.retain(|(path, _)| !matches!(path.as_str(), "c.txt" | "link"));
    assert_eq!(walk(&back, &TreePath::root()).expect("walked"), want);
}

#[test]
fn the_same_tree_gives_the_same_bytes() {
    let pack_once = || {
        let mut bytes = Vec::new();
        pack(&tree(), &Matcher::default(), Algorithm::Sha256, &mut bytes).expect("packed");
        bytes
    };
    assert_eq!(pack_once(), pack_once());
}
