//! The cluster that the controllers work on: the embedded server, or one that is there already.

use flux_apiserver::Server;
use flux_kube::{Client, Credentials, Endpoint, Options, Trust};

use crate::Error;
use crate::bootstrap::NAMESPACE;

/// Where the controllers find their objects.
#[derive(Debug)]
pub enum Cluster {
    /// The embedded API server; every controller has an identity of its own.
    Embedded(Server),
    /// The cluster of a kubeconfig (its text), as the user that it names.
    Given(String),
}

impl Cluster {
    /// Starts an embedded server.
    pub async fn embedded(options: flux_apiserver::Options) -> Result<Self, Error> {
        Server::start(options)
            .await
            .map(Self::Embedded)
            .map_err(Error::Server)
    }

    /// The embedded server, if it is one.
    pub fn server(&self) -> Option<&Server> {
        match self {
            Self::Embedded(server) => Some(server),
            Self::Given(_) => None,
        }
    }

    /// The text of a kubeconfig with all rights.
    pub fn kubeconfig(&self) -> String {
        match self {
            Self::Embedded(server) => server.kubeconfig("admin"),
            Self::Given(text) => text.clone(),
        }
    }

    /// A client with all rights.
    pub async fn admin(&self) -> Result<Client, Error> {
        let text = self.kubeconfig();
        connect(
            Credentials::Text {
                text,
                context: None,
                trust: Trust::Own,
            },
            "flux-local",
        )
        .await
    }

    /// A client for a controller.
    pub(crate) async fn controller(&self, name: &str) -> Result<Client, Error> {
        let credentials = match self {
            Self::Embedded(server) => {
                let user = format!("system:serviceaccount:{NAMESPACE}:{name}");
                Credentials::Endpoint(Endpoint {
                    server: server.url(),
                    ca_pem: Some(server.ca_pem().to_owned()),
                    token: Some(server.token_with_groups(&user, &["system:masters"])),
                    proxy_url: None,
                })
            }
            Self::Given(text) => Credentials::Text {
                text: text.clone(),
                context: None,
                trust: Trust::Own,
            },
        };
        connect(credentials, name).await
    }
}

async fn connect(credentials: Credentials, name: &str) -> Result<Client, Error> {
    let options = Options {
        user_agent: format!("{name}/local"),
        ..Options::default()
    };
    Client::connect(credentials, &options)
        .await
        .map_err(|source| Error::Kube {
            what: format!("connect {name} to the API server"),
            source,
        })
}
