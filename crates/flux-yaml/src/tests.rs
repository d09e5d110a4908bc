//! Reading with positions, caps and duplicates; writing of what no recorded vector covers.

use serde_json::json;

use crate::{
    Duplicates, Limits, Node, ReadOptions, Rules, YamlErrorKind, parse_documents,
    parse_documents_with, parse_first, yaml_to_json,
};

fn one(text: &str) -> Node {
    let mut documents = parse_documents(text).expect("readable");
    assert_eq!(documents.len(), 1);
    documents.remove(0)
}

fn limited(text: &str, limits: Limits) -> YamlErrorKind {
    let options = ReadOptions {
        limits,
        ..ReadOptions::objects()
    };
    parse_documents_with(text.as_bytes(), &options)
        .expect_err("over the limit")
        .kind()
}

#[test]
fn every_node_knows_its_place() {
    let node = one("a: 1\nb:\n  - x\n  - {c: é, d: z}\n");
    let item = &node.get("b").and_then(Node::as_seq).expect("a list")[1];
    let place = |node: &Node| (node.span.line, node.span.column);
    assert_eq!(place(node.get("a").expect("a")), (1, 4));
    assert_eq!(place(item), (4, 5));
    assert_eq!(place(item.get("d").expect("d")), (4, 15));
}

#[test]
fn a_part_of_a_file_keeps_its_line_numbers() {
    let options = ReadOptions::objects().from_line(40);
    let error = parse_first(b"a: 1\na: 2", &options).expect_err("twice");
    assert_eq!(error.span().line, 41);
}

#[test]
fn changing_a_clone_leaves_the_original() {
    let original = one("a: {b: 1}\n");
    let mut copy = original.clone();
    copy.get_mut("a").expect("a").set("b", Node::int(2));
    assert_eq!(original.text_at(&["a", "b"]), Some("1"));
    assert_eq!(copy.text_at(&["a", "b"]), Some("2"));
}

#[test]
fn a_key_given_twice_is_refused_with_both_lines_or_the_last_one_wins() {
    let text = "a: 1\nb: 2\na: 3\n";
    let error = parse_documents(text).expect_err("twice");
    assert_eq!(error.kind(), YamlErrorKind::DuplicateKey);
    assert_eq!(
        error.to_string(),
        "line 3, column 1: mapping key \"a\" already defined at line 1"
    );
    assert_eq!(yaml_to_json(text).expect("values"), json!({"a": 3, "b": 2}));
}

#[test]
fn duplicates_are_found_in_large_mappings_too() {
    let lines: Vec<String> = (0..100).map(|n| format!("k{n}: {n}\n")).collect();
    let mut text = lines.concat();
    text.push_str("k7: again\n");
    let error = parse_documents(&text).expect_err("twice");
    assert_eq!(error.span().line, 101);
}

#[test]
fn merge_keys_bring_in_what_is_missing() {
    let text = "base: &b {x: 1, y: 2}\nuse:\n  y: 3\n  <<: *b\n";
    let options = ReadOptions {
        rules: Rules::Kyaml,
        duplicates: Duplicates::Refuse,
        ..ReadOptions::objects()
    };
    let node = parse_first(text.as_bytes(), &options)
        .expect("readable")
        .expect("a document");
    assert_eq!(
        node.get("use").expect("use").to_json().expect("json"),
        json!({"x": 1, "y": 3})
    );
}

#[test]
fn words_of_old_yaml_depend_on_the_rules() {
    assert_eq!(yaml_to_json("a: yes").expect("values"), json!({"a": true}));
    assert_eq!(one("a: yes").to_json().expect("json"), json!({"a": "yes"}));
}

#[test]
fn every_cap_holds() {
    let bytes = Limits {
        bytes: 3,
        ..Limits::default()
    };
    let depth = Limits {
        depth: 3,
        ..Limits::default()
    };
    let documents = Limits {
        documents: 1,
        ..Limits::default()
    };
    let nodes = Limits {
        nodes: 4,
        ..Limits::default()
    };
    assert_eq!(limited("a: 1", bytes), YamlErrorKind::Limit);
    assert_eq!(limited("[[[[1]]]]", depth), YamlErrorKind::Limit);
    assert_eq!(limited("a\n---\nb", documents), YamlErrorKind::Limit);
    assert_eq!(limited("[1, 2, 3, 4]", nodes), YamlErrorKind::Limit);
}

#[test]
fn an_alias_bomb_is_refused_before_it_grows() {
    let mut lines = vec!["a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned()];
    for level in 1..12 {
        let before = level - 1;
        let items = vec![format!("*a{before}"); 10].join(", ");
        lines.push(format!("a{level}: &a{level} [{items}]\n"));
    }
    let error = parse_documents(&lines.concat()).expect_err("a bomb");
    assert_eq!(error.kind(), YamlErrorKind::Limit);
}

#[test]
fn deep_nesting_is_refused_and_does_not_exhaust_the_stack() {
    let error = parse_documents(&"[".repeat(100_000)).expect_err("too deep");
    assert_eq!(error.kind(), YamlErrorKind::Limit);
}

#[test]
fn a_block_scalar_may_end_with_the_text() {
    for (text, want) in [
        ("a: |\n  x\n  y", "x\ny"),
        ("a: |\n  x\n  y\n", "x\ny\n"),
        ("a: |-\n  x", "x"),
        ("a: |+\n  x\n\n", "x\n\n"),
        ("a: >\n  x\n  y", "x y"),
    ] {
        assert_eq!(one(text).text_at(&["a"]), Some(want), "{text:?}");
    }
}

#[test]
fn a_value_that_does_not_fit_its_type_cannot_be_written() {
    let mut node = one("a: 1\n");
    let field = node.get_mut("a").expect("a");
    let tag = field.tag;
    field.set_text("two", tag);
    let error = node.to_yaml().expect_err("no number");
    assert_eq!(error.message(), "cannot decode !!str `two` as a !!int");
}

#[test]
fn a_tree_keeps_its_order_where_asked() {
    let node = one("b: \"1\"\na: [x, 'y']\n");
    assert_eq!(
        node.to_yaml_in_order().expect("text"),
        "b: \"1\"\na: [x, 'y']\n"
    );
    assert_eq!(
        node.to_yaml().expect("text"),
        "a:\n- x\n- \"y\"\nb: \"1\"\n"
    );
}
