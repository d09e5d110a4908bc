//! Which objects an answer needs.

use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};

use gix_hash::ObjectId;

use crate::pack::Kind;
use crate::serve::Repository;

/// What a client asks for and has.
#[derive(Debug, Default)]
pub(crate) struct Question {
    pub(crate) wants: Vec<ObjectId>,
    pub(crate) haves: Vec<ObjectId>,
    /// Commits whose parents the client does not have.
    pub(crate) shallow: BTreeSet<ObjectId>,
    pub(crate) depth: Option<u32>,
}

/// What the client is to be sent.
#[derive(Debug, Default)]
pub(crate) struct Answer {
    pub(crate) objects: Vec<ObjectId>,
    pub(crate) shallow: Vec<ObjectId>,
    pub(crate) unshallow: Vec<ObjectId>,
}

/// Walks from the wants, stopping at what the client has.
pub(crate) fn answer(repository: &Repository, question: &Question) -> Answer {
    let mut walk = Walk {
        repository,
        seen: HashSet::new(),
        found: Vec::new(),
    };
    // What the client has, down to where its history is cut off.
    let cut = |id: &ObjectId| question.shallow.contains(id);
    for have in &question.haves {
        walk.commits(*have, &cut);
    }
    walk.found.clear();

    let mut answer = Answer::default();
    let mut wants = Vec::new();
    for want in &question.wants {
        wants.push(walk.through_tags(*want));
    }
    if let Some(depth) = question.depth {
        let depths = depths(repository, &wants, depth);
        for (id, at) in &depths {
            let parents = repository
                .links(id)
                .map(|(_, parents)| parents)
                .unwrap_or_default();
            let boundary = *at >= depth && !parents.is_empty();
            if boundary && !question.shallow.contains(id) {
                answer.shallow.push(*id);
            }
            if !boundary && question.shallow.contains(id) {
                answer.unshallow.push(*id);
            }
        }
        answer.shallow.sort();
        answer.unshallow.sort();
        // A deeper fetch needs parents of commits that the client has already.
        let mut commits: Vec<_> = depths.keys().copied().collect();
        commits.sort();
        for id in commits {
            walk.commits(id, &|_| true);
        }
        for want in wants {
            walk.anything(want);
        }
    } else {
        for want in wants {
            walk.commits(want, &cut);
            walk.anything(want);
        }
    }
    answer.objects = walk.found;
    answer
}

/// Commits by their distance from the wants, which count as 1.
fn depths(repository: &Repository, wants: &[ObjectId], most: u32) -> HashMap<ObjectId, u32> {
    let mut depths = HashMap::new();
    let mut waiting: VecDeque<_> = wants.iter().map(|id| (*id, 1)).collect();
    while let Some((id, depth)) = waiting.pop_front() {
        let Some((_, parents)) = repository.links(&id) else {
            continue;
        };
        if depths.contains_key(&id) {
            continue;
        }
        depths.insert(id, depth);
        if depth < most {
            waiting.extend(parents.into_iter().map(|parent| (parent, depth + 1)));
        }
    }
    depths
}

struct Walk<'a> {
    repository: &'a Repository,
    seen: HashSet<ObjectId>,
    found: Vec<ObjectId>,
}

impl Walk<'_> {
    fn take(&mut self, id: ObjectId) -> bool {
        let new = self.repository.object(&id).is_some() && self.seen.insert(id);
        if new {
            self.found.push(id);
        }
        new
    }

    /// Takes the tags on the way and returns what is behind them.
    fn through_tags(&mut self, id: ObjectId) -> ObjectId {
        let mut here = id;
        while let Some((Kind::Tag, raw)) = self.repository.object(&here) {
            self.take(here);
            match crate::object::parse_tag("", raw) {
                Ok(parsed) => here = parsed.target,
                Err(_) => break,
            }
        }
        here
    }

    /// Takes a commit, its files and its history; `cut` says where history ends.
    fn commits(&mut self, from: ObjectId, cut: &dyn Fn(&ObjectId) -> bool) {
        let mut waiting = vec![self.through_tags(from)];
        while let Some(id) = waiting.pop() {
            let Some((tree, parents)) = self.repository.links(&id) else {
                continue;
            };
            if !self.take(id) {
                continue;
            }
            self.anything(tree);
            if !cut(&id) {
                waiting.extend(parents);
            }
        }
    }

    /// Takes a tree with all below it, or a blob.
    fn anything(&mut self, id: ObjectId) {
        let mut waiting = vec![id];
        while let Some(id) = waiting.pop() {
            let kind = self.repository.object(&id).map(|(kind, _)| *kind);
            if !matches!(kind, Some(Kind::Tree | Kind::Blob)) || !self.take(id) {
                continue;
            }
            if let Some((Kind::Tree, raw)) = self.repository.object(&id) {
                waiting.extend(entries(raw));
            }
        }
    }
}

/// The ids in a tree; those of submodules are simply not in the repository.
fn entries(raw: &[u8]) -> Vec<ObjectId> {
    let mut ids = Vec::new();
    let mut rest = raw;
    while let Some(end) = rest.iter().position(|b| *b == 0)
        && let Some(id) = rest.get(end + 1..end + 21)
    {
        if let Ok(id) = <[u8; 20]>::try_from(id) {
            ids.push(ObjectId::Sha1(id));
        }
        rest = &rest[end + 21..];
    }
    ids
}
