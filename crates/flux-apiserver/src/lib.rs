//! flux-apiserver.
