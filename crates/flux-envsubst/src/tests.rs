//! Cases beyond the recorded vectors.

use std::collections::BTreeMap;

use crate::{Error, Options, substitute};

fn check(input: &str, want: &Result<&str, Error>) {
    let variables: BTreeMap<String, String> = [("v", "value"), ("e", ""), ("g", "straße")]
        .map(|(k, v)| (k.to_owned(), v.to_owned()))
        .into();
    let got = substitute(input, &variables, Options { strict: true });
    assert_eq!(
        &got.as_deref().map_err(Clone::clone),
        want,
        "input {input:?}"
    );
}

#[test]
fn plain_and_default() {
    check("a${v}b", &Ok("avalueb"));
    check("$v $$ $${v} ${v}", &Ok("$v $ ${v} value"));
    check("${missing:-${e:-x}y}", &Ok("xy"));
    check("${missing}", &Err(Error::NotSet("missing".to_owned())));
    check("${v", &Err(Error::MissingClosingBrace));
}

#[test]
fn casing_maps_one_character_to_one() {
    check("${g^^}", &Ok("STRAßE"));
    check("${v^}", &Ok("Value"));
}

#[test]
fn what_ends_the_process_upstream_is_an_error_here() {
    check("${v:1:-1}", &Err(Error::SubstringLength(-1)));
    let deep = format!("{}x{}", "${a:-".repeat(100_000), "}".repeat(100_000));
    check(&deep, &Err(Error::BadSubstitution));
}
