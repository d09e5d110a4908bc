//! ConfigMaps and Secrets made from literals, files and env files (KUS-KZ-006).

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flux_yaml::{Map, Node, Style};

use crate::error::{BuildError, Result};
use crate::kustfile::text_map;
use crate::load::Loader;
use crate::resource::{Behavior, Resource, set_metadata_node};

/// What a generator makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Generated {
    ConfigMap,
    Secret,
}

impl Generated {
    fn kind(self) -> &'static str {
        match self {
            Self::ConfigMap => "ConfigMap",
            Self::Secret => "Secret",
        }
    }
}

/// `options` of one generator, with `generatorOptions` under them.
struct Options {
    labels: BTreeMap<String, String>,
    annotations: BTreeMap<String, String>,
    without_hash: bool,
    immutable: bool,
}

impl Options {
    fn of(local: Option<&Node>, global: Option<&Node>) -> Self {
        let on =
            |node: Option<&Node>, key: &str| node.and_then(|n| n.text_at(&[key])) == Some("true");
        let merged = |key: &str| -> BTreeMap<String, String> {
            [global, local]
                .into_iter()
                .flat_map(|node| text_map(node.and_then(|n| n.get(key))))
                .collect()
        };
        Self {
            labels: merged("labels"),
            annotations: merged("annotations"),
            without_hash: on(local, "disableNameSuffixHash") || on(global, "disableNameSuffixHash"),
            immutable: on(local, "immutable") || on(global, "immutable"),
        }
    }
}

/// Makes one object. `file` is where the generator stands.
pub(crate) fn generate(
    what: Generated,
    node: &Node,
    global: Option<&Node>,
    (loader, file): (&Loader<'_>, &str),
) -> Result<Resource> {
    make(what, node, global, (loader, file)).map_err(|e| {
        let name = node.text_at(&["name"]).unwrap_or_default().to_owned();
        e.at(file, node.span)
            .object(format!("{}/{name}", what.kind()))
    })
}

fn make(
    what: Generated,
    node: &Node,
    global: Option<&Node>,
    (loader, file): (&Loader<'_>, &str),
) -> Result<Resource> {
    let text = |key: &str| node.text_at(&[key]).unwrap_or_default();
    let own = |key: &str| match text(key) {
        "" => node.text_at(&["metadata", key]).unwrap_or_default(),
        own => own,
    };
    let (name, namespace) = (own("name"), own("namespace"));
    if name.is_empty() {
        return Err(BuildError::new("a configmap must have a name"));
    }
    let options = Options::of(node.get("options"), global);
    let pairs = pairs(node, loader)?;
    let mut data = BTreeMap::new();
    for (key, value) in pairs {
        if data.insert(key.clone(), value).is_some() {
            return Err(BuildError::new(format!(
                "configmap {name} illegally repeats the key `{key}`"
            )));
        }
    }
    let mut object = Map::default();
    let mut put = |key: &str, value: Node| object.push(Node::string(key), value);
    put("apiVersion", Node::string("v1"));
    put("kind", Node::string(what.kind()));
    put("metadata", metadata(name, namespace));
    if what == Generated::Secret {
        let kind = text("type");
        put(
            "type",
            Node::string(if kind.is_empty() { "Opaque" } else { kind }),
        );
    }
    for (field, map) in fields(what, data) {
        put(field, Node::map(map));
    }
    if options.immutable {
        put("immutable", Node::bool(true));
    }
    let mut object = Node::map(object).at(node.span);
    for (key, value) in &options.labels {
        set_metadata_node(&mut object, "labels", Node::resolved_key(key), value);
    }
    for (key, value) in &options.annotations {
        set_metadata_node(&mut object, "annotations", Node::resolved_key(key), value);
    }
    let mut resource = Resource::new(object, file.into());
    resource.needs_hash = !options.without_hash;
    resource.behavior = Behavior::parse(text("behavior"));
    Ok(resource)
}

fn metadata(name: &str, namespace: &str) -> Node {
    let mut metadata = Node::empty_map();
    metadata.set("name", Node::string(name));
    if !namespace.is_empty() {
        metadata.set("namespace", Node::string(namespace));
    }
    metadata
}

/// `data` and, for what is no text, `binaryData`.
fn fields(what: Generated, data: BTreeMap<String, Vec<u8>>) -> Vec<(&'static str, Map)> {
    let (mut texts, mut binaries) = (Map::default(), Map::default());
    for (key, value) in data {
        let key = Node::string(key);
        match (what, String::from_utf8(value)) {
            (Generated::Secret, Ok(text)) => texts.push(key, block(base64_lines(text.as_bytes()))),
            (Generated::Secret, Err(e)) => texts.push(key, block(base64_lines(e.as_bytes()))),
            (Generated::ConfigMap, Ok(text)) => texts.push(key, block(text)),
            (Generated::ConfigMap, Err(e)) => binaries.push(key, block(base64_lines(e.as_bytes()))),
        }
    }
    [("data", texts), ("binaryData", binaries)]
        .into_iter()
        .filter(|(field, map)| {
            // Parity: a Secret without values has empty data, a ConfigMap none.
            !map.is_empty() || (what == Generated::Secret && *field == "data")
        })
        .collect()
}

fn block(text: String) -> Node {
    let style = if text.contains('\n') {
        Style::Literal
    } else {
        Style::Plain
    };
    Node::string(text).styled(style)
}

/// Base64 in lines of 70; one line without an end where that is enough.
fn base64_lines(bytes: &[u8]) -> String {
    const WIDTH: usize = 70;
    let text = STANDARD.encode(bytes);
    if text.len() < WIDTH {
        return text;
    }
    let mut out = String::with_capacity(text.len() + text.len() / WIDTH + 1);
    let mut rest = text.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at(rest.len().min(WIDTH));
        out.push_str(line);
        out.push('\n');
        rest = after;
    }
    out
}

type Pair = (String, Vec<u8>);

/// Env files, then literals, then files.
fn pairs(node: &Node, loader: &Loader<'_>) -> Result<Vec<Pair>> {
    let texts = |key: &str| -> Vec<String> {
        let items = node.get(key).and_then(Node::as_seq).unwrap_or_default();
        items
            .iter()
            .map(|n| n.text().unwrap_or_default().to_owned())
            .collect()
    };
    let fail = |what: &str, all: &[String], error: BuildError| {
        error.wrap(format!("loading KV pairs: {what} [{}]", all.join(" ")))
    };
    let mut envs = texts("envs");
    envs.extend(
        node.text_at(&["env"])
            .filter(|t| !t.is_empty())
            .map(str::to_owned),
    );
    let mut out = Vec::new();
    for env in &envs {
        let content = loader
            .read(env)
            .map_err(|e| fail("env source files:", &envs, e))?;
        env_pairs(&content, &mut out).map_err(|e| fail("env source files:", &envs, e))?;
    }
    let literals = texts("literals");
    for literal in &literals {
        let pair = literal.split_once('=').filter(|(key, _)| !key.is_empty());
        let Some((key, value)) = pair else {
            let error = format!("invalid literal source {literal}, expected key=value");
            return Err(fail("literal sources", &literals, BuildError::new(error)));
        };
        out.push((key.to_owned(), unquote(value).as_bytes().to_vec()));
    }
    let files = texts("files");
    for source in &files {
        let (key, path) = file_source(source).map_err(|e| fail("file sources:", &files, e))?;
        let content = loader
            .read(path)
            .map_err(|e| fail("file sources:", &files, e))?;
        out.push((key.to_owned(), content));
    }
    Ok(out)
}

fn env_pairs(content: &[u8], out: &mut Vec<Pair>) -> Result<()> {
    let content = content.strip_suffix(b"\n").unwrap_or(content);
    for (number, line) in content.split(|b| *b == b'\n').enumerate() {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let Ok(text) = std::str::from_utf8(line) else {
            return Err(BuildError::new(format!(
                "line {} has invalid utf8 bytes : {}",
                number + 1,
                String::from_utf8_lossy(line)
            )));
        };
        let text = if number == 0 {
            text.trim_start_matches('\u{feff}')
        } else {
            text
        };
        let text = text.trim_start();
        if text.is_empty() || text.starts_with('#') {
            continue;
        }
        let (key, value) = text.split_once('=').unwrap_or((text, ""));
        if !key.is_empty() {
            out.push((key.to_owned(), value.as_bytes().to_vec()));
        }
    }
    Ok(())
}

/// A value without the quotes around it.
fn unquote(value: &str) -> &str {
    let quoted = |q: char| value.len() >= 2 && value.starts_with(q) && value.ends_with(q);
    if quoted('"') || quoted('\'') {
        &value[1..value.len() - 1]
    } else {
        value
    }
}

fn file_source(source: &str) -> Result<(&str, &str)> {
    let fail = |text: String| Err(BuildError::new(text));
    match source.split_once('=') {
        None => Ok((source.rsplit('/').next().unwrap_or(source), source)),
        Some((_, path)) if path.contains('=') => fail(format!(
            "source {source:?} key name or file path contains '='"
        )),
        Some(("", path)) => fail(format!(
            "missing key name for file path {path:?} in source {source:?}"
        )),
        Some((key, "")) => fail(format!(
            "missing file path for key name {key:?} in source {source:?}"
        )),
        Some(both) => Ok(both),
    }
}
