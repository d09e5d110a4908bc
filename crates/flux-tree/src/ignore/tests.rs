//! Ignore rules over whole trees; single patterns are held to recorded upstream answers by the conformance harness.

use super::{Matcher, load, parse};
use crate::{MemoryTree, TreePath};

fn path(text: &str) -> TreePath {
    TreePath::parse(text).expect("a normal path")
}

#[test]
fn a_pattern_in_any_file_replaces_the_defaults() {
    let bare = MemoryTree::from_files([("a.png", "")]).expect("tree");
    assert!(
        Matcher::for_source(&bare, None)
            .expect("rules")
            .ignores(&path("a.png"), false)
    );
    let nested = MemoryTree::from_files([("a.png", ""), ("d/.sourceignore", "x\n")]).expect("tree");
    let rules = Matcher::for_source(&nested, None).expect("rules");
    assert!(!rules.ignores(&path("a.png"), false));
    assert!(rules.ignores(&path("d/x"), false));
    assert!(!rules.ignores(&path("x"), false));
    assert!(
        rules.ignores(&path(".git"), true),
        "version control stays out"
    );
}

#[test]
fn spec_ignore_wins_over_files() {
    let tree = MemoryTree::from_files([(".sourceignore", "*.txt\n")]).expect("tree");
    let rules = Matcher::for_source(&tree, Some("!a.txt")).expect("rules");
    assert!(!rules.ignores(&path("a.txt"), false));
    assert!(rules.ignores(&path("b.txt"), false));
    assert!(!rules.ignores(&TreePath::root(), true));
}

#[test]
fn ignore_files_below_git_and_outside_links_do_not_count() {
    let mut builder = MemoryTree::from_files([(".git/.sourceignore", "*\n"), ("rules", "*.tmp\n")])
        .expect("tree")
        .to_builder();
    builder
        .symlink(&path(".sourceignore"), "rules")
        .expect("put");
    let tree = builder.build();
    assert_eq!(load(&tree).expect("loaded").len(), 1);
}

#[test]
fn malformed_globs_match_nothing() {
    for bad in ["[", "[a", "[]a]", "a\\", "[a-]", "[-a]"] {
        let rules = Matcher::new(parse(bad, &TreePath::root()));
        for name in ["a", "[", "[a", "-", "]", "a\\"] {
            assert!(!rules.ignores(&path(name), false), "{bad} {name}");
        }
    }
}
