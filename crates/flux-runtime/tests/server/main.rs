//! The client and the chassis against the embedded API server: real requests, counted on the server's side.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "the whole crate is a test"
)]

mod client;
mod controller;
mod events;
mod lease;
mod world;
