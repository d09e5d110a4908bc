//! Manifests become objects: generated kustomization, kustomize build, substitution. On a thread of its own, as it is CPU work.

use std::sync::Arc;

use flux_api::kustomize::{KustomizationSpec, PostBuild};
use flux_kustomize::{BuildError, BuiltObject, Options};
use flux_object::{Object, ObjectError, stage};
use flux_yaml::YamlError;
use sha2::{Digest as _, Sha256};

use crate::config::Gate;
use crate::context::Ctx;
use crate::kustomization::execute::fetch::Source;
use crate::kustomization::execute::overlay::{self, Outside};
use crate::kustomization::execute::substitute::{
    SubstituteError, Variables, applies, substitute, variables,
};
use crate::kustomization::failure::Failure;
use crate::kustomization::plan::Plan;

/// What came out of a build.
#[derive(Debug)]
pub(crate) struct Built {
    /// In the order of the build.
    pub(crate) objects: Vec<Object>,
    /// `sha256:` of the objects as one YAML stream.
    pub(crate) digest: String,
    /// Manifests below the path that nothing refers to.
    pub(crate) unread: Vec<String>,
}

/// Why a build failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BuildFailure {
    /// The kustomization file could not be written or completed.
    #[error("{}", worded(.0))]
    Generate(BuildError),
    /// The build itself.
    #[error("kustomize build failed: {}", worded(.0))]
    Kustomize(BuildError),
    /// Variables could not be filled in.
    #[error("post build failed for '{object}'")]
    PostBuild {
        object: String,
        #[source]
        source: SubstituteError,
    },
    /// An object holds a value that YAML or JSON does not have.
    #[error("kustomize build failed: object '{object}' cannot be written")]
    Text {
        object: String,
        #[source]
        source: YamlError,
    },
    /// A document is no object.
    #[error("kustomize build failed: a document is not a Kubernetes object")]
    Shape(#[source] ObjectError),
    /// The thread of the build died.
    #[error("kustomize build failed: interrupted")]
    Interrupted,
}

/// Upstream's words, with the place added where they do not name the file.
fn worded(error: &BuildError) -> String {
    let named = error.file().is_some_and(|file| error.text().contains(file));
    if named && error.others().is_empty() {
        error.text().to_owned()
    } else {
        error.to_string()
    }
}

/// What substitution needs besides the objects.
struct Filling {
    post_build: PostBuild,
    /// A reference that cannot be read counts only once there is an object.
    variables: Result<Variables, SubstituteError>,
    strict: bool,
}

pub(crate) async fn build(ctx: &Ctx, plan: &Plan, source: Source) -> Result<Built, Failure> {
    let filling = match &plan.spec.post_build {
        None => None,
        Some(post_build) => Some(Filling {
            variables: variables(&ctx.client, &plan.owner.namespace, post_build).await,
            post_build: post_build.clone(),
            strict: ctx.config.gate(Gate::StrictPostBuildSubstitutions),
        }),
    };
    let spec = plan.spec.clone();
    let outside = Outside {
        forbidden: ctx.config.no_remote_bases,
    };
    let work = tokio::task::spawn_blocking(move || run(&spec, &source, filling, outside));
    let built = work.await.unwrap_or(Err(BuildFailure::Interrupted));
    built.map_err(Failure::Build)
}

fn run(
    spec: &KustomizationSpec,
    source: &Source,
    filling: Option<Filling>,
    outside: Outside,
) -> Result<Built, BuildFailure> {
    let tree =
        overlay::complete(&source.tree, &source.path, spec).map_err(BuildFailure::Generate)?;
    let built = flux_kustomize::build(&tree, source.path.as_str(), &Options::flux(), &outside)
        .map_err(BuildFailure::Kustomize)?;
    let mut stream = Sha256::new();
    let mut objects = Vec::with_capacity(built.objects.len());
    let mut filling = filling;
    for (at, built) in built.objects.iter().enumerate() {
        let (text, object) = finish(built, filling.as_mut())?;
        if at > 0 {
            stream.update("---\n");
        }
        stream.update(text);
        let Some(mut object) = object else { continue };
        add_metadata(&mut object, spec);
        objects.push(object);
    }
    Ok(Built {
        objects,
        digest: format!("sha256:{}", hex::encode(stream.finalize())),
        unread: built.unread.iter().map(ToString::to_string).collect(),
    })
}

/// The text of an object for the digest, and the object; none where upstream leaves a document out.
fn finish(
    built: &Arc<BuiltObject>,
    filling: Option<&mut Filling>,
) -> Result<(String, Option<Object>), BuildFailure> {
    let unwritten = |source| BuildFailure::Text {
        object: built.file.to_string(),
        source,
    };
    let text = built.node.to_yaml().map_err(unwritten)?;
    let value = built.to_json().map_err(unwritten)?;
    let object = Object::from_value(value).map_err(BuildFailure::Shape)?;
    let object = match filling {
        None => object,
        Some(filling) => {
            let name = described(&object);
            let failed = |source| BuildFailure::PostBuild {
                object: name,
                source,
            };
            let variables = match &mut filling.variables {
                Ok(variables) => &*variables,
                Err(_) => return Err(failed(filling.take_error())),
            };
            if applies(&filling.post_build, variables) {
                let filled = substitute(object, &text, variables, filling.strict);
                match filled.map_err(failed)? {
                    (object, None) => object,
                    (object, Some(text)) => return Ok((text, kept(object))),
                }
            } else {
                object
            }
        }
    };
    Ok((text, kept(object)))
}

impl Filling {
    fn take_error(&mut self) -> SubstituteError {
        match std::mem::replace(&mut self.variables, Ok(Variables::new())) {
            Err(error) => error,
            Ok(_) => SubstituteError::Result("variables were not read".to_owned()),
        }
    }
}

fn kept(object: Object) -> Option<Object> {
    stage::is_kubernetes_object(&object).then_some(object)
}

/// `Kind.version.group/name`, as kustomize prints an object.
fn described(object: &Object) -> String {
    let gvk = object.gvk();
    let group = if gvk.group.is_empty() {
        "[noGrp]"
    } else {
        &gvk.group
    };
    format!("{}.{}.{group}/{}", gvk.kind, gvk.version, object.name())
}

/// `commonMetadata`: labels and annotations of every object (KUS-APL-002).
fn add_metadata(object: &mut Object, spec: &KustomizationSpec) {
    let Some(common) = &spec.common_metadata else {
        return;
    };
    for (key, value) in common.labels.iter().flatten() {
        object.set_label(key, value);
    }
    for (key, value) in common.annotations.iter().flatten() {
        object.set_annotation(key, value);
    }
}
