//! `crds`: OpenAPI definitions of custom resources that tell which of their fields hold names or labels.

use std::sync::Arc;

use flux_yaml::{Kind, Node, ReadOptions, parse_first};

use crate::error::{BuildError, Result};
use crate::load::Loader;
use crate::spec::{BackReference, Config, FieldSpec, merge_one};

const ANNOTATION: &str = "x-kubernetes-annotation";
const LABEL_SELECTOR: &str = "x-kubernetes-label-selector";
const IDENTITY: &str = "x-kubernetes-identity";
const REF_VERSION: &str = "x-kubernetes-object-ref-api-version";
const REF_KIND: &str = "x-kubernetes-object-ref-kind";
const REF_NAME: &str = "x-kubernetes-object-ref-name-key";

/// The field specs that a file of definitions stands for.
pub(crate) fn load(loader: &Loader<'_>, path: &str) -> Result<Config> {
    let content = loader.read(path)?;
    let file = loader.shown(path);
    let fail = |text: String| {
        BuildError::new(format!(
            "unable to parse open API definition from '{path}': {text}"
        ))
    };
    let node = parse_first(&content, &ReadOptions::values())
        .map_err(|e| fail(format!("yaml: {}", e.go_text())).at(&file, e.span()))?;
    let mut config = Config::default();
    let Some(node) = node.filter(|n| !n.is_null()) else {
        return Ok(config);
    };
    let Some(definitions) = node.as_map() else {
        return Err(fail("definitions are a mapping".to_owned()).at(&file, node.span));
    };
    for entry in definitions {
        if entry.value.kind() != Kind::Map && !entry.value.is_null() {
            return Err(fail("a definition is a mapping".to_owned()).at(&file, entry.value.span));
        }
    }
    for entry in definitions {
        let name = entry.key.text().unwrap_or_default();
        let has = |field: &str| {
            entry
                .value
                .get_path(&["Schema", "properties", field])
                .is_some()
        };
        if has("kind") && has("apiVersion") && has("metadata") {
            let kind = name.rsplit('.').next().unwrap_or(name);
            collect(&mut config, &node, (kind, name), &mut Vec::new())?;
        }
    }
    Ok(config)
}

fn collect(
    config: &mut Config,
    definitions: &Node,
    (kind, type_name): (&str, &str),
    path: &mut Vec<String>,
) -> Result<()> {
    // A type that holds itself would never end.
    if path.len() > 64 {
        return Ok(());
    }
    let properties = definitions.get_path(&[type_name, "Schema", "properties"]);
    for entry in properties.and_then(Node::as_map).into_iter().flatten() {
        path.push(entry.key.text().unwrap_or_default().to_owned());
        let property = &entry.value;
        let spec = |parts: &[String]| FieldSpec::new(("", "", kind), &parts.join("/"), false);
        let text = |key: &str| property.get(key).and_then(Node::as_str);
        let lists = [
            (ANNOTATION, &mut config.common_annotations),
            (LABEL_SELECTOR, &mut config.common_labels),
            (IDENTITY, &mut config.name_prefix),
        ];
        for (mark, list) in lists {
            if text(mark).is_some() {
                merge_one(Arc::make_mut(list), &spec(path))?;
            }
        }
        if let (Some(version), Some(target)) = (text(REF_VERSION), text(REF_KIND)) {
            let mut full = path.clone();
            full.push(text(REF_NAME).unwrap_or("name").to_owned());
            config.merge_reference(&BackReference {
                group: String::new(),
                version: version.to_owned(),
                kind: target.to_owned(),
                specs: vec![spec(&full)],
            })?;
        }
        if let Some(next) = text("$ref") {
            collect(config, definitions, (kind, next), path)?;
        }
        path.pop();
    }
    Ok(())
}
