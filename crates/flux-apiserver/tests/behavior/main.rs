//! The API server as clients see it: plain HTTPS and JSON.

mod access;
mod apply;
mod collect;
mod custom;
mod faults;
mod objects;
mod support;
mod watches;
mod workloads;
