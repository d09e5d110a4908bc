//! Trees in memory: building, reading, sharing, following links.

use bytes::Bytes;

use super::MemoryTree;
use crate::{EntryKind, FileTree, TreeError, TreePath, resolve, walk};

fn path(text: &str) -> TreePath {
    TreePath::parse(text).expect("a normal path")
}

#[test]
fn listings_are_sorted_by_bytes() {
    let tree = MemoryTree::from_files([
        ("a/z", "1"),
        ("a-b", "2"),
        ("a.txt", "3"),
        ("A", "4"),
        ("ü", "5"),
    ])
    .expect("tree");
    let names: Vec<String> = tree
        .list(&TreePath::root())
        .expect("listed")
        .into_iter()
        .map(|e| e.name)
        .collect();
    assert_eq!(names, ["A", "a", "a-b", "a.txt", "ü"]);
    let walked: Vec<String> = walk(&tree, &TreePath::root())
        .expect("walked")
        .into_iter()
        .map(|(p, _)| p.to_string())
        .collect();
    assert_eq!(walked, ["A", "a", "a/z", "a-b", "a.txt", "ü"]);
}

#[test]
fn a_changed_copy_leaves_the_original() {
    let tree = MemoryTree::from_files([("d/one", "1"), ("d/two", "2")]).expect("tree");
    let mut builder = tree.to_builder();
    builder
        .file(&path("d/one"), Bytes::from_static(b"changed"), true)
        .expect("put");
    let changed = builder.build();
    assert_eq!(tree.read(&path("d/one")).expect("read"), "1");
    assert_eq!(changed.read(&path("d/one")).expect("read"), "changed");
    assert_eq!(
        changed.kind_of(&path("d/one")).expect("kind"),
        Some(EntryKind::File { executable: true })
    );
    let (before, after) = (
        tree.read(&path("d/two")).expect("read"),
        changed.read(&path("d/two")).expect("read"),
    );
    assert_eq!(
        before.as_ptr(),
        after.as_ptr(),
        "unchanged content is shared"
    );
    assert!(changed.weight() > tree.weight());
}

#[test]
fn files_and_directories_do_not_replace_each_other() {
    let mut builder = MemoryTree::from_files([("d/f", "1")])
        .expect("tree")
        .to_builder();
    assert!(matches!(
        builder.file(&path("d"), Bytes::new(), false),
        Err(TreeError::Exists(_))
    ));
    assert!(matches!(
        builder.file(&path("d/f/x"), Bytes::new(), false),
        Err(TreeError::NotADirectory(_))
    ));
    let tree = builder.build();
    assert!(matches!(tree.read(&path("d")), Err(TreeError::NotAFile(_))));
    assert!(matches!(
        tree.read(&path("d/f/x")),
        Err(TreeError::NotFound(_))
    ));
    assert!(matches!(
        tree.list(&path("d/f")),
        Err(TreeError::NotADirectory(_))
    ));
    assert!(matches!(
        tree.read_link(&path("d/f")),
        Err(TreeError::NotALink(_))
    ));
    assert!(matches!(
        tree.read(&TreePath::root()),
        Err(TreeError::NotAFile(_))
    ));
}

#[test]
fn links_are_followed_inside_the_tree_only() {
    let mut builder = MemoryTree::from_files([("real/file", "x"), ("other/g", "y")])
        .expect("tree")
        .to_builder();
    for (link, target) in [
        ("alias", "real"),
        ("real/up", "../other"),
        ("out", "../../secret"),
        ("root", "/bin"),
        ("loop", "loop"),
        ("sneaky", "alias/../../x"),
    ] {
        builder.symlink(&path(link), target).expect("put");
    }
    let tree = builder.build();
    let follow = |p: &str| resolve(&tree, &path(p));
    assert_eq!(follow("alias/file").expect("resolved"), path("real/file"));
    assert_eq!(follow("alias/up/g").expect("resolved"), path("other/g"));
    assert_eq!(follow("absent/x").expect("resolved"), path("absent/x"));
    assert!(matches!(follow("out"), Err(TreeError::LinkOutside { .. })));
    assert!(matches!(follow("root"), Err(TreeError::LinkOutside { .. })));
    assert!(matches!(follow("loop"), Err(TreeError::LinkLoop(_))));
    assert!(follow("sneaky").is_err());
}

#[test]
fn any_tree_can_be_copied() {
    let mut builder = MemoryTree::builder();
    builder.directory(&path("empty")).expect("made");
    builder
        .file(&path("run"), Bytes::from_static(b"#!"), true)
        .expect("put");
    builder.symlink(&path("link"), "run").expect("put");
    builder.submodule(&path("sub")).expect("put");
    let tree = builder.build();
    let copy = MemoryTree::copy_of(&tree).expect("copied");
    assert_eq!(
        walk(&copy, &TreePath::root()).expect("walked"),
        walk(&tree, &TreePath::root()).expect("walked")
    );
    assert_eq!(copy.read_link(&path("link")).expect("read"), "run");
}
