//! Post-build substitution: variables from the spec, ConfigMaps and Secrets into the built objects (KUS-SUB).

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flux_api::kustomize::{
    PostBuild, SubstituteReference, SubstituteReferenceKind, SubstituteStrategy,
};
use flux_api::meta::annotation;
use flux_kube::{Client, Resource};
use flux_object::Object;
use serde_json::Value;

/// Variables by name.
pub(crate) type Variables = BTreeMap<String, String>;

/// Why variables could not be had or filled in.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SubstituteError {
    /// A ConfigMap or Secret could not be read.
    #[error("substitute from '{kind}/{name}' error")]
    Reference {
        kind: &'static str,
        name: String,
        #[source]
        source: Box<flux_kube::Error>,
    },
    /// The data of a Secret is no base64.
    #[error("substitute from 'Secret/{name}' error: value of '{key}' is not base64")]
    Encoding { name: String, key: String },
    /// A name that no variable can have.
    #[error("'{0}' var name is invalid, must match '^[_[:alpha:]][_[:alpha:][:digit:]]*$'")]
    Name(String),
    /// The text of the object and the variables do not go together.
    #[error("envsubst error: variable substitution failed")]
    Expression(#[source] flux_envsubst::Error),
    /// What came out is not the text of an object.
    #[error("YAMLToJSON: {0}")]
    Result(String),
}

/// Collects the variables: references in their order, then the inline ones, which win (KUS-SUB-001).
pub(crate) async fn variables(
    client: &Client,
    namespace: &str,
    post_build: &PostBuild,
) -> Result<Variables, SubstituteError> {
    let mut variables = Variables::new();
    for reference in &post_build.substitute_from {
        variables.extend(referenced(client, namespace, reference).await?);
    }
    variables.extend(post_build.substitute.clone().unwrap_or_default());
    for value in variables.values_mut() {
        value.retain(|c| c != '\n');
    }
    Ok(variables)
}

async fn referenced(
    client: &Client,
    namespace: &str,
    reference: &SubstituteReference,
) -> Result<Variables, SubstituteError> {
    let secret = reference.kind == SubstituteReferenceKind::Secret;
    let resource = if secret {
        Resource::secrets()
    } else {
        Resource::config_maps()
    };
    let object = match client.get(&resource, namespace, &reference.name).await {
        Ok(object) => object,
        Err(error) if reference.optional && error.is_not_found() => return Ok(Variables::new()),
        Err(error) => {
            return Err(SubstituteError::Reference {
                kind: reference.kind.as_str(),
                name: reference.name.clone(),
                source: Box::new(error),
            });
        }
    };
    let Some(data) = object.get(&["data"]).and_then(Value::as_object) else {
        return Ok(Variables::new());
    };
    let texts = data
        .iter()
        .filter_map(|(key, value)| Some((key.clone(), value.as_str()?)));
    if !secret {
        return Ok(texts.map(|(key, text)| (key, text.to_owned())).collect());
    }
    texts
        .map(|(key, text)| match STANDARD.decode(text) {
            Ok(bytes) => Ok((key, String::from_utf8_lossy(&bytes).into_owned())),
            Err(_) => Err(SubstituteError::Encoding {
                name: reference.name.clone(),
                key,
            }),
        })
        .collect()
}

/// Whether anything is replaced at all (KUS-SUB-003).
pub(crate) fn applies(post_build: &PostBuild, variables: &Variables) -> bool {
    !variables.is_empty() || post_build.substitute_strategy == Some(SubstituteStrategy::Always)
}

/// Whether an object asks to be left alone (KUS-SUB-004).
fn opted_out(object: &Object) -> bool {
    let key = annotation::KUSTOMIZE_SUBSTITUTE;
    let disabled = Some(annotation::DISABLED);
    object.annotation(key) == disabled || object.label(key) == disabled
}

/// Fills the variables into the YAML text of an object (KUS-SUB-006). The new text is given where it changed.
pub(crate) fn substitute(
    object: Object,
    text: &str,
    variables: &Variables,
    strict: bool,
) -> Result<(Object, Option<String>), SubstituteError> {
    if let Some(name) = variables.keys().find(|name| !is_name(name)) {
        return Err(SubstituteError::Name(name.clone()));
    }
    // Without a dollar sign the text stays as it is, whatever the variables are.
    if opted_out(&object) || !text.contains('$') {
        return Ok((object, None));
    }
    let options = flux_envsubst::Options { strict };
    let replaced =
        flux_envsubst::substitute(text, variables, options).map_err(SubstituteError::Expression)?;
    let bad = |error: &dyn std::fmt::Display| SubstituteError::Result(error.to_string());
    let value = flux_yaml::yaml_to_json(&replaced).map_err(|error| bad(&error))?;
    let text = flux_yaml::to_yaml_string(&value).map_err(|error| bad(&error))?;
    let object = Object::from_value(value).map_err(|error| bad(&error))?;
    Ok((object, Some(text)))
}

fn is_name(name: &str) -> bool {
    let mut characters = name.chars();
    characters
        .next()
        .is_some_and(|c| c == '_' || c.is_ascii_alphabetic())
        && characters.all(|c| c == '_' || c.is_ascii_alphanumeric())
}
