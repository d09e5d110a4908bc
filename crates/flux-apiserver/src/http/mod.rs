//! The wire: addresses, parameters, content negotiation, answers, connections.

mod negotiate;
mod protobuf;
mod reply;
mod request;
mod serve;

pub(crate) use negotiate::{Form, Shape, accept, decode_body, from_yaml as decode_yaml};
pub(crate) use reply::{Body, Reply, empty_body};
pub(crate) use request::{Params, Target};
pub(crate) use serve::{Listener, serve};
