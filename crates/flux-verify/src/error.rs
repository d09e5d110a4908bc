//! Why a signature is not accepted. The texts are upstream's, since they end up in conditions.

use crate::kind::SignatureKind;

/// Why a signature is not accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    /// Nothing was signed.
    #[error("unable to verify payload: payload is empty")]
    PayloadEmpty,
    /// There is no signature.
    #[error("unable to verify payload: signature is empty")]
    SignatureEmpty,
    /// The signature is of another kind than the keys.
    #[error(
        "unable to verify {} signature, detected signature format: {found}: signature format mismatch",
        title(*want)
    )]
    KindMismatch {
        /// The kind of the keys.
        want: SignatureKind,
        /// The kind of the signature.
        found: SignatureKind,
    },
    /// No key ring can be read.
    #[error("unable to read armored key ring: {0}")]
    KeyRing(String),
    /// No key of any key ring made this signature.
    #[error("unable to verify payload with any of the given key rings: no matching key")]
    NoPgpKey,
    /// The SSH signature is damaged.
    #[error("unable to unarmor SSH signature: {0}")]
    SshSignature(String),
    /// No text of authorized keys can be read.
    #[error("unable to parse authorized keys: unable to parse authorized key: {0}")]
    AuthorizedKeys(String),
    /// No authorized key made this signature.
    #[error("unable to verify payload with any of the given authorized keys: no matching key{}", lines(.0))]
    NoSshKey(Vec<SshMismatch>),
}

/// Why one authorized key did not make a signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SshMismatch {
    /// Another key made it.
    #[error("public key does not match")]
    Key,
    /// It was made for another purpose than Git.
    #[error("namespace does not match")]
    Namespace,
    /// The payload was changed, or the signature forged.
    #[error("ssh: signature did not verify")]
    Signature,
}

fn title(kind: SignatureKind) -> &'static str {
    if kind == SignatureKind::Ssh {
        "SSH"
    } else {
        "openPGP"
    }
}

/// Each different reason once, on a line of its own.
fn lines(reasons: &[SshMismatch]) -> String {
    let mut seen: Vec<SshMismatch> = Vec::new();
    for reason in reasons {
        if !seen.contains(reason) {
            seen.push(*reason);
        }
    }
    let seen: Vec<String> = seen.iter().map(|reason| format!("\n{reason}")).collect();
    seen.concat()
}
