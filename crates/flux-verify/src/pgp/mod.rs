//! OpenPGP: the policy around the mathematics of the library.
//!
//! A signature counts when it was made by a key that, today, is valid for signing:
//! - the issuer is the primary key, or a subkey bound by the primary key that itself confirms the binding;
//! - neither has been revoked, neither has expired by now. Parity: a commit that was signed while the key was valid
//!   is refused once the key has expired;
//! - the signature is over bytes, uses a hash stronger than SHA-1, is not from the future and has not expired;
//! - nothing in it that must be understood is unknown.
//!
//! Parity: of a text with several armored blocks only the first is read, and the name of the key is the id of its
//! primary key also where a subkey signed.

mod key;

use ::pgp::composed::{Deserializable as _, DetachedSignature, SignedPublicKey};
use ::pgp::crypto::hash::HashAlgorithm;
use ::pgp::packet::{Signature, SignatureType, SubpacketData};
use ::pgp::types::{Duration, KeyDetails, KeyId, Timestamp};

use crate::Signed;
use crate::error::VerifyError;
use crate::kind::SignatureKind;

/// Seconds since 1970, UTC.
pub type UnixSeconds = i64;

/// Verifies an OpenPGP signature; returns the id of the primary key, 16 capital hex digits.
///
/// A key ring that cannot be read is passed over while another can.
///
/// # Errors
/// See [`VerifyError`].
pub fn verify_pgp(
    signed: Signed<'_>,
    key_rings: &[&str],
    now: UnixSeconds,
) -> Result<String, VerifyError> {
    let text = signed.checked(SignatureKind::OpenPgp)?;
    let signatures = signatures(&text);
    let now = Timestamp::from_secs(u32::try_from(now).unwrap_or(u32::MAX));
    let mut unreadable = None;
    let mut readable = false;
    for ring in key_rings {
        let keys = match read_ring(ring) {
            Ok(keys) => keys,
            Err(why) => {
                unreadable.get_or_insert(why);
                continue;
            }
        };
        readable = true;
        for signature in &signatures {
            let made = keys
                .iter()
                .find(|key| made_by(key, signature, signed.payload, now));
            if let Some(key) = made {
                return Ok(key
                    .primary_key
                    .legacy_key_id()
                    .to_string()
                    .to_ascii_uppercase());
            }
        }
    }
    match unreadable {
        Some(why) if !readable => Err(VerifyError::KeyRing(why)),
        _ => Err(VerifyError::NoPgpKey),
    }
}

/// The public keys of the first armored block of a text.
///
/// # Errors
/// What is wrong, in upstream's words.
pub fn read_ring(text: &str) -> Result<Vec<SignedPublicKey>, String> {
    let missing = || "openpgp: invalid argument: no armored data found".to_owned();
    let start = text.find("-----BEGIN PGP ").ok_or_else(missing)?;
    let block = &text[start..];
    let end = block.find("\n-----END PGP ").map_or(block.len(), |at| {
        block[at + 1..]
            .find('\n')
            .map_or(block.len(), |line| at + 1 + line)
    });
    let broken = |_| "unexpected EOF".to_owned();
    let (keys, _) = SignedPublicKey::from_armor_many(&block.as_bytes()[..end]).map_err(broken)?;
    let mut read = Vec::new();
    let mut failed = None;
    for key in keys {
        match key {
            Ok(key) => read.push(key),
            Err(error) => failed = Some(error),
        }
    }
    match failed {
        Some(error) if read.is_empty() => Err(broken(error)),
        _ if read.is_empty() => Err("unexpected EOF".to_owned()),
        _ => Ok(read),
    }
}

/// The signatures in an armored text; none where it is damaged.
fn signatures(text: &str) -> Vec<Signature> {
    match DetachedSignature::from_armor_many(text.as_bytes()) {
        Ok((found, _)) => found
            .filter_map(Result::ok)
            .map(|found| found.signature)
            .collect(),
        Err(_) => Vec::new(),
    }
}

/// Whether a key of the ring made a signature and may have made it.
fn made_by(ring: &SignedPublicKey, signature: &Signature, payload: &[u8], now: Timestamp) -> bool {
    let over_bytes = matches!(
        signature.typ(),
        Some(SignatureType::Binary | SignatureType::Text)
    );
    if !over_bytes || !strong(signature) || !understood(signature) || !timely(signature, now) {
        return false;
    }
    if !key::primary_is_valid(ring, now) {
        return false;
    }
    let primary = &ring.primary_key;
    if names(signature, primary)
        && key::primary_may_sign(ring, now)
        && signature.verify(primary, payload).is_ok()
    {
        return true;
    }
    ring.public_subkeys.iter().any(|subkey| {
        names(signature, &subkey.key)
            && key::subkey_may_sign(ring, subkey, now)
            && signature.verify(&subkey.key, payload).is_ok()
    })
}

/// Whether a signature names this key as its issuer. One that names none is nobody's.
fn names(signature: &Signature, key: &impl KeyDetails) -> bool {
    let fingerprints = signature.issuer_fingerprint();
    if !fingerprints.is_empty() {
        return fingerprints
            .iter()
            .any(|named| **named == key.fingerprint());
    }
    let id: KeyId = key.legacy_key_id();
    signature.issuer_key_id().iter().any(|named| **named == id)
}

/// Hashes for which collisions can be made do not count.
pub(crate) fn strong(signature: &Signature) -> bool {
    matches!(
        signature.hash_alg(),
        Some(
            HashAlgorithm::Sha224
                | HashAlgorithm::Sha256
                | HashAlgorithm::Sha384
                | HashAlgorithm::Sha512
                | HashAlgorithm::Sha3_256
                | HashAlgorithm::Sha3_512
        )
    )
}

/// Whether everything that the signer marked as critical is known to us.
pub(crate) fn understood(signature: &Signature) -> bool {
    signature.config().is_some_and(|config| {
        config.hashed_subpackets.iter().all(|part| {
            let unknown = matches!(
                part.data,
                SubpacketData::Experimental(..)
                    | SubpacketData::Other(..)
                    | SubpacketData::Notation(_)
            );
            !(part.is_critical && unknown)
        })
    })
}

/// Made in the past and not expired.
pub(crate) fn timely(signature: &Signature, now: Timestamp) -> bool {
    let Some(created) = signature.created() else {
        return false;
    };
    let lifetime = signature
        .signature_expiration_time()
        .map_or(0, Duration::as_secs);
    created.as_secs() <= now.as_secs() && !passed(created, lifetime, now)
}

/// Whether a lifetime that began at `from` is over; zero means that it never ends.
pub(crate) fn passed(from: Timestamp, lifetime: u32, now: Timestamp) -> bool {
    lifetime != 0 && u64::from(from.as_secs()) + u64::from(lifetime) <= u64::from(now.as_secs())
}

#[cfg(test)]
mod tests;
