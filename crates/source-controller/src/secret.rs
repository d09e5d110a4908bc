//! The data of Secrets, read and checked. Values never reach a message; keys and names do.

use std::collections::BTreeMap;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flux_object::Object;

/// The decoded data of one Secret.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct SecretData {
    /// `namespace/name`.
    name: String,
    data: BTreeMap<String, Vec<u8>>,
}

impl fmt::Debug for SecretData {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SecretData")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

impl SecretData {
    /// The data of a Secret as the API server returned it. A value that is not base64 counts as absent.
    pub(crate) fn read(secret: &Object) -> Self {
        let data = secret.get(&["data"]).and_then(|data| data.as_object());
        Self {
            name: format!("{}/{}", secret.namespace(), secret.name()),
            data: data
                .into_iter()
                .flatten()
                .filter_map(|(key, value)| {
                    Some((key.clone(), STANDARD.decode(value.as_str()?).ok()?))
                })
                .collect(),
        }
    }

    #[cfg(test)]
    pub(crate) fn of(name: &str, data: &[(&str, &str)]) -> Self {
        Self {
            name: name.to_owned(),
            data: data
                .iter()
                .map(|(k, v)| ((*k).to_owned(), v.as_bytes().to_vec()))
                .collect(),
        }
    }

    /// `namespace/name`.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// A value that is present and not empty.
    pub(crate) fn get(&self, key: &str) -> Option<&[u8]> {
        self.data
            .get(key)
            .map(Vec::as_slice)
            .filter(|value| !value.is_empty())
    }

    /// A value as text; bytes that are not UTF-8 are replaced, and will not be accepted by whoever gets them.
    pub(crate) fn text(&self, key: &str) -> Option<String> {
        self.get(key)
            .map(|value| String::from_utf8_lossy(value).into_owned())
    }

    /// The value of a key, or of its older name (COM-SEC-002).
    pub(crate) fn get_or(&self, key: &str, legacy: &str) -> Option<&[u8]> {
        self.get(key).or_else(|| self.get(legacy))
    }

    /// All keys with their values.
    pub(crate) fn entries(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.data
            .iter()
            .map(|(key, value)| (key.as_str(), value.as_slice()))
    }
}
