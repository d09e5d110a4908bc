//! flux-git.
