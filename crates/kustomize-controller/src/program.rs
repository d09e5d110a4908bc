//! The program: its flags, and how it is put together.

use std::sync::Arc;
use std::time::Duration;

use flux_api::kustomize::{GROUP, Kustomization, SourceReferenceKind};
use flux_api::source::{Bucket, ExternalArtifact, GitRepository, OciRepository};
use flux_apply::{Engine, EngineOptions, Tracker, TrackerOptions};
use flux_artifact::{FetchOptions, Fetcher};
use flux_gocompat::GoDuration;
use flux_http::{ClientOptions, Clients, Retry};
use flux_report::{Cadence, Outcome, Profile};
use flux_runtime::{Controller, FlagSet, Pass, Program, Reconcile, Setup, StartError};

use crate::config::{self, Config, GATES, Gate};
use crate::context::{Ctx, Sources};
use crate::kustomization::failure::Failure;
use crate::kustomization::{self, PROFILE};
use crate::watches;

/// The name that applied objects carry as their field manager (KUS-APL-004).
const FIELD_MANAGER: &str = "kustomize-controller";

/// kustomize-controller as a program, to be run as a process or inside another one.
#[derive(Debug, Clone, Copy, Default)]
pub struct KustomizeController;

impl Program for KustomizeController {
    fn name(&self) -> &'static str {
        "kustomize-controller"
    }

    fn flags(&self, flags: &mut FlagSet) {
        config::flags(flags);
    }

    fn gates(&self) -> &'static [(&'static str, bool)] {
        GATES
    }

    async fn assemble(&self, setup: &mut Setup) -> Result<(), StartError> {
        let config = Config::of(setup);
        let sources = Sources {
            git: setup.store(),
            oci: setup.store(),
            bucket: setup.store(),
            external: config.gate(Gate::ExternalArtifact).then(|| setup.store()),
        };
        let own = setup.own_store::<Kustomization>();
        let ctx = Ctx {
            client: setup.client().clone(),
            engine: engine(setup, &config),
            fetcher: fetcher(&config)?,
            sources: sources.clone(),
            kustomizations: setup.store(),
            config: config.clone(),
        };
        let controller = controller(ctx, &sources);
        let requests = setup.controller(controller);
        watches::configs(setup, &config, &own, &requests);
        Ok(())
    }
}

fn engine(setup: &Setup, config: &Config) -> Engine {
    let tracker = Tracker::new(
        setup.client().clone(),
        &TrackerOptions {
            owner_group: GROUP.to_owned(),
            field_manager: FIELD_MANAGER.to_owned(),
            override_managers: config.override_managers.clone(),
        },
    );
    let options = EngineOptions {
        concurrency: config.concurrent_ssa,
        custom_stage_kinds: config.custom_stage_kinds.clone(),
        fail_fast: !config.gate(Gate::DisableFailFastBehavior),
        ..EngineOptions::default()
    };
    Engine::new(Arc::new(tracker), options)
}

fn fetcher(config: &Config) -> Result<Fetcher, StartError> {
    let options = ClientOptions {
        user_agent: FIELD_MANAGER.to_owned(),
        ..ClientOptions::default()
    };
    let client = Clients::from_process()
        .client(&options)
        .map_err(|e| StartError::new("unable to create artifact fetcher", e))?;
    let options = FetchOptions {
        retry: Retry {
            retries: config.http_retry,
            min_wait: Duration::from_secs(1),
            max_wait: Duration::from_secs(30),
        },
        ..FetchOptions::default()
    };
    Ok(Fetcher::new(client, options.with_environment()))
}

/// The controller with everything that wakes its objects.
fn controller(ctx: Ctx, sources: &Sources) -> Controller<Kustomizations> {
    let kustomizations = ctx.kustomizations.clone();
    let mut controller = Controller::new(Kustomizations { ctx })
        .index(watches::BY_SOURCE, watches::by_source)
        .index(watches::BY_DEPENDENCY, watches::by_dependency)
        .index(watches::BY_CONFIG, watches::by_config)
        .wake_on(
            &sources.git,
            watches::source_changed(SourceReferenceKind::GitRepository, |o: &GitRepository| {
                o.status.as_ref()?.artifact.as_ref()
            }),
        )
        .wake_on(
            &sources.oci,
            watches::source_changed(SourceReferenceKind::OciRepository, |o: &OciRepository| {
                o.status.as_ref()?.artifact.as_ref()
            }),
        )
        .wake_on(
            &sources.bucket,
            watches::source_changed(SourceReferenceKind::Bucket, |o: &Bucket| {
                o.status.as_ref()?.artifact.as_ref()
            }),
        )
        .wake_on(&kustomizations, watches::dependency_changed);
    if let Some(external) = &sources.external {
        controller = controller.wake_on(
            external,
            watches::source_changed(
                SourceReferenceKind::ExternalArtifact,
                |o: &ExternalArtifact| o.status.as_ref()?.artifact.as_ref(),
            ),
        );
    }
    controller
}

/// The reconciler of Kustomizations.
#[derive(Debug)]
struct Kustomizations {
    ctx: Ctx,
}

impl Reconcile for Kustomizations {
    type Object = Kustomization;
    type Failure = Failure;

    fn profile(&self) -> &'static Profile {
        &PROFILE
    }

    fn cadence(&self, object: &Kustomization) -> Cadence {
        Cadence {
            interval: Some(object.spec.interval),
            retry: object
                .spec
                .retry_interval
                .filter(|span| *span > GoDuration::ZERO),
            dependency: Some(self.ctx.config.requeue_dependency),
            // Steps bound themselves: health checks by the timeout, requests by the client.
            timeout: None,
        }
    }

    async fn reconcile(&self, pass: &mut Pass<Kustomization>) -> Result<Outcome, Failure> {
        match kustomization::reconcile(&self.ctx, pass).await {
            // What was under way goes on with the newer object; that is neither success nor failure.
            Err(Failure::Interrupted(_)) => Ok(Outcome::settled().again()),
            result => result,
        }
    }

    async fn finalize(&self, pass: &mut Pass<Kustomization>) -> Result<Outcome, Failure> {
        kustomization::finalize(&self.ctx, pass).await?;
        Ok(Outcome::settled())
    }
}
