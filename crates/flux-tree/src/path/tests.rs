//! Paths: what is accepted, what they become, and that none of them leaves its tree.

use super::{PathError, TreePath};
use proptest::prelude::*;

fn path(text: &str) -> TreePath {
    TreePath::parse(text).expect("a normal path")
}

#[test]
fn strict_paths_are_normal() {
    for good in ["", "a", "a/b", "a b/ü", "..a", "a\\b", "..."] {
        assert_eq!(
            TreePath::parse(good).map(|p| p.to_string() == good || good.is_empty()),
            Ok(true),
            "{good}"
        );
    }
    for bad in [
        "/a", "a/", "a//b", ".", "./a", "a/..", "..", "a/./b", "a\0b",
    ] {
        assert!(TreePath::parse(bad).is_err(), "{bad}");
    }
}

#[test]
fn user_paths_are_cleaned() {
    for (given, want) in [
        ("./a//b/../c/", "a/c"),
        (".", ""),
        ("", ""),
        ("a/..", ""),
        ("./", ""),
    ] {
        assert_eq!(
            TreePath::clean(given).expect("inside").as_str(),
            want,
            "{given}"
        );
    }
    assert_eq!(
        TreePath::clean("../x"),
        Err(PathError::Outside("../x".into()))
    );
    assert_eq!(TreePath::clean("/x"), Err(PathError::Absolute("/x".into())));
    assert_eq!(path("a/b").join("../../c").expect("inside").as_str(), "c");
    assert!(path("a/b").join("../../../c").is_err());
}

#[test]
fn secure_join_stays_below_its_base() {
    for (given, want) in [
        ("../../x", "a/x"),
        ("/x/../../y", "a/y"),
        ("", "a"),
        ("/", "a"),
        ("x/./y", "a/x/y"),
    ] {
        assert_eq!(
            path("a").secure_join(given).expect("joined").as_str(),
            want,
            "{given}"
        );
    }
}

#[test]
fn parts_of_a_path() {
    let deep = path("a/b/c");
    assert_eq!(deep.parent(), Some(path("a/b")));
    assert_eq!(path("a").parent(), Some(TreePath::root()));
    assert_eq!(TreePath::root().parent(), None);
    assert_eq!(deep.file_name(), Some("c"));
    assert_eq!(deep.components().collect::<Vec<_>>(), ["a", "b", "c"]);
    assert_eq!(TreePath::root().components().count(), 0);
    assert_eq!(deep.strip_prefix(&path("a")), Some(path("b/c")));
    assert_eq!(deep.strip_prefix(&deep), Some(TreePath::root()));
    assert_eq!(path("ab/c").strip_prefix(&path("a")), None);
    assert!(!path("ab").starts_with(&path("a")));
    assert!(path("a/b").child("..").is_err());
    assert!(path("a/b").child("c/d").is_err());
}

proptest! {
    #[test]
    fn every_path_stays_inside(text in "[a./\\\\]{0,16}", base in "[a-c]{1,2}") {
        let base = path(&base);
        prop_assert!(base.secure_join(&text).expect("no NUL").starts_with(&base));
        if let Ok(clean) = TreePath::clean(&text) {
            prop_assert_eq!(TreePath::parse(clean.as_str()), Ok(clean));
        }
    }
}
