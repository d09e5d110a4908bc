//! flux-kustomize.
