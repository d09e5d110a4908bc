//! The client and the chassis against the embedded API server: real requests, counted on the server's side.

mod client;
mod controller;
mod lease;
mod world;
