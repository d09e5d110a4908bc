//! Expressions that Go and the `regex` crate read differently.

use crate::regexp::Regexp;

fn check(expression: &str, text: &str, want: bool) {
    let regexp = Regexp::new(expression).unwrap_or_else(|error| panic!("{expression}: {error}"));
    assert_eq!(regexp.is_match(text), want, "{expression} on {text:?}");
}

#[test]
fn matches_as_go() {
    check(r"^\d+$", "123", true);
    check(r"^\d+$", "\u{661}", false);
    check(r"^\w$", "ä", false);
    check(r"^[\w-]+$", "a-b", true);
    check(r"^[^\d\s]$", "a", true);
    check(r"^[[a]$", "[", true);
    check(r"^[a&&b~~z]$", "&", true);
    check(r"a{,2}", "a{,2}", true);
    check(r"^\Qa.b*\E+$", "a.b**", true);
    check(r"^\<a\>$", "<a>", true);
    check(r"^\101\x42\x{43}$", "ABC", true);
    check(r"^[]a]+$", "]a", true);
    check(r"(?i)^äb$", "ÄB", true);
    check(r"^(?P<ts>[0-9]+)-(?<rest>.*)$", "12-x", true);
    check(r"^[[:alpha:]_]+$", "ab_", true);
    check("a$", "a\n", false);
    check(r"^x(?i)+y$", "xxY", true);
    check(r"^[\w-z]$", "-", true);
    check(r"\bfoo\b", "a foo b", true);
}

#[test]
fn refuses_in_the_words_of_go() {
    for (expression, want) in [
        ("(", "missing closing ): `(`"),
        ("a)", "unexpected ): `a)`"),
        ("[a", "missing closing ]: `[a`"),
        ("*", "missing argument to repetition operator: `*`"),
        ("a|*", "missing argument to repetition operator: `*`"),
        ("a**", "invalid nested repetition operator: `**`"),
        ("a{1001}", "invalid repeat count: `{1001}`"),
        ("a{2,1}", "invalid repeat count: `{2,1}`"),
        ("[z-a]", "invalid character class range: `z-a`"),
        ("(?=a)", "invalid or unsupported Perl syntax: `(?=`"),
        ("(?<!a)", "invalid named capture: `(?<!a)`"),
        (r"\8", r"invalid escape sequence: `\8`"),
        (r"\1", r"invalid escape sequence: `\1`"),
        (r"\", "trailing backslash at end of expression: ``"),
    ] {
        let error = Regexp::new(expression).expect_err("refused").to_string();
        assert_eq!(
            error,
            format!("error parsing regexp: {want}"),
            "{expression}"
        );
    }
}
