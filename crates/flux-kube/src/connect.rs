//! Finding a cluster and the credentials for it: kubeconfig, in-cluster, or stated outright.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use http::Method;
use http::header::{HeaderName, HeaderValue, USER_AGENT};
use kube::config::{KubeConfigOptions, Kubeconfig};

use crate::client::{Call, Client, JSON, Observer, Transport};
use crate::error::Error;
use crate::limiter::Limiter;

/// Present on answers of servers that do priority and fairness themselves.
const FLOW_CONTROL_HEADERS: [&str; 2] = [
    "x-kubernetes-pf-flowschema-uid",
    "x-kubernetes-pf-prioritylevel-uid",
];

/// Where the credentials come from.
#[derive(Debug, Clone)]
pub enum Credentials {
    /// `$KUBECONFIG` or `~/.kube/config`, else the service account of the pod.
    Infer {
        /// Context of the kubeconfig; the current one when absent.
        context: Option<String>,
    },
    /// The service account of the pod.
    InCluster,
    /// A kubeconfig file.
    File {
        /// Its path.
        path: PathBuf,
        /// Context to use; the current one when absent.
        context: Option<String>,
    },
    /// The text of a kubeconfig.
    Text {
        /// YAML or JSON.
        text: String,
        /// Context to use; the current one when absent.
        context: Option<String>,
        /// How far it may reach into this process.
        trust: Trust,
    },
    /// An address, a CA and a token.
    Endpoint(Endpoint),
}

/// How far a kubeconfig may reach into this process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trust {
    /// The operator's own: everything works.
    Own,
    /// From a tenant (a Secret): commands, auth providers and file references are dropped, and so is switching off the
    /// verification of certificates, unless allowed here.
    Foreign {
        /// Keep `exec` credentials (`--insecure-kubeconfig-exec`).
        exec: bool,
        /// Keep `insecure-skip-tls-verify` (`--insecure-kubeconfig-tls`).
        insecure_tls: bool,
    },
}

/// An API server stated outright.
#[derive(Clone, Default)]
pub struct Endpoint {
    /// Such as `https://10.0.0.1:6443`.
    pub server: String,
    /// CA bundle in PEM; the system's roots when absent.
    pub ca_pem: Option<String>,
    /// Bearer token.
    pub token: Option<String>,
    /// Proxy for all requests.
    pub proxy_url: Option<String>,
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Endpoint")
            .field("server", &self.server)
            .finish_non_exhaustive()
    }
}

/// Tunes a connection.
#[derive(Clone)]
pub struct Options {
    /// `User-Agent` of every request, such as `kustomize-controller/v1.2.3`.
    pub user_agent: String,
    /// How long one request may take, watches apart.
    pub request_timeout: Duration,
    /// Requests a second if the server has no flow control of its own; 0 for no limit (`--kube-api-qps`).
    pub qps: f32,
    /// Requests at once under that limit (`--kube-api-burst`).
    pub burst: u32,
    /// Is told of every request.
    pub observer: Option<Arc<dyn Observer>>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            user_agent: concat!("flux/v", env!("CARGO_PKG_VERSION")).to_owned(),
            request_timeout: Duration::from_secs(30),
            qps: 50.0,
            burst: 300,
            observer: None,
        }
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("user_agent", &self.user_agent)
            .field("request_timeout", &self.request_timeout)
            .field("qps", &self.qps)
            .field("burst", &self.burst)
            .finish_non_exhaustive()
    }
}

impl Client {
    /// Connects to a cluster. One request is sent: the probe for flow control, whose failure is not an error.
    ///
    /// # Errors
    /// When the credentials cannot be found, read or used.
    pub async fn connect(credentials: Credentials, options: &Options) -> Result<Self, Error> {
        let mut config = load(credentials).await?;
        // Retries are decided where the meaning of a request is known.
        config.default_retry = false;
        config.read_timeout = None;
        let agent = HeaderValue::from_str(&options.user_agent).map_err(|e| Error::Config {
            what: "user agent".to_owned(),
            source: Some(Box::new(e)),
        })?;
        config.headers.push((USER_AGENT, agent));
        let host = config
            .cluster_url
            .authority()
            .map_or_else(String::new, ToString::to_string);
        let inner = kube::Client::try_from(config).map_err(|e| failed("client", e))?;
        let transport = Transport {
            inner,
            host,
            limiter: None,
            timeout: options.request_timeout,
            observer: options.observer.clone(),
        };
        let limiter = match Limiter::new(options.qps, options.burst) {
            Some(limiter) if !has_flow_control(&transport).await => Some(limiter),
            _ => None,
        };
        Ok(Self::new(Transport {
            limiter,
            ..transport
        }))
    }
}

/// Asks whether the server does priority and fairness itself (COM-FLG-005).
async fn has_flow_control(transport: &Transport) -> bool {
    let call = Call {
        method: Method::HEAD,
        path: "/livez/ping".to_owned(),
        query: String::new(),
        accept: JSON,
        content_type: JSON,
        body: Vec::new(),
        writes: false,
    };
    let probe = tokio::time::timeout(Duration::from_secs(5), transport.send(call, None));
    match probe.await {
        Ok(Ok(response)) => FLOW_CONTROL_HEADERS.iter().any(|name| {
            response
                .headers()
                .contains_key(HeaderName::from_static(name))
        }),
        _ => false,
    }
}

async fn load(credentials: Credentials) -> Result<kube::Config, Error> {
    match credentials {
        Credentials::InCluster => in_cluster(),
        Credentials::Infer { context } => match Kubeconfig::read() {
            Ok(kubeconfig) if context.is_some() => of_kubeconfig(kubeconfig, context).await,
            Ok(kubeconfig) => match of_kubeconfig(kubeconfig, context).await {
                Ok(config) => Ok(config),
                Err(error) => in_cluster().map_err(|_| error),
            },
            Err(e) => in_cluster().map_err(|_| failed("kubeconfig", e)),
        },
        Credentials::File { path, context } => {
            let kubeconfig =
                Kubeconfig::read_from(&path).map_err(|e| failed("kubeconfig file", e))?;
            of_kubeconfig(kubeconfig, context).await
        }
        Credentials::Text {
            text,
            context,
            trust,
        } => {
            let mut kubeconfig =
                Kubeconfig::from_yaml(&text).map_err(|_| malformed("kubeconfig"))?;
            restrict(&mut kubeconfig, trust);
            of_kubeconfig(kubeconfig, context).await
        }
        Credentials::Endpoint(endpoint) => of_kubeconfig(endpoint_config(&endpoint)?, None).await,
    }
}

fn in_cluster() -> Result<kube::Config, Error> {
    let mut config = kube::Config::incluster().map_err(|e| failed("in-cluster environment", e))?;
    config.proxy_url = environment_proxy(&config.cluster_url);
    Ok(config)
}

async fn of_kubeconfig(
    kubeconfig: Kubeconfig,
    context: Option<String>,
) -> Result<kube::Config, Error> {
    let stated = stated_proxy(&kubeconfig, context.as_deref());
    let options = KubeConfigOptions {
        context,
        ..KubeConfigOptions::default()
    };
    let mut config = kube::Config::from_custom_kubeconfig(kubeconfig, &options)
        .await
        .map_err(|e| failed("kubeconfig", e))?;
    // The library would compare NO_PROXY with the address of the proxy rather than with that of the cluster.
    config.proxy_url = match stated {
        Some(proxy) => Some(proxy.parse().map_err(|e| failed("proxy-url", e))?),
        None => environment_proxy(&config.cluster_url),
    };
    Ok(config)
}

/// `proxy-url` of the cluster that a context names.
fn stated_proxy(kubeconfig: &Kubeconfig, context: Option<&str>) -> Option<String> {
    let name = context.or(kubeconfig.current_context.as_deref())?;
    let context = kubeconfig.contexts.iter().find(|c| c.name == name)?;
    let cluster = &context.context.as_ref()?.cluster;
    let found = kubeconfig.clusters.iter().find(|c| c.name == *cluster)?;
    let proxy = found.cluster.as_ref()?.proxy_url.clone();
    proxy.filter(|p| !p.is_empty())
}

/// What `HTTPS_PROXY` and `NO_PROXY` say about a server (COM-FLG-023).
fn environment_proxy(server: &http::Uri) -> Option<http::Uri> {
    let server = url::Url::parse(&server.to_string()).ok()?;
    let environment = flux_http::ProxyEnvironment::from_process();
    environment.proxy_for(&server)?.as_str().parse().ok()
}

/// Takes from a foreign kubeconfig all that runs commands or opens files here.
fn restrict(kubeconfig: &mut Kubeconfig, trust: Trust) {
    let Trust::Foreign { exec, insecure_tls } = trust else {
        return;
    };
    for user in &mut kubeconfig.auth_infos {
        if let Some(auth) = &mut user.auth_info {
            auth.auth_provider = None;
            auth.token_file = None;
            auth.client_certificate = None;
            auth.client_key = None;
            if !exec {
                auth.exec = None;
            }
        }
    }
    for cluster in &mut kubeconfig.clusters {
        if let Some(cluster) = &mut cluster.cluster {
            cluster.certificate_authority = None;
            if !insecure_tls {
                cluster.insecure_skip_tls_verify = None;
            }
        }
    }
}

fn endpoint_config(endpoint: &Endpoint) -> Result<Kubeconfig, Error> {
    use base64::Engine as _;
    let mut cluster = serde_json::json!({ "server": endpoint.server });
    if let Some(ca) = &endpoint.ca_pem {
        let encoded = base64::engine::general_purpose::STANDARD.encode(ca);
        cluster["certificate-authority-data"] = encoded.into();
    }
    if let Some(proxy) = &endpoint.proxy_url {
        cluster["proxy-url"] = proxy.clone().into();
    }
    let mut user = serde_json::json!({});
    if let Some(token) = &endpoint.token {
        user["token"] = token.clone().into();
    }
    let kubeconfig = serde_json::json!({
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "endpoint",
        "clusters": [{ "name": "endpoint", "cluster": cluster }],
        "users": [{ "name": "endpoint", "user": user }],
        "contexts": [{ "name": "endpoint", "context": { "cluster": "endpoint", "user": "endpoint" } }],
    });
    serde_json::from_value(kubeconfig).map_err(|_| malformed("endpoint"))
}

fn failed(what: &str, source: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::Config {
        what: what.to_owned(),
        source: Some(Box::new(source)),
    }
}

/// For parse errors whose text may quote credentials.
fn malformed(what: &str) -> Error {
    Error::Config {
        what: format!("{what} is malformed"),
        source: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOSTILE: &str = r"
apiVersion: v1
kind: Config
current-context: c
clusters:
- name: c
  cluster:
    server: https://k.test
    certificate-authority: /etc/passwd
    insecure-skip-tls-verify: true
    proxy-url: http://proxy.test:3128
contexts:
- name: c
  context: { cluster: c, user: u }
users:
- name: u
  user:
    tokenFile: /var/run/secrets/kubernetes.io/serviceaccount/token
    client-certificate: /etc/cert
    client-key: /etc/key
    token: theirs
    exec: { apiVersion: client.authentication.k8s.io/v1, command: /bin/sh }
    auth-provider: { name: gcp, config: {} }
";

    fn restricted(trust: Trust) -> (kube::config::AuthInfo, kube::config::Cluster) {
        let mut kubeconfig = Kubeconfig::from_yaml(HOSTILE).unwrap();
        restrict(&mut kubeconfig, trust);
        let auth = kubeconfig.auth_infos.remove(0).auth_info.unwrap();
        (auth, kubeconfig.clusters.remove(0).cluster.unwrap())
    }

    #[test]
    fn a_foreign_kubeconfig_runs_nothing_and_opens_nothing() {
        let (auth, cluster) = restricted(Trust::Foreign {
            exec: false,
            insecure_tls: false,
        });
        assert!(auth.exec.is_none() && auth.auth_provider.is_none());
        assert!(auth.token_file.is_none());
        assert!(auth.client_certificate.is_none() && auth.client_key.is_none());
        assert!(auth.token.is_some());
        assert!(cluster.certificate_authority.is_none());
        assert!(cluster.insecure_skip_tls_verify.is_none());
    }

    #[test]
    fn what_is_allowed_stays() {
        let (auth, cluster) = restricted(Trust::Foreign {
            exec: true,
            insecure_tls: true,
        });
        assert!(auth.exec.is_some() && auth.token_file.is_none());
        assert_eq!(cluster.insecure_skip_tls_verify, Some(true));
        let (auth, cluster) = restricted(Trust::Own);
        assert!(auth.token_file.is_some() && cluster.certificate_authority.is_some());
    }

    #[test]
    fn the_proxy_of_the_context_is_taken() {
        let kubeconfig = Kubeconfig::from_yaml(HOSTILE).unwrap();
        let proxy = stated_proxy(&kubeconfig, None);
        assert_eq!(proxy.as_deref(), Some("http://proxy.test:3128"));
        assert_eq!(stated_proxy(&kubeconfig, Some("other")), None);
    }
}
