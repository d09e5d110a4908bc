//! The policy against keys and signatures that GnuPG made for these tests; they protect nothing.
//!
//! All were made on 2026-01-01. `plain` signs with its primary key; `split` with a subkey that expires after a year and
//! beside which it has one for encryption; `brief` is a signature by `plain` that expires on 2026-02-01; `sha1` is one by
//! `rsa` over a weak hash. Revocations are of 2026-03-01. `forged` is `plain` with the subkey of `split` added to it,
//! `unbound` its primary key with the name of another.

use super::*;

const PAYLOAD: &[u8] = b"signed text\n";
/// 2026-01-02.
const NEXT_DAY: i64 = 1_767_312_000;
/// 2026-04-01.
const SPRING: i64 = 1_775_001_600;
/// 2027-06-01.
const LATER: i64 = 1_811_808_000;

macro_rules! file {
    ($name:literal) => {
        include_str!(concat!("testdata/", $name))
    };
}

fn accepts(signature: &str, ring: &str, now: i64) -> bool {
    let signed = Signed {
        payload: PAYLOAD,
        signature: signature.as_bytes(),
    };
    match verify_pgp(signed, &[ring], now) {
        Ok(_) => true,
        Err(VerifyError::NoPgpKey) => false,
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn valid_keys_are_accepted() {
    assert!(accepts(file!("plain.sig"), file!("plain.asc"), NEXT_DAY));
    assert!(accepts(file!("split.sig"), file!("split.asc"), NEXT_DAY));
    assert!(accepts(file!("rsa.sig"), file!("rsa.asc"), NEXT_DAY));
    assert!(accepts(file!("plain.sig"), file!("plain.asc"), LATER));
}

#[test]
fn a_changed_payload_is_refused() {
    let signed = Signed {
        payload: b"signed text",
        signature: file!("plain.sig").as_bytes(),
    };
    assert_eq!(
        verify_pgp(signed, &[file!("plain.asc")], NEXT_DAY),
        Err(VerifyError::NoPgpKey)
    );
}

#[test]
fn a_subkey_counts_until_it_expires() {
    assert!(accepts(file!("split.sig"), file!("split.asc"), SPRING));
    assert!(!accepts(file!("split.sig"), file!("split.asc"), LATER));
}

#[test]
fn revoked_keys_do_not_count() {
    assert!(!accepts(
        file!("plain.sig"),
        file!("plain-revoked.asc"),
        SPRING
    ));
    assert!(!accepts(
        file!("split.sig"),
        file!("split-revoked.asc"),
        SPRING
    ));
}

#[test]
fn a_signature_counts_while_it_lasts() {
    assert!(accepts(file!("brief.sig"), file!("plain.asc"), NEXT_DAY));
    assert!(!accepts(file!("brief.sig"), file!("plain.asc"), SPRING));
    // Nothing is valid before it was made.
    assert!(!accepts(
        file!("plain.sig"),
        file!("plain.asc"),
        NEXT_DAY - 10 * 86_400
    ));
}

#[test]
fn a_weak_hash_does_not_count() {
    assert!(!accepts(file!("sha1.sig"), file!("rsa.asc"), NEXT_DAY));
}

#[test]
fn a_key_cannot_take_in_a_subkey_of_another() {
    assert!(accepts(file!("plain.sig"), file!("forged.asc"), NEXT_DAY));
    assert!(!accepts(file!("split.sig"), file!("forged.asc"), NEXT_DAY));
}

#[test]
fn a_key_without_a_name_of_its_own_does_not_count() {
    assert!(!accepts(file!("plain.sig"), file!("unbound.asc"), NEXT_DAY));
}

#[test]
fn only_the_first_block_is_read() {
    let two = concat!(
        include_str!("testdata/rsa.asc"),
        include_str!("testdata/plain.asc")
    );
    assert!(!accepts(file!("plain.sig"), two, NEXT_DAY));
    assert!(accepts(file!("rsa.sig"), two, NEXT_DAY));
}
