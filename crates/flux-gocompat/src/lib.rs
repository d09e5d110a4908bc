//! flux-gocompat.
