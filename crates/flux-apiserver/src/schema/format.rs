//! The formats of texts that the API server checks. It ignores all others.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::LazyLock;

use regex::Regex;

/// A regular expression that is compiled once.
macro_rules! pattern {
    ($name:ident, $text:expr) => {
        static $name: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new($text).ok());
    };
}

fn has(pattern: &LazyLock<Option<Regex>>, text: &str) -> bool {
    pattern
        .as_ref()
        .is_some_and(|pattern| pattern.is_match(text))
}

/// A judge of texts.
type Check = fn(&str) -> bool;

/// The formats by name, without dashes. Those of numbers are not among them: the API server does not look at them.
const FORMATS: [(&str, Check); 22] = [
    ("bsonobjectid", is_object_id),
    ("byte", is_base64),
    ("cidr", is_cidr),
    ("date", is_date),
    ("datetime", is_date_time),
    ("duration", is_duration),
    ("email", is_email),
    ("hexcolor", is_hex_color),
    ("hostname", is_host_name),
    ("ipv4", is_ipv4),
    ("ipv6", is_ipv6),
    ("k8slongname", is_long_name),
    ("k8sshortname", is_short_name),
    ("mac", is_mac),
    ("password", any),
    ("rgbcolor", is_rgb_color),
    ("ssn", is_ssn),
    ("uri", is_uri),
    ("uuid", is_uuid),
    ("uuid3", is_uuid3),
    ("uuid4", is_uuid4),
    ("uuid5", is_uuid5),
];

/// Whether the API server checks a format.
pub(super) fn is_known(name: &str) -> bool {
    check(name).is_some()
}

/// Whether a text has a format. Unknown formats accept everything.
pub(super) fn matches(name: &str, text: &str) -> bool {
    check(name).is_none_or(|check| check(text))
}

fn check(name: &str) -> Option<Check> {
    let name = name.replace('-', "");
    FORMATS
        .iter()
        .find(|(known, _)| *known == name)
        .map(|(_, check)| *check)
}

fn any(_: &str) -> bool {
    true
}

fn is_base64(text: &str) -> bool {
    use base64::Engine as _;
    !text.is_empty()
        && base64::engine::general_purpose::STANDARD
            .decode(text)
            .is_ok()
}

/// An IPv4 address, where leading zeros are of no account, or an IPv6 address that ends as one.
fn is_ipv4(text: &str) -> bool {
    text.contains('.') && address(text).is_some()
}

fn is_ipv6(text: &str) -> bool {
    text.parse::<Ipv6Addr>().is_ok()
}

fn is_cidr(text: &str) -> bool {
    let Some((host, bits)) = text.split_once('/') else {
        return false;
    };
    let most = match address(host) {
        Some(IpAddr::V4(_)) => 32,
        Some(IpAddr::V6(_)) => 128,
        None => return false,
    };
    bits.chars().all(|c| c.is_ascii_digit()) && bits.parse::<u8>().is_ok_and(|bits| bits <= most)
}

fn address(text: &str) -> Option<IpAddr> {
    if text.contains(':') {
        return text.parse::<Ipv6Addr>().ok().map(IpAddr::V6);
    }
    let parts: Vec<u8> = text
        .split('.')
        .filter(|part| part.chars().all(|c| c.is_ascii_digit()))
        .map_while(|part| part.parse().ok())
        .collect();
    let four: [u8; 4] = parts.try_into().ok()?;
    (text.matches('.').count() == 3).then(|| IpAddr::V4(Ipv4Addr::from(four)))
}

fn is_date(text: &str) -> bool {
    let shape = text.len() == 10 && text.as_bytes()[4] == b'-';
    shape && text.parse::<jiff::civil::Date>().is_ok()
}

fn is_date_time(text: &str) -> bool {
    pattern!(
        TIME,
        r"(?i)^([0-9]{2}):([0-9]{2}):([0-9]{2})(.[0-9]+)?(z|([+-][0-9]{2}:[0-9]{2}))$"
    );
    let Some((date, time)) = text.split_once(['t', 'T']) else {
        return false;
    };
    let Some(parts) = TIME
        .as_ref()
        .and_then(|time_of_day| time_of_day.captures(time))
    else {
        return false;
    };
    is_date(date) && &parts[1] <= "23" && &parts[2] <= "59" && &parts[3] <= "59"
}

/// Go durations, and a number with a unit in words somewhere in the text.
fn is_duration(text: &str) -> bool {
    pattern!(
        WORDS,
        r"(?i)\d+\s*(ns|nano[a-zµ]*|us|µs|micro[a-zµ]*|ms|milli[a-zµ]*|s|sec[a-zµ]*|m|min[a-zµ]*|h|hr|hour[a-zµ]*|d|day[a-zµ]*|w|wk|week[a-zµ]*)([^a-zµ]|$)"
    );
    text.parse::<flux_gocompat::GoDuration>().is_ok() || has(&WORDS, text)
}

/// An address, with a name before it or not.
fn is_email(text: &str) -> bool {
    pattern!(
        ADDRESS,
        r"^(?:[^<>@]*<)?[^\s<>@()\[\],;:\x22.]+(\.[^\s<>@()\[\],;:\x22.]+)*@[^\s<>@()\[\],;:\x22.]+(\.[^\s<>@()\[\],;:\x22.]+)*>?$"
    );
    text.contains('<') == text.ends_with('>') && has(&ADDRESS, text)
}

/// What may stand in the first line of a request: an absolute address or path.
fn is_uri(text: &str) -> bool {
    let scheme_of = |text: &str| {
        text.split_once(':').is_some_and(|(scheme, _)| {
            scheme.starts_with(|c: char| c.is_ascii_alphabetic())
                && scheme
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
        })
    };
    let host = text
        .split_once("://")
        .map_or("", |(_, rest)| rest.split('/').next().unwrap_or(""));
    !text.contains(|c: char| c.is_ascii_control())
        && !host.contains([' ', '<', '>', '"'])
        && (text == "*" || text.starts_with('/') || scheme_of(text))
}

/// One label, or several with a top-level domain of letters.
fn is_host_name(text: &str) -> bool {
    pattern!(
        LABEL,
        r"^[a-zA-Z0-9\p{S}\p{L}]-?[a-zA-Z0-9\p{S}\p{L}]{0,62}$"
    );
    pattern!(
        PART,
        r"^[a-zA-Z0-9\p{S}\p{L}]([a-zA-Z0-9\p{S}\p{L}-]{0,61}[a-zA-Z0-9\p{S}\p{L}])?$"
    );
    pattern!(TOP, r"^[a-zA-Z\p{L}]{2,63}$");
    if text.len() > 255 || text.split('.').any(|part| part.len() > 63) {
        return false;
    }
    match text.rsplit_once('.') {
        None => has(&LABEL, text),
        Some((parts, top)) => has(&TOP, top) && parts.split('.').all(|part| has(&PART, part)),
    }
}

fn is_short_name(text: &str) -> bool {
    let alphanumeric = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    text.len() <= 63
        && text.starts_with(alphanumeric)
        && text.ends_with(alphanumeric)
        && text.chars().all(|c| alphanumeric(c) || c == '-')
}

fn is_long_name(text: &str) -> bool {
    text.len() <= 253 && text.split('.').all(is_short_name)
}

fn is_mac(text: &str) -> bool {
    let parts: Vec<&str> = text.split([':', '-', '.']).collect();
    let width = if text.contains('.') { 4 } else { 2 };
    matches!(parts.len() * width, 12 | 16 | 40)
        && [':', '-', '.']
            .iter()
            .filter(|mark| text.contains(**mark))
            .count()
            == 1
        && parts.iter().all(|part| part.len() == width && is_hex(part))
}

fn is_hex(text: &str) -> bool {
    text.chars().all(|c| c.is_ascii_hexdigit())
}

fn is_object_id(text: &str) -> bool {
    text.len() == 24 && is_hex(text)
}

fn is_hex_color(text: &str) -> bool {
    let digits = text.strip_prefix('#').unwrap_or(text);
    matches!(digits.len(), 3 | 6) && is_hex(digits)
}

fn is_rgb_color(text: &str) -> bool {
    let inside = text
        .strip_prefix("rgb(")
        .and_then(|rest| rest.strip_suffix(')'));
    inside.is_some_and(|inside| {
        let parts: Vec<&str> = inside.split(',').map(str::trim).collect();
        parts.len() == 3 && parts.iter().all(|part| part.parse::<u8>().is_ok())
    })
}

fn is_ssn(text: &str) -> bool {
    pattern!(NUMBER, r"^\d{3}[- ]?\d{2}[- ]?\d{4}$");
    has(&NUMBER, text)
}

fn is_uuid(text: &str) -> bool {
    uuid_digits(text).is_some()
}

fn is_uuid3(text: &str) -> bool {
    uuid_digits(text).is_some_and(|digits| digits.as_bytes()[12] == b'3')
}

fn is_uuid4(text: &str) -> bool {
    is_uuid_of(text, b'4')
}

fn is_uuid5(text: &str) -> bool {
    is_uuid_of(text, b'5')
}

fn is_uuid_of(text: &str, version: u8) -> bool {
    uuid_digits(text).is_some_and(|digits| {
        let bytes = digits.as_bytes();
        bytes[12] == version && b"89abAB".contains(&bytes[16])
    })
}

/// The 32 digits of a UUID whose dashes stand where they may.
fn uuid_digits(text: &str) -> Option<String> {
    pattern!(UUID, r"(?i)^[0-9a-f]{8}(-?[0-9a-f]{4}){3}-?[0-9a-f]{12}$");
    has(&UUID, text).then(|| text.replace('-', ""))
}
