//! SSH.

use bytes::Bytes;

use crate::error::Cause;
use crate::remote::Remote;

#[derive(Debug)]
pub(crate) struct SshConnection;

impl SshConnection {
    pub(crate) async fn open(_remote: &Remote) -> Result<Self, Cause> {
        Err(Cause::Connect {
            detail: "ssh is not built yet".to_owned(),
        })
    }
    pub(crate) async fn send(&mut self, _body: Vec<u8>) -> Result<(), Cause> {
        Err(Cause::Connect {
            detail: "ssh is not built yet".to_owned(),
        })
    }
    pub(crate) async fn next(&mut self) -> Result<Option<Bytes>, Cause> {
        Err(Cause::Connect {
            detail: "ssh is not built yet".to_owned(),
        })
    }
}
