//! `flux create secret git` (CLI-SEC-001), and the Secret that `create source git` makes.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::{apply, source_git};
use crate::cli::Fail;
use crate::cli::command::{Call, Command};
use crate::cli::flag::{Flag, Kind};
use crate::{connect, files, manifest, say};

pub(crate) const COMMAND: Command =
    Command::new("git", "Create or update a Secret for Git authentication")
        .args("[name]")
        .flags(&[
            Flag::text("bearer-token", "token for bearer authentication"),
            Flag::text(
                "ca-crt-file",
                "file with the certificate authority of the server",
            ),
            Flag::text(
                "password",
                "password or token; the passphrase of an SSH key",
            )
            .short('p'),
            Flag::text("private-key-file", "file with the SSH private key"),
            Flag::new(
                "ssh-ecdsa-curve",
                Kind::Checked("p256|p384|p521", source_git::curve),
                "curve of a new ECDSA key",
            )
            .default("p384"),
            Flag::new(
                "ssh-key-algorithm",
                Kind::Checked("rsa|ecdsa|ed25519", source_git::algorithm),
                "kind of a new key",
            )
            .default("ecdsa"),
            Flag::new(
                "ssh-rsa-bits",
                Kind::Checked("rsaKeyBits", source_git::rsa_bits),
                "size of a new RSA key",
            )
            .default("2048"),
            Flag::text("url", "address of the repository: ssh, http or https"),
            Flag::text("username", "user for basic authentication").short('u'),
        ])
        .run(|call| Box::pin(run(call)));

async fn run(call: &Call) -> Result<(), Fail> {
    let flags = &call.flags;
    let name = manifest::name(call)?;
    let url = flags
        .some("url")
        .ok_or_else(|| Fail::plain("url is required"))?;
    let mut data = Map::new();
    if source_git::scheme(url)? == "ssh" {
        return Err(no_keys(url, flags.some("private-key-file")).await);
    }
    let basic = flags.some("username").is_some() && flags.some("password").is_some();
    let bearer = flags.some("bearer-token").is_some();
    if !basic && !bearer {
        return Err(Fail::plain(
            "for Git over HTTP/S the username and password, or a bearer token is required",
        ));
    }
    if basic && bearer {
        return Err(Fail::plain(
            "user credentials and bearer token cannot be used together",
        ));
    }
    for (flag, key) in [
        ("username", "username"),
        ("password", "password"),
        ("bearer-token", "bearerToken"),
    ] {
        if let Some(text) = flags.some(flag) {
            data.insert(key.to_owned(), text.into());
        }
    }
    certificate(flags.some("ca-crt-file"), &mut data)?;
    let secret = build(call, name, &data)?;
    if flags.on("export") {
        manifest::export(&secret)?;
        // Parity: this manifest ends in an empty line.
        say::data("\n");
        return Ok(());
    }
    let client = connect::client(call).await?;
    apply::secret(&client, &secret).await?;
    let namespace = secret["metadata"]["namespace"].as_str().unwrap_or_default();
    say::action(&format!(
        "git secret '{name}' created in '{namespace}' namespace"
    ));
    Ok(())
}

fn build(call: &Call, name: &str, data: &Map<String, Value>) -> Result<Value, Fail> {
    let mut secret = manifest::object(call, "v1", "Secret", name)?;
    if let Some(fields) = secret.as_object_mut() {
        fields.remove("spec");
    }
    secret["stringData"] = json!(data);
    Ok(secret)
}

/// Adds the certificate authority of a file.
fn certificate(path: Option<&str>, data: &mut Map<String, Value>) -> Result<(), Fail> {
    if let Some(path) = path {
        let text = files::read(path)
            .map_err(|why| Fail::plain(format!("unable to read TLS CA file: {why}")))?;
        data.insert("ca.crt".to_owned(), text.into());
    }
    Ok(())
}

/// Why there is no Secret for SSH: what is wrong with the file or the host, else that keys are not built in.
async fn no_keys(url: &str, file: Option<&str>) -> Fail {
    if let Some(path) = file
        && let Err(why) = files::read(path)
    {
        return Fail::plain(format!("failed to open private key file: {why}"));
    }
    let rest = url.trim_start_matches("ssh://").split('/').next();
    let host = rest
        .unwrap_or_default()
        .rsplit('@')
        .next()
        .unwrap_or_default();
    let address = if host.contains(':') {
        host.to_owned()
    } else {
        format!("{host}:22")
    };
    let dial = tokio::net::TcpStream::connect(&address);
    let failed = match tokio::time::timeout(Duration::from_secs(30), dial).await {
        Ok(Ok(_)) => None,
        Ok(Err(error)) if error.kind() == std::io::ErrorKind::ConnectionRefused => {
            Some("connect: connection refused".to_owned())
        }
        Ok(Err(error)) => Some(error.to_string()),
        Err(_) => Some("i/o timeout".to_owned()),
    };
    match failed {
        Some(why) => Fail::plain(format!(
            "SSH key scan for host {address} failed, error: dial tcp {address}: {why}"
        )),
        None => Fail::plain("SSH keys and host key scans are not supported by this build of flux"),
    }
}

/// The Secret that the flags of `create source git` describe; `None` when they name no credentials.
pub(super) async fn of_source(
    call: &Call,
    name: &str,
    scheme: &str,
) -> Result<Option<Value>, Fail> {
    let flags = &call.flags;
    if scheme == "ssh" {
        return Err(no_keys(flags.text("url"), flags.some("private-key-file")).await);
    }
    let mut data = Map::new();
    if let (Some(user), Some(password)) = (flags.some("username"), flags.some("password")) {
        data.insert("username".to_owned(), user.into());
        data.insert("password".to_owned(), password.into());
        if scheme == "http" {
            say::warning("insecure configuration: credentials configured for an HTTP URL");
        }
    }
    certificate(flags.some("ca-file"), &mut data)?;
    if data.is_empty() {
        return Ok(None);
    }
    build(call, name, &data).map(Some)
}
