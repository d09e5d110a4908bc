//! Sets of fields: what a manager owns, what a change touches.

use std::cmp::Ordering;

use crate::schema::{Schema, TypeRef};

mod json;
mod path;
#[cfg(test)]
mod tests;

pub use json::ParseFieldsError;
pub use path::{KeyValue, Path, PathElement};

/// A set of paths. A path may be in it without its parents, and without the paths below it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FieldSet {
    /// Sorted by element; each is a member, or has members below it, or both.
    entries: Vec<Entry>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Entry {
    element: PathElement,
    member: bool,
    below: FieldSet,
}

impl FieldSet {
    /// The set of no paths.
    pub const fn new() -> Self {
        Self {
            entries: Vec::new(),
        }
    }

    /// A set of paths made of field names.
    pub fn of_fields(paths: &[&[&str]]) -> Self {
        let mut set = Self::new();
        for path in paths {
            let path: Vec<_> = path.iter().map(|name| PathElement::field(name)).collect();
            set.insert(&path);
        }
        set
    }

    /// Whether there are no paths.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// How many paths there are.
    pub fn len(&self) -> usize {
        let count = |entry: &Entry| usize::from(entry.member) + entry.below.len();
        self.entries.iter().map(count).sum()
    }

    /// Adds a path; the empty path is the whole object, which nobody owns.
    pub fn insert(&mut self, path: &[PathElement]) {
        let Some((first, rest)) = path.split_first() else {
            return;
        };
        let entry = self.entry(first);
        if rest.is_empty() {
            entry.member = true;
        } else {
            entry.below.insert(rest);
        }
    }

    /// Whether the path itself is in the set.
    pub fn has(&self, path: &[PathElement]) -> bool {
        match path.split_first() {
            None => false,
            Some((first, [])) => self.has_member(first),
            Some((first, rest)) => self.find(first).is_some_and(|entry| entry.below.has(rest)),
        }
    }

    pub(crate) fn has_member(&self, element: &PathElement) -> bool {
        self.find(element).is_some_and(|entry| entry.member)
    }

    /// The paths below an element.
    pub(crate) fn below(&self, element: &PathElement) -> Option<&Self> {
        self.find(element)
            .map(|entry| &entry.below)
            .filter(|below| !below.is_empty())
    }

    /// Each element at the top: whether it is a member, and what is below it.
    pub(crate) fn elements(&self) -> impl Iterator<Item = (&PathElement, bool, &Self)> {
        self.entries
            .iter()
            .map(|entry| (&entry.element, entry.member, &entry.below))
    }

    /// The paths in the order in which the server lists them: those that end here, then those that go deeper.
    pub fn paths(&self) -> Vec<Path> {
        let mut out = Vec::with_capacity(self.len());
        self.collect(&mut Vec::new(), &mut out);
        out
    }

    fn collect(&self, prefix: &mut Vec<PathElement>, out: &mut Vec<Path>) {
        for entry in self.entries.iter().filter(|entry| entry.member) {
            let mut path = prefix.clone();
            path.push(entry.element.clone());
            out.push(Path(path));
        }
        for entry in &self.entries {
            prefix.push(entry.element.clone());
            entry.below.collect(prefix, out);
            prefix.pop();
        }
    }

    /// The paths in either set.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        self.zip(other, |pair| match pair {
            Pair::Left(one) | Pair::Right(one) => Some(one.clone()),
            Pair::Both(a, b) => Some(Entry {
                element: a.element.clone(),
                member: a.member || b.member,
                below: a.below.union(&b.below),
            }),
        })
    }

    /// The paths in both sets.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        self.zip(other, |pair| match pair {
            Pair::Left(_) | Pair::Right(_) => None,
            Pair::Both(a, b) => {
                Entry::kept(a, a.member && b.member, a.below.intersection(&b.below))
            }
        })
    }

    /// The paths of this set that are not in the other; paths below those of the other stay.
    #[must_use]
    pub fn difference(&self, other: &Self) -> Self {
        self.zip(other, |pair| match pair {
            Pair::Left(one) => Some(one.clone()),
            Pair::Right(_) => None,
            Pair::Both(a, b) => Entry::kept(a, a.member && !b.member, a.below.difference(&b.below)),
        })
    }

    /// The paths of this set that are neither in the other nor below a path of it.
    #[must_use]
    pub fn recursive_difference(&self, other: &Self) -> Self {
        self.zip(other, |pair| match pair {
            Pair::Left(one) => Some(one.clone()),
            Pair::Both(a, b) if !b.member => {
                Entry::kept(a, a.member, a.below.recursive_difference(&b.below))
            }
            Pair::Right(_) | Pair::Both(..) => None,
        })
    }

    /// This set with every declared field on the way to a path in it, by type.
    #[must_use]
    pub(crate) fn with_named_fields(&self, schema: &Schema, ty: Option<TypeRef>) -> Self {
        let def = ty.map(|ty| schema.resolve(ty));
        let entries = self.entries.iter().map(|entry| {
            let mut below_type = None;
            let mut member = entry.member;
            if let (Some(def), false) = (def, entry.below.is_empty()) {
                match &entry.element {
                    PathElement::Field(name) => {
                        if let Some(map) = &def.map {
                            member |= map.field(name).is_some();
                            below_type = map.type_of(name);
                        }
                    }
                    _ => below_type = def.list.as_ref().map(|list| list.element),
                }
            }
            Entry {
                element: entry.element.clone(),
                member,
                below: entry.below.with_named_fields(schema, below_type),
            }
        });
        Self {
            entries: entries.collect(),
        }
    }

    fn find(&self, element: &PathElement) -> Option<&Entry> {
        let at = self
            .entries
            .binary_search_by(|entry| entry.element.cmp(element))
            .ok()?;
        self.entries.get(at)
    }

    fn entry(&mut self, element: &PathElement) -> &mut Entry {
        let found = self
            .entries
            .binary_search_by(|entry| entry.element.cmp(element));
        let at = match found {
            Ok(at) => at,
            Err(at) => {
                let entry = Entry {
                    element: element.clone(),
                    member: false,
                    below: Self::new(),
                };
                self.entries.insert(at, entry);
                at
            }
        };
        &mut self.entries[at]
    }

    fn zip(&self, other: &Self, mut choose: impl FnMut(Pair<'_>) -> Option<Entry>) -> Self {
        let mut entries = Vec::with_capacity(self.entries.len().max(other.entries.len()));
        let (mut left, mut right) = (
            self.entries.iter().peekable(),
            other.entries.iter().peekable(),
        );
        loop {
            let order = match (left.peek(), right.peek()) {
                (None, None) => break,
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (Some(a), Some(b)) => a.element.cmp(&b.element),
            };
            let a = if order == Ordering::Greater {
                None
            } else {
                left.next()
            };
            let b = if order == Ordering::Less {
                None
            } else {
                right.next()
            };
            let chosen = match (a, b) {
                (Some(a), Some(b)) => choose(Pair::Both(a, b)),
                (Some(a), None) => choose(Pair::Left(a)),
                (None, Some(b)) => choose(Pair::Right(b)),
                (None, None) => None,
            };
            entries.extend(chosen);
        }
        Self { entries }
    }
}

enum Pair<'a> {
    Left(&'a Entry),
    Right(&'a Entry),
    Both(&'a Entry, &'a Entry),
}

impl Entry {
    fn kept(from: &Self, member: bool, below: FieldSet) -> Option<Self> {
        (member || !below.is_empty()).then(|| Self {
            element: from.element.clone(),
            member,
            below,
        })
    }
}
