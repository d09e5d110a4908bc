//! The objects of an installation, in their order (INS-GEN-002).

use serde_json::{Value, json};

use super::{Plan, shared, workload};
use crate::version::VERSION;

/// A controller: its name, its version, and the API groups and kinds whose definitions it brings.
pub(super) struct Component {
    pub(super) name: &'static str,
    pub(super) version: &'static str,
    definitions: &'static [&'static str],
}

const COMPONENTS: &[Component] = &[
    Component {
        name: "source-controller",
        version: "v1.9.4",
        definitions: &[
            "buckets.source.toolkit.fluxcd.io",
            "externalartifacts.source.toolkit.fluxcd.io",
            "gitrepositories.source.toolkit.fluxcd.io",
            "helmcharts.source.toolkit.fluxcd.io",
            "helmrepositories.source.toolkit.fluxcd.io",
            "ocirepositories.source.toolkit.fluxcd.io",
        ],
    },
    Component {
        name: "kustomize-controller",
        version: "v1.9.4",
        definitions: &["kustomizations.kustomize.toolkit.fluxcd.io"],
    },
    Component {
        name: "helm-controller",
        version: "v1.6.3",
        definitions: &["helmreleases.helm.toolkit.fluxcd.io"],
    },
    Component {
        name: "notification-controller",
        version: "v1.9.3",
        definitions: &[
            "alerts.notification.toolkit.fluxcd.io",
            "providers.notification.toolkit.fluxcd.io",
            "receivers.notification.toolkit.fluxcd.io",
        ],
    },
    Component {
        name: "image-reflector-controller",
        version: "v1.2.4",
        definitions: &[
            "imagepolicies.image.toolkit.fluxcd.io",
            "imagerepositories.image.toolkit.fluxcd.io",
        ],
    },
    Component {
        name: "image-automation-controller",
        version: "v1.2.4",
        definitions: &["imageupdateautomations.image.toolkit.fluxcd.io"],
    },
    Component {
        name: "source-watcher",
        version: "v2.2.3",
        definitions: &["artifactgenerators.source.extensions.fluxcd.io"],
    },
];

/// The names of all components, as bindings list them.
pub(super) const ACCOUNTS: &[&str] = &[
    "kustomize-controller",
    "helm-controller",
    "source-controller",
    "notification-controller",
    "image-reflector-controller",
    "image-automation-controller",
    "source-watcher",
];

/// Whether there is such a component.
pub(super) fn is_known(name: &str) -> bool {
    COMPONENTS.iter().any(|component| component.name == name)
}

/// All objects of a plan.
pub(super) fn objects(plan: &Plan) -> Vec<Value> {
    let mut all = shared::objects(plan);
    let definitions = flux_api::crd::definitions();
    for name in &plan.components {
        let Some(component) = COMPONENTS.iter().find(|known| known.name == name) else {
            continue;
        };
        for wanted in component.definitions {
            all.extend(
                definitions
                    .iter()
                    .find(|definition| definition.object["metadata"]["name"] == *wanted)
                    .map(|definition| definition_of(plan, component, definition.object.clone())),
            );
        }
        all.extend(workload::objects(plan, component));
    }
    all
}

/// The labels of every object (INS-LBL-001), and of a component's (INS-LBL-002).
pub(super) fn labels(plan: &Plan, component: Option<&Component>) -> Value {
    let mut labels = json!({
        "app.kubernetes.io/instance": plan.namespace,
        "app.kubernetes.io/part-of": "flux",
        "app.kubernetes.io/version": format!("v{VERSION}"),
    });
    if let Some(component) = component {
        labels["app.kubernetes.io/component"] = component.name.into();
    }
    labels
}

fn definition_of(plan: &Plan, component: &Component, mut definition: Value) -> Value {
    definition["metadata"]["labels"] = labels(plan, Some(component));
    definition["metadata"]["annotations"]["kustomize.toolkit.fluxcd.io/substitute"] =
        "disabled".into();
    definition
}
