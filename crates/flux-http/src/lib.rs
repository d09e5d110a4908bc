//! flux-http.
