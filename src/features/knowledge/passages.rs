//! From ranked chunks to passages: doubles collapsed, neighbours joined. Pure.

use std::collections::HashSet;

use serde::Serialize;
use utoipa::ToSchema;

use super::chunks_store::StoredChunk;
use super::index::{Candidate, Listed};
use super::model::chunk_id;
use crate::base::id::{DocumentId, KnowledgeBaseId};

/// Chunks that one passage may join.
const MOST_CHUNKS: usize = 3;

/// How a passage did in each search.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
pub struct Scores {
    /// BM25 over words; absent when the words did not find it.
    pub bm25: Option<f32>,
    /// Its place among what the words found, from 1.
    pub bm25_rank: Option<u32>,
    /// Cosine of its vector and the question's.
    pub vector: Option<f32>,
    /// Its place among what the vectors found, from 1.
    pub vector_rank: Option<u32>,
    /// Both rankings together: 1 is first in both.
    pub hybrid: f32,
}

/// A stretch of a document that was found.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Passage {
    /// The best of its chunks: `{document_id}_chunk_{position}`.
    pub chunk_id: String,
    /// All of its chunks, in order.
    pub chunk_ids: Vec<String>,
    /// The document.
    pub document_id: DocumentId,
    /// Name of the document.
    pub document_name: String,
    /// Where the document was fetched from.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub url: Option<String>,
    /// The base.
    pub kb_id: KnowledgeBaseId,
    /// The headings above it, the highest first, with ` › ` between them.
    pub heading: String,
    /// Page it begins on, where there are pages.
    pub page: Option<u32>,
    /// First character of it in the document's text.
    pub start: u64,
    /// The character behind its last.
    pub end: u64,
    /// The text.
    pub text: String,
    /// How near it is to the question: 0 to 1.
    pub score: f32,
    /// How it did in each search.
    pub scores: Scores,
}

/// A ranked chunk with its words and its document.
pub(super) struct Ranked {
    pub(super) candidate: Candidate,
    pub(super) chunk: StoredChunk,
    pub(super) document: Listed,
}

/// The first `limit` passages. Chunks must come best first; those below the threshold are left out.
pub(super) fn passages(ranked: &[Ranked], limit: usize, threshold: f32) -> Vec<Passage> {
    let mut seen = HashSet::new();
    let mut groups: Vec<Vec<&Ranked>> = Vec::new();
    for one in ranked {
        let words: String = one.chunk.body.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
        if score(one) < threshold || !seen.insert(words) {
            continue;
        }
        if let Some(group) = groups.iter_mut().find(|group| group.len() < MOST_CHUNKS && joins(group, one)) {
            group.push(one);
            continue;
        }
        if groups.len() < limit {
            groups.push(vec![one]);
        }
    }
    groups.iter().map(|group| joined(group)).collect()
}

/// How near a chunk is: its cosine; a chunk without a vector counts by its rank.
fn score(one: &Ranked) -> f32 {
    one.candidate.cosine.unwrap_or(one.candidate.hybrid).clamp(0.0, 1.0)
}

/// Whether a chunk lies right before or behind a group, under the same heading.
fn joins(group: &[&Ranked], one: &Ranked) -> bool {
    group.iter().any(|other| {
        other.chunk.document_id == one.chunk.document_id
            && other.chunk.heading == one.chunk.heading
            && other.chunk.position.abs_diff(one.chunk.position) == 1
    })
}

fn joined(group: &[&Ranked]) -> Passage {
    // The first of a group is its best.
    let best = group[0];
    let mut parts: Vec<&StoredChunk> = group.iter().map(|one| &one.chunk).collect();
    parts.sort_by_key(|chunk| chunk.position);
    let (first, mut text, mut end) = (parts[0], parts[0].body.clone(), parts[0].end);
    for next in &parts[1..] {
        let shared = usize::try_from(end.saturating_sub(next.start)).unwrap_or(0);
        if shared == 0 {
            text.push('\n');
        }
        text.extend(next.body.chars().skip(shared));
        end = end.max(next.end);
    }
    Passage {
        chunk_id: chunk_id(&best.chunk.document_id, best.chunk.position),
        chunk_ids: parts.iter().map(|chunk| chunk_id(&chunk.document_id, chunk.position)).collect(),
        document_id: best.document.id.clone(),
        document_name: best.document.name.clone(),
        url: best.document.url.clone(),
        kb_id: best.document.kb_id.clone(),
        heading: best.chunk.heading.clone(),
        page: first.page,
        start: first.start,
        end,
        text,
        score: rounded(score(best)),
        scores: Scores {
            bm25: best.candidate.bm25.map(rounded),
            bm25_rank: best.candidate.bm25_rank,
            vector: best.candidate.cosine.map(rounded),
            vector_rank: best.candidate.vector_rank,
            hybrid: rounded(best.candidate.hybrid),
        },
    }
}

fn rounded(score: f32) -> f32 {
    (score * 10_000.0).round() / 10_000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ranked(document: &str, position: u32, body: &str, (start, end): (u64, u64), cosine: f32) -> Ranked {
        Ranked {
            candidate: Candidate { seq: 1, bm25: None, bm25_rank: None, cosine: Some(cosine), vector_rank: Some(1), hybrid: 0.5 },
            chunk: StoredChunk {
                seq: 1,
                document_id: document.into(),
                position,
                body: body.to_owned(),
                heading: "H".to_owned(),
                page: Some(position + 1),
                start,
                end,
            },
            document: Listed {
                id: document.into(),
                kb_id: "kb".into(),
                name: document.to_owned(),
                url: None,
                tags: Vec::new(),
                language: "en".to_owned(),
                is_enabled: true,
                space: "s".to_owned(),
            },
        }
    }

    #[test]
    fn neighbours_become_one_passage_without_the_words_they_share() {
        let found = passages(
            &[ranked("a", 1, "cd ef", (3, 8), 0.9), ranked("a", 0, "ab cd", (0, 5), 0.8), ranked("b", 1, "zz", (0, 2), 0.7)],
            5,
            0.0,
        );
        assert_eq!(found.len(), 2);
        assert_eq!((found[0].text.as_str(), found[0].start, found[0].end, found[0].page), ("ab cd ef", 0, 8, Some(1)));
        assert_eq!((found[0].chunk_id.as_str(), found[0].chunk_ids.len()), ("a_chunk_1", 2));
    }

    #[test]
    fn doubles_are_shown_once_and_what_is_too_far_not_at_all() {
        let found = passages(
            &[ranked("a", 0, "Same  words", (0, 11), 0.9), ranked("b", 5, "same words", (0, 10), 0.8), ranked("c", 0, "far", (0, 3), 0.1)],
            5,
            0.2,
        );
        assert_eq!(found.iter().map(|p| p.document_id.as_str()).collect::<Vec<_>>(), ["a"]);
    }

    #[test]
    fn no_more_passages_come_than_are_wanted() {
        let all: Vec<Ranked> = (0..9).map(|n| ranked(&format!("d{n}"), 0, &format!("t{n}"), (0, 2), 0.5)).collect();
        assert_eq!(passages(&all, 3, 0.0).len(), 3);
    }
}
