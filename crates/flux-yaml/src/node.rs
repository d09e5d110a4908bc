//! The tree: shared, copy-on-write, every node with its place in the text.

use std::sync::Arc;

/// A place in a text: 1-based line and column. Line 0 means "made, not read".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub struct Span {
    /// 1-based line; 0 where the node was not read from a text.
    pub line: u32,
    /// 1-based column, counted in characters.
    pub column: u32,
}

/// The core-schema tag of a scalar, after resolution.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Tag {
    /// `!!null`
    Null,
    /// `!!bool`
    Bool,
    /// `!!int`
    Int,
    /// `!!float`
    Float,
    /// `!!str`
    Str,
    /// `!!timestamp`
    Timestamp,
    /// `!!merge`, the plain key `<<`.
    Merge,
}

/// How a scalar or collection was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Style {
    /// Plain scalar or block collection.
    #[default]
    Plain,
    /// `'single quoted'`
    Single,
    /// `"double quoted"`
    Double,
    /// `|`
    Literal,
    /// `>`
    Folded,
    /// `[flow]` or `{flow}`
    Flow,
}

/// The shape of a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A single value.
    Scalar,
    /// A list.
    Seq,
    /// A mapping.
    Map,
}

#[derive(Debug, Clone)]
enum Content {
    Scalar(Arc<str>),
    Seq(Arc<Vec<Node>>),
    Map(Arc<Map>),
}

/// A YAML node. Cloning shares the content; changing a clone copies only what changes.
#[derive(Debug, Clone)]
pub struct Node {
    content: Content,
    /// Where it was read.
    pub span: Span,
    /// The tag of a scalar; `Str` for collections, which never look at it.
    pub tag: Tag,
    /// How it was written.
    pub style: Style,
}

/// One key and its value.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The key, nearly always a string scalar.
    pub key: Node,
    /// The value.
    pub value: Node,
}

/// A mapping in source order.
#[derive(Debug, Clone, Default)]
pub struct Map {
    entries: Vec<Entry>,
}

impl Node {
    /// A scalar with a given tag.
    pub fn scalar(text: impl Into<Arc<str>>, tag: Tag) -> Self {
        Self {
            content: Content::Scalar(text.into()),
            span: Span::default(),
            tag,
            style: Style::Plain,
        }
    }

    /// A scalar whose tag is what the text means when written plain, by the rules for objects.
    pub fn resolved(text: &str) -> Self {
        let value = crate::resolve::resolve(text, crate::Rules::Kyaml);
        Self::scalar(text, value.tag())
    }

    /// A key written plain without quotes and read again by the rules of YAML 1.1, where `y` is a truth word.
    pub fn resolved_key(text: &str) -> Self {
        let value = crate::resolve::resolve(text, crate::Rules::Yaml11);
        Self::scalar(text, value.tag())
    }

    /// A string.
    pub fn string(text: impl Into<Arc<str>>) -> Self {
        Self::scalar(text, Tag::Str)
    }

    /// The null value.
    pub fn null() -> Self {
        Self::scalar("null", Tag::Null)
    }

    /// A boolean.
    pub fn bool(value: bool) -> Self {
        Self::scalar(if value { "true" } else { "false" }, Tag::Bool)
    }

    /// An integer.
    pub fn int(value: i64) -> Self {
        Self::scalar(value.to_string(), Tag::Int)
    }

    /// A list.
    pub fn seq(items: Vec<Node>) -> Self {
        Self {
            content: Content::Seq(Arc::new(items)),
            span: Span::default(),
            tag: Tag::Str,
            style: Style::Plain,
        }
    }

    /// A mapping.
    pub fn map(map: Map) -> Self {
        Self {
            content: Content::Map(Arc::new(map)),
            span: Span::default(),
            tag: Tag::Str,
            style: Style::Plain,
        }
    }

    /// An empty mapping.
    pub fn empty_map() -> Self {
        Self::map(Map::default())
    }

    /// The same node at another place.
    #[must_use]
    pub fn at(mut self, span: Span) -> Self {
        self.span = span;
        self
    }

    /// The same node in another style.
    #[must_use]
    pub fn styled(mut self, style: Style) -> Self {
        self.style = style;
        self
    }

    /// Its shape.
    pub fn kind(&self) -> Kind {
        match self.content {
            Content::Scalar(_) => Kind::Scalar,
            Content::Seq(_) => Kind::Seq,
            Content::Map(_) => Kind::Map,
        }
    }

    /// Whether it is the null scalar.
    pub fn is_null(&self) -> bool {
        self.tag == Tag::Null && matches!(self.content, Content::Scalar(_))
    }

    /// Whether it is a string scalar.
    pub fn is_string(&self) -> bool {
        self.tag == Tag::Str && matches!(self.content, Content::Scalar(_))
    }

    /// The text of a scalar of any tag.
    pub fn text(&self) -> Option<&str> {
        match &self.content {
            Content::Scalar(text) => Some(text),
            _ => None,
        }
    }

    /// The text of a string scalar.
    pub fn as_str(&self) -> Option<&str> {
        self.text().filter(|_| self.tag == Tag::Str)
    }

    /// The items of a list.
    pub fn as_seq(&self) -> Option<&[Node]> {
        match &self.content {
            Content::Seq(items) => Some(items),
            _ => None,
        }
    }

    /// The items of a list, to change.
    pub fn as_seq_mut(&mut self) -> Option<&mut Vec<Node>> {
        match &mut self.content {
            Content::Seq(items) => Some(Arc::make_mut(items)),
            _ => None,
        }
    }

    /// The mapping.
    pub fn as_map(&self) -> Option<&Map> {
        match &self.content {
            Content::Map(map) => Some(map),
            _ => None,
        }
    }

    /// The mapping, to change.
    pub fn as_map_mut(&mut self) -> Option<&mut Map> {
        match &mut self.content {
            Content::Map(map) => Some(Arc::make_mut(map)),
            _ => None,
        }
    }

    /// The value of a key, where this is a mapping that has it.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.as_map()?.get(key)
    }

    /// The value of a key, to change. Copies nothing where the key is absent.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Node> {
        let at = self.as_map()?.position(key)?;
        Some(&mut self.as_map_mut()?.entries[at].value)
    }

    /// The node at a path of keys.
    pub fn get_path(&self, path: &[&str]) -> Option<&Node> {
        path.iter().try_fold(self, |node, key| node.get(key))
    }

    /// The text of a scalar at a path of keys; `None` for null, too.
    pub fn text_at(&self, path: &[&str]) -> Option<&str> {
        let node = self.get_path(path)?;
        if node.is_null() { None } else { node.text() }
    }

    /// Sets a key of a mapping; `false` where this is no mapping.
    pub fn set(&mut self, key: &str, value: Node) -> bool {
        match self.as_map_mut() {
            Some(map) => {
                map.set(key, value);
                true
            }
            None => false,
        }
    }

    /// Takes a key out of a mapping.
    pub fn remove(&mut self, key: &str) -> Option<Node> {
        self.as_map()?.position(key)?;
        self.as_map_mut()?.remove(key)
    }

    /// Replaces the text and tag of a scalar, keeping its place and style.
    pub fn set_text(&mut self, text: impl Into<Arc<str>>, tag: Tag) {
        self.content = Content::Scalar(text.into());
        self.tag = tag;
    }

    /// Whether the collection has nothing in it; false for scalars.
    pub fn is_empty_collection(&self) -> bool {
        match &self.content {
            Content::Scalar(_) => false,
            Content::Seq(items) => items.is_empty(),
            Content::Map(map) => map.is_empty(),
        }
    }

    /// How many nodes the tree holds, shared ones counted each time.
    pub(crate) fn weight(&self) -> usize {
        match &self.content {
            Content::Scalar(_) => 1,
            Content::Seq(items) => 1 + items.iter().map(Self::weight).sum::<usize>(),
            Content::Map(map) => {
                1 + map
                    .iter()
                    .map(|e| e.key.weight() + e.value.weight())
                    .sum::<usize>()
            }
        }
    }
}

/// Equality of content; places and styles do not count.
impl PartialEq for Node {
    fn eq(&self, other: &Self) -> bool {
        match (&self.content, &other.content) {
            (Content::Scalar(a), Content::Scalar(b)) => {
                self.tag == other.tag && (self.tag == Tag::Null || a == b)
            }
            (Content::Seq(a), Content::Seq(b)) => Arc::ptr_eq(a, b) || a == b,
            (Content::Map(a), Content::Map(b)) => Arc::ptr_eq(a, b) || a == b,
            _ => false,
        }
    }
}

impl PartialEq for Map {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len()
            && self
                .iter()
                .zip(other.iter())
                .all(|(a, b)| a.key == b.key && a.value == b.value)
    }
}

impl Map {
    /// An empty mapping with room.
    pub fn with_capacity(room: usize) -> Self {
        Self {
            entries: Vec::with_capacity(room),
        }
    }

    /// How many keys.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is no key.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The entries in order.
    pub fn iter(&self) -> std::slice::Iter<'_, Entry> {
        self.entries.iter()
    }

    /// The entries in order, to change.
    pub fn iter_mut(&mut self) -> std::slice::IterMut<'_, Entry> {
        self.entries.iter_mut()
    }

    /// The entries as a vector, to change.
    pub fn entries_mut(&mut self) -> &mut Vec<Entry> {
        &mut self.entries
    }

    /// Where a key is.
    pub fn position(&self, key: &str) -> Option<usize> {
        self.entries.iter().position(|e| e.key.text() == Some(key))
    }

    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.position(key).map(|at| &self.entries[at].value)
    }

    /// The value of a key, to change.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Node> {
        self.position(key).map(|at| &mut self.entries[at].value)
    }

    /// Whether the key is there.
    pub fn contains(&self, key: &str) -> bool {
        self.position(key).is_some()
    }

    /// Replaces the value of a key or appends the key.
    pub fn set(&mut self, key: &str, value: Node) {
        match self.position(key) {
            Some(at) => self.entries[at].value = value,
            None => self.push(Node::string(key), value),
        }
    }

    /// Appends without looking for the key.
    pub fn push(&mut self, key: Node, value: Node) {
        self.entries.push(Entry { key, value });
    }

    /// Takes a key out.
    pub fn remove(&mut self, key: &str) -> Option<Node> {
        self.position(key).map(|at| self.entries.remove(at).value)
    }

    /// Keeps the entries that satisfy the test.
    pub fn retain(&mut self, test: impl FnMut(&Entry) -> bool) {
        self.entries.retain(test);
    }
}

impl FromIterator<(Node, Node)> for Map {
    fn from_iter<T: IntoIterator<Item = (Node, Node)>>(iter: T) -> Self {
        Self {
            entries: iter
                .into_iter()
                .map(|(key, value)| Entry { key, value })
                .collect(),
        }
    }
}

impl<'a> IntoIterator for &'a mut Map {
    type Item = &'a mut Entry;
    type IntoIter = std::slice::IterMut<'a, Entry>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter_mut()
    }
}

impl<'a> IntoIterator for &'a Map {
    type Item = &'a Entry;
    type IntoIter = std::slice::Iter<'a, Entry>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}
