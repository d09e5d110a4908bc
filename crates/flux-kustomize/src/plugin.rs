//! Generators, transformers and validators that a kustomization configures as objects. Only built-in ones exist:
//! anything that would start a program is refused (KUS-KZ-003).

use std::sync::Arc;

use flux_yaml::{Node, ReadOptions, Span, parse_first};

use crate::error::{BuildError, Result};
use crate::generate::{Generated, generate};
use crate::id::ResId;
use crate::kustfile::text_map;
use crate::load::Loader;
use crate::origin::{self, ConfiguredBy, ORIGIN, Origin};
use crate::patch::{Patch, Selector};
use crate::read;
use crate::replace::{Replacement, visit};
use crate::resmap::ResMap;
use crate::resource::{Resource, set_metadata_entry};
use crate::shape::{self, Unknown};
use crate::spec::{FieldSpec, split_path};
use crate::target::{Accumulator, Target, apply_exact, run_replacements, target_of};
use crate::transform::{
    Affix, Image, NamespaceOptions, SortOrder, Subjects, add_affix, add_annotations, add_hashes,
    add_labels, set_images, set_namespace, set_replicas,
};

/// The configuration objects that a field lists, inline or by path.
fn configured(target: &Target<'_>, field: &str) -> Result<Vec<Resource>> {
    let mut acc = Accumulator::default();
    let mut paths = Vec::new();
    for (text, span) in target.file.texts(field) {
        match read::objects(text.as_bytes(), target.shown()) {
            Ok(resources) => {
                for mut resource in resources {
                    if let Some(origin) = target.origin() {
                        let origin = origin.append(target.file.file_name);
                        resource.set_annotation(ORIGIN, &origin.text());
                    }
                    acc.map.append(resource)?;
                }
            }
            Err(_) => paths.push((text, span)),
        }
    }
    for (path, span) in paths {
        target
            .add_resource(&mut acc, path)
            .map_err(|e| e.at(target.shown(), span))?;
    }
    Ok(acc.map.into_list())
}

fn is_built_in(config: &Resource) -> bool {
    config.node().text_at(&["apiVersion"]) == Some("builtin")
}

fn refuse_external(config: &Resource, what: &str) -> BuildError {
    BuildError::new(format!(
        "failed to load {what}: external plugins disabled; unable to load external plugin '{}'",
        config.id().name
    ))
    .at(&config.file, config.node().span)
    .object(config.id())
}

fn unable(config: &Resource, what: &str) -> BuildError {
    BuildError::new(format!(
        "unable to load builtin {}: no such {what}",
        config.gvk()
    ))
    .at(&config.file, config.node().span)
    .object(config.id())
}

fn failed(config: &Resource, error: BuildError) -> BuildError {
    error
        .wrap(format!("plugin {} fails configuration", config.id()))
        .at(&config.file, config.node().span)
        .object(config.id())
}

/// What a configured plugin leaves as origin.
fn origin_of(target: &Target<'_>, config: &Resource) -> Option<Origin> {
    target.origin()?;
    let own = config.annotation(ORIGIN)?;
    let parsed = parse_first(own.as_bytes(), &ReadOptions::values()).ok()??;
    let text = |key: &str| parsed.text_at(&[key]).unwrap_or_default().to_owned();
    Some(Origin {
        path: String::new(),
        repo: text("repo"),
        reference: text("ref"),
        configured_in: text("path"),
        configured_by: Some(ConfiguredBy {
            api_version: config.gvk().api_version(),
            kind: config.gvk().kind.to_string(),
            name: config.id().name.to_string(),
            namespace: config.id().namespace.to_string(),
        }),
    })
}

/// Runs what `generators` lists.
pub(crate) fn run_generators(target: &Target<'_>, acc: &mut Accumulator) -> Result<()> {
    let configs =
        configured(target, "generators").map_err(|e| e.wrap("loading generator plugins"))?;
    for config in configs {
        let kind = config.gvk().kind.clone();
        if !is_built_in(&config) {
            return Err(refuse_external(&config, "generator").wrap("loading generator plugins"));
        }
        let what = match &*kind {
            "ConfigMapGenerator" => Generated::ConfigMap,
            "SecretGenerator" => Generated::Secret,
            "HelmChartInflationGenerator" => {
                return Err(failed(
                    &config,
                    BuildError::new("must specify --enable-helm"),
                ));
            }
            "IAMPolicyGenerator" => {
                let mut resource = iam_service_account(&config)?;
                if let Some(origin) = origin_of(target, &config) {
                    origin::set_if_absent(&mut resource, &origin);
                }
                acc.map.absorb(resource)?;
                continue;
            }
            _ => return Err(unable(&config, "generator").wrap("loading generator plugins")),
        };
        let config = shaped(&config, shape::GENERATOR)?;
        let place = (&target.loader, &*config.file);
        let mut resource = generate(what, config.node(), None, place)?;
        if let Some(origin) = origin_of(target, &config) {
            origin::set_if_absent(&mut resource, &origin);
        }
        acc.map.absorb(resource).map_err(|e| {
            e.wrap("merging from generator")
                .at(&config.file, config.node().span)
        })?;
    }
    Ok(())
}

/// A service account that is bound to one of Google's cloud.
fn iam_service_account(config: &Resource) -> Result<Resource> {
    let text = |path: &[&str]| config.node().text_at(path).unwrap_or_default();
    let cloud = text(&["cloud"]);
    if cloud != "gke" {
        return Err(failed(
            config,
            BuildError::new(format!("cloud provider {cloud} not supported yet")),
        ));
    }
    let account = format!(
        "{}@{}.iam.gserviceaccount.com",
        text(&["serviceAccount", "name"]),
        text(&["serviceAccount", "projectId"])
    );
    let mut node = Node::empty_map().at(config.node().span);
    node.set("apiVersion", Node::string("v1"));
    node.set("kind", Node::string("ServiceAccount"));
    set_metadata_entry(
        &mut node,
        "annotations",
        "iam.gke.io/gcp-service-account",
        &account,
    );
    if let Some(metadata) = node.get_mut("metadata") {
        metadata.set("name", Node::string(text(&["kubernetesService", "name"])));
        let namespace = text(&["kubernetesService", "namespace"]);
        if !namespace.is_empty() {
            metadata.set("namespace", Node::string(namespace));
        }
    }
    Ok(Resource::new(node, Arc::clone(&config.file)))
}

/// Runs what `transformers` lists.
pub(crate) fn run_transformers(target: &Target<'_>, acc: &mut Accumulator) -> Result<()> {
    for config in configured(target, "transformers")? {
        transform(target, &config, &mut acc.map)?;
        if let Some(origin) = origin_of(target, &config) {
            for resource in acc.map.list_mut() {
                origin::add_transformation(resource, &origin);
            }
        }
        acc.map.drop_empty();
    }
    Ok(())
}

/// Runs what `validators` lists: transformers that must not change anything.
pub(crate) fn run_validators(target: &Target<'_>, acc: &mut Accumulator) -> Result<()> {
    for config in configured(target, "validators")? {
        let before: Vec<Node> = acc.map.list().iter().map(|r| r.node().clone()).collect();
        transform(target, &config, &mut acc.map)?;
        // A validator may leave its mark, and nothing else.
        let unmarked = |r: &Resource| {
            let mut node = r.node().clone();
            if let Some(metadata) = node.get_mut("metadata")
                && let Some(labels) = metadata.get_mut("labels")
                && labels.remove("validated-by").is_some()
                && labels.is_empty_collection()
            {
                metadata.remove("labels");
            }
            node
        };
        let same = before.len() == acc.map.list().len()
            && acc
                .map
                .list()
                .iter()
                .zip(&before)
                .all(|(r, b)| r.node() == b || unmarked(r) == *b);
        if !same {
            return Err(
                BuildError::new("validator shouldn't modify the resource map")
                    .at(&config.file, config.node().span)
                    .object(config.id()),
            );
        }
    }
    Ok(())
}

/// The configuration under its right field names, of the right types.
fn shaped(config: &Resource, shape: shape::Shape) -> Result<Resource> {
    let node = shape::check(config.node(), shape, &config.gvk().kind, Unknown::Drop)
        .map_err(|e| failed(config, BuildError::new(e.text).span_only(e.span)))?;
    Ok(Resource::new(node, Arc::clone(&config.file)))
}

fn transform(target: &Target<'_>, config: &Resource, map: &mut ResMap) -> Result<()> {
    if !is_built_in(config) {
        return Err(refuse_external(config, "transformer"));
    }
    let config = &shaped(config, shape::TRANSFORMER)?;
    let node = config.node();
    let run = Run {
        target,
        config,
        specs: specs(node),
    };
    let text = |path: &[&str]| node.text_at(path).unwrap_or_default();
    let result = match &*config.gvk().kind {
        "AnnotationsTransformer" => {
            add_annotations(map, &text_map(node.get("annotations")), &run.specs)
        }
        "LabelTransformer" => add_labels(map, &text_map(node.get("labels")), &run.specs),
        "PrefixTransformer" => add_affix(map, Affix::Prefix, text(&["prefix"]), &run.specs),
        "SuffixTransformer" => add_affix(map, Affix::Suffix, text(&["suffix"]), &run.specs),
        "PrefixSuffixTransformer" => add_affix(map, Affix::Prefix, text(&["prefix"]), &run.specs)
            .and_then(|()| add_affix(map, Affix::Suffix, text(&["suffix"]), &run.specs)),
        "NamespaceTransformer" => run.namespace(map),
        "ImageTagTransformer" => match node.get("imageTag") {
            Some(image) => set_images(map, &Image::of_node(image), &run.specs),
            None => Err(BuildError::new("imageTag is missing")),
        },
        "ReplicaCountTransformer" => set_replicas(
            map,
            text(&["replica", "name"]),
            text(&["replica", "count"]),
            &run.specs,
        ),
        "HashTransformer" => add_hashes(map),
        "PatchTransformer" => Patch::of_node(node, &target.loader, &config.file)
            .map_err(|e| failed(config, e))?
            .apply(map, &target.loader.schemas()),
        "PatchStrategicMergeTransformer" => {
            run.merge_patches()?.apply(map, &target.loader.schemas())
        }
        "PatchJson6902Transformer" => {
            let patch = json_patch(node, "jsonOp", &target.loader, &config.file)
                .map_err(|e| failed(config, e))?;
            apply_exact(map, &patch)
        }
        "ReplacementTransformer" => run.replacements(map),
        "ValueAddTransformer" => run.value_add(map),
        _ => return Err(unable(config, "transformer")),
    };
    result.map_err(|e| e.at(&config.file, node.span))
}

fn specs(node: &Node) -> Vec<FieldSpec> {
    let items = node.get("fieldSpecs").and_then(Node::as_seq);
    items
        .unwrap_or_default()
        .iter()
        .map(FieldSpec::of_node)
        .collect()
}

struct Run<'r, 'a> {
    target: &'r Target<'a>,
    config: &'r Resource,
    specs: Vec<FieldSpec>,
}

impl Run<'_, '_> {
    fn namespace(&self, map: &mut ResMap) -> Result<()> {
        let node = self.config.node();
        let subjects = match node
            .text_at(&["setRoleBindingSubjects"])
            .unwrap_or_default()
        {
            "" | "defaultOnly" => Subjects::DefaultOnly,
            "allServiceAccounts" => Subjects::AllServiceAccounts,
            "none" => Subjects::None,
            other => {
                return Err(failed(
                    self.config,
                    BuildError::new(format!(
                        "invalid value {other:?} for setRoleBindingSubjects: must be one of \
                         \"defaultOnly\", \"none\" or \"allServiceAccounts\""
                    )),
                ));
            }
        };
        set_namespace(
            map,
            &NamespaceOptions {
                namespace: node.text_at(&["metadata", "namespace"]).unwrap_or_default(),
                specs: &self.specs,
                subjects,
                unset_only: node.text_at(&["unsetOnly"]) == Some("true"),
            },
        )
    }

    fn merge_patches(&self) -> Result<Patch> {
        let node = self.config.node();
        let (loader, file) = (&self.target.loader, &self.config.file);
        let paths = node.get("paths").and_then(Node::as_seq).unwrap_or_default();
        let inline = node.text_at(&["patches"]).unwrap_or_default();
        let fail = |e: BuildError| failed(self.config, e);
        if paths.is_empty() && inline.is_empty() {
            return Err(fail(BuildError::new(
                "empty file path and empty patch content",
            )));
        }
        let mut patches = Vec::new();
        for path in paths {
            let text = path.text().unwrap_or_default();
            patches.extend(merge_patches(text, loader, file).map_err(fail)?);
        }
        if !inline.is_empty() {
            patches.extend(read::objects(inline.as_bytes(), file).map_err(fail)?);
        }
        if patches.is_empty() {
            return Err(fail(BuildError::new("patch appears to be empty")));
        }
        Ok(Patch::of_objects(patches))
    }

    fn replacements(&self, map: &mut ResMap) -> Result<()> {
        let items = self
            .config
            .node()
            .get("replacements")
            .and_then(Node::as_seq);
        let all = replacements(items.unwrap_or_default(), &self.target.loader)
            .map_err(|e| failed(self.config, e))?;
        run_replacements(map, &all, &self.config.file)
    }

    /// Parity: adds a value, or its part of a path, where the targets' field paths lead.
    fn value_add(&self, map: &mut ResMap) -> Result<()> {
        let node = self.config.node();
        let value = node.text_at(&["value"]).unwrap_or_default();
        let value = match value {
            "" => node.text_at(&["metadata", "name"]).unwrap_or_default(),
            value => value,
        };
        let mut targets = node.get("targets").cloned();
        if let Some(path) = node.text_at(&["targetFilePath"]).filter(|p| !p.is_empty()) {
            targets = self.targets_of(path)?;
        }
        let targets = targets.unwrap_or_else(|| Node::seq(Vec::new()));
        for target in targets.as_seq().unwrap_or_default() {
            self.value_add_to(map, target, value)?;
        }
        Ok(())
    }

    fn targets_of(&self, path: &str) -> Result<Option<Node>> {
        let loader = &self.target.loader;
        let file = loader.shown(path);
        let parsed = parse_first(&loader.read(path)?, &ReadOptions::values())
            .map_err(|e| BuildError::new(format!("yaml: {}", e.go_text())).at(&file, e.span()))?;
        let Some(targets) = parsed.as_ref().and_then(|n| n.get("targets")) else {
            return Ok(None);
        };
        shape::check(targets, shape::VALUE_TARGETS, "targets", Unknown::Drop)
            .map(Some)
            .map_err(|e| BuildError::new(e.text).at(&file, e.span))
    }

    fn value_add_to(&self, map: &mut ResMap, target: &Node, value: &str) -> Result<()> {
        let empty = Node::empty_map();
        let selector = Selector::of_node(target.get("selector").unwrap_or(&empty))?;
        let path = match target.text_at(&["fieldPath"]).unwrap_or_default() {
            "" => "metadata/namespace",
            path => path,
        };
        let position: Option<usize> = target
            .text_at(&["filePathPosition"])
            .and_then(|t| t.parse().ok())
            .filter(|p| *p > 0);
        let parts = split_path(path, '/');
        for at in selector.select(map.list())? {
            map.change_at(at, |resource| {
                resource.edit(|node| {
                    visit(node, &parts, Some(flux_yaml::Kind::Scalar), &mut |field| {
                        add_value(field, value, position);
                        Ok(())
                    })
                })
            })
            .map_err(|e| e.at(&self.config.file, target.span))?;
        }
        Ok(())
    }
}

fn add_value(field: &mut Node, value: &str, position: Option<usize>) {
    let before = field.text().unwrap_or_default();
    let Some(position) = position else {
        *field = Node::resolved(value).at(field.span);
        return;
    };
    let absolute = before.starts_with('/');
    let mut parts: Vec<&str> = before.trim_start_matches('/').split('/').collect();
    parts.insert((position - 1).min(parts.len()), value);
    let text = format!("{}{}", if absolute { "/" } else { "" }, parts.join("/"));
    *field = Node::resolved(&text).at(field.span);
}

/// An entry of `patchesStrategicMerge`: a file, or the patch itself.
pub(crate) fn merge_patches(
    text: &str,
    loader: &Loader<'_>,
    file: &Arc<str>,
) -> Result<Vec<Resource>> {
    let as_file = match loader.read(text) {
        Ok(content) => {
            return read::objects(&content, &loader.shown(text));
        }
        Err(error) => error,
    };
    match read::objects(text.as_bytes(), file) {
        Ok(found) if !found.is_empty() => Ok(found),
        _ => Err(as_file),
    }
}

/// An entry of `patchesJson6902`: operations inline or in a file, for one object.
pub(crate) fn json_patch(
    node: &Node,
    inline: &str,
    loader: &Loader<'_>,
    file: &Arc<str>,
) -> Result<(Patch, ResId)> {
    let (_, id) = target_of(node)?;
    if id.name.is_empty() {
        return Err(BuildError::new("must specify the target name"));
    }
    let text = node.text_at(&[inline]).unwrap_or_default();
    let path = node.text_at(&["path"]).unwrap_or_default();
    let (content, shown, place) = match (text.is_empty(), path.is_empty()) {
        (true, true) => {
            return Err(BuildError::new("must specify one of path and jsonOp"));
        }
        (false, false) => {
            return Err(BuildError::new("must specify only one of path and jsonOp"));
        }
        (false, true) => (
            text.as_bytes().to_vec(),
            "inline".to_owned(),
            Arc::clone(file),
        ),
        (true, false) => (loader.read(path)?, path.to_owned(), loader.shown(path)),
    };
    let span = if path.is_empty() {
        node.span
    } else {
        Span::default()
    };
    Ok((Patch::of_json(&content, None, shown, (place, span))?, id))
}

/// The replacements of a list, those in files read.
pub(crate) fn replacements(items: &[Node], loader: &Loader<'_>) -> Result<Vec<Replacement>> {
    let mut all = Vec::new();
    for item in items {
        let path = item.text_at(&["path"]).unwrap_or_default();
        if path.is_empty() {
            all.push(Replacement::of_node(item)?);
            continue;
        }
        if item.get("source").is_some() || item.get("targets").is_some() {
            return Err(
                BuildError::new("cannot specify both path and inline replacement")
                    .span_only(item.span),
            );
        }
        let file = loader.shown(path);
        let content = loader.read(path)?;
        let parsed = parse_first(&content, &ReadOptions::values())
            .map_err(|e| BuildError::new(format!("yaml: {}", e.go_text())).at(&file, e.span()))?
            .unwrap_or_else(Node::null);
        let list = match parsed.as_seq() {
            Some(items) => items.to_vec(),
            None if parsed.as_map().is_some() => vec![parsed],
            None => {
                return Err(BuildError::new(
                    "unsupported replacement type encountered within replacement path",
                )
                .at(&file, parsed.span));
            }
        };
        for node in list {
            let node = shape::check(&node, shape::REPLACEMENT, "Replacement", Unknown::Drop)
                .map_err(|e| BuildError::new(e.text).at(&file, e.span))?;
            all.push(Replacement::of_node(&node).map_err(|e| e.at(&file, node.span))?);
        }
    }
    Ok(all)
}

/// `sortOptions`; `None` where nothing is set.
pub(crate) fn sort_order(node: Option<&Node>) -> Result<Option<SortOrder>> {
    let Some(node) = node else { return Ok(None) };
    let lists = node.get("legacySortOptions");
    let list = |key: &str| -> Vec<String> {
        let items = lists.and_then(|n| n.get(key)).and_then(Node::as_seq);
        let items = items.unwrap_or_default().iter();
        items
            .map(|n| n.text().unwrap_or_default().to_owned())
            .collect()
    };
    match (node.text_at(&["order"]).unwrap_or_default(), lists) {
        ("fifo", None) => Ok(Some(SortOrder::Fifo)),
        ("fifo", Some(_)) => Err(BuildError::new(
            "the field 'sortOptions.legacySortOptions' is set but the selected sort order is \
             'fifo', not 'legacy'",
        )
        .span_only(node.span)),
        ("legacy", None) => Ok(Some(SortOrder::legacy())),
        ("legacy", Some(_)) => Ok(Some(SortOrder::Legacy {
            first: list("orderFirst"),
            last: list("orderLast"),
        })),
        _ => Err(
            BuildError::new("the field 'sortOptions.order' must be one of [fifo, legacy]")
                .span_only(node.span),
        ),
    }
}
