//! Mounting one tree into another.

use super::Overlay;
use crate::{FileTree, MemoryTree, TreeError, TreePath, walk};

fn path(text: &str) -> TreePath {
    TreePath::parse(text).expect("a normal path")
}

fn base() -> MemoryTree {
    MemoryTree::from_files([("apps/web.yaml", "w"), ("readme", "r")]).expect("tree")
}

fn included() -> MemoryTree {
    MemoryTree::from_files([("x/y.yaml", "y"), ("z.yaml", "z")]).expect("tree")
}

#[test]
fn a_mount_appears_in_listings_and_reads() {
    let base = base();
    let mut tree = Overlay::new(&base);
    tree.mount(path("libs/inner"), included()).expect("mounted");
    let paths: Vec<String> = walk(&tree, &TreePath::root())
        .expect("walked")
        .into_iter()
        .map(|(p, _)| p.to_string())
        .collect();
    assert_eq!(
        paths,
        [
            "apps",
            "apps/web.yaml",
            "libs",
            "libs/inner",
            "libs/inner/x",
            "libs/inner/x/y.yaml",
            "libs/inner/z.yaml",
            "readme"
        ]
    );
    assert_eq!(tree.read(&path("libs/inner/x/y.yaml")).expect("read"), "y");
    assert_eq!(tree.read(&path("apps/web.yaml")).expect("read"), "w");
}

#[test]
fn a_mount_never_hides_files() {
    let base = base();
    let mut tree = Overlay::new(&base);
    assert!(matches!(
        tree.mount(path("apps"), included()),
        Err(TreeError::Exists(_))
    ));
    assert!(matches!(
        tree.mount(path("readme/x"), included()),
        Err(TreeError::NotADirectory(_))
    ));
    tree.mount(path("libs"), included()).expect("mounted");
    assert!(matches!(
        tree.mount(path("libs"), included()),
        Err(TreeError::Exists(_))
    ));
}
