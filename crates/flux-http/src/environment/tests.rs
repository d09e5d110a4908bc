//! Which URLs go through the proxy of the environment.

use url::Url;

use super::ProxyEnvironment;

fn proxied(no_proxy: &str, url: &str) -> bool {
    ProxyEnvironment::new(Some("proxy:3128"), Some("http://secure:3129"), no_proxy)
        .proxy_for(&Url::parse(url).expect("a URL"))
        .is_some()
}

#[test]
fn no_proxy_is_read_as_go_reads_it() {
    for (no_proxy, url, want) in [
        ("", "http://example.com", true),
        ("", "http://localhost:8080", false),
        ("", "http://127.0.0.1", false),
        ("*", "https://example.com", false),
        ("example.com", "https://example.com", false),
        ("example.com", "https://git.example.com", false),
        ("example.com", "https://notexample.com", true),
        (".example.com", "https://example.com", true),
        (".example.com", "https://git.example.com", false),
        ("*.example.com", "https://git.example.com", false),
        ("EXAMPLE.com", "https://Git.Example.COM", false),
        (
            ".cluster.local.,.svc",
            "http://sc.flux-system.svc.cluster.local.",
            false,
        ),
        (".cluster.local.,.svc", "http://git.tools.svc/x", false),
        ("10.0.0.0/8", "http://10.1.2.3", false),
        ("10.0.0.0/8", "http://11.1.2.3", true),
        ("10.1.2.3", "http://10.1.2.3:99", false),
        ("fd00::/8", "http://[fd00::1]", false),
        ("example.com:8443", "https://example.com", true),
        ("example.com:8443", "https://example.com:8443", false),
        ("a, b.org", "http://b.org", false),
    ] {
        assert_eq!(proxied(no_proxy, url), want, "NO_PROXY={no_proxy} {url}");
    }
}

#[test]
fn each_scheme_has_its_proxy() {
    let environment =
        ProxyEnvironment::new(Some("proxy:3128"), Some("http://u:secret@secure:3129"), "");
    let of = |url: &str| {
        environment
            .proxy_for(&Url::parse(url).expect("a URL"))
            .and_then(Url::port)
    };
    assert_eq!(of("http://example.com"), Some(3128));
    assert_eq!(of("https://example.com"), Some(3129));
    assert_eq!(of("ssh://example.com"), None);
    assert!(!format!("{environment:?}").contains("secret"));
}
