//! Reaching the cluster as the flags say (CLI-GLB-008).

use std::path::PathBuf;

use flux_kube::{Client, Credentials, Options};

use crate::cli::Fail;
use crate::cli::command::Call;

/// Connects; nothing is asked of the server that a command does not need.
pub(crate) async fn client(call: &Call) -> Result<Client, Fail> {
    let flags = &call.flags;
    let context = flags.some("context").map(str::to_owned);
    let credentials = match flags.some("kubeconfig") {
        Some(path) => Credentials::File {
            path: PathBuf::from(path),
            context,
        },
        None => Credentials::Infer { context },
    };
    let options = Options {
        qps: flags.text("kube-api-qps").parse().unwrap_or(50.0),
        burst: u32::try_from(flags.number("kube-api-burst")).unwrap_or(300),
        ..Options::default()
    };
    let client = Client::connect(credentials, &options)
        .await
        .map_err(|error| failed(&error))?;
    match flags.some("as") {
        None => Ok(client),
        Some(user) => {
            let mut identity =
                flux_kube::Identity::user(user).map_err(|error| Fail::plain(error.to_string()))?;
            for group in flags.list("as-group") {
                identity = identity
                    .with_group(&group)
                    .map_err(|error| Fail::plain(error.to_string()))?;
            }
            Ok(client.as_identity(identity))
        }
    }
}

/// What the user reads of a failed request: the server's own message where there is one.
pub(crate) fn failed(error: &flux_kube::Error) -> Fail {
    Fail::plain(words(error))
}

/// The text of [`failed`].
pub(crate) fn words(error: &flux_kube::Error) -> String {
    if let Some(status) = error.status()
        && !status.message.is_empty()
    {
        return status.message.clone();
    }
    let mut text = error.to_string();
    let mut next = std::error::Error::source(error);
    while let Some(error) = next {
        text.push_str(": ");
        text.push_str(&error.to_string());
        next = error.source();
    }
    text
}
