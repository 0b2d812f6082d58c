//! What people put on calls: tags, notes, and the legal hold under which nothing of a call is removed.
//!
//! Owns the tables `call_tags`, `call_notes` and `call_holds`. Who did what when stands beside each of them and in the audit trail; the
//! words themselves stand in no trail, so that they can be erased.

pub(super) mod marks_store;
mod model;
mod routes;
mod service;

pub(super) use model::{HoldView, NoteView, TagView};
pub(super) use routes::routes;
