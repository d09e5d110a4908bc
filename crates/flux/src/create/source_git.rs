//! `flux create source git` (CLI-SRC-003 to CLI-SRC-007).

use serde_json::{Value, json};

use super::{apply, secret_git};
use crate::cli::Fail;
use crate::cli::command::{Call, Command};
use crate::cli::flag::{Flag, Kind};
use crate::manifest::{self, set};
use crate::{connect, kinds, say};

pub(crate) const COMMAND: Command = Command::new("git", "Create or update a GitRepository")
    .args("[name]")
    .flags(&[
        Flag::text("branch", "branch to follow"),
        Flag::text(
            "ca-file",
            "file with the certificate authority of the server",
        ),
        Flag::text("commit", "commit to stay at"),
        Flag::list(
            "ignore-paths",
            "paths to leave out, in the format of .gitignore",
        ),
        Flag::text("password", "password or token for basic authentication").short('p'),
        Flag::text("private-key-file", "file with the SSH private key"),
        Flag::new(
            "provider",
            Kind::Checked("generic|github|aws|azure", provider),
            "who authenticates",
        ),
        Flag::text("proxy-secret-ref", "Secret with the proxy to use"),
        Flag::switch("recurse-submodules", "fetch submodules too"),
        Flag::text("ref-name", "reference to follow, such as refs/pull/7/head"),
        Flag::text("secret-ref", "existing Secret with the credentials"),
        Flag::switch("silent", "take the deploy key as added; do not ask").short('s'),
        Flag::list("sparse-checkout-paths", "folders to fetch"),
        Flag::new(
            "ssh-ecdsa-curve",
            Kind::Checked("p256|p384|p521", curve),
            "curve of a new ECDSA key",
        )
        .default("p384"),
        Flag::new(
            "ssh-key-algorithm",
            Kind::Checked("rsa|ecdsa|ed25519", algorithm),
            "kind of a new key",
        )
        .default("ecdsa"),
        Flag::new(
            "ssh-rsa-bits",
            Kind::Checked("rsaKeyBits", rsa_bits),
            "size of a new RSA key",
        )
        .default("2048"),
        Flag::text("tag", "tag to follow"),
        Flag::text("tag-semver", "range of versions to follow"),
        Flag::text("url", "address of the repository: ssh, http or https"),
        Flag::text("username", "user for basic authentication").short('u'),
    ])
    .run(|call| Box::pin(run(call)));

async fn run(call: &Call) -> Result<(), Fail> {
    let mut object = build(call)?;
    if call.flags.on("export") {
        return manifest::export(&object);
    }
    say::generate("generating GitRepository source");
    let client = connect::client(call).await?;
    let name = manifest::name(call)?;
    if call.flags.some("secret-ref").is_none()
        && let Some(secret) =
            secret_git::of_source(call, name, scheme(call.flags.text("url"))?).await?
    {
        say::action("applying secret with repository credentials");
        apply::secret(&client, &secret).await?;
        say::success("authentication configured");
        set(&mut object, "secretRef.name", name);
    }
    let title = "GitRepository source";
    let object = apply::apply(call, &client, &kinds::GIT_REPOSITORY, object, title).await?;
    say::success("GitRepository source reconciliation completed");
    match object.get_str(&["status", "artifact", "revision"]) {
        Some(revision) => say::success(&format!("fetched revision: {revision}")),
        None => {
            return Err(Fail::plain(
                "GitRepository source reconciliation completed but no artifact was found",
            ));
        }
    }
    Ok(())
}

/// The object that the flags describe.
fn build(call: &Call) -> Result<Value, Fail> {
    let flags = &call.flags;
    let name = manifest::name(call)?;
    let url = flags
        .some("url")
        .ok_or_else(|| Fail::plain("url is required"))?;
    let scheme = scheme(url)?;
    if !["branch", "tag", "tag-semver", "commit", "ref-name"]
        .iter()
        .any(|f| flags.some(f).is_some())
    {
        return Err(Fail::plain(
            "a Git ref is required, use one of the following: --branch, --tag, --commit, --ref-name or --tag-semver",
        ));
    }
    if flags.some("ca-file").is_some() && scheme == "ssh" {
        return Err(Fail::plain(
            "specifying a CA file is not supported for Git over SSH",
        ));
    }
    let mut object = manifest::object(call, "source.toolkit.fluxcd.io/v1", "GitRepository", name)?;
    set(&mut object, "url", url);
    set(
        &mut object,
        "interval",
        flags.duration("interval").to_string(),
    );
    set(
        &mut object,
        "recurseSubmodules",
        flags.on("recurse-submodules"),
    );
    set(&mut object, "ref", reference(call));
    if flags.duration("fetch-timeout").as_nanos() > 0 {
        set(
            &mut object,
            "timeout",
            flags.duration("fetch-timeout").to_string(),
        );
    }
    set(&mut object, "secretRef.name", flags.text("secret-ref"));
    set(
        &mut object,
        "proxySecretRef.name",
        flags.text("proxy-secret-ref"),
    );
    set(&mut object, "provider", flags.text("provider"));
    set(&mut object, "ignore", flags.list("ignore-paths").join("\n"));
    set(
        &mut object,
        "sparseCheckout",
        flags.list("sparse-checkout-paths"),
    );
    Ok(object)
}

/// The most precise reference wins (CLI-SRC-004).
fn reference(call: &Call) -> Value {
    let flags = &call.flags;
    if let Some(commit) = flags.some("commit") {
        return match flags.some("branch") {
            Some(branch) => json!({"commit": commit, "branch": branch}),
            None => json!({"commit": commit}),
        };
    }
    for (flag, field) in [
        ("ref-name", "name"),
        ("tag-semver", "semver"),
        ("tag", "tag"),
        ("branch", "branch"),
    ] {
        if let Some(text) = flags.some(flag) {
            return json!({ field: text });
        }
    }
    Value::Null
}

/// The scheme of a repository's address.
pub(super) fn scheme(url: &str) -> Result<&str, Fail> {
    let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
    let first_colon = url
        .split('/')
        .next()
        .is_some_and(|first| first.contains(':'));
    let bad_scheme = scheme.contains(|c: char| !c.is_ascii_alphanumeric() && !"+-.".contains(c));
    if (scheme.is_empty() || bad_scheme) && first_colon {
        return Err(Fail::plain(format!(
            "git URL parse failed: parse {url:?}: first path segment in URL cannot contain colon"
        )));
    }
    if rest
        .split('/')
        .next()
        .is_some_and(|host| host.contains(' '))
    {
        return Err(Fail::plain(format!(
            "git URL parse failed: parse {url:?}: invalid character \" \" in host name"
        )));
    }
    if !matches!(scheme, "ssh" | "http" | "https") || rest.is_empty() {
        return Err(Fail::plain(format!(
            "git URL scheme '{scheme}' not supported, can be: ssh, http and https"
        )));
    }
    Ok(scheme)
}

fn provider(text: &str) -> Result<String, String> {
    match text {
        "" => Err("no source Git provider given, please specify the Git provider name".to_owned()),
        "generic" | "github" | "aws" | "azure" => Ok(text.to_owned()),
        _ => Err(format!(
            "source Git provider '{text}' is not supported, must be one of: generic|github|aws|azure"
        )),
    }
}

pub(crate) fn algorithm(text: &str) -> Result<String, String> {
    match text {
        "" => Err("no public key algorithm given, must be one of: rsa, ecdsa, ed25519".to_owned()),
        "rsa" | "ecdsa" | "ed25519" => Ok(text.to_owned()),
        _ => Err(format!(
            "unsupported public key algorithm '{text}', must be one of: rsa, ecdsa, ed25519"
        )),
    }
}

pub(crate) fn curve(text: &str) -> Result<String, String> {
    match text {
        "p256" | "p384" | "p521" => Ok(text.to_owned()),
        "" => Err("no curve given, must be one of: p256, p384, p521".to_owned()),
        _ => Err(format!(
            "unsupported curve '{text}', must be one of: p256, p384, p521"
        )),
    }
}

/// Parity: an empty text keeps the default.
pub(crate) fn rsa_bits(text: &str) -> Result<String, String> {
    if text.is_empty() {
        return Ok("2048".to_owned());
    }
    let bits: i64 = text
        .parse()
        .map_err(|_| format!("strconv.Atoi: parsing {text:?}: invalid syntax"))?;
    if bits < 1024 {
        return Err("RSA key bit size must be at least 1024".to_owned());
    }
    if bits % 8 != 0 {
        return Err("RSA key bit size must be a multiples of 8".to_owned());
    }
    Ok(text.to_owned())
}
