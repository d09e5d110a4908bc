//! Kinds of signatures.

/// What kind of signature a text is, told by its first line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignatureKind {
    /// No text at all.
    Empty,
    /// An OpenPGP signature.
    OpenPgp,
    /// An SSH signature.
    Ssh,
    /// An X.509 signature, which upstream does not verify.
    X509,
    /// Anything else.
    Unknown,
}

impl SignatureKind {
    /// The kind of a signature. Space before it is passed over.
    /// Parity: a text of nothing but space is unknown, not empty.
    pub fn of(signature: &[u8]) -> Self {
        if signature.is_empty() {
            return Self::Empty;
        }
        let text = String::from_utf8_lossy(signature);
        let text = text.trim_start();
        for (start, kind) in [
            ("-----BEGIN PGP SIGNATURE-----", Self::OpenPgp),
            ("-----BEGIN SSH SIGNATURE-----", Self::Ssh),
            ("-----BEGIN SIGNED MESSAGE-----", Self::X509),
        ] {
            if text.starts_with(start) {
                return kind;
            }
        }
        Self::Unknown
    }
}

impl std::fmt::Display for SignatureKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Empty => "empty",
            Self::OpenPgp => "openpgp",
            Self::Ssh => "ssh",
            Self::X509 => "x509",
            Self::Unknown => "unknown",
        })
    }
}
