//! The headers of a tar member as Go's writer lays them out: USTAR where the name fits, a PAX record before it where
//! the name is too long or not ASCII (SRC-STO-012).

use std::io::{self, Write};

/// The unit of the format in bytes.
pub(super) const BLOCK: usize = 512;
const NAME_SIZE: usize = 100;
const PREFIX_SIZE: usize = 155;
/// Eleven octal digits.
const LARGEST: u64 = 0o777_7777_7777;

/// What goes into a header. Owners and times are always zero.
#[derive(Debug)]
pub(super) struct Member<'a> {
    name: &'a str,
    mode: u64,
    size: u64,
    kind: u8,
}

impl<'a> Member<'a> {
    pub(super) fn directory(name: &'a str) -> Self {
        Self {
            name,
            mode: 0o750,
            size: 0,
            kind: b'5',
        }
    }

    pub(super) fn file(name: &'a str, size: u64, executable: bool) -> Self {
        Self {
            name,
            mode: if executable { 0o700 } else { 0o600 },
            size,
            kind: b'0',
        }
    }

    pub(super) fn fits(&self) -> bool {
        self.size <= LARGEST
    }
}

/// Writes the header, and before it the PAX record if the name needs one.
pub(super) fn write(output: &mut dyn Write, member: &Member<'_>) -> io::Result<()> {
    let name = member.name;
    let mut block = [0; BLOCK];
    if name.is_ascii() && name.len() <= NAME_SIZE {
        put(&mut block[..NAME_SIZE], name.as_bytes());
    } else if let Some((prefix, suffix)) = split(name) {
        put(&mut block[..NAME_SIZE], suffix.as_bytes());
        put(&mut block[345..345 + PREFIX_SIZE], prefix.as_bytes());
    } else {
        write_pax(output, name)?;
        put_shortened(&mut block[..NAME_SIZE], &ascii(name));
    }
    numbers(&mut block, member);
    octal(&mut block[329..337], 0);
    octal(&mut block[337..345], 0);
    finish(&mut block);
    output.write_all(&block)
}

/// Fills the last block of a file with zeros.
pub(super) fn pad(output: &mut dyn Write, length: usize) -> io::Result<()> {
    output.write_all(&[0; BLOCK][..length.next_multiple_of(BLOCK) - length])
}

/// An extra member that carries the whole name.
fn write_pax(output: &mut dyn Write, name: &str) -> io::Result<()> {
    let record = pax_record("path", name);
    let (dir, file) = name.rsplit_once('/').unwrap_or(("", name));
    let place = if dir.is_empty() {
        format!("PaxHeaders.0/{file}")
    } else {
        format!("{dir}/PaxHeaders.0/{file}")
    };
    let place = ascii(&place);
    let place = place[..place.len().min(NAME_SIZE)].trim_end_matches('/');
    let mut block = [0; BLOCK];
    put(&mut block[..NAME_SIZE], place.as_bytes());
    numbers(
        &mut block,
        &Member {
            name,
            mode: 0,
            size: record.len() as u64,
            kind: b'x',
        },
    );
    finish(&mut block);
    output.write_all(&block)?;
    output.write_all(record.as_bytes())?;
    pad(output, record.len())
}

/// `<length> <key>=<value>\n`, where the length counts its own digits.
fn pax_record(key: &str, value: &str) -> String {
    let rest = key.len() + value.len() + 3;
    let mut length = rest + decimal_digits(rest);
    length = rest + decimal_digits(length);
    format!("{length} {key}={value}\n")
}

fn decimal_digits(number: usize) -> usize {
    number.checked_ilog10().map_or(1, |log| log as usize + 1)
}

/// Splits a long name into the two name fields of a header, at the last slash that makes both fit.
fn split(name: &str) -> Option<(&str, &str)> {
    if !name.is_ascii() {
        return None;
    }
    let within = &name[..name.len().min(PREFIX_SIZE + 1)];
    let at = within.rfind('/').filter(|at| *at > 0)?;
    let (prefix, suffix) = (&name[..at], &name[at + 1..]);
    (!suffix.is_empty() && suffix.len() <= NAME_SIZE).then_some((prefix, suffix))
}

fn ascii(text: &str) -> String {
    text.chars().filter(char::is_ascii).collect()
}

fn put(field: &mut [u8], value: &[u8]) {
    field[..value.len()].copy_from_slice(value);
}

/// As much of the value as fits, without a slash at its end: some readers take that for a directory.
fn put_shortened(field: &mut [u8], value: &str) {
    let cut = value.len() > field.len();
    let kept = &value[..value.len().min(field.len())];
    let kept = if cut {
        kept.trim_end_matches('/')
    } else {
        kept
    };
    put(field, kept.as_bytes());
}

fn numbers(block: &mut [u8; BLOCK], member: &Member<'_>) {
    octal(&mut block[100..108], member.mode);
    octal(&mut block[108..116], 0);
    octal(&mut block[116..124], 0);
    octal(&mut block[124..136], member.size);
    octal(&mut block[136..148], 0);
    block[156] = member.kind;
}

/// Octal digits with leading zeros, and a NUL at the end.
fn octal(field: &mut [u8], value: u64) {
    let digits = field.len() - 1;
    put(field, format!("{value:0digits$o}").as_bytes());
}

/// Format name and check sum.
fn finish(block: &mut [u8; BLOCK]) {
    put(&mut block[257..265], b"ustar\x0000");
    put(&mut block[148..156], b"        ");
    let sum = block.iter().map(|byte| u64::from(*byte)).sum();
    block[154] = 0;
    octal(&mut block[148..155], sum);
    block[155] = b' ';
}
