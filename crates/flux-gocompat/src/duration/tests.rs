//! Durations as Go reads, prints and rounds them.

use super::GoDuration;

fn check(input: &str, want: Result<&str, &str>) {
    let got = input.parse::<GoDuration>();
    let got = got.map(|d| d.to_string()).map_err(|e| e.to_string());
    assert_eq!(
        got.as_deref().map_err(String::as_str),
        want,
        "input {input:?}"
    );
}

#[test]
fn reads_and_prints_as_go() {
    for (input, want) in [
        ("0", "0s"),
        ("+0", "0s"),
        ("5m", "5m0s"),
        ("1h", "1h0m0s"),
        ("60m", "1h0m0s"),
        ("90s", "1m30s"),
        ("1.5h", "1h30m0s"),
        ("-1.5h", "-1h30m0s"),
        (".5s", "500ms"),
        ("1.s", "1s"),
        ("100ms", "100ms"),
        ("1.0005s", "1.0005s"),
        ("1500us", "1.5ms"),
        ("1\u{3bc}s", "1\u{b5}s"),
        ("3ns", "3ns"),
        ("1h1ms", "1h0m0.001s"),
        ("24h30m", "24h30m0s"),
        ("0.1000000000000000000000s", "100ms"),
        ("9223372036854775807ns", "2562047h47m16.854775807s"),
        ("-9223372036854775808ns", "-2562047h47m16.854775808s"),
    ] {
        check(input, Ok(want));
    }
}

#[test]
fn refuses_with_go_texts() {
    for (input, want) in [
        ("", "time: invalid duration \"\""),
        ("-", "time: invalid duration \"-\""),
        (".", "time: invalid duration \".\""),
        (".s", "time: invalid duration \".s\""),
        ("3", "time: missing unit in duration \"3\""),
        ("1d", "time: unknown unit \"d\" in duration \"1d\""),
        ("1 h", "time: unknown unit \" h\" in duration \"1 h\""),
        ("h", "time: invalid duration \"h\""),
        (
            "9223372036854775808ns",
            "time: invalid duration \"9223372036854775808ns\"",
        ),
        ("3000000h", "time: invalid duration \"3000000h\""),
        (
            "1\u{e4}\"",
            "time: unknown unit \"\\xc3\\xa4\\\"\" in duration \"1\\xc3\\xa4\\\"\"",
        ),
    ] {
        check(input, Err(want));
    }
}

#[test]
fn rounds_half_away_from_zero() {
    let second = GoDuration::from_secs(1);
    let check = |millis, want| {
        assert_eq!(
            GoDuration::from_millis(millis).round(second),
            GoDuration::from_secs(want)
        );
    };
    check(1499, 1);
    check(1500, 2);
    check(-1500, -2);
    check(-1499, -1);
    assert_eq!(
        GoDuration::from_millis(1999).truncate(second),
        GoDuration::from_secs(1)
    );
    let three = GoDuration::from_nanos(3);
    assert_eq!(GoDuration::from_nanos(4).round(three).as_nanos(), 3);
    assert_eq!(GoDuration::from_nanos(5).round(three).as_nanos(), 6);
}

#[test]
fn ages_get_coarser() {
    let minute = 60;
    let hour = 60 * minute;
    let day = 24 * hour;
    for (seconds, want) in [
        (-2, "<invalid>"),
        (-1, "0s"),
        (119, "119s"),
        (120, "2m"),
        (125, "2m5s"),
        (10 * minute + 5, "10m"),
        (3 * hour - 1, "179m"),
        (3 * hour + minute, "3h1m"),
        (8 * hour + minute, "8h"),
        (48 * hour, "2d"),
        (2 * day + 5 * hour, "2d5h"),
        (8 * day + hour, "8d"),
        (2 * 365 * day - 1, "729d"),
        (2 * 365 * day, "2y"),
        (3 * 365 * day + 4 * day, "3y4d"),
        (9 * 365 * day + 4 * day, "9y"),
    ] {
        assert_eq!(GoDuration::from_secs(seconds).human(), want);
    }
}
