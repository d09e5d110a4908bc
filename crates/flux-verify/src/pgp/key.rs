//! Which keys of a ring are valid, by what their owner said about them last.

use ::pgp::composed::{SignedPublicKey, SignedPublicSubKey};
use ::pgp::packet::{Signature, SignatureType};
use ::pgp::types::{Duration, KeyDetails as _, Tag, Timestamp};

use crate::pgp::{passed, timely, understood};

/// Whether the primary key is bound to a name or to itself, not revoked and not expired.
pub(crate) fn primary_is_valid(ring: &SignedPublicKey, now: Timestamp) -> bool {
    let primary = &ring.primary_key;
    let revoked = ring.details.revocation_signatures.iter().any(|found| {
        found.typ() == Some(SignatureType::KeyRevocation) && found.verify_key(primary).is_ok()
    });
    if revoked || primary.created_at().as_secs() > now.as_secs() {
        return false;
    }
    let Some(says) = self_signature(ring, now) else {
        return false;
    };
    let lifetime = says.key_expiration_time().map_or(0, Duration::as_secs);
    !passed(primary.created_at(), lifetime, now)
}

/// Whether the primary key says that it signs, or says nothing about it.
pub(crate) fn primary_may_sign(ring: &SignedPublicKey, now: Timestamp) -> bool {
    self_signature(ring, now).is_some_and(|says| !states_flags(says) || says.key_flags().sign())
}

/// Whether a subkey is bound by the primary key, confirms it, signs, and is neither revoked nor expired.
pub(crate) fn subkey_may_sign(
    ring: &SignedPublicKey,
    subkey: &SignedPublicSubKey,
    now: Timestamp,
) -> bool {
    let primary = &ring.primary_key;
    let bound = |found: &&Signature| found.verify_subkey_binding(primary, &subkey.key).is_ok();
    let of_kind = |kind| {
        subkey
            .signatures
            .iter()
            .filter(move |found| found.typ() == Some(kind))
    };
    if of_kind(SignatureType::SubkeyRevocation).any(|found| bound(&found)) {
        return false;
    }
    let bindings = of_kind(SignatureType::SubkeyBinding).filter(bound);
    let Some(says) = latest(bindings, now) else {
        return false;
    };
    let confirmed = says.embedded_signature().is_some_and(|back| {
        back.typ() == Some(SignatureType::KeyBinding)
            && back
                .verify_primary_key_binding(&subkey.key, primary)
                .is_ok()
    });
    let created = subkey.key.created_at();
    let lifetime = says.key_expiration_time().map_or(0, Duration::as_secs);
    says.key_flags().sign()
        && confirmed
        && created.as_secs() <= now.as_secs()
        && !passed(created, lifetime, now)
}

/// What the primary key says about itself: its latest signature over its primary name, or else over itself alone.
fn self_signature(ring: &SignedPublicKey, now: Timestamp) -> Option<&Signature> {
    let primary = &ring.primary_key;
    let mut best: Option<&Signature> = None;
    for user in &ring.details.users {
        let valid = |found: &&Signature| {
            found
                .verify_certification(primary, Tag::UserId, &user.id)
                .is_ok()
        };
        let own = user
            .signatures
            .iter()
            .filter(|found| found.is_certification())
            .filter(valid);
        let Some(says) = latest(own, now) else {
            continue;
        };
        let revoked = user.signatures.iter().any(|found| {
            found.typ() == Some(SignatureType::CertRevocation)
                && valid(&found)
                && found.created() >= says.created()
        });
        let better = best.is_none_or(|best| {
            (says.is_primary(), says.created()) > (best.is_primary(), best.created())
        });
        if !revoked && better {
            best = Some(says);
        }
    }
    let direct = ring.details.direct_signatures.iter();
    best.or_else(|| {
        latest(
            direct.filter(|found| found.verify_key(primary).is_ok()),
            now,
        )
    })
}

/// The latest signature that counts today.
fn latest<'a>(
    signatures: impl Iterator<Item = &'a Signature>,
    now: Timestamp,
) -> Option<&'a Signature> {
    signatures
        .filter(|found| understood(found) && timely(found, now))
        .max_by_key(|found| found.created().map(Timestamp::as_secs))
}

fn states_flags(signature: &Signature) -> bool {
    signature.config().is_some_and(|config| {
        config
            .hashed_subpackets
            .iter()
            .any(|part| matches!(part.data, ::pgp::packet::SubpacketData::KeyFlags(_)))
    })
}
