//! Knowledge bases: documents come in, passages come out. Owns the tables `knowledge_*`, the folder `D/knowledge` and `D/search/knowledge`.
//!
//! A document is stored, then taken in by jobs, a step at a time: a caged child reads it (`parse`), its text is cut along its structure
//! (`ingest`), the chunks are embedded (`embedding`), at last they are shown to searches (`index`). Rows are the truth; the index is made of
//! them and thrown away when it is damaged. Announces no facts and hears none.

mod bases_store;
mod changes_store;
mod chunks_store;
mod documents;
mod documents_routes;
mod documents_store;
mod embedding;
pub mod evaluate;
mod extract;
mod files;
mod format;
mod index;
mod index_steps;
mod ingest;
mod jobs;
mod model;
mod parse;
mod passages;
mod phrases;
mod robots;
mod routes;
mod search;
mod service;
mod sources;
mod views;
mod work;

use utoipa_axum::router::OpenApiRouter;

use crate::platform::access::{Permission, Role};

pub use format::Format;
pub use jobs::{chore, handlers};
pub use model::{BaseChange, DocumentChange, Embedding, EmbeddingProvider, NewBase, NewSource, ParseStatus};
pub use parse::run_worker;
pub use passages::{Passage, Scores};
pub use search::{Found, SearchMode, SearchOrder};
pub use service::{Knowledge, KnowledgeSetup};
pub use views::{BaseView, ChunkView, DocumentView};

/// May see knowledge bases and search them.
pub enum ReadKnowledge {}

impl Permission for ReadKnowledge {
    const RANK: Role = Role::Admin;
}

/// May change knowledge bases and their documents.
pub enum EditKnowledge {}

impl Permission for EditKnowledge {
    const RANK: Role = Role::Admin;
}

/// The routes of this slice.
pub fn routes(knowledge: Knowledge) -> OpenApiRouter {
    routes::routes().merge(documents_routes::routes()).with_state(knowledge)
}
