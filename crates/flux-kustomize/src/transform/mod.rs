//! The transformers that need no more than field specs: each changes the objects of a set in place.

mod hash;
mod images;
mod labels;
mod nameref;
mod names;
mod replicas;
mod sort;
mod vars;

pub(crate) use hash::add_hashes;
pub(crate) use images::{Image, set_images};
pub(crate) use labels::{add_annotations, add_labels};
pub(crate) use nameref::fix_references;
pub(crate) use names::{Affix, NamespaceOptions, Subjects, add_affix, set_namespace};
pub(crate) use replicas::set_replicas;
pub(crate) use sort::{SortOrder, default_rank, kind_text, sort};
pub(crate) use vars::{Var, bind, replace_vars};

use flux_yaml::{Kind, Node};

use crate::error::{BuildError, Result};

/// Refuses a node of another shape, in kyaml's words.
pub(crate) fn expect_kind(node: &Node, want: Kind) -> Result<()> {
    if node.kind() == want || (node.is_null() && want == Kind::Scalar) {
        return Ok(());
    }
    let name = |kind: Kind| match kind {
        Kind::Scalar => "ScalarNode",
        Kind::Seq => "SequenceNode",
        Kind::Map => "MappingNode",
    };
    Err(BuildError::new(format!(
        "wrong node kind: expected {} but was {}",
        name(want),
        name(node.kind())
    ))
    .span_only(node.span))
}
