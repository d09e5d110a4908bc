//! The objects of a build, in order, found by id through a hash index.
//!
//! kustomize compares every object with every other one; here each lookup is one hash.

use std::collections::HashMap;

use crate::error::{BuildError, Result};
use crate::id::{IdKey, ResId};
use crate::resource::{Behavior, Resource};

/// Where each id is; built when first asked for, dropped when ids may have changed.
#[derive(Debug, Default)]
struct Index {
    current: HashMap<IdKey, usize>,
    any: HashMap<IdKey, Vec<usize>>,
}

impl Index {
    fn add(&mut self, at: usize, resource: &Resource) {
        let current = resource.id().key();
        for id in resource.previous_ids() {
            let places = self.any.entry(id.key()).or_default();
            if places.last() != Some(&at) {
                places.push(at);
            }
        }
        let places = self.any.entry(current.clone()).or_default();
        if places.last() != Some(&at) {
            places.push(at);
        }
        self.current.entry(current).or_insert(at);
    }
}

/// An ordered set of objects.
#[derive(Debug, Default)]
pub(crate) struct ResMap {
    list: Vec<Resource>,
    index: Option<Index>,
}

impl ResMap {
    pub(crate) fn of(list: Vec<Resource>) -> Result<Self> {
        let mut map = Self::default();
        for resource in list {
            map.append(resource)?;
        }
        Ok(map)
    }

    pub(crate) fn list(&self) -> &[Resource] {
        &self.list
    }

    /// The objects, to change at will.
    pub(crate) fn list_mut(&mut self) -> &mut Vec<Resource> {
        self.index = None;
        &mut self.list
    }

    pub(crate) fn into_list(self) -> Vec<Resource> {
        self.list
    }

    /// Changes one object; the index survives where its ids do.
    pub(crate) fn change_at<T>(&mut self, at: usize, change: impl FnOnce(&mut Resource) -> T) -> T {
        let resource = &mut self.list[at];
        let (before, history) = (resource.id().key(), resource.previous.len());
        let result = change(resource);
        if resource.id().key() != before || resource.previous.len() != history {
            self.index = None;
        }
        result
    }

    fn index(&mut self) -> &mut Index {
        let list = &self.list;
        self.index.get_or_insert_with(|| {
            let mut index = Index::default();
            for (at, resource) in list.iter().enumerate() {
                index.add(at, resource);
            }
            index
        })
    }

    /// Adds an object whose id must be new.
    pub(crate) fn append(&mut self, resource: Resource) -> Result<()> {
        let at = self.list.len();
        let index = self.index();
        if index.current.contains_key(&resource.id().key()) {
            return Err(BuildError::new(format!(
                "may not add resource with an already registered id: {}",
                resource.id()
            ))
            .at(&resource.file, resource.node().span)
            .object(resource.id()));
        }
        index.add(at, &resource);
        self.list.push(resource);
        Ok(())
    }

    pub(crate) fn append_all(&mut self, other: Self) -> Result<()> {
        if self.list.is_empty() {
            *self = other;
            return Ok(());
        }
        other.list.into_iter().try_for_each(|r| self.append(r))
    }

    /// Where the objects are that have or had this id.
    pub(crate) fn find_any(&mut self, id: &ResId) -> Vec<usize> {
        self.index().any.get(&id.key()).cloned().unwrap_or_default()
    }

    /// The one object that has or had this id.
    pub(crate) fn one_by_any_id(&mut self, id: &ResId) -> Result<usize> {
        match self.find_any(id).as_slice() {
            [at] => Ok(*at),
            [] => Err(BuildError::new(format!("no matches for Id {id}"))),
            _ => Err(BuildError::new(format!("multiple matches for Id {id}"))),
        }
        .map_err(|error| {
            let text = error.text().to_owned();
            BuildError::new(format!(
                "{text}; failed to find unique target for patch {id}"
            ))
        })
    }

    /// Adds a generated object, or lets it replace or join the one of its id.
    pub(crate) fn absorb(&mut self, mut resource: Resource) -> Result<()> {
        let id = resource.id().clone();
        let at = match self.find_any(&id).as_slice() {
            [] => match resource.behavior {
                Behavior::Merge | Behavior::Replace => {
                    return Err(BuildError::new(format!(
                        "id {id} does not exist; cannot merge or replace"
                    ))
                    .object(id));
                }
                Behavior::Unspecified | Behavior::Create => return self.append(resource),
            },
            [at] => *at,
            _ => {
                return Err(BuildError::new(format!(
                    "found multiple objects that could accept merge of {id}"
                ))
                .object(id));
            }
        };
        let old = &self.list[at];
        match resource.behavior {
            Behavior::Replace => resource.take_metadata_from(old),
            Behavior::Merge => {
                let origin = old.annotation(crate::origin::ORIGIN).map(str::to_owned);
                resource.take_metadata_from(old);
                resource.merge_data_from(old, "data");
                resource.merge_data_from(old, "binaryData");
                if let Some(origin) = origin {
                    resource.set_annotation(crate::origin::ORIGIN, &origin);
                }
            }
            Behavior::Unspecified | Behavior::Create => {
                return Err(BuildError::new(format!(
                    "id {id} exists; can not use behavior: '{}', behavior must be merge or replace",
                    resource.behavior.text()
                ))
                .object(id));
            }
        }
        self.index = None;
        self.list[at] = resource;
        Ok(())
    }

    /// Removes objects that a patch left empty.
    pub(crate) fn drop_empty(&mut self) {
        if self.list.iter().any(Resource::is_empty) {
            self.list_mut().retain(|r| !r.is_empty());
        }
    }
}
