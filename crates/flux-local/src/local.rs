//! A fleet and everything that runs it.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use flux_git::Mirror;
use flux_kube::Client;
use flux_tree::MemoryTree;

use crate::host::{self, Host};
use crate::progress::Progress;
use crate::{Cluster, Controllers, Error, Fleet, Launch, bootstrap};

/// How a fleet is run.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// The folder of the cluster in the fleet; found by itself where there is only one choice.
    pub path: Option<String>,
    /// Repositories that are served from folders: URL and folder.
    pub mirrors: Vec<(String, PathBuf)>,
    /// Where the API server listens; a free port of loopback where absent.
    pub listen: Option<SocketAddr>,
    /// Flags for every controller.
    pub flags: Vec<String>,
}

/// A running fleet; everything stops with it.
#[derive(Debug)]
pub struct Local {
    /// The cluster.
    pub cluster: Cluster,
    /// A client with all rights.
    pub client: Client,
    /// The folder of the cluster in the fleet.
    pub path: String,
    host: Host,
    controllers: Controllers,
}

/// The name under which the fleet's own repository is served.
const FLEET: &str = "fleet";

impl Local {
    /// Starts the API server, serves the repositories, applies what the cluster follows, starts the controllers.
    pub async fn start(fleet: &Fleet, options: &Options) -> Result<Self, Error> {
        let path = bootstrap::cluster_path(&fleet.tree, options.path.as_deref())?;
        let tree = bootstrap::complete(&fleet.tree, &path).map_err(|source| Error::Tree {
            name: fleet.name.clone(),
            source,
        })?;
        let host = Host::start().await?;
        let served = host.url(FLEET)?;
        let root = bootstrap::root(&tree, &path, served.as_str())?;
        let mirrors = serve(&host, &tree, fleet, &root, options)?;

        let mut server_options = flux_apiserver::Options::default();
        if let Some(listen) = options.listen {
            server_options.listen = listen;
        }
        let cluster = Cluster::embedded(server_options).await?;
        let client = cluster.admin().await?;
        bootstrap::prepare(&client).await?;
        let launch = Launch {
            mirrors,
            flags: options.flags.clone(),
            ..Launch::default()
        };
        let controllers = Controllers::start(&cluster, launch).await?;
        bootstrap::apply_all(&client, &root).await?;
        Ok(Self {
            cluster,
            client,
            path,
            host,
            controllers,
        })
    }

    /// Follows how the fleet is doing.
    pub fn progress(&self) -> Progress {
        Progress::follow(&self.client)
    }

    /// The controllers.
    pub fn controllers(&self) -> &Controllers {
        &self.controllers
    }

    /// Serves new content of the fleet's own repository, as a push would.
    pub fn push(&self, fleet: &Fleet) -> Result<String, Error> {
        let tree = bootstrap::complete(&fleet.tree, &self.path).map_err(|source| Error::Tree {
            name: fleet.name.clone(),
            source,
        })?;
        self.host
            .publish(FLEET, &tree, &references(&tree, None), now())
    }
}

/// Serves the fleet and the mirrored folders; returns what leads to them.
fn serve(
    host: &Host,
    tree: &MemoryTree,
    fleet: &Fleet,
    root: &[flux_object::Object],
    options: &Options,
) -> Result<Vec<Mirror>, Error> {
    let served = host.url(FLEET)?;
    host.publish(FLEET, tree, &references(tree, None), now())?;
    let mut mirrors = Vec::new();
    let own = root
        .iter()
        .filter(|object| object.kind() == "GitRepository")
        .filter_map(|object| object.get_str(&["spec", "url"]))
        .chain(fleet.origin.as_deref());
    for url in own {
        mirrors.extend(host::mirrors(url, &served));
    }
    for (index, (url, folder)) in options.mirrors.iter().enumerate() {
        let (mirrored, _) = Fleet::from_folder(folder)?;
        let name = format!("mirror-{index}");
        host.publish(&name, &mirrored.tree, &references(tree, Some(url)), now())?;
        mirrors.extend(host::mirrors(url, &host.url(&name)?));
    }
    Ok(mirrors)
}

/// The references that the sources in a tree follow; those of one address, where it is given.
fn references(tree: &MemoryTree, url: Option<&str>) -> Vec<host::Wanted> {
    let spellings = url.map(host::spellings);
    host::sources(tree)
        .iter()
        .filter(|(_, of)| {
            spellings
                .as_ref()
                .is_none_or(|all| all.iter().any(|one| same_repository(one, of)))
        })
        .filter_map(|(source, _)| host::wanted(source))
        .collect()
}

fn same_repository(a: &str, b: &str) -> bool {
    let normal = |url: &str| {
        url.trim_end_matches('/')
            .trim_end_matches(".git")
            .to_owned()
    };
    normal(a) == normal(b)
}

fn now() -> i64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(0)
}
