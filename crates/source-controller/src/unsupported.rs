//! Kinds of the group that have no controller here yet. Their objects say so, instead of waiting for something that
//! never comes.

use std::marker::PhantomData;

use flux_api::meta::reason;
use flux_api::source::{Bucket, HelmChart, HelmRepository, OciRepository};
use flux_report::{Disposition, Outcome, Profile};
use flux_runtime::{Controller, Managed, Pass, Reconcile, Setup};

/// Adds controllers that stall every object of these kinds.
pub(crate) fn add_controllers(setup: &mut Setup) {
    setup.controller(Controller::new(Unsupported::<Bucket>::new(&BUCKET)));
    setup.controller(Controller::new(Unsupported::<HelmChart>::new(&HELM_CHART)));
    setup.controller(Controller::new(Unsupported::<HelmRepository>::new(
        &HELM_REPOSITORY,
    )));
    setup.controller(Controller::new(Unsupported::<OciRepository>::new(
        &OCI_REPOSITORY,
    )));
}

static BUCKET: Profile = profile("Bucket");
static HELM_CHART: Profile = profile("HelmChart");
static HELM_REPOSITORY: Profile = profile("HelmRepository");
static OCI_REPOSITORY: Profile = profile("OCIRepository");

/// Nothing is stored for these objects, so they need no finalizer.
const fn profile(kind: &'static str) -> Profile {
    Profile {
        kind,
        owned: &[],
        finalizer: None,
        field_manager: crate::NAME,
        summarized: false,
        timed_failures: false,
    }
}

/// The one thing that happens to such an object.
#[derive(Debug, thiserror::Error)]
#[error("kind {0} is not supported by this version of source-controller")]
pub(crate) struct NotSupported(&'static str);

impl flux_report::Failure for NotSupported {
    fn disposition(&self) -> Disposition {
        Disposition::stall(reason::FAILED)
    }
}

struct Unsupported<K> {
    profile: &'static Profile,
    kind: PhantomData<fn() -> K>,
}

impl<K> Unsupported<K> {
    fn new(profile: &'static Profile) -> Self {
        Self {
            profile,
            kind: PhantomData,
        }
    }
}

impl<K: Managed> Reconcile for Unsupported<K> {
    type Object = K;
    type Failure = NotSupported;

    fn profile(&self) -> &'static Profile {
        self.profile
    }

    async fn reconcile(&self, _pass: &mut Pass<K>) -> Result<Outcome, NotSupported> {
        Err(NotSupported(self.profile.kind))
    }
}
