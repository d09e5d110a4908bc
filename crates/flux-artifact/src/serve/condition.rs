//! Conditional and partial requests: what of a file to send.

use std::time::Duration;

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};

/// What identifies the content of a file.
#[derive(Debug)]
pub(super) struct Validators {
    etag: String,
    changed_seconds: u64,
}

/// What to send.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Selection {
    Whole,
    Range { start: u64, length: u64 },
    Unsatisfiable,
    NotModified,
}

impl Validators {
    /// From the time of the last change since 1970 and the size.
    pub(super) fn new(changed: Duration, size: u64) -> Self {
        Self {
            etag: format!("\"{:x}-{size:x}\"", changed.as_nanos()),
            changed_seconds: changed.as_secs(),
        }
    }

    pub(super) fn describe(&self, headers: &mut HeaderMap) {
        if let Ok(etag) = HeaderValue::from_str(&self.etag) {
            headers.insert(header::ETAG, etag);
        }
        if let Ok(date) = HeaderValue::from_str(&http_date(self.changed_seconds)) {
            headers.insert(header::LAST_MODIFIED, date);
        }
    }

    pub(super) fn select(&self, headers: &HeaderMap, size: u64) -> Selection {
        let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
        let date = http_date(self.changed_seconds);
        let not_modified = match (text(header::IF_NONE_MATCH), text(header::IF_MODIFIED_SINCE)) {
            (Some(tags), _) => tags
                .split(',')
                .map(|tag| tag.trim().trim_start_matches("W/"))
                .any(|tag| tag == "*" || tag == self.etag),
            // Clients send back what they were given, so equal text is enough to know.
            (None, Some(since)) => since == date,
            (None, None) => false,
        };
        if not_modified {
            return Selection::NotModified;
        }
        let still_the_same =
            text(header::IF_RANGE).is_none_or(|value| value == self.etag || value == date);
        match text(header::RANGE) {
            Some(range) if still_the_same => range_of(range, size),
            _ => Selection::Whole,
        }
    }
}

/// One range; several at once, and other units, are answered with the whole file, as is allowed.
fn range_of(text: &str, size: u64) -> Selection {
    let Some((first, last)) = text
        .strip_prefix("bytes=")
        .and_then(|range| range.split_once('-'))
    else {
        return Selection::Whole;
    };
    let (start, end) = match (first.trim().parse::<u64>(), last.trim().parse::<u64>()) {
        (Ok(start), Ok(last)) if last >= start => (start, last.saturating_add(1).min(size)),
        (Ok(start), Err(_)) if last.trim().is_empty() => (start, size),
        (Err(_), Ok(suffix)) if first.trim().is_empty() => (size.saturating_sub(suffix), size),
        _ => return Selection::Whole,
    };
    if start >= end {
        return Selection::Unsatisfiable;
    }
    Selection::Range {
        start,
        length: end - start,
    }
}

/// RFC 9110's preferred date form.
fn http_date(seconds: u64) -> String {
    const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    const MONTHS: [&str; 12] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    let days = seconds / 86_400;
    // Days to civil date, counting from a March so that leap days come last.
    let shifted = days + 719_468;
    let era = shifted / 146_097;
    let of_era = shifted % 146_097;
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = (shifted_month + 2) % 12;
    let year = year_of_era + era * 400 + u64::from(month < 2);
    format!(
        "{}, {day:02} {} {year:04} {:02}:{:02}:{:02} GMT",
        DAYS[usize::try_from(days % 7).unwrap_or_default()],
        MONTHS[usize::try_from(month).unwrap_or_default()],
        seconds / 3600 % 24,
        seconds / 60 % 60,
        seconds % 60
    )
}

#[cfg(test)]
mod tests {
    use super::{Selection, http_date, range_of};

    #[test]
    fn dates_are_spelled_as_http_wants() {
        assert_eq!(http_date(0), "Thu, 01 Jan 1970 00:00:00 GMT");
        assert_eq!(http_date(784_111_777), "Sun, 06 Nov 1994 08:49:37 GMT");
        assert_eq!(http_date(1_709_208_000), "Thu, 29 Feb 2024 12:00:00 GMT");
        assert_eq!(http_date(1_735_689_599), "Tue, 31 Dec 2024 23:59:59 GMT");
    }

    #[test]
    fn ranges() {
        let range = |start, length| Selection::Range { start, length };
        for (text, want) in [
            ("bytes=0-9", range(0, 10)),
            ("bytes=90-200", range(90, 10)),
            ("bytes=95-", range(95, 5)),
            ("bytes=-5", range(95, 5)),
            ("bytes=-500", range(0, 100)),
            ("bytes=100-", Selection::Unsatisfiable),
            ("bytes=-0", Selection::Unsatisfiable),
            ("bytes=9-0", Selection::Whole),
            ("bytes=0-1,5-6", Selection::Whole),
            ("lines=0-1", Selection::Whole),
        ] {
            assert_eq!(range_of(text, 100), want, "{text}");
        }
    }
}
