//! source-controller: turns sources into artifacts, and serves them.
//!
//! GitRepository is reconciled: look after the stored artifact, read Secrets and includes, plan, check out, verify,
//! archive. The other kinds of the group say on their objects that they are not supported yet.
//!
//! Reading order: [`SourceController`] (how it is put together), `config` (flags), `context` (the adapters),
//! `gitrepository` (the kind), `serve` (the file server).
#![expect(
    clippy::disallowed_methods,
    reason = "flags take defaults from the environment, which config.rs and this file read once"
)]

mod config;
mod context;
mod gitrepository;
mod secret;
mod serve;
mod unsupported;
mod watches;

use std::process::ExitCode;
use std::sync::Arc;

use flux_artifact::{Storage, StorageOptions};
use flux_http::ProxyEnvironment;
use flux_runtime::{FlagSet, Program, Setup, StartError, When};

use config::Config;
use context::Ctx;

/// Name of the program, its lease, its field manager and its events.
pub(crate) const NAME: &str = "source-controller";

/// The program. Run it as a process with [`run`], or inside another one with [`flux_runtime::host`].
#[derive(Debug, Clone, Default)]
pub struct SourceController {
    git: flux_git::Client,
    proxies: Option<ProxyEnvironment>,
}

impl SourceController {
    /// A program whose Git client is given, for example one that reads from local mirrors.
    pub fn with_git(git: flux_git::Client) -> Self {
        Self { git, proxies: None }
    }

    /// The same with these proxies instead of the ones that the process's environment names.
    #[must_use]
    pub fn with_proxies(self, proxies: ProxyEnvironment) -> Self {
        Self {
            proxies: Some(proxies),
            ..self
        }
    }
}

/// Runs the program as a process.
pub fn run() -> ExitCode {
    flux_runtime::run(SourceController::default())
}

impl Program for SourceController {
    fn name(&self) -> &'static str {
        NAME
    }

    fn flags(&self, flags: &mut FlagSet) {
        config::flags(flags);
    }

    fn gates(&self) -> &'static [(&'static str, bool)] {
        config::GATES
    }

    fn watches_configs(&self) -> bool {
        false
    }

    async fn assemble(&self, setup: &mut Setup) -> Result<(), StartError> {
        flux_http::install_crypto_provider();
        let config = Config::read(setup.flags(), |gate| setup.gate(gate))?;
        let server = serve::Server::prepare(&config.storage_address).await?;
        let hostname = std::env::var("HOSTNAME").unwrap_or_else(|_| "localhost".to_owned());
        let storage = Storage::open(StorageOptions {
            root: config.storage_path.clone(),
            advertised: config.advertised(server.address(), &hostname),
            algorithm: config.algorithm,
            retention: config.retention,
        })
        .map_err(|error| StartError::new("unable to initialise storage", error))?;
        let root = storage.root().to_owned();
        let ctx = Arc::new(Ctx {
            kube: setup.client().clone(),
            git: self.git.clone(),
            storage,
            environment: self
                .proxies
                .clone()
                .unwrap_or_else(ProxyEnvironment::from_process),
            git_repositories: setup.own_store(),
            requeue_dependency: config.requeue_dependency,
            object_identity: config.object_identity,
        });
        watches::add_controllers(setup, &ctx);
        // A standby replica serves nothing, so that it gets no traffic (SRC-STO-018).
        setup.task(When::Leading, server.run(root, setup.shutdown()));
        Ok(())
    }
}
