//! The proxy environment as a value, with Go's reading of `NO_PROXY` (COM-FLG-023).

use std::fmt;
use std::net::IpAddr;

use url::{Host, Url};

/// `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY`, read once.
#[derive(Clone, Default)]
pub struct ProxyEnvironment {
    http: Option<Url>,
    https: Option<Url>,
    exceptions: Exceptions,
}

#[derive(Debug, Clone, Default)]
struct Exceptions {
    all: bool,
    rules: Vec<Rule>,
}

#[derive(Debug, Clone)]
enum Rule {
    /// An address with the number of leading bits that count.
    Network {
        address: IpAddr,
        bits: u8,
        port: Option<u16>,
    },
    /// `suffix` begins with a dot; `exact` means that the name without the dot matches as well.
    Domain {
        suffix: String,
        exact: bool,
        port: Option<u16>,
    },
}

impl fmt::Debug for ProxyEnvironment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProxyEnvironment")
            .field("http", &self.http.as_ref().map(crate::error::shown))
            .field("https", &self.https.as_ref().map(crate::error::shown))
            .field("exceptions", &self.exceptions)
            .finish()
    }
}

impl ProxyEnvironment {
    /// Reads the environment of the process. Upper-case names win over lower-case ones.
    pub fn from_process() -> Self {
        let read = |names: [&str; 2]| {
            names
                .iter()
                .find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()))
        };
        Self::new(
            read(["HTTP_PROXY", "http_proxy"]).as_deref(),
            read(["HTTPS_PROXY", "https_proxy"]).as_deref(),
            read(["NO_PROXY", "no_proxy"])
                .as_deref()
                .unwrap_or_default(),
        )
    }

    /// The same from values. Addresses without a scheme are HTTP proxies; ones that cannot be read are ignored.
    pub fn new(http: Option<&str>, https: Option<&str>, no_proxy: &str) -> Self {
        Self {
            http: http.and_then(proxy_url),
            https: https.and_then(proxy_url),
            exceptions: Exceptions::parse(no_proxy),
        }
    }

    /// The proxy for a URL; none when it is to be reached directly.
    pub fn proxy_for(&self, url: &Url) -> Option<&Url> {
        let proxy = match url.scheme() {
            "https" => self.https.as_ref(),
            "http" => self.http.as_ref(),
            _ => None,
        }?;
        (!self.exceptions.hold(url)).then_some(proxy)
    }
}

fn proxy_url(text: &str) -> Option<Url> {
    let known = |url: &Url| matches!(url.scheme(), "http" | "https" | "socks5" | "socks5h");
    Url::parse(text)
        .ok()
        .filter(|url| known(url) && url.host().is_some())
        .or_else(|| Url::parse(&format!("http://{text}")).ok())
}

impl Exceptions {
    fn parse(text: &str) -> Self {
        let mut exceptions = Self::default();
        for item in text.split(',').map(|item| item.trim().to_lowercase()) {
            match item.as_str() {
                "" => {}
                "*" => exceptions.all = true,
                item => exceptions.rules.extend(Rule::parse(item)),
            }
        }
        exceptions
    }

    fn hold(&self, url: &Url) -> bool {
        let port = url.port_or_known_default();
        let address = match url.host() {
            None => return false,
            Some(Host::Ipv4(ip)) => Some(IpAddr::V4(ip)),
            Some(Host::Ipv6(ip)) => Some(IpAddr::V6(ip)),
            Some(Host::Domain(_)) => None,
        };
        let name = url.host_str().unwrap_or_default().to_lowercase();
        // The machine itself is never reached through a proxy.
        if name == "localhost" || address.is_some_and(|ip| ip.is_loopback()) {
            return true;
        }
        self.all
            || self
                .rules
                .iter()
                .any(|rule| rule.matches(&name, address, port))
    }
}

impl Rule {
    fn parse(item: &str) -> Option<Self> {
        if let Some((address, bits)) = item.split_once('/')
            && let (Ok(address), Ok(bits)) = (address.parse(), bits.parse())
        {
            return Some(Self::Network {
                address,
                bits,
                port: None,
            });
        }
        let (host, port) = match item.rsplit_once(':') {
            Some((host, port)) if !host.contains(':') || host.ends_with(']') => {
                (host, Some(port.parse().ok()?))
            }
            _ => (item, None),
        };
        if let Ok(address) = host.trim_matches(['[', ']']).parse::<IpAddr>() {
            return Some(Self::Network {
                address,
                bits: 128,
                port,
            });
        }
        let host = host.strip_prefix('*').unwrap_or(host);
        Some(match host.strip_prefix('.') {
            Some(_) => Self::Domain {
                suffix: host.to_owned(),
                exact: false,
                port,
            },
            None => Self::Domain {
                suffix: format!(".{host}"),
                exact: true,
                port,
            },
        })
    }

    fn matches(&self, name: &str, address: Option<IpAddr>, port: Option<u16>) -> bool {
        match self {
            Self::Network {
                address: network,
                bits,
                port: only,
            } => {
                (only.is_none() || *only == port)
                    && address.is_some_and(|ip| within(ip, *network, *bits))
            }
            Self::Domain {
                suffix,
                exact,
                port: only,
            } => {
                (only.is_none() || *only == port)
                    && (name.ends_with(suffix.as_str()) || (*exact && *name == suffix[1..]))
            }
        }
    }
}

fn within(ip: IpAddr, network: IpAddr, bits: u8) -> bool {
    let same = |a: u128, b: u128, width: u32| {
        let bits = u32::from(bits).min(width);
        bits == 0 || (a ^ b) >> (width - bits) == 0
    };
    match (ip, network) {
        (IpAddr::V4(a), IpAddr::V4(b)) => same(a.to_bits().into(), b.to_bits().into(), 32),
        (IpAddr::V6(a), IpAddr::V6(b)) => same(a.to_bits(), b.to_bits(), 128),
        _ => false,
    }
}

#[cfg(test)]
mod tests;
