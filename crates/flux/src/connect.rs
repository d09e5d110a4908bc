//! Reaching the cluster that the global flags and the kubeconfig name (CLI-GLB-006 to CLI-GLB-009).

use std::sync::OnceLock;

use flux_kube::{Client, Credentials, Options, Trust};

use crate::cli::Fail;
use crate::cli::command::Call;
use crate::kubeconfig;

/// Where the API server is, for the words of a failed connection.
static SERVER: OnceLock<String> = OnceLock::new();

/// Connects; nothing is asked of the server that a command does not need.
pub(crate) async fn client(call: &Call) -> Result<Client, Fail> {
    let flags = &call.flags;
    let loaded = kubeconfig::load(flags)?;
    let credentials = match loaded {
        Some(config) => {
            SERVER.get_or_init(|| config.server.clone());
            Credentials::Text {
                text: config.text,
                context: None,
                trust: Trust::Own,
            }
        }
        None => Credentials::InCluster,
    };
    let options = Options {
        qps: flags.text("kube-api-qps").parse().unwrap_or(50.0),
        burst: u32::try_from(flags.number("kube-api-burst")).unwrap_or(300),
        ..Options::default()
    };
    let client = Client::connect(credentials, &options)
        .await
        .map_err(|error| failed(&error))?;
    let Some(user) = flags.some("as") else {
        return Ok(client);
    };
    let wrong = |error: flux_kube::IdentityError| Fail::plain(error.to_string());
    let mut identity = flux_kube::Identity::user(user).map_err(wrong)?;
    for group in flags.list("as-group") {
        identity = identity.with_group(&group).map_err(wrong)?;
    }
    Ok(client.as_identity(identity))
}

/// What the user reads of a failed request: the server's own message where there is one.
pub(crate) fn failed(error: &flux_kube::Error) -> Fail {
    Fail::plain(words(error))
}

/// The text of [`failed`].
pub(crate) fn words(error: &flux_kube::Error) -> String {
    match dial(error) {
        Some(why) => format!(
            "failed to get server groups: Get \"{}/api\": {why}",
            server()
        ),
        None => said(error),
    }
}

/// The text of a failed request for one path, without a look at what the server knows.
pub(crate) fn words_of(error: &flux_kube::Error, path: &str) -> String {
    match dial(error) {
        Some(why) => format!("Get \"{}{path}\": {why}", server()),
        None => said(error),
    }
}

fn server() -> &'static str {
    SERVER.get().map_or("", String::as_str)
}

fn said(error: &flux_kube::Error) -> String {
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

/// Why no connection came about, in the words of Go's dialer.
fn dial(error: &flux_kube::Error) -> Option<String> {
    if !matches!(error, flux_kube::Error::Connection { .. }) {
        return None;
    }
    let mut next = std::error::Error::source(error);
    while let Some(error) = next {
        if let Some(io) = error.downcast_ref::<std::io::Error>()
            && io.kind() == std::io::ErrorKind::ConnectionRefused
        {
            return Some(format!(
                "dial tcp {}: connect: connection refused",
                address()
            ));
        }
        next = error.source();
    }
    None
}

/// Host and port of the server, as they were dialed.
fn address() -> String {
    let rest = server().split("://").nth(1).unwrap_or_default();
    let authority = rest.split('/').next().unwrap_or_default();
    let port = if server().starts_with("http://") {
        "80"
    } else {
        "443"
    };
    let (host, port) = authority.rsplit_once(':').unwrap_or((authority, port));
    let host = if host == "localhost" {
        "127.0.0.1"
    } else {
        host
    };
    format!("{host}:{port}")
}
