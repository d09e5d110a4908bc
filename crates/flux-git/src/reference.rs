//! Which commit of a repository is wanted, and which references a server has.

/// What to check out (spec rows SRC-GIT-007, SRC-GIT-008). An empty text counts as absent.
/// The commit wins over the name, the tag, the version range and the branch, in this order; without any of them the
/// branch `master` is taken. A branch or a name beside a commit only says what the commit is called.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reference {
    /// A branch, without `refs/heads/`.
    pub branch: Option<String>,
    /// A tag, without `refs/tags/`.
    pub tag: Option<String>,
    /// A version range over the tags.
    pub semver: Option<String>,
    /// The full name of a reference; `^{}` at its end means the object that a tag points to.
    pub name: Option<String>,
    /// The hash of a commit.
    pub commit: Option<String>,
}

/// A reference with one choice made: what the fields of [`Reference`] mean together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Wanted<'a> {
    Commit {
        hash: &'a str,
        branch: Option<&'a str>,
        name: Option<&'a str>,
    },
    Name(&'a str),
    Tag(&'a str),
    Semver(&'a str),
    Branch(&'a str),
}

impl Reference {
    /// A branch.
    pub fn branch(name: impl Into<String>) -> Self {
        Self {
            branch: Some(name.into()),
            ..Self::default()
        }
    }

    /// A tag.
    pub fn tag(name: impl Into<String>) -> Self {
        Self {
            tag: Some(name.into()),
            ..Self::default()
        }
    }

    /// A version range over the tags.
    pub fn semver(range: impl Into<String>) -> Self {
        Self {
            semver: Some(range.into()),
            ..Self::default()
        }
    }

    /// A reference by its full name.
    pub fn name(name: impl Into<String>) -> Self {
        Self {
            name: Some(name.into()),
            ..Self::default()
        }
    }

    /// A commit by its hash.
    pub fn commit(hash: impl Into<String>) -> Self {
        Self {
            commit: Some(hash.into()),
            ..Self::default()
        }
    }

    pub(crate) fn wanted<'a>(&'a self) -> Wanted<'a> {
        let text = |field: &'a Option<String>| field.as_deref().filter(|text| !text.is_empty());
        let (branch, name) = (text(&self.branch), text(&self.name));
        let (tag, semver, commit) = (text(&self.tag), text(&self.semver), text(&self.commit));
        match (commit, name, tag, semver) {
            (Some(hash), name, _, _) => Wanted::Commit { hash, branch, name },
            (_, Some(name), _, _) => Wanted::Name(name),
            (_, _, Some(tag), _) => Wanted::Tag(tag),
            (_, _, _, Some(range)) => Wanted::Semver(range),
            _ => Wanted::Branch(branch.unwrap_or("master")),
        }
    }
}

/// One reference of a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoteRef {
    /// The full name: `HEAD`, `refs/heads/main`.
    pub name: String,
    /// The hash of the object it points to; none for a symbolic reference to a branch that does not exist yet.
    pub hash: Option<String>,
    /// For an annotated tag, the hash of the object that the tag finally points to.
    pub peeled: Option<String>,
    /// For a symbolic reference, the reference it stands for.
    pub symbolic: Option<String>,
}

impl RemoteRef {
    /// The hash of the object behind all tags.
    pub fn target(&self) -> Option<&str> {
        self.peeled.as_deref().or(self.hash.as_deref())
    }
}
