//! A file tree as a value: safe relative paths, the trait that every set of files implements, trees in memory,
//! and the ignore rules that decide what becomes part of an artifact.
//!
//! Nothing here touches a disk. A Git commit, an unpacked artifact and a folder on disk are all a [`FileTree`]
//! to the code that reads them; whoever owns such a thing implements the trait.
//!
//! - [`TreePath`]: a path that cannot leave its tree.
//! - [`FileTree`], [`Entry`], [`EntryKind`]: the seam.
//! - [`MemoryTree`]: immutable, cheap to clone, shares file contents.
//! - [`Overlay`], [`Sparse`]: a tree with other trees mounted into it; a tree reduced to some directories.
//! - [`ignore`]: `.sourceignore` patterns.

pub mod ignore;
mod memory;
mod overlay;
mod path;
mod sparse;
mod tree;

pub use memory::{MemoryTree, MemoryTreeBuilder};
pub use overlay::Overlay;
pub use path::{PathError, TreePath};
pub use sparse::Sparse;
pub use tree::{Entry, EntryKind, FileTree, TreeError, resolve, walk};
