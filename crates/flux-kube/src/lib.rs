//! flux-kube.
