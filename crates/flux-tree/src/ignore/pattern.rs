//! One pattern of an ignore file.

use crate::ignore::glob;
use crate::path::TreePath;

/// What a pattern that matches says about an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Leave it out.
    Exclude,
    /// Keep it, whatever earlier patterns said.
    Include,
}

/// One line of an ignore file, with the directory that it is about.
#[derive(Debug, Clone)]
pub struct Pattern {
    domain: Vec<String>,
    verdict: Verdict,
    directories_only: bool,
    /// The components. A single one matches at any depth; several are anchored to the domain.
    parts: Vec<String>,
}

impl Pattern {
    /// Reads one line. Every text is a pattern, though some match nothing.
    pub fn parse(line: &str, domain: &TreePath) -> Self {
        let (verdict, line) = match line.strip_prefix('!') {
            Some(rest) => (Verdict::Include, rest),
            None => (Verdict::Exclude, line),
        };
        let line = if line.ends_with("\\ ") {
            line
        } else {
            line.trim_end_matches(' ')
        };
        let (directories_only, line) = match line.strip_suffix('/') {
            Some(rest) => (true, rest),
            None => (false, line),
        };
        Self {
            domain: domain.components().map(str::to_owned).collect(),
            verdict,
            directories_only,
            parts: line.split('/').map(str::to_owned).collect(),
        }
    }

    /// What this pattern says about an entry, given its components from the root; none if it does not match.
    pub fn verdict(&self, path: &[&str], is_dir: bool) -> Option<Verdict> {
        let below = path.get(self.domain.len()..)?;
        if below.is_empty() || self.domain.iter().zip(path).any(|(a, b)| a != b) {
            return None;
        }
        let matches = match self.parts.as_slice() {
            [name] => self.matches_a_name(name, below, is_dir),
            parts => self.matches_from_the_domain(parts, below, is_dir),
        };
        matches.then_some(self.verdict)
    }

    /// A pattern without a slash: any component may match; all of them but the last are directories.
    fn matches_a_name(&self, name: &str, path: &[&str], is_dir: bool) -> bool {
        path.iter()
            .position(|component| glob::matches(name, component))
            .is_some_and(|at| self.kind_fits(at + 1 < path.len() || is_dir))
    }

    /// A pattern with a slash: its parts match the path from the domain down, and what is left of the path is below
    /// the match.
    fn matches_from_the_domain(&self, parts: &[String], path: &[&str], is_dir: bool) -> bool {
        let mut rest = path;
        let mut matched = false;
        let mut any_depth = false;
        for (at, part) in parts.iter().enumerate() {
            match part.as_str() {
                "" => any_depth = false,
                "**" if at + 1 == parts.len() => {}
                "**" => any_depth = true,
                // Parity: `**` beside other characters matches nothing.
                glued if glued.contains("**") => return false,
                name => {
                    let skipped = if any_depth {
                        rest.iter()
                            .position(|component| glob::matches(name, component))
                    } else {
                        rest.first()
                            .is_some_and(|component| glob::matches(name, component))
                            .then_some(0)
                    };
                    let Some(skipped) = skipped else { return false };
                    // Parity: the first component that matches after `**` is taken; there is no second try.
                    rest = &rest[skipped + 1..];
                    any_depth = false;
                    matched = true;
                }
            }
        }
        matched && self.kind_fits(!rest.is_empty() || is_dir)
    }

    fn kind_fits(&self, is_dir: bool) -> bool {
        is_dir || !self.directories_only
    }
}
