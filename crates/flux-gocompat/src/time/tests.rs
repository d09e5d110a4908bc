//! Timestamps as Go reads and prints them.

use super::{MicroTime, Time};

fn check(input: &str, want: Result<&str, &str>) {
    let got = input.parse::<Time>();
    let got = got.map(|t| t.to_string()).map_err(|e| e.to_string());
    assert_eq!(
        got.as_deref().map_err(String::as_str),
        want,
        "input {input:?}"
    );
}

#[test]
fn reads_with_go_leniencies() {
    for (input, want) in [
        ("2024-01-02T03:04:05Z", "2024-01-02T03:04:05Z"),
        ("2024-01-02T03:04:05.999999999Z", "2024-01-02T03:04:05Z"),
        ("2024-01-02T03:04:05,5+02:00", "2024-01-02T01:04:05Z"),
        ("2024-01-02T3:04:05-24:00", "2024-01-03T03:04:05Z"),
        ("1969-12-31T23:59:59.5Z", "1969-12-31T23:59:59Z"),
        ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"),
    ] {
        check(input, Ok(want));
    }
}

#[test]
fn refuses_with_go_texts() {
    for (input, want) in [
        (
            "",
            "parsing time \"\" as \"2006-01-02T15:04:05Z07:00\": cannot parse \"\" as \"2006\"",
        ),
        (
            "2024-01-02",
            "parsing time \"2024-01-02\" as \"2006-01-02T15:04:05Z07:00\": cannot parse \"\" as \"T\"",
        ),
        (
            "2024-01-02T03:04:05",
            "parsing time \"2024-01-02T03:04:05\" as \"2006-01-02T15:04:05Z07:00\": cannot parse \"\" as \"Z07:00\"",
        ),
        (
            "2024-13-02T03:04:05Z",
            "parsing time \"2024-13-02T03:04:05Z\": month out of range",
        ),
        (
            "2024-02-30T03:04:05Z",
            "parsing time \"2024-02-30T03:04:05Z\": day out of range",
        ),
        (
            "2024-02-20T03:04:05Zx",
            "parsing time \"2024-02-20T03:04:05Zx\": extra text: \"x\"",
        ),
    ] {
        check(input, Err(want));
    }
}

#[test]
fn micro_time_keeps_six_digits() {
    let time: MicroTime = "2024-01-02T03:04:05.1234567Z".parse().expect("a time");
    assert_eq!(time.to_string(), "2024-01-02T03:04:05.123456Z");
}
