//! From parser events to nodes: anchors, merge keys, duplicate keys, limits.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use libyaml_safer::{
    Error as ParserError, ErrorKind, Event, EventData, MappingStyle, Mark, Parser, ScalarStyle,
    SequenceStyle,
};

use crate::error::{YamlError, YamlErrorKind};
use crate::node::{Kind, Map, Node, Span, Style, Tag};
use crate::resolve::{Value, old_bool, resolve};

/// How plain scalars get their types.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rules {
    /// As `sigs.k8s.io/yaml` reads: `yes`, `on`, `y` are booleans; dates stay text.
    Yaml11,
    /// As kyaml reads objects: those words are text; a plain date is a timestamp.
    Kyaml,
}

/// What happens when a mapping has a key twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Duplicates {
    /// An error that names both lines.
    Refuse,
    /// The last one wins, as in kubectl and Helm values.
    KeepLast,
    /// Both stay in the tree; for readers that judge for themselves.
    KeepAll,
}

/// Caps on what one text may cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Largest text, in bytes.
    pub bytes: usize,
    /// Deepest nesting. Every walk over a tree recurses, so this bounds the stack that anything here needs.
    pub depth: usize,
    /// Most documents in a stream.
    pub documents: usize,
    /// Most nodes, with every alias counted as large as what it stands for.
    pub nodes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            bytes: 64 << 20,
            depth: 256,
            documents: 100_000,
            nodes: 20_000_000,
        }
    }
}

/// How a text is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadOptions {
    /// Scalar rules.
    pub rules: Rules,
    /// Duplicate keys.
    pub duplicates: Duplicates,
    /// Caps.
    pub limits: Limits,
    /// The line number of the first line, for texts cut out of a larger file.
    pub first_line: u32,
}

impl ReadOptions {
    /// As kustomize reads objects.
    pub fn objects() -> Self {
        Self {
            rules: Rules::Kyaml,
            duplicates: Duplicates::Refuse,
            limits: Limits::default(),
            first_line: 1,
        }
    }

    /// As kubectl, Helm and the controllers read values.
    pub fn values() -> Self {
        Self {
            rules: Rules::Yaml11,
            duplicates: Duplicates::KeepLast,
            ..Self::objects()
        }
    }

    /// The same with another first line.
    #[must_use]
    pub fn from_line(mut self, line: u32) -> Self {
        self.first_line = line;
        self
    }
}

/// Reads every document of a stream of objects. Empty documents become null nodes.
pub fn parse_documents(text: &str) -> Result<Vec<Node>, YamlError> {
    parse_documents_with(text.as_bytes(), &ReadOptions::objects())
}

/// Reads every document of a stream. UTF-16 with a byte order mark is understood.
pub fn parse_documents_with(text: &[u8], options: &ReadOptions) -> Result<Vec<Node>, YamlError> {
    let text = prepared(text);
    let mut input: &[u8] = &text.bytes;
    let mut composer = Composer::new(&mut input, options, text.open_at)?;
    let mut documents = Vec::new();
    while let Some(node) = composer.document()? {
        documents.push(node);
        if documents.len() > options.limits.documents {
            return Err(composer.limit("documents", options.limits.documents));
        }
    }
    Ok(documents)
}

/// Reads the first document and looks at nothing after it; `None` where the text has none.
pub fn parse_first(text: &[u8], options: &ReadOptions) -> Result<Option<Node>, YamlError> {
    let text = prepared(text);
    let mut input: &[u8] = &text.bytes;
    Composer::new(&mut input, options, text.open_at)?.document()
}

/// The text as plain UTF-8: UTF-16 with a byte order mark is converted.
pub fn decode_text(text: &[u8]) -> Cow<'_, [u8]> {
    let wide = |read: fn([u8; 2]) -> u16| {
        let units = text[2..]
            .chunks_exact(2)
            .map(|pair| read([pair[0], pair[1]]));
        let text: String = char::decode_utf16(units)
            .map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER))
            .collect();
        Cow::Owned(text.into_bytes())
    };
    match text {
        [0xff, 0xfe, ..] => wide(u16::from_le_bytes),
        [0xfe, 0xff, ..] => wide(u16::from_be_bytes),
        _ => Cow::Borrowed(text),
    }
}

struct Prepared<'t> {
    bytes: Cow<'t, [u8]>,
    /// The length before a final line feed was added, where the last line is not blank.
    open_at: Option<u64>,
}

/// The parser cannot end inside a block scalar without a line feed, so one is added and taken out of the value again.
fn prepared(text: &[u8]) -> Prepared<'_> {
    let bytes = decode_text(text);
    let blocks = bytes.iter().any(|b| matches!(b, b'|' | b'>'));
    if !blocks || bytes.ends_with(b"\n") {
        return Prepared {
            bytes,
            open_at: None,
        };
    }
    let last = bytes.rsplit(|b| *b == b'\n').next().unwrap_or_default();
    let blank = last.iter().all(|b| *b == b' ');
    let length = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes).len();
    let mut longer = bytes.into_owned();
    longer.push(b'\n');
    Prepared {
        bytes: Cow::Owned(longer),
        open_at: (!blank).then_some(length as u64),
    }
}

/// The first document as JSON, as `sigs.k8s.io/yaml` converts it; null for an empty text.
///
/// [`YamlError::go_text`] of a failure is that library's message after `error converting YAML to JSON: yaml: `.
pub fn yaml_to_json(text: &str) -> Result<serde_json::Value, YamlError> {
    match parse_first(text.as_bytes(), &ReadOptions::values())? {
        Some(node) => node.to_json(),
        None => Ok(serde_json::Value::Null),
    }
}

struct Anchored {
    node: Option<Node>,
    weight: usize,
}

struct Composer<'r, 'b> {
    parser: Parser<&'r mut &'b [u8]>,
    options: ReadOptions,
    /// Where the text ended before a line feed was added to it.
    open_at: Option<u64>,
    source: Option<&'b [u8]>,
    anchors: HashMap<String, Anchored>,
    nodes: usize,
    aliased: usize,
    depth: usize,
    here: Span,
}

impl<'r, 'b> Composer<'r, 'b> {
    fn new(
        input: &'r mut &'b [u8],
        options: &ReadOptions,
        open_at: Option<u64>,
    ) -> Result<Self, YamlError> {
        let length = input.len();
        // Only texts that hold the doubtful escape are kept for a second look.
        let source: &'b [u8] = input;
        let source = source.strip_prefix(b"\xef\xbb\xbf").unwrap_or(source);
        let source = source
            .windows(2)
            .any(|pair| pair == b"\\/")
            .then_some(source);
        let mut parser = Parser::new();
        parser.set_input(input);
        let composer = Self {
            parser,
            options: *options,
            open_at,
            source,
            anchors: HashMap::new(),
            nodes: 0,
            aliased: 0,
            depth: 0,
            here: Span {
                line: options.first_line,
                column: 1,
            },
        };
        if length > options.limits.bytes {
            return Err(composer.limit("bytes", options.limits.bytes));
        }
        Ok(composer)
    }

    fn limit(&self, what: &str, most: usize) -> YamlError {
        YamlError::new(
            YamlErrorKind::Limit,
            self.here,
            format!("more than {most} {what}"),
        )
    }

    fn next(&mut self) -> Result<Event, YamlError> {
        // The parser is known to panic on a few malformed texts; one bad file must stay one bad file.
        let parser = &mut self.parser;
        let parsed = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| parser.parse()))
            .map_err(|_| {
                YamlError::new(
                    YamlErrorKind::Syntax,
                    self.here,
                    "did not find expected node content",
                )
            })?;
        let event = parsed.map_err(|error| self.syntax(&error))?;
        self.here = self.span(event.start_mark);
        Ok(event)
    }

    fn span(&self, mark: Mark) -> Span {
        Span {
            line: u32::try_from(mark.line)
                .unwrap_or(u32::MAX)
                .saturating_add(self.options.first_line),
            column: u32::try_from(mark.column)
                .unwrap_or(u32::MAX)
                .saturating_add(1),
        }
    }

    fn syntax(&self, error: &ParserError) -> YamlError {
        // Parity: go-yaml names the line of the context first, and one less for parser errors than for scanner errors.
        let mut marks = [error.context_mark(), error.problem_mark()];
        if self.options.rules == Rules::Yaml11 && error.problem().starts_with("could not find") {
            marks.reverse();
        }
        let marked = marks
            .into_iter()
            .flatten()
            .map(|mark| mark.line)
            .find(|line| *line != 0);
        let shift = u64::from(error.kind() == ErrorKind::Scanner);
        let go_line = marked.map_or(0, |line| u32::try_from(line + shift).unwrap_or(u32::MAX));
        let span = error
            .problem_mark()
            .map_or(self.here, |mark| self.span(mark));
        YamlError::new(YamlErrorKind::Syntax, span, error.problem()).with_go_line(go_line)
    }

    /// The next document of the stream.
    fn document(&mut self) -> Result<Option<Node>, YamlError> {
        loop {
            let event = self.next()?;
            match event.data {
                EventData::StreamEnd => return Ok(None),
                EventData::DocumentStart {
                    version_directive, ..
                } => {
                    if version_directive.is_some_and(|v| (v.major, v.minor) != (1, 1)) {
                        return Err(YamlError::new(
                            YamlErrorKind::Syntax,
                            self.here,
                            "found incompatible YAML document",
                        ));
                    }
                    break;
                }
                _ => {}
            }
        }
        self.anchors.clear();
        let first = self.next()?;
        let node = self.node(first)?;
        self.next()?;
        Ok(Some(node))
    }

    fn node(&mut self, event: Event) -> Result<Node, YamlError> {
        let span = self.here;
        self.count(1)?;
        match event.data {
            EventData::Alias { anchor } => self.alias(&anchor),
            EventData::Scalar {
                anchor,
                tag,
                value,
                style,
                plain_implicit,
                ..
            } => {
                let block = matches!(style, ScalarStyle::Literal | ScalarStyle::Folded);
                let added = block && self.open_at.is_some_and(|end| event.end_mark.index > end);
                let value = match value.strip_suffix('\n') {
                    Some(open) if added => open.to_owned(),
                    _ => value,
                };
                if style == ScalarStyle::DoubleQuoted {
                    self.check_escapes(&event.start_mark, &event.end_mark)?;
                }
                let node = self
                    .scalar(value, tag.as_deref(), style, plain_implicit)?
                    .at(span);
                self.keep(anchor, &node);
                Ok(node)
            }
            EventData::SequenceStart { anchor, style, .. } => {
                self.open(anchor.as_ref())?;
                let mut items = Vec::new();
                loop {
                    let event = self.next()?;
                    if matches!(event.data, EventData::SequenceEnd) {
                        break;
                    }
                    items.push(self.node(event)?);
                }
                self.depth -= 1;
                let style = if style == SequenceStyle::Flow {
                    Style::Flow
                } else {
                    Style::Plain
                };
                let node = Node::seq(items).at(span).styled(style);
                self.keep(anchor, &node);
                Ok(node)
            }
            EventData::MappingStart { anchor, style, .. } => {
                self.open(anchor.as_ref())?;
                let map = self.mapping()?;
                self.depth -= 1;
                let style = if style == MappingStyle::Flow {
                    Style::Flow
                } else {
                    Style::Plain
                };
                let node = Node::map(map).at(span).styled(style);
                self.keep(anchor, &node);
                Ok(node)
            }
            _ => Err(YamlError::new(
                YamlErrorKind::Syntax,
                span,
                "did not find expected node content",
            )),
        }
    }

    /// Parity: `\\/`, which YAML 1.2 has, is unknown to the Go reader.
    fn check_escapes(&self, start: &Mark, end: &Mark) -> Result<(), YamlError> {
        let Some(source) = self.source else {
            return Ok(());
        };
        let place = |mark: &Mark| usize::try_from(mark.index).unwrap_or(usize::MAX);
        let quoted = source.get(place(start)..place(end)).unwrap_or_default();
        let mut bytes = quoted.iter();
        while let Some(byte) = bytes.next() {
            if *byte == b'\\' && bytes.next() == Some(&b'/') {
                let line = u32::try_from(start.line + 1).unwrap_or(u32::MAX);
                return Err(YamlError::new(
                    YamlErrorKind::Syntax,
                    self.span(*start),
                    "found unknown escape character",
                )
                .with_go_line(if line > 1 { line } else { 0 }));
            }
        }
        Ok(())
    }

    fn count(&mut self, more: usize) -> Result<(), YamlError> {
        self.nodes = self.nodes.saturating_add(more);
        if self.nodes > self.options.limits.nodes {
            return Err(self.limit("nodes", self.options.limits.nodes));
        }
        Ok(())
    }

    fn open(&mut self, anchor: Option<&String>) -> Result<(), YamlError> {
        self.depth += 1;
        if self.depth > self.options.limits.depth {
            return Err(self.limit("levels of nesting", self.options.limits.depth));
        }
        if let Some(anchor) = anchor {
            self.anchors.insert(
                anchor.clone(),
                Anchored {
                    node: None,
                    weight: 0,
                },
            );
        }
        Ok(())
    }

    fn keep(&mut self, anchor: Option<String>, node: &Node) {
        if let Some(anchor) = anchor {
            let weight = node.weight();
            let node = Some(node.clone());
            self.anchors.insert(anchor, Anchored { node, weight });
        }
    }

    fn alias(&mut self, anchor: &str) -> Result<Node, YamlError> {
        let value_error =
            |span, text: String| Err(YamlError::new(YamlErrorKind::Value, span, text));
        let Some(Anchored { node, weight }) = self.anchors.get(anchor) else {
            return value_error(self.here, format!("unknown anchor '{anchor}' referenced"));
        };
        let Some(node) = node.clone() else {
            return value_error(
                self.here,
                format!("anchor '{anchor}' value contains itself"),
            );
        };
        let weight = *weight;
        self.aliased = self.aliased.saturating_add(weight);
        self.count(weight)?;
        if self.aliased > 100 && self.nodes > 1000 && too_many_aliases(self.aliased, self.nodes) {
            return Err(YamlError::new(
                YamlErrorKind::Limit,
                self.here,
                "document contains excessive aliasing",
            ));
        }
        Ok(node)
    }

    fn scalar(
        &self,
        value: String,
        tag: Option<&str>,
        style: ScalarStyle,
        plain_implicit: bool,
    ) -> Result<Node, YamlError> {
        let style = match style {
            ScalarStyle::SingleQuoted => Style::Single,
            ScalarStyle::DoubleQuoted => Style::Double,
            ScalarStyle::Literal => Style::Literal,
            ScalarStyle::Folded => Style::Folded,
            _ => Style::Plain,
        };
        let short = tag.map(short_tag);
        if let Some(short) = short
            && !short.is_empty()
        {
            return self.tagged(value, short, style);
        }
        // A tag that means nothing here makes a text.
        let plain = style == Style::Plain && plain_implicit && short.is_none();
        let tag = if plain {
            match resolve(&value, self.options.rules).tag() {
                Tag::Timestamp if self.options.rules == Rules::Yaml11 => Tag::Str,
                tag => tag,
            }
        } else {
            Tag::Str
        };
        Ok(Node::scalar(Arc::from(value), tag).styled(style))
    }

    fn tagged(&self, value: String, short: &str, style: Style) -> Result<Node, YamlError> {
        let resolved = resolve(&value, self.options.rules);
        let refuse = |as_what: &str| {
            Err(YamlError::new(
                YamlErrorKind::Value,
                self.here,
                format!("cannot decode !!str `{value}` as a !!{as_what}"),
            ))
        };
        let tag = match (short, &resolved) {
            ("null", Value::Null) => Tag::Null,
            ("bool", Value::Bool(_)) => Tag::Bool,
            ("bool", _) if old_bool(&value).is_some() => Tag::Bool,
            ("int", Value::Int(_) | Value::Uint(_)) => Tag::Int,
            ("float", Value::Float(_) | Value::Int(_) | Value::Uint(_)) => Tag::Float,
            ("timestamp", Value::Timestamp) if self.options.rules == Rules::Kyaml => Tag::Timestamp,
            ("timestamp", Value::Timestamp) | ("str", _) => Tag::Str,
            ("merge", _) => Tag::Merge,
            ("binary", _) => return self.binary(&value, style),
            ("null" | "bool" | "int" | "float" | "timestamp", _) => return refuse(short),
            _ => Tag::Str,
        };
        Ok(Node::scalar(Arc::from(value), tag).styled(style))
    }

    fn binary(&self, value: &str, style: Style) -> Result<Node, YamlError> {
        let error = || {
            YamlError::new(
                YamlErrorKind::Value,
                self.here,
                "!!binary value contains invalid base64 data",
            )
        };
        let bytes = decode_base64(value).ok_or_else(error)?;
        let text = String::from_utf8_lossy(&bytes).into_owned();
        Ok(Node::string(text).styled(style))
    }

    fn mapping(&mut self) -> Result<Map, YamlError> {
        let mut map = Map::default();
        let mut seen = Seen::default();
        let mut merges = Vec::new();
        loop {
            let event = self.next()?;
            if matches!(event.data, EventData::MappingEnd) {
                break;
            }
            let key = self.node(event)?;
            let event = self.next()?;
            let value = self.node(event)?;
            if key.tag == Tag::Merge && key.kind() == Kind::Scalar {
                let parts = merge_parts(&key, value)?;
                if self.options.rules == Rules::Yaml11 {
                    // Parity: this reader merges where the key stands, so keys before it lose.
                    for part in parts.into_iter().rev() {
                        self.merge(&mut map, &part, true)?;
                    }
                    seen = Seen::default();
                } else {
                    merges.extend(parts);
                }
                continue;
            }
            self.insert(&mut map, &mut seen, (key, value))?;
        }
        for part in merges {
            self.merge(&mut map, &part, false)?;
        }
        Ok(map)
    }

    fn merge(&mut self, map: &mut Map, part: &Node, overwrite: bool) -> Result<(), YamlError> {
        for entry in part.as_map().into_iter().flatten() {
            self.count(1)?;
            let at = map.iter().position(|e| e.key == entry.key);
            match at {
                None => map.push(entry.key.clone(), entry.value.clone()),
                Some(at) if overwrite => map.entries_mut()[at].value = entry.value.clone(),
                Some(_) => {}
            }
        }
        Ok(())
    }

    fn insert(
        &mut self,
        map: &mut Map,
        seen: &mut Seen,
        (key, value): (Node, Node),
    ) -> Result<(), YamlError> {
        if self.options.duplicates == Duplicates::KeepAll {
            map.push(key, value);
            return Ok(());
        }
        match seen.find(map, &key) {
            None => {
                seen.add(map, &key);
                map.push(key, value);
            }
            Some(at) if self.options.duplicates == Duplicates::KeepLast => {
                map.entries_mut()[at].value = value;
            }
            Some(at) => {
                let first = map.entries_mut()[at].key.span.line;
                let text = key.text().unwrap_or("(collection)").to_owned();
                return Err(YamlError::new(
                    YamlErrorKind::DuplicateKey,
                    key.span,
                    format!("mapping key {text:?} already defined at line {first}"),
                ));
            }
        }
        Ok(())
    }
}

/// Finds keys already seen: by scanning while the mapping is small, by hash beyond.
#[derive(Default)]
struct Seen {
    index: Option<HashMap<(Arc<str>, Tag), usize>>,
}

impl Seen {
    const SCAN: usize = 16;

    fn find(&mut self, map: &Map, key: &Node) -> Option<usize> {
        let Some(text) = key.text() else {
            return map.iter().position(|e| e.key == *key);
        };
        if map.len() <= Self::SCAN {
            return map.iter().position(|e| e.key == *key);
        }
        let index = self.index.get_or_insert_with(|| {
            map.iter()
                .enumerate()
                .filter_map(|(at, e)| Some(((Arc::from(e.key.text()?), e.key.tag), at)))
                .collect()
        });
        index.get(&(Arc::from(text), key.tag)).copied()
    }

    fn add(&mut self, map: &Map, key: &Node) {
        if let (Some(index), Some(text)) = (&mut self.index, key.text()) {
            index.insert((Arc::from(text), key.tag), map.len());
        }
    }
}

/// The mappings that a merge key brings in, first one strongest.
fn merge_parts(key: &Node, value: Node) -> Result<Vec<Node>, YamlError> {
    let refuse = || {
        YamlError::new(
            YamlErrorKind::Value,
            key.span,
            "map merge requires map or sequence of maps as the value",
        )
    };
    match value.kind() {
        Kind::Map => Ok(vec![value]),
        Kind::Scalar => Err(refuse()),
        Kind::Seq => {
            let items = value.as_seq().unwrap_or_default().to_vec();
            if items.iter().all(|item| item.kind() == Kind::Map) {
                Ok(items)
            } else {
                Err(refuse())
            }
        }
    }
}

/// The name of a core tag, `str` for `!`; empty for any other.
fn short_tag(tag: &str) -> &str {
    if tag == "!" || tag.is_empty() {
        return "str";
    }
    tag.strip_prefix("tag:yaml.org,2002:")
        .or_else(|| tag.strip_prefix("!!"))
        .unwrap_or("")
}

/// go-yaml's allowance: nearly all of a small document may come from aliases, a tenth of a huge one.
fn too_many_aliases(aliased: usize, nodes: usize) -> bool {
    const SMALL: usize = 400_000;
    const HUGE: usize = 4_000_000;
    // In ten thousandths, between 0.99 and 0.10.
    let allowed = if nodes <= SMALL {
        9900
    } else if nodes >= HUGE {
        1000
    } else {
        9900 - 8900 * (nodes - SMALL) / (HUGE - SMALL)
    };
    aliased.saturating_mul(10_000) > nodes.saturating_mul(allowed)
}

fn decode_base64(text: &str) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len() / 4 * 3);
    let (mut bits, mut count, mut padding) = (0_u32, 0_u32, 0_u32);
    for byte in text.bytes().filter(|b| !matches!(b, b'\n' | b'\r')) {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            b'=' => {
                padding += 1;
                continue;
            }
            _ => return None,
        };
        if padding > 0 {
            return None;
        }
        bits = (bits << 6) | u32::from(value);
        count += 1;
        if count == 4 {
            out.extend_from_slice(&bits.to_be_bytes()[1..]);
            (bits, count) = (0, 0);
        }
    }
    match (count, padding) {
        (0, 0) => {}
        (2, 2) => out.extend_from_slice(&(bits >> 4).to_be_bytes()[3..]),
        (3, 1) => out.extend_from_slice(&(bits >> 2).to_be_bytes()[2..]),
        _ => return None,
    }
    Some(out)
}
