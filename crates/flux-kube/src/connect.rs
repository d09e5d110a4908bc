//! Finding a cluster and the credentials for it: kubeconfig, in-cluster, or stated outright.

use std::fmt;
use std::path::{Path, PathBuf};
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
    let options = |context: Option<String>| KubeConfigOptions {
        context,
        ..KubeConfigOptions::default()
    };
    match credentials {
        Credentials::InCluster => {
            kube::Config::incluster().map_err(|e| failed("in-cluster environment", e))
        }
        Credentials::Infer { context } => {
            let stated = context.is_some();
            match kube::Config::from_kubeconfig(&options(context)).await {
                Ok(config) => Ok(config),
                Err(e) if stated => Err(failed("kubeconfig", e)),
                Err(e) => kube::Config::incluster().map_err(|_| failed("kubeconfig", e)),
            }
        }
        Credentials::File { path, context } => {
            let kubeconfig = read_file(&path)?;
            kube::Config::from_custom_kubeconfig(kubeconfig, &options(context))
                .await
                .map_err(|e| failed("kubeconfig", e))
        }
        Credentials::Text {
            text,
            context,
            trust,
        } => {
            let mut kubeconfig =
                Kubeconfig::from_yaml(&text).map_err(|_| malformed("kubeconfig"))?;
            restrict(&mut kubeconfig, trust);
            kube::Config::from_custom_kubeconfig(kubeconfig, &options(context))
                .await
                .map_err(|e| failed("kubeconfig", e))
        }
        Credentials::Endpoint(endpoint) => endpoint_config(&endpoint).await,
    }
}

fn read_file(path: &Path) -> Result<Kubeconfig, Error> {
    Kubeconfig::read_from(path).map_err(|e| failed("kubeconfig file", e))
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

async fn endpoint_config(endpoint: &Endpoint) -> Result<kube::Config, Error> {
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
    let kubeconfig: Kubeconfig =
        serde_json::from_value(kubeconfig).map_err(|_| malformed("endpoint"))?;
    kube::Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default())
        .await
        .map_err(|e| failed("endpoint", e))
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
