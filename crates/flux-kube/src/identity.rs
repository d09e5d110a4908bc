//! On whose behalf a request is sent.

use std::fmt;

/// A user that requests are sent as, by impersonation headers. It cannot be empty: there is no way from a missing name to the
/// operator's own rights.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Identity {
    user: String,
    groups: Vec<String>,
}

/// Why a name is not an identity.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdentityError {
    /// A part of the name is empty.
    #[error("identity has an empty {0}")]
    Empty(&'static str),
    /// A part of the name holds a character that no Kubernetes name has.
    #[error("identity has a malformed {0}")]
    Malformed(&'static str),
}

impl Identity {
    /// A user by name, without groups of its own.
    ///
    /// # Errors
    /// When the name is empty or cannot be a header value.
    pub fn user(name: &str) -> Result<Self, IdentityError> {
        Ok(Self {
            user: checked(name, "user name")?.to_owned(),
            groups: Vec::new(),
        })
    }

    /// The user of a service account. The API server adds the groups of service accounts by itself.
    ///
    /// # Errors
    /// When the namespace or the name is empty or holds a separator.
    pub fn service_account(namespace: &str, name: &str) -> Result<Self, IdentityError> {
        for (part, what) in [(namespace, "namespace"), (name, "service account name")] {
            checked(part, what)?;
            if part.contains([':', '/', ' ']) {
                return Err(IdentityError::Malformed(what));
            }
        }
        Ok(Self {
            user: format!("system:serviceaccount:{namespace}:{name}"),
            groups: Vec::new(),
        })
    }

    /// The same user as a member of one more group.
    ///
    /// # Errors
    /// When the group is empty or cannot be a header value.
    pub fn with_group(mut self, group: &str) -> Result<Self, IdentityError> {
        self.groups.push(checked(group, "group")?.to_owned());
        Ok(self)
    }

    /// The user name.
    pub fn user_name(&self) -> &str {
        &self.user
    }

    /// The groups, in the order they were added.
    pub fn groups(&self) -> &[String] {
        &self.groups
    }
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.user)
    }
}

/// Non-blank printable ASCII: what a header carries unchanged.
fn checked<'a>(text: &'a str, what: &'static str) -> Result<&'a str, IdentityError> {
    if text.trim().is_empty() {
        return Err(IdentityError::Empty(what));
    }
    if text.chars().all(|c| c.is_ascii_graphic() || c == ' ') {
        Ok(text)
    } else {
        Err(IdentityError::Malformed(what))
    }
}
