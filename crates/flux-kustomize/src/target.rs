//! One kustomization: gather what it names, generate, transform, and hand the result up.

use std::sync::Arc;

use flux_yaml::{Node, ReadOptions, Span, parse_first};

use crate::crds;
use crate::error::{BuildError, Result};
use crate::generate::{Generated, generate};
use crate::id::ResId;
use crate::kustfile::Kustomization;
use crate::load::Loader;
use crate::origin::{self, Origin};
use crate::patch::{Patch, Selector, exact_id};
use crate::plugin;
use crate::read;
use crate::replace::{self, Replacement};
use crate::resmap::ResMap;
use crate::shape::{self, Unknown};
use crate::spec::{Config, FieldSpec, merge_all, merge_one};
use crate::transform::{
    Affix, Image, NamespaceOptions, Subjects, Var, add_affix, add_annotations, add_labels, bind,
    set_images, set_namespace, set_replicas,
};

/// What has been gathered so far.
#[derive(Debug, Default)]
pub(crate) struct Accumulator {
    pub(crate) map: ResMap,
    pub(crate) config: Config,
    pub(crate) vars: Vec<Var>,
}

impl Accumulator {
    fn merge(&mut self, other: Self) -> Result<()> {
        self.map.append_all(other.map)?;
        self.config.merge(&other.config)?;
        self.merge_vars(other.vars)
    }

    fn merge_vars(&mut self, vars: Vec<Var>) -> Result<()> {
        for var in vars {
            match self.vars.iter().find(|known| known.name == var.name) {
                Some(_) => {
                    return Err(BuildError::new(format!(
                        "var '{}' already encountered",
                        var.name
                    )));
                }
                None => self.vars.push(var),
            }
        }
        self.vars.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(())
    }
}

/// A kustomization file and where it is.
pub(crate) struct Target<'a> {
    pub(crate) file: Kustomization,
    pub(crate) loader: Loader<'a>,
    /// Kept only while `buildMetadata` asks for it.
    origin: Option<Origin>,
    shown: Arc<str>,
}

impl<'a> Target<'a> {
    pub(crate) fn open(loader: Loader<'a>, origin: Option<Origin>) -> Result<Self> {
        let file = Kustomization::load(&loader)?;
        let shown = Arc::from(file.path.as_str());
        Ok(Self {
            file,
            loader,
            origin,
            shown,
        })
    }

    pub(crate) fn wants(&self, metadata: &str) -> bool {
        self.file
            .texts("buildMetadata")
            .any(|(text, _)| text == metadata)
    }

    /// The target that is built, not one that another names.
    pub(crate) fn open_top(loader: Loader<'a>) -> Result<Self> {
        let mut target = Self::open(loader, None)?;
        if !target.file.list("buildMetadata").is_empty() {
            target.origin = Some(Origin::default());
        }
        Ok(target)
    }

    /// Everything this kustomization stands for, on top of what a component is given.
    pub(crate) fn accumulate(&self, mut acc: Accumulator) -> Result<Accumulator> {
        self.check_supported()?;
        self.set_schema()?;
        self.add_resources(&mut acc)
            .map_err(|e| e.wrap("accumulating resources"))?;
        acc.config.merge(&self.configuration()?)?;
        for (path, span) in self.file.texts("crds") {
            let config = crds::load(&self.loader, path).map_err(|e| {
                e.wrap(format!("loading CRDs [{path}]"))
                    .at(&self.shown, span)
            })?;
            acc.config.merge(&config)?;
        }
        self.run_generators(&mut acc)?;
        for (path, span) in self.file.texts("components") {
            acc = self
                .add_component(acc, path)
                .map_err(|e| e.wrap("accumulating components").at(&self.shown, span))?;
        }
        self.run_transformers(&mut acc)?;
        plugin::run_validators(self, &mut acc)?;
        let vars: Vec<Var> = self.file.list("vars").iter().map(Var::of_node).collect();
        bind(&mut acc.map, &vars)
            .and_then(|()| acc.merge_vars(vars))
            .map_err(|e| e.wrap("merging vars").at(&self.shown, Span::default()))?;
        Ok(acc)
    }

    fn check_supported(&self) -> Result<()> {
        for field in ["helmCharts", "helmChartInflationGenerator"] {
            if let Some(chart) = self.file.list(field).first() {
                let name = chart.text_at(&["name"]).unwrap_or_default().to_owned();
                return Err(BuildError::new(format!(
                    "trouble configuring builtin HelmChartInflationGenerator for chart '{name}': \
                     must specify --enable-helm"
                ))
                .at(&self.shown, chart.span));
            }
        }
        Ok(())
    }

    /// `openapi`: a schema file, or the version of the built-in schema.
    fn set_schema(&self) -> Result<()> {
        let text = |key: &str| {
            let text = self.file.node.text_at(&["openapi", key]);
            text.filter(|text| !text.is_empty())
        };
        if let Some(path) = self.file.node.text_at(&["openapi", "path"]) {
            let content = self
                .loader
                .read(path)
                .map_err(|e| e.at(&self.shown, Span::default()))?;
            if text("version").is_some() {
                return Err(self.refuse(
                    "openapi",
                    "builtin version and custom schema provided, cannot use both",
                ));
            }
            return self
                .loader
                .set_schema(Some(&content))
                .map_err(|e| e.at(&self.loader.shown(path), Span::default()));
        }
        match text("version") {
            None => Ok(()),
            Some("v1.21.2") => self.loader.set_schema(None),
            Some(_) => Err(self.refuse("openapi", "the specified OpenAPI version is not built in")),
        }
    }

    fn refuse(&self, field: &str, text: &str) -> BuildError {
        let span = self
            .file
            .node
            .get(field)
            .map(|n| n.span)
            .unwrap_or_default();
        BuildError::new(text).at(&self.shown, span)
    }

    /// Reads every resource; all that fail are reported, the first one foremost.
    fn add_resources(&self, acc: &mut Accumulator) -> Result<()> {
        let paths = self.file.list_with("resources", "bases");
        let mut failed: Option<BuildError> = None;
        for path in &paths {
            let text = path.text().unwrap_or_default();
            if let Err(error) = self.add_resource(acc, text) {
                let error = error.at(&self.shown, path.span);
                failed = Some(match failed {
                    None => error,
                    Some(first) => first.and(error),
                });
            }
        }
        failed.map_or(Ok(()), Err)
    }

    /// A path is a file if it can be read as one, else a directory.
    pub(crate) fn add_resource(&self, acc: &mut Accumulator, path: &str) -> Result<()> {
        let Err(as_file) = self.add_file(acc, path) else {
            return Ok(());
        };
        if as_file.text().contains("MalformedYAMLError") {
            return Err(as_file);
        }
        self.loader
            .enter(path)
            .and_then(|loader| self.add_directory(acc, path, loader))
            .map_err(|as_directory| {
                let both = as_directory.wrap(format!("accumulation err='{}'", as_file.text()));
                match as_file.file() {
                    Some(file) => both.at(file, as_file.span()),
                    None => both,
                }
            })
    }

    fn add_file(&self, acc: &mut Accumulator, path: &str) -> Result<()> {
        let wrap = |e: BuildError| e.wrap(format!("accumulating resources from '{path}'"));
        let content = self.loader.read(path).map_err(wrap)?;
        let file = self.loader.shown(path);
        let resources = read::objects(&content, &file).map_err(wrap)?;
        self.loader.note_objects(&resources)?;
        let mut map = ResMap::of(resources).map_err(wrap)?;
        if let Some(origin) = &self.origin {
            let text = origin.append(path).text();
            for resource in map.list_mut() {
                resource.set_annotation(origin::ORIGIN, &text);
            }
        }
        acc.map
            .append_all(map)
            .map_err(|e| e.wrap(format!("merging resources from '{path}'")))
    }

    fn enter(&self, path: &str, loader: Loader<'a>) -> Result<Self> {
        let root = loader.root_text();
        let origin = self.origin.as_ref().map(|origin| origin.append(path));
        Target::open(loader, origin)
            .map_err(|e| e.wrap(format!("couldn't make target for path '{root}'")))
    }

    fn add_directory(&self, acc: &mut Accumulator, path: &str, loader: Loader<'a>) -> Result<()> {
        let root = loader.root_text();
        let below = self.enter(path, loader)?;
        if below.file.is_component() {
            return Err(
                BuildError::new(format!("expected kind != 'Component' for path '{root}'"))
                    .at(&below.shown, Span::default()),
            );
        }
        let gathered = below
            .accumulate(Accumulator::default())
            .map_err(|e| e.wrap(format!("recursed accumulation of path '{root}'")))?;
        acc.merge(gathered)
            .map_err(|e| e.wrap(format!("recursed merging from path '{root}'")))
    }

    fn add_component(&self, acc: Accumulator, path: &str) -> Result<Accumulator> {
        let loader = self.loader.enter(path).map_err(|e| e.wrap("loader.New"))?;
        let root = loader.root_text();
        let below = self
            .enter(path, loader)
            .map_err(|e| e.wrap("accumulateDirectory"))?;
        if !below.file.is_component() {
            return Err(BuildError::new(format!(
                "accumulateDirectory: expected kind 'Component' for path '{root}' but got '{}'",
                below.file.kind()
            ))
            .at(&below.shown, Span::default()));
        }
        below.accumulate(acc).map_err(|e| {
            e.wrap(format!(
                "accumulateDirectory: recursed accumulation of path '{root}'"
            ))
        })
    }

    fn configuration(&self) -> Result<Config> {
        let mut config = Config::built_in();
        for (path, span) in self.file.texts("configurations") {
            let content = self
                .loader
                .read(path)
                .map_err(|e| e.at(&self.shown, span))?;
            let file = self.loader.shown(path);
            let node = parse_first(&content, &ReadOptions::values()).map_err(|e| {
                BuildError::new(format!("yaml: {}", e.go_text())).at(&file, e.span())
            })?;
            if let Some(node) = node.filter(|n| !n.is_null()) {
                let node = shape::check(&node, shape::CONFIGURATION, "Config", Unknown::Refuse)
                    .map_err(|e| BuildError::new(e.text).at(&file, e.span))?;
                config
                    .merge(&Config::of_node(&node))
                    .map_err(|e| e.at(&file, Span::default()))?;
            }
        }
        Ok(config)
    }

    fn run_generators(&self, acc: &mut Accumulator) -> Result<()> {
        let global = self.file.node.get("generatorOptions");
        let kinds = [
            (
                Generated::ConfigMap,
                "configMapGenerator",
                "ConfigMapGenerator",
            ),
            (Generated::Secret, "secretGenerator", "SecretGenerator"),
        ];
        for (what, field, plugin) in kinds {
            for node in self.file.list(field) {
                let mut resource = generate(what, node, global, (&self.loader, &self.shown))?;
                if let Some(origin) = self.built_in(plugin) {
                    origin::set_if_absent(&mut resource, &origin);
                }
                acc.map
                    .absorb(resource)
                    .map_err(|e| e.wrap("merging from generator").at(&self.shown, node.span))?;
            }
        }
        plugin::run_generators(self, acc)
    }

    /// The origin that a built-in generator or transformer of this file leaves.
    fn built_in(&self, plugin: &str) -> Option<Origin> {
        self.origin
            .as_ref()
            .map(|origin| origin.built_in(self.file.file_name, plugin))
    }

    pub(crate) fn origin(&self) -> Option<&Origin> {
        self.origin.as_ref()
    }

    pub(crate) fn shown(&self) -> &Arc<str> {
        &self.shown
    }

    /// Runs one transformer and notes that it ran.
    fn step(
        &self,
        acc: &mut Accumulator,
        plugin: &str,
        run: impl FnOnce(&mut ResMap) -> Result<()>,
    ) -> Result<()> {
        run(&mut acc.map).map_err(|e| e.at(&self.shown, Span::default()))?;
        if let Some(origin) = self.built_in(plugin) {
            for resource in acc.map.list_mut() {
                origin::add_transformation(resource, &origin);
            }
        }
        acc.map.drop_empty();
        Ok(())
    }

    fn run_transformers(&self, acc: &mut Accumulator) -> Result<()> {
        let config = acc.config.clone();
        self.run_merge_patches(acc)?;
        for node in self.file.list("patches") {
            let patch = Patch::of_node(node, &self.loader, &self.shown)?;
            self.step(acc, "PatchTransformer", |map| {
                patch.apply(map, &self.loader.schemas())
            })?;
        }
        self.run_names(acc, &config)?;
        self.run_labels(acc, &config)?;
        let annotations = self.file.map("commonAnnotations");
        if !annotations.is_empty() {
            self.step(acc, "AnnotationsTransformer", |map| {
                add_annotations(map, &annotations, &config.common_annotations)
            })?;
        }
        for node in self.file.list("patchesJson6902") {
            let patch = self.json_patch(node)?;
            self.step(acc, "PatchJson6902Transformer", |map| {
                apply_exact(map, &patch)
            })?;
        }
        for node in self.file.list("replicas") {
            let text = |key: &str| node.text_at(&[key]).unwrap_or_default();
            let count = if text("count").is_empty() {
                "0"
            } else {
                text("count")
            };
            self.step(acc, "ReplicaCountTransformer", |map| {
                set_replicas(map, text("name"), count, &config.replicas)
                    .map_err(|e| e.at(&self.shown, node.span))
            })?;
        }
        for node in self.file.list_with("images", "imageTags") {
            let image = Image::of_node(&node);
            self.step(acc, "ImageTagTransformer", |map| {
                set_images(map, &image, &config.images)
            })?;
        }
        if !self.file.list("replacements").is_empty() {
            let all = plugin::replacements(self.file.list("replacements"), &self.loader).map_err(
                |e| {
                    e.wrap("trouble configuring builtin ReplacementTransformer")
                        .at(&self.shown, Span::default())
                },
            )?;
            self.step(acc, "ReplacementTransformer", |map| {
                run_replacements(map, &all, &self.shown)
            })?;
        }
        plugin::run_transformers(self, acc)
    }

    fn run_merge_patches(&self, acc: &mut Accumulator) -> Result<()> {
        let paths = self.file.list("patchesStrategicMerge");
        if paths.is_empty() {
            return Ok(());
        }
        let mut patches = Vec::new();
        for path in paths {
            let text = path.text().unwrap_or_default();
            patches.extend(
                plugin::merge_patches(text, &self.loader, &self.shown)
                    .map_err(|e| e.at(&self.shown, path.span))?,
            );
        }
        if patches.is_empty() {
            let names: Vec<&str> = paths.iter().filter_map(Node::text).collect();
            return Err(self.refuse(
                "patchesStrategicMerge",
                &format!(
                    "trouble configuring builtin PatchStrategicMergeTransformer: patch appears to \
                     be empty; files=[{}]",
                    names.join(" ")
                ),
            ));
        }
        let patch = Patch::of_objects(patches);
        self.step(acc, "PatchStrategicMergeTransformer", |map| {
            patch.apply(map, &self.loader.schemas())
        })
    }

    fn json_patch(&self, node: &Node) -> Result<(Patch, ResId)> {
        plugin::json_patch(node, "patch", &self.loader, &self.shown)
            .map_err(|e| e.at(&self.shown, node.span))
    }

    fn run_names(&self, acc: &mut Accumulator, config: &Config) -> Result<()> {
        let namespace = self.file.text("namespace");
        if !namespace.is_empty() {
            let options = NamespaceOptions {
                namespace,
                specs: &config.namespace,
                subjects: Subjects::default(),
                unset_only: false,
            };
            self.step(acc, "NamespaceTransformer", |map| {
                set_namespace(map, &options)
            })?;
        }
        let affixes = [
            (
                Affix::Prefix,
                "namePrefix",
                &config.name_prefix,
                "PrefixTransformer",
            ),
            (
                Affix::Suffix,
                "nameSuffix",
                &config.name_suffix,
                "SuffixTransformer",
            ),
        ];
        for (affix, field, specs, plugin) in affixes {
            let text = self.file.text(field);
            if !text.is_empty() {
                self.step(acc, plugin, |map| add_affix(map, affix, text, specs))?;
            }
        }
        Ok(())
    }

    fn run_labels(&self, acc: &mut Accumulator, config: &Config) -> Result<()> {
        let entries = self.file.list("labels");
        let common = self.file.map("commonLabels");
        if entries.is_empty() && common.is_empty() {
            return Ok(());
        }
        for entry in entries {
            let specs = label_specs(entry, config)
                .map_err(|e| e.wrap("failed to merge labels").at(&self.shown, entry.span))?;
            let pairs = crate::kustfile::text_map(entry.get("pairs"));
            self.step(acc, "LabelTransformer", |map| {
                add_labels(map, &pairs, &specs)
            })?;
        }
        self.step(acc, "LabelTransformer", |map| {
            add_labels(map, &common, &config.common_labels)
        })
    }
}

/// Where the labels of one entry of `labels` go.
fn label_specs(entry: &Node, config: &Config) -> Result<Vec<FieldSpec>> {
    let on = |key: &str| entry.text_at(&[key]) == Some("true");
    let fields = entry
        .get("fields")
        .and_then(Node::as_seq)
        .unwrap_or_default();
    let mut specs: Vec<FieldSpec> = fields.iter().map(FieldSpec::of_node).collect();
    merge_all(&mut specs, &config.labels)?;
    if on("includeSelectors") {
        merge_all(&mut specs, &config.common_labels)?;
        return Ok(specs);
    }
    if on("includeTemplates") {
        merge_all(&mut specs, &config.template_labels)?;
    }
    merge_one(&mut specs, &FieldSpec::everywhere("metadata/labels", true))?;
    Ok(specs)
}

/// The older JSON patch field: its target must be one object, named exactly.
pub(crate) fn apply_exact(map: &mut ResMap, (patch, id): &(Patch, ResId)) -> Result<()> {
    // Parity: an object that is not there is not missed by this field; every one of the id is patched.
    for at in map.find_any(id) {
        patch.apply_at(map, at)?;
    }
    Ok(())
}

/// Reads nothing more; separate so that configured replacements run the same way.
pub(crate) fn run_replacements(
    map: &mut ResMap,
    replacements: &[Replacement],
    file: &str,
) -> Result<()> {
    replace::replace(map, replacements, file)?;
    map.drop_empty();
    Ok(())
}

/// A selector where the older field names an object exactly.
pub(crate) fn target_of(node: &Node) -> Result<(Option<Selector>, ResId)> {
    match node.get("target") {
        None => Err(BuildError::new(
            "must specify the target field for the patch",
        )),
        Some(target) => Ok((None, exact_id(target))),
    }
}
