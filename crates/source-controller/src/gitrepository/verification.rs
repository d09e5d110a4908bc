//! Are commit and tag signed by keys that the Secret trusts (SRC-GVF)? Pure.

use flux_git::{Commit, Signature};
use flux_verify::{SignatureKind, Signed, VerifyError, verify_pgp, verify_ssh};

use crate::gitrepository::failure::Failure;
use crate::gitrepository::plan;
use crate::secret::SecretData;

/// Why a signature is not trusted.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SignatureError {
    #[error(
        "PGP signature detected but no PGP public keys found in secret (keys with .asc suffix)"
    )]
    NoPgpKeys,
    #[error(
        "SSH signature detected but no SSH public keys found in secret (keys with .sshpub suffix)"
    )]
    NoSshKeys,
    #[error("unsupported signature type: {0}")]
    Unsupported(SignatureKind),
    #[error("{0}")]
    Rejected(VerifyError),
}

/// Verifies what was asked for; what was verified, in words for the condition.
pub(super) fn verify(
    commit: &Commit,
    signed: plan::Signed,
    keys: &SecretData,
    now_seconds: i64,
) -> Result<String, Failure> {
    let mut verified = vec!["verified signature of".to_owned()];
    if signed.tag {
        let tag = commit
            .referencing_tag
            .as_ref()
            .map(|tag| (tag.to_string(), &tag.signature));
        let (tag, signature) = tag.unwrap_or_else(|| (String::new(), &commit.signature));
        if commit.referencing_tag.is_none() || signature.text.is_empty() {
            return Err(Failure::TagUnsigned { tag });
        }
        match key_of(signature, keys, now_seconds) {
            Ok(key) => verified.push(format!("tag '{tag}' with key '{key}'")),
            Err(source) => return Err(Failure::TagSignature { tag, source }),
        }
    }
    if signed.head {
        let hash = commit.hash();
        match key_of(&commit.signature, keys, now_seconds) {
            Ok(key) => verified.push(format!("commit '{hash}' with key '{key}'")),
            Err(source) => {
                return Err(Failure::CommitSignature {
                    hash: hash.to_owned(),
                    source,
                });
            }
        }
    }
    Ok(verified.join("\n\t- "))
}

/// The key that made a signature.
fn key_of(
    signature: &Signature,
    keys: &SecretData,
    now_seconds: i64,
) -> Result<String, SignatureError> {
    let signed = Signed {
        payload: &signature.payload,
        signature: &signature.text,
    };
    let texts = |of_ssh: bool| -> Vec<String> {
        // Parity: every key name but `*.sshpub` counts as a PGP key ring.
        keys.entries()
            .filter(|(name, _)| name.ends_with(".sshpub") == of_ssh)
            .map(|(_, text)| String::from_utf8_lossy(text).into_owned())
            .collect()
    };
    match SignatureKind::of(&signature.text) {
        SignatureKind::OpenPgp => {
            let rings = texts(false);
            if rings.is_empty() {
                return Err(SignatureError::NoPgpKeys);
            }
            let rings: Vec<&str> = rings.iter().map(String::as_str).collect();
            verify_pgp(signed, &rings, now_seconds).map_err(SignatureError::Rejected)
        }
        SignatureKind::Ssh => {
            let lines = texts(true);
            if lines.is_empty() {
                return Err(SignatureError::NoSshKeys);
            }
            let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
            verify_ssh(signed, &lines).map_err(SignatureError::Rejected)
        }
        kind @ (SignatureKind::Empty | SignatureKind::X509 | SignatureKind::Unknown) => {
            Err(SignatureError::Unsupported(kind))
        }
    }
}
