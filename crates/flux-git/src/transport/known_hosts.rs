//! Which keys a host may have, by the text of a `known_hosts` file (spec row SRC-GAU-006).

use russh::keys::{Algorithm, HashAlg, PublicKey};
use sha1::{Digest as _, Sha1};
use ssh_key::known_hosts::{HostPatterns, KnownHosts, Marker};

/// The keys of one host.
#[derive(Debug, Clone, Default)]
pub(crate) struct HostKeys {
    known: Vec<PublicKey>,
    revoked: Vec<PublicKey>,
}

impl HostKeys {
    /// Collects the keys of a host. Lines that cannot be read, or that name certificate authorities, are passed over:
    /// they can only make a host less known.
    pub(crate) fn of(text: &str, host: &str, port: u16) -> Self {
        let name = if port == 22 {
            host.to_owned()
        } else {
            format!("[{host}]:{port}")
        };
        let mut keys = Self::default();
        for entry in text.lines().flat_map(KnownHosts::new).flatten() {
            if !matches(entry.host_patterns(), &name) {
                continue;
            }
            match entry.marker() {
                None => keys.known.push(entry.public_key().clone()),
                Some(Marker::Revoked) => keys.revoked.push(entry.public_key().clone()),
                Some(Marker::CertAuthority) => {}
            }
        }
        keys
    }

    /// True where no key of the host is known.
    pub(crate) fn is_empty(&self) -> bool {
        self.known.is_empty()
    }

    /// True where the host may present this key.
    pub(crate) fn accepts(&self, key: &PublicKey) -> bool {
        let same = |known: &PublicKey| known.key_data() == key.key_data();
        self.known.iter().any(same) && !self.revoked.iter().any(same)
    }

    /// The algorithms to ask the host for, so that it presents a key that is known.
    pub(crate) fn algorithms(&self) -> Vec<Algorithm> {
        let mut algorithms = Vec::new();
        for key in &self.known {
            let of_key = match key.algorithm() {
                Algorithm::Rsa { .. } => vec![
                    Algorithm::Rsa {
                        hash: Some(HashAlg::Sha512),
                    },
                    Algorithm::Rsa {
                        hash: Some(HashAlg::Sha256),
                    },
                ],
                other => vec![other],
            };
            for algorithm in of_key {
                if !algorithms.contains(&algorithm) {
                    algorithms.push(algorithm);
                }
            }
        }
        algorithms
    }
}

fn matches(patterns: &HostPatterns, name: &str) -> bool {
    match patterns {
        HostPatterns::HashedName { salt, hash } => hmac_sha1(salt, name.as_bytes()) == *hash,
        HostPatterns::Patterns(patterns) => {
            let named = |pattern: &str| glob(pattern.as_bytes(), name.as_bytes());
            !patterns
                .iter()
                .any(|p| p.strip_prefix('!').is_some_and(named))
                && patterns.iter().any(|p| named(p))
        }
    }
}

/// `*` and `?`, without regard to case.
fn glob(pattern: &[u8], name: &[u8]) -> bool {
    match (pattern.split_first(), name.split_first()) {
        (None, None) => true,
        (Some((b'*', rest)), _) => {
            glob(rest, name)
                || name
                    .split_first()
                    .is_some_and(|(_, after)| glob(pattern, after))
        }
        (Some((b'?', rest)), Some((_, after))) => glob(rest, after),
        (Some((p, rest)), Some((n, after))) => p.eq_ignore_ascii_case(n) && glob(rest, after),
        _ => false,
    }
}

fn hmac_sha1(key: &[u8], message: &[u8]) -> [u8; 20] {
    let mut block = [0_u8; 64];
    let hashed: [u8; 20];
    let key = if key.len() > block.len() {
        hashed = Sha1::digest(key).into();
        &hashed
    } else {
        key
    };
    block[..key.len()].copy_from_slice(key);
    let inner = Sha1::new()
        .chain_update(block.map(|b| b ^ 0x36))
        .chain_update(message)
        .finalize();
    Sha1::new()
        .chain_update(block.map(|b| b ^ 0x5c))
        .chain_update(inner)
        .finalize()
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str =
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGOGWv/NBlhmuQCiryVm5O5xrzGFJFs0VQuYSGM67UoR";

    fn known(hosts: &str, host: &str, port: u16) -> bool {
        !HostKeys::of(&format!("# x\nbroken\n{hosts} {KEY} note\n"), host, port).is_empty()
    }

    #[test]
    fn hosts_are_found_by_name_pattern_and_port() {
        assert!(known("h.example", "h.example", 22));
        assert!(known("H.Example,1.2.3.4", "h.example", 22));
        assert!(known("*.example,!b.example", "h.example", 22));
        assert!(!known("*.example,!b.example", "b.example", 22));
        assert!(known("[h.example]:2222", "h.example", 2222));
        assert!(!known("h.example", "h.example", 2222));
        assert!(!known("[h.example]:2222", "h.example", 22));
    }

    #[test]
    fn hashed_names_are_found() {
        // The host of this well-known example is 192.168.1.61.
        let hashed = "|1|F1E1KeoE/eEWhi10WpGv4OdiO6Y=|3988QV0VE8wmZL7suNrYQLITLCg=";
        assert!(matches(&hashed.parse().unwrap(), "192.168.1.61"));
        assert!(!known(hashed, "192.168.1.62", 22));
    }

    #[test]
    fn a_revoked_key_is_not_accepted() {
        let text = format!("h {KEY}\n@revoked h {KEY}\n");
        let keys = HostKeys::of(&text, "h", 22);
        assert!(!keys.accepts(&KEY.parse().unwrap()));
        let keys = HostKeys::of(&format!("h {KEY}"), "h", 22);
        assert!(keys.accepts(&KEY.parse().unwrap()));
        assert!(HostKeys::of(&format!("@cert-authority h {KEY}"), "h", 22).is_empty());
    }
}
