//! Knowledge bases, documents and chunks as they are shown.

use serde::Serialize;
use utoipa::ToSchema;

use super::model::{Embedding, ParseStatus};
use crate::base::Millis;
use crate::base::id::{DocumentId, KnowledgeBaseId};

/// A knowledge base.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct BaseView {
    /// The base.
    pub id: KnowledgeBaseId,
    /// What people call it.
    pub name: String,
    /// What is in it.
    pub description: String,
    /// Whether searches look into it.
    pub is_enabled: bool,
    /// Characters of a chunk.
    pub chunk_chars: u32,
    /// Characters that neighbouring chunks share.
    pub chunk_overlap: u32,
    /// The embedding model, its key masked.
    pub embedding: Embedding,
    /// Whether everything is being embedded anew for another model.
    pub is_reembedding: bool,
    /// How many documents it has.
    pub n_documents: u64,
    /// How many of them are indexed.
    pub n_indexed: u64,
    /// How many failed.
    pub n_failed: u64,
    /// How many chunks searches look at.
    pub n_chunks: u64,
    /// Who made it.
    pub created_by: String,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Millis,
    /// When it was last changed.
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Millis,
}

/// A document.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct DocumentView {
    /// The document.
    pub id: DocumentId,
    /// The base it belongs to.
    pub kb_id: KnowledgeBaseId,
    /// Its name.
    pub name: String,
    /// What it is; for a URL, what its last answer was.
    pub format: String,
    /// Where it was fetched from.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub url: Option<String>,
    /// Size in bytes.
    pub size: u64,
    /// SHA-256 of the file.
    pub sha256: Option<String>,
    /// Words to filter searches by.
    pub tags: Vec<String>,
    /// Where it stands.
    pub parse_status: ParseStatus,
    /// Percent of the way from uploaded to indexed.
    pub progress: u32,
    /// Why it failed; empty otherwise.
    pub parse_error: String,
    /// Language of its text, two letters; empty while nobody knows.
    pub language: String,
    /// Pages, where there are pages.
    pub n_pages: Option<u32>,
    /// Chunks that searches look at.
    pub n_chunks: u64,
    /// It is fetched again after this many hours.
    pub refresh_hours: Option<u32>,
    /// Whether this answer is about a document that was there already: the same file of the same base.
    pub is_duplicate: bool,
    /// Who added it.
    pub created_by: String,
    /// When it was added.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Millis,
    /// When it last became searchable.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub indexed_at: Option<Millis>,
    /// When it was last fetched.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub fetched_at: Option<Millis>,
}

/// A stretch of a document's text.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ChunkView {
    /// `{document_id}_chunk_{position}`.
    pub chunk_id: String,
    /// Its place in the document, from 0.
    pub position: u32,
    /// The text.
    pub text: String,
    /// The headings above it, the highest first, with ` › ` between them.
    pub heading: String,
    /// Page it begins on.
    pub page: Option<u32>,
    /// First character of it in the document's text.
    pub start: u64,
    /// The character behind its last.
    pub end: u64,
}
