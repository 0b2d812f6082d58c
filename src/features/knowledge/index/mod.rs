//! The search index: words on disk, vectors in memory, both made of rows and thrown away at will.

mod catalogue;
mod fuse;
mod lexical;
mod service;
mod vectors;
mod words;

pub(super) use catalogue::{Allowed, Listed, Selection};
pub(super) use fuse::{Candidate, fuse};
pub(super) use service::Index;
