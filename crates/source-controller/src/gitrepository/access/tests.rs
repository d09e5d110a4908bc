//! Secrets become credentials, or a reason why not.

use std::time::Duration;

use flux_git::{Credentials, Remote};
use flux_http::ProxyEnvironment;

use super::{Access, AccessError, parse, passphrase_missing, proxy_server, remote};
use crate::secret::SecretData;

fn reach(url: &str, secret: &[(&str, &str)]) -> Result<Remote, AccessError> {
    let secret = SecretData::of("apps/cred", secret);
    let access = Access {
        timeout: Duration::from_secs(7),
        secret: Some(&secret),
        proxy: None,
        environment: &ProxyEnvironment::new(Some("http://env:1"), None, ""),
    };
    remote(parse(url).expect("a URL"), &access)
}

fn told(url: &str, secret: &[(&str, &str)]) -> String {
    match reach(url, secret) {
        Err(error) => error.to_string(),
        Ok(remote) => match remote.credentials {
            Credentials::None => "none".to_owned(),
            Credentials::Basic { username, password } => {
                format!(
                    "basic {username} {}",
                    String::from_utf8_lossy(password.expose())
                )
            }
            Credentials::Bearer(token) => {
                format!("bearer {}", String::from_utf8_lossy(token.expose()))
            }
            Credentials::Ssh(identity) => format!("ssh {}", identity.known_hosts),
        },
    }
}

#[test]
fn http_credentials() {
    let url = "https://git.test/a.git";
    let with_user = "https://ann:p%40ss@git.test/a.git";
    for (url, secret, want) in [
        (url, vec![], "none"),
        (url, vec![("username", "u"), ("password", "p")], "basic u p"),
        (url, vec![("username", "u")], "basic u "),
        (
            url,
            vec![("password", "p")],
            "invalid 'https' auth option: 'password' requires 'username' to be set",
        ),
        (url, vec![("bearerToken", "t")], "bearer t"),
        (
            url,
            vec![("bearerToken", "t"), ("username", "u"), ("password", "p")],
            "bearer t",
        ),
        (with_user, vec![], "basic ann p@ss"),
        (with_user, vec![("username", "u")], "basic u p@ss"),
        (
            with_user,
            vec![("bearerToken", "t")],
            "basic auth and bearer token cannot be set at the same time",
        ),
    ] {
        assert_eq!(told(url, &secret), want, "{url} {secret:?}");
    }
}

#[test]
fn ssh_credentials() {
    let url = "ssh://git@git.test/a.git";
    for (secret, want) in [
        (vec![], "invalid 'ssh' auth option: 'identity' is required"),
        (
            vec![("identity", "key")],
            "invalid 'ssh' auth option: 'known_hosts' is required",
        ),
        (
            vec![("identity", "key"), ("known_hosts", "host key")],
            "ssh host key",
        ),
    ] {
        assert_eq!(told(url, &secret), want, "{secret:?}");
    }
}

#[test]
fn tls_material_is_complete_or_refused() {
    let url = "https://git.test/a.git";
    let full = reach(
        url,
        &[
            ("tls.crt", "c"),
            ("tls.key", "k"),
            ("ca.crt", "new"),
            ("caFile", "old"),
        ],
    );
    let tls = full.expect("complete").tls;
    assert_eq!(tls.ca.as_deref(), Some(b"new".as_slice()));
    assert!(tls.client.is_some());
    let legacy = reach(
        url,
        &[("certFile", "c"), ("keyFile", "k"), ("caFile", "old")],
    );
    assert_eq!(
        legacy.expect("complete").tls.ca.as_deref(),
        Some(b"old".as_slice())
    );
    assert_eq!(
        told(url, &[("tls.crt", "c")]),
        "secret 'apps/cred': key 'tls.key' not found"
    );
    assert_eq!(
        told(url, &[("tls.key", "k")]),
        "secret 'apps/cred': key 'tls.crt' not found"
    );
}

#[test]
fn the_object_s_proxy_wins_over_the_environment() {
    let proxy_of = |url: &str, secret: Option<&[(&str, &str)]>| {
        let proxy =
            secret.map(|data| proxy_server(&SecretData::of("apps/px", data)).expect("usable"));
        let access = Access {
            timeout: Duration::from_secs(7),
            secret: None,
            proxy: proxy.as_ref(),
            environment: &ProxyEnvironment::new(Some("http://env:1"), None, ""),
        };
        remote(parse(url).expect("a URL"), &access)
            .expect("reachable")
            .proxy
    };
    let plain = "http://proxy.tools.svc/Org/project/_git/repo";
    let of_object = [
        ("address", "http://own:3128"),
        ("username", "u"),
        ("password", "p%w"),
    ];
    let own = proxy_of(plain, Some(&of_object)).expect("a proxy");
    assert_eq!(own.url.as_str(), "http://own:3128/");
    let (user, password) = own.credentials.expect("credentials");
    assert_eq!((user.as_str(), password.expose()), ("u", b"p%w".as_slice()));
    assert_eq!(
        proxy_of(plain, None).expect("a proxy").url.as_str(),
        "http://env:1/"
    );
    assert!(proxy_of("https://git.test/a", None).is_none());
}

#[test]
fn proxy_secrets() {
    let refused = |data: &[(&str, &str)]| {
        flux_report::chain(&proxy_server(&SecretData::of("apps/px", data)).expect_err("not usable"))
    };
    assert_eq!(refused(&[]), "secret 'apps/px': key 'address' not found");
    let bad = refused(&[("address", "ftp://user:hidden@proxy")]);
    assert!(
        bad.contains("scheme must be http, https or socks5") && !bad.contains("hidden"),
        "{bad}"
    );
    let long = format!("http://{}", "p".repeat(2048));
    assert!(refused(&[("address", &long)]).contains("longer than 2048"));
}

#[test]
fn encrypted_keys_need_a_password() {
    // The beginning of OpenSSH keys: magic, then the length and the name of the cipher.
    let openssh = |cipher: &str| {
        use base64::Engine as _;
        let mut bytes = b"openssh-key-v1\0\0\0\0".to_vec();
        bytes.push(u8::try_from(cipher.len()).expect("short"));
        bytes.extend_from_slice(cipher.as_bytes());
        bytes.extend_from_slice(&[0; 40]);
        let body = base64::engine::general_purpose::STANDARD.encode(bytes);
        format!("-----BEGIN OPENSSH PRIVATE KEY-----\n{body}\n-----END OPENSSH PRIVATE KEY-----\n")
    };
    let missing = |key: &str, password: &str| {
        passphrase_missing(&SecretData::of(
            "apps/ssh",
            &[("identity", key), ("password", password)],
        ))
    };
    assert!(missing(&openssh("aes256-ctr"), ""));
    assert!(!missing(&openssh("aes256-ctr"), "p"));
    assert!(!missing(&openssh("none"), ""));
    assert!(missing("-----BEGIN ENCRYPTED PRIVATE KEY-----\n", ""));
    assert!(!missing("-----BEGIN PRIVATE KEY-----\n", ""));
}
