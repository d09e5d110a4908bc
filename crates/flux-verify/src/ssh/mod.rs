//! SSH signatures, checked against lines of `authorized_keys`.

mod authorized;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ssh_key::{HashAlg, PublicKey, SshSig};

use crate::Signed;
use crate::error::{SshMismatch, VerifyError};
use crate::kind::SignatureKind;

pub use authorized::read_authorized_keys;

/// What a signature must have been made for.
const NAMESPACE: &str = "git";

/// Verifies an SSH signature; returns the fingerprint of the key, `SHA256:...`.
///
/// A text of keys that cannot be read is passed over while another can.
///
/// # Errors
/// See [`VerifyError`].
pub fn verify_ssh(signed: Signed<'_>, authorized_keys: &[&str]) -> Result<String, VerifyError> {
    let text = signed.checked(SignatureKind::Ssh)?;
    let signature =
        unarmor(&text).ok_or_else(|| VerifyError::SshSignature("invalid PEM block".to_owned()))?;
    let mut unreadable = None;
    let mut readable = false;
    let mut mismatches = Vec::new();
    for text in authorized_keys {
        let keys = match read_authorized_keys(text) {
            Ok(keys) => keys,
            Err(why) => {
                unreadable.get_or_insert(why);
                continue;
            }
        };
        readable = true;
        for key in keys {
            match check(&key, &signature, signed.payload) {
                Ok(()) => return Ok(key.fingerprint(HashAlg::Sha256).to_string()),
                Err(why) => mismatches.push(why),
            }
        }
    }
    match unreadable {
        Some(why) if !readable => Err(VerifyError::AuthorizedKeys(why)),
        _ => Err(VerifyError::NoSshKey(mismatches)),
    }
}

fn check(key: &PublicKey, signature: &SshSig, payload: &[u8]) -> Result<(), SshMismatch> {
    if signature.public_key() != key.key_data() {
        return Err(SshMismatch::Key);
    }
    if signature.namespace() != NAMESPACE {
        return Err(SshMismatch::Namespace);
    }
    key.verify(NAMESPACE, payload, signature)
        .map_err(|_| SshMismatch::Signature)
}

/// Reads the armor leniently, as to line ends and their length, and gives it to the library as that wants it.
fn unarmor(text: &str) -> Option<SshSig> {
    let body = text
        .strip_prefix("-----BEGIN SSH SIGNATURE-----")?
        .split_once("-----END SSH SIGNATURE-----")?
        .0;
    let body: String = body.chars().filter(|c| !c.is_ascii_whitespace()).collect();
    let bytes = STANDARD.decode(&body).ok()?;
    let encoded = STANDARD.encode(bytes);
    let mut pem = "-----BEGIN SSH SIGNATURE-----\n".to_owned();
    for line in encoded.as_bytes().chunks(70) {
        pem.push_str(&String::from_utf8_lossy(line));
        pem.push('\n');
    }
    pem.push_str("-----END SSH SIGNATURE-----\n");
    SshSig::from_pem(pem).ok()
}
