//! From a file to chunks: the child that reads it, the text it becomes, the stretches the text is cut into.

mod chunk;
mod language;
mod reader;
mod render;

pub(super) use chunk::{BETWEEN_HEADINGS, Chunk, Cut, cut};
pub(super) use language::language;
pub(super) use reader::{Outcome, Reader};
pub(super) use render::render;
