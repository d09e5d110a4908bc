//! What a sparse tree shows.

use super::Sparse;
use crate::{FileTree, MemoryTree, TreePath, walk};

fn path(text: &str) -> TreePath {
    TreePath::parse(text).expect("a normal path")
}

#[test]
fn only_the_directories_and_the_way_to_them() {
    let base = MemoryTree::from_files([
        ("apps/prod/a.yaml", "a"),
        ("apps/stage/b.yaml", "b"),
        ("apps/readme", "r"),
        ("infra/c.yaml", "c"),
        ("top", "t"),
    ])
    .expect("tree");
    let tree = Sparse::new(&base, vec![path("apps/prod")]);
    let paths: Vec<String> = walk(&tree, &TreePath::root())
        .expect("walked")
        .into_iter()
        .map(|(p, _)| p.to_string())
        .collect();
    assert_eq!(paths, ["apps", "apps/prod", "apps/prod/a.yaml"]);
    assert!(tree.read(&path("apps/readme")).is_err());
    assert!(tree.list(&path("infra")).is_err());
    assert_eq!(tree.kind_of(&path("infra")).expect("kind"), None);
}
