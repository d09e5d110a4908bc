//! The custom resource definitions, derived from the types.
//!
//! [`definitions`] gives them as JSON objects in the form that the API server stores them: structural schemas without
//! references, titles or unions. Fields, bounds and rules are upstream's; descriptions are our own.

mod legacy;
mod structural;

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::{Value, json};

use crate::extensions::ArtifactGeneratorSpec;
use crate::helm::HelmReleaseSpec;
use crate::image::{ImagePolicySpec, ImageRepositorySpec, ImageUpdateAutomationSpec};
use crate::kind::{Column, Kind, StatusShape};
use crate::kustomize::KustomizationSpec;
use crate::notification::{AlertSpec, ProviderSpec, ReceiverSpec};
use crate::source::{
    BucketSpec, ExternalArtifactSpec, GitRepositorySpec, HelmChartSpec, HelmRepositorySpec,
    OciRepositorySpec,
};

/// The generator version that upstream's definitions name; it is part of the contract (CRD-DATA-002).
const GENERATOR_VERSION: &str = "v0.21.0";

/// One definition.
#[derive(Debug, Clone, PartialEq)]
pub struct Definition {
    /// `<group>_<plural>.yaml`.
    pub file_name: String,
    /// The CustomResourceDefinition.
    pub object: Value,
}

/// All definitions, in the order of their file names.
pub fn definitions() -> Vec<Definition> {
    vec![
        definition::<HelmReleaseSpec>(Vec::new()),
        definition::<ImagePolicySpec>(Vec::new()),
        definition::<ImageRepositorySpec>(Vec::new()),
        definition::<ImageUpdateAutomationSpec>(Vec::new()),
        definition::<KustomizationSpec>(legacy::kustomization(&version::<KustomizationSpec>())),
        definition::<AlertSpec>(Vec::new()),
        definition::<ProviderSpec>(Vec::new()),
        definition::<ReceiverSpec>(Vec::new()),
        definition::<ArtifactGeneratorSpec>(Vec::new()),
        definition::<BucketSpec>(Vec::new()),
        definition::<ExternalArtifactSpec>(Vec::new()),
        definition::<GitRepositorySpec>(legacy::git_repository(&version::<GitRepositorySpec>())),
        definition::<HelmChartSpec>(Vec::new()),
        definition::<HelmRepositorySpec>(Vec::new()),
        definition::<OciRepositorySpec>(Vec::new()),
    ]
}

/// The definition of one kind; `legacy` are older versions that are served beside the stored one.
fn definition<S: Kind>(legacy: Vec<Value>) -> Definition {
    let mut versions = vec![version::<S>()];
    versions.extend(legacy);
    let mut names = json!({
        "categories": ["all", "fluxcd", S::CATEGORY],
        "kind": S::KIND,
        "listKind": format!("{}List", S::KIND),
        "plural": S::PLURAL,
        "singular": S::SINGULAR,
    });
    if !S::SHORT_NAMES.is_empty() {
        names["shortNames"] = json!(S::SHORT_NAMES);
    }
    let object = json!({
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {
            "annotations": {
                "controller-gen.kubebuilder.io/version": GENERATOR_VERSION,
                "kustomize.toolkit.fluxcd.io/substitute": "disabled",
            },
            "name": format!("{}.{}", S::PLURAL, S::GROUP),
        },
        "spec": {
            "group": S::GROUP,
            "names": names,
            "scope": "Namespaced",
            "versions": versions,
        },
    });
    Definition {
        file_name: format!("{}_{}.yaml", S::GROUP, S::PLURAL),
        object,
    }
}

/// The stored version of a kind.
fn version<S: Kind>() -> Value {
    let mut properties = json!({
        "apiVersion": {
            "description": "Group and version of the API that this object is written in.",
            "type": "string",
        },
        "kind": {
            "description": "Kind of this object.",
            "type": "string",
        },
        "metadata": { "type": "object" },
        "spec": schema_of::<S>(),
    });
    let mut subresources = json!({});
    if S::STATUS != StatusShape::Absent {
        let mut status = schema_of::<S::Status>();
        if S::STATUS == StatusShape::Unobserved {
            status["default"] = json!({ "observedGeneration": -1 });
        }
        properties["status"] = status;
        subresources["status"] = json!({});
    }
    json!({
        "additionalPrinterColumns": S::COLUMNS.iter().map(column).collect::<Vec<_>>(),
        "name": S::VERSION,
        "schema": {
            "openAPIV3Schema": {
                "description": S::PURPOSE,
                "properties": properties,
                "type": "object",
            },
        },
        "served": true,
        "storage": true,
        "subresources": subresources,
    })
}

fn column(column: &Column) -> Value {
    let mut out = json!({
        "description": column.description,
        "jsonPath": column.json_path,
        "name": column.name,
        "type": column.kind,
    });
    if column.priority != 0 {
        out["priority"] = json!(column.priority);
    }
    out
}

fn schema_of<T: JsonSchema>() -> Value {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.inline_subschemas = true;
        settings.meta_schema = None;
    });
    let schema = settings.into_generator().into_root_schema_for::<T>();
    structural::normalize(schema.to_value())
}
