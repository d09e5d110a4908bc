//! Commits and tags as bytes, odd ones among them.

use super::*;

const HEAD: &str = "tree 4b825dc642cb6eb9a060e54bf8d69288fbee4904\nauthor A B <a@b> 1700000000 -0130\ncommitter C <c> 5 +0000\n";

#[test]
fn a_signature_is_cut_out_and_nothing_else() {
    let raw = format!("{HEAD}gpgsig one\n two\n \n three\nextra x\n y\n\nsubject\n\n gpgsig no\n");
    let commit = parse_commit(raw.as_bytes()).unwrap();
    assert_eq!(commit.signature.text, b"one\ntwo\n\nthree\n");
    assert_eq!(
        commit.signature.payload,
        format!("{HEAD}extra x\n y\n\nsubject\n\n gpgsig no\n").into_bytes()
    );
    assert_eq!(commit.message, b"subject\n\n gpgsig no\n");
    assert_eq!(
        commit.author.time,
        Time {
            seconds: 1_700_000_000,
            offset_minutes: -90
        }
    );
    assert_eq!(
        (commit.author.name.as_str(), commit.author.email.as_str()),
        ("A B", "a@b")
    );
}

#[test]
fn a_commit_needs_a_tree_and_people() {
    assert!(parse_commit(b"").is_err());
    assert!(parse_commit(b"tree x\n\n").is_err());
    assert!(parse_commit(&HEAD.as_bytes()[..60]).is_err());
}

#[test]
fn the_last_signature_of_a_tag_counts() {
    let raw = "object 4b825dc642cb6eb9a060e54bf8d69288fbee4904\ntype commit\ntag v1\n\nquotes\n\
               -----BEGIN PGP SIGNATURE-----\nx\n-----BEGIN SSH SIGNATURE-----\nz\n";
    let parsed = parse_tag("h", raw.as_bytes()).unwrap();
    assert_eq!(
        parsed.tag.signature.text,
        b"-----BEGIN SSH SIGNATURE-----\nz\n"
    );
    assert_eq!(parsed.tag.name, "v1");
    assert_eq!(
        parsed.tag.message,
        b"quotes\n-----BEGIN PGP SIGNATURE-----\nx\n"
    );
    assert!(parsed.tag.tagger.is_none());
}
