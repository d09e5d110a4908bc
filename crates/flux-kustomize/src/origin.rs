//! Where an object comes from and what changed it, as `buildMetadata` makes visible.

use flux_yaml::{Node, Style};

use crate::remote::RemoteSpec;
use crate::resource::Resource;

/// The annotation that tells where an object comes from.
pub(crate) const ORIGIN: &str = "config.kubernetes.io/origin";
/// The annotation that lists what changed an object.
pub(crate) const TRANSFORMATIONS: &str = "alpha.config.kubernetes.io/transformations";

/// One origin, or one transformation.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Origin {
    pub(crate) path: String,
    pub(crate) repo: String,
    pub(crate) reference: String,
    pub(crate) configured_in: String,
    pub(crate) configured_by: Option<ConfiguredBy>,
}

/// The generator or transformer that an origin names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct ConfiguredBy {
    pub(crate) api_version: String,
    pub(crate) kind: String,
    pub(crate) name: String,
    pub(crate) namespace: String,
}

impl Origin {
    /// The origin of something at a path seen from here.
    pub(crate) fn append(&self, path: &str) -> Self {
        if let Some(spec) = RemoteSpec::parse(path).filter(RemoteSpec::is_explicit) {
            return Self {
                path: join_clean("", &spec.path),
                repo: spec.repository,
                reference: spec.reference,
                ..Self::default()
            };
        }
        Self {
            path: join_clean(&self.path, path),
            ..self.clone()
        }
    }

    /// The origin of what a built-in generator or transformer of a kustomization file makes.
    pub(crate) fn built_in(&self, file: &str, kind: &str) -> Self {
        Self {
            path: String::new(),
            configured_in: join_clean(&self.path, file),
            configured_by: Some(ConfiguredBy {
                api_version: "builtin".to_owned(),
                kind: kind.to_owned(),
                ..ConfiguredBy::default()
            }),
            ..self.clone()
        }
    }

    /// The annotation text, lines prefixed.
    fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        let mut put = |indent: &str, key: &str, value: &str| {
            if !value.is_empty() {
                lines.push(format!("{indent}{key}: {}", scalar(value)));
            }
        };
        put("", "path", &self.path);
        put("", "repo", &self.repo);
        put("", "ref", &self.reference);
        put("", "configuredIn", &self.configured_in);
        if let Some(by) = &self.configured_by {
            lines.push("configuredBy:".to_owned());
            let mut put = |key: &str, value: &str| {
                if !value.is_empty() {
                    lines.push(format!("  {key}: {}", scalar(value)));
                }
            };
            put("apiVersion", &by.api_version);
            put("kind", &by.kind);
            put("name", &by.name);
            put("namespace", &by.namespace);
        }
        lines
    }

    pub(crate) fn text(&self) -> String {
        let lines = self.lines();
        if lines.is_empty() {
            return "{}\n".to_owned();
        }
        lines.join("\n") + "\n"
    }

    fn item_text(&self) -> String {
        format!("- {}\n", self.lines().join("\n  "))
    }
}

/// A value as the annotation's writer prints it.
fn scalar(value: &str) -> String {
    Node::string(value)
        .styled(Style::Plain)
        .to_yaml()
        .map_or_else(|_| value.to_owned(), |text| text.trim_end().to_owned())
}

/// Notes where an object comes from, unless it says so itself.
pub(crate) fn set_if_absent(resource: &mut Resource, origin: &Origin) {
    if resource.annotation(ORIGIN).is_none() {
        resource.set_annotation(ORIGIN, &origin.text());
    }
}

/// Notes that a transformer was at work.
pub(crate) fn add_transformation(resource: &mut Resource, origin: &Origin) {
    if resource.annotation(ORIGIN).is_none() {
        resource.set_annotation(ORIGIN, &origin.text());
        return;
    }
    let before = resource.annotation(TRANSFORMATIONS).unwrap_or_default();
    let text = format!("{before}{}", origin.item_text());
    resource.set_annotation(TRANSFORMATIONS, &text);
}

/// Joins two relative paths and removes what cancels out; `..` at the front stays.
pub(crate) fn join_clean(base: &str, path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in base.split('/').chain(path.split('/')) {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}
