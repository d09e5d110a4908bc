//! Fetching from another place than the URL says, as git's `url.<base>.insteadOf` does.

use std::borrow::Cow;

use url::Url;

use crate::remote::{Credentials, Remote, Tls};

/// A prefix of URLs and what stands in for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mirror {
    prefix: String,
    target: Url,
}

impl Mirror {
    /// URLs that are `prefix`, or continue it with `/` or `.git`, are fetched from `target` instead, with the same rest.
    pub fn new(prefix: &str, target: Url) -> Self {
        Self {
            prefix: normal(prefix).to_owned(),
            target,
        }
    }

    /// The URL to fetch from, if this mirror stands in for `url`.
    fn apply(&self, url: &str) -> Option<Url> {
        let rest = normal(url).strip_prefix(&self.prefix)?;
        if !rest.is_empty() && !rest.starts_with('/') {
            return None;
        }
        let base = self.target.as_str().trim_end_matches('/');
        Url::parse(&format!("{base}{rest}")).ok()
    }
}

/// `https://h/r.git/` and `https://h/r` name the same repository.
fn normal(url: &str) -> &str {
    let url = url.trim_end_matches('/');
    url.strip_suffix(".git").unwrap_or(url)
}

/// The remote to talk to. A mirror is another server: credentials, certificates and proxies stay behind.
pub(crate) fn resolve<'a>(mirrors: &[Mirror], remote: &'a Remote) -> Cow<'a, Remote> {
    // The longest prefix is the most precise.
    let found = mirrors
        .iter()
        .filter_map(|mirror| Some((mirror.prefix.len(), mirror.apply(&remote.shown())?)))
        .max_by_key(|(length, _)| *length);
    match found {
        None => Cow::Borrowed(remote),
        Some((_, url)) => {
            let mut mirrored = remote.clone().at(url);
            mirrored.credentials = Credentials::None;
            mirrored.tls = Tls::default();
            mirrored.proxy = None;
            Cow::Owned(mirrored)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(prefix: &str, url: &str) -> String {
        let mirror = Mirror::new(prefix, Url::parse("http://127.0.0.1:1/fleet.git").unwrap());
        let remote = Remote::new(url).unwrap();
        resolve(&[mirror], &remote).url().to_string()
    }

    #[test]
    fn a_mirror_stands_in_for_its_repository_only() {
        let prefix = "https://git.example.com/org/fleet.git";
        assert_eq!(
            target(prefix, "https://git.example.com/org/fleet"),
            "http://127.0.0.1:1/fleet.git"
        );
        assert_eq!(
            target(prefix, "https://git.example.com/org/fleet.git/"),
            "http://127.0.0.1:1/fleet.git"
        );
        assert_eq!(
            target(prefix, "https://git.example.com/org/fleets"),
            "https://git.example.com/org/fleets"
        );
    }

    #[test]
    fn a_mirror_gets_no_credentials() {
        let mirror = Mirror::new("https://h/r", Url::parse("http://127.0.0.1:1/r").unwrap());
        let mut remote = Remote::new("https://h/r").unwrap();
        remote.credentials = Credentials::Bearer(crate::Secret::new("token"));
        assert!(matches!(
            resolve(&[mirror], &remote).credentials,
            Credentials::None
        ));
    }
}
