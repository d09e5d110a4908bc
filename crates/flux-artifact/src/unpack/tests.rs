//! Hostile archives.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use flux_tree::{FileTree, TreePath, walk};
use tar::{Builder, EntryType, Header};

use super::{Limits, Links, UnpackError, unpack};

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).expect("in memory");
    encoder.finish().expect("in memory")
}

/// An archive of one entry; the name is put into the header as it is, since builders refuse bad ones.
fn archive_of(name: &[u8], kind: EntryType, content: &[u8]) -> Vec<u8> {
    let mut header = Header::new_ustar();
    header.as_old_mut().name[..name.len()].copy_from_slice(name);
    header.set_entry_type(kind);
    header.set_size(content.len() as u64);
    header.set_mode(0o644);
    if kind == EntryType::Symlink || kind == EntryType::Link {
        header.set_link_name("target").expect("a name");
    }
    header.set_cksum();
    let mut builder = Builder::new(Vec::new());
    builder.append(&header, content).expect("in memory");
    gzip(&builder.into_inner().expect("in memory"))
}

#[test]
fn names_that_leave_the_tree_are_refused() {
    for name in ["/etc/passwd", "../x", "a/../../x", "a/..", "a\\b", "..\\x"] {
        let error = unpack(
            &archive_of(name.as_bytes(), EntryType::Regular, b"x"),
            &Limits::default(),
        );
        assert!(
            matches!(error, Err(UnpackError::BadName(_))),
            "{name}: {error:?}"
        );
    }
    let error = unpack(
        &archive_of(b"\xff\xfe", EntryType::Regular, b"x"),
        &Limits::default(),
    );
    assert!(matches!(error, Err(UnpackError::BadName(_))));
}

#[test]
fn only_files_and_directories_are_accepted() {
    for kind in [
        EntryType::Link,
        EntryType::Char,
        EntryType::Block,
        EntryType::Fifo,
        EntryType::GNUSparse,
    ] {
        let error = unpack(&archive_of(b"x", kind, b""), &Limits::default());
        assert!(error.is_err(), "{kind:?}");
    }
    let link = archive_of(b"x", EntryType::Symlink, b"");
    assert_eq!(
        walk(
            &unpack(&link, &Limits::default()).expect("skipped"),
            &TreePath::root()
        )
        .expect("walked"),
        []
    );
    let strict = Limits {
        links: Links::Refuse,
        ..Limits::default()
    };
    assert!(matches!(
        unpack(&link, &strict),
        Err(UnpackError::BadType { .. })
    ));
}

#[test]
fn everything_is_limited() {
    let big = archive_of(b"x", EntryType::Regular, &vec![0; 100_000]);
    let small = |limits: Limits| unpack(&big, &limits);
    assert!(small(Limits::default()).is_ok());
    let of = |result: Result<_, UnpackError>| result.err().map(|error| error.to_string());
    assert_eq!(
        of(small(Limits {
            decompressed: 5000,
            ..Limits::default()
        }))
        .as_deref(),
        Some("archive exceeds the limit of 5000 bytes")
    );
    assert_eq!(
        of(small(Limits {
            compressed: 10,
            ..Limits::default()
        }))
        .as_deref(),
        Some("archive exceeds the limit of 10 compressed bytes")
    );
    assert_eq!(
        of(small(Limits {
            entries: 0,
            ..Limits::default()
        }))
        .as_deref(),
        Some("archive exceeds the limit of 0 entries")
    );
}

#[test]
fn cut_off_and_foreign_streams_are_refused() {
    let whole = archive_of(b"x", EntryType::Regular, &vec![7; 5000]);
    assert!(matches!(
        unpack(&whole[..whole.len() / 2], &Limits::default()),
        Err(UnpackError::Read(_))
    ));
    assert!(matches!(
        unpack(b"not gzip", &Limits::default()),
        Err(UnpackError::Read(_))
    ));
}

#[test]
fn customary_names_are_accepted() {
    let tree = unpack(
        &archive_of(b"./a/b", EntryType::Regular, b"x"),
        &Limits::default(),
    )
    .expect("unpacked");
    assert_eq!(
        tree.read(&TreePath::parse("a/b").expect("a path"))
            .expect("read"),
        "x"
    );
}
