//! Is this signature by a key that is trusted? OpenPGP and SSH signatures of Git commits and tags.
//!
//! Bytes and texts in, the name of the key out. What was signed and by which keys it may be, the caller knows; what
//! time it is, too.
//!
//! - [`SignatureKind::of`]: which kind of signature a text is (spec row SRC-GVF-003).
//! - [`verify_pgp`]: armored key rings; the policy is in [`mod@pgp`].
//! - [`verify_ssh`]: lines of `authorized_keys` (spec row SRC-GVF-004).

mod error;
mod kind;
pub mod pgp;
pub mod ssh;

pub use error::VerifyError;
pub use kind::SignatureKind;
pub use pgp::verify_pgp;
pub use ssh::verify_ssh;

/// Something signed, with its detached signature.
#[derive(Debug, Clone, Copy)]
pub struct Signed<'a> {
    /// The bytes that were signed.
    pub payload: &'a [u8],
    /// The armored signature.
    pub signature: &'a [u8],
}

impl Signed<'_> {
    /// The signature as text without space around it.
    ///
    /// # Errors
    /// When there is no payload, no signature, or one of another kind than `want`.
    fn checked(&self, want: SignatureKind) -> Result<String, VerifyError> {
        if self.payload.is_empty() {
            return Err(VerifyError::PayloadEmpty);
        }
        let text = String::from_utf8_lossy(self.signature).trim().to_owned();
        if text.is_empty() {
            return Err(VerifyError::SignatureEmpty);
        }
        match SignatureKind::of(self.signature) {
            found if found == want => Ok(text),
            found => Err(VerifyError::KindMismatch { want, found }),
        }
    }
}
