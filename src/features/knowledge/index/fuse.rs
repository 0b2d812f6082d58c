//! One ranking of two: reciprocal rank fusion. Pure.

use std::collections::HashMap;

/// How fast a rank loses its worth.
const K: f32 = 60.0;

/// A chunk that one of the searches found, or both.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::features::knowledge) struct Candidate {
    /// The chunk.
    pub(in crate::features::knowledge) seq: i64,
    /// Its BM25 score, where the words found it.
    pub(in crate::features::knowledge) bm25: Option<f32>,
    /// Its place in that ranking, from 1.
    pub(in crate::features::knowledge) bm25_rank: Option<u32>,
    /// Cosine of its vector and the question's.
    pub(in crate::features::knowledge) cosine: Option<f32>,
    /// Its place in that ranking, from 1.
    pub(in crate::features::knowledge) vector_rank: Option<u32>,
    /// What both come to: 1 is first in both.
    pub(in crate::features::knowledge) hybrid: f32,
}

/// Joins two rankings, best first. Of equals the one with the nearer vector goes first.
pub(in crate::features::knowledge) fn fuse(words: &[(i64, f32)], vectors: &[(i64, f32)]) -> Vec<Candidate> {
    let mut all: HashMap<i64, Candidate> = HashMap::new();
    let empty = |seq| Candidate { seq, bm25: None, bm25_rank: None, cosine: None, vector_rank: None, hybrid: 0.0 };
    for (rank, (seq, score)) in (1u32..).zip(words) {
        let candidate = all.entry(*seq).or_insert_with(|| empty(*seq));
        (candidate.bm25, candidate.bm25_rank) = (Some(*score), Some(rank));
        candidate.hybrid += worth(rank);
    }
    for (rank, (seq, score)) in (1u32..).zip(vectors) {
        let candidate = all.entry(*seq).or_insert_with(|| empty(*seq));
        (candidate.cosine, candidate.vector_rank) = (Some(*score), Some(rank));
        candidate.hybrid += worth(rank);
    }
    let mut ranked: Vec<Candidate> = all.into_values().collect();
    let nearness = |candidate: &Candidate| candidate.cosine.unwrap_or(0.0);
    ranked.sort_by(|a, b| b.hybrid.total_cmp(&a.hybrid).then(nearness(b).total_cmp(&nearness(a))).then(a.seq.cmp(&b.seq)));
    ranked
}

fn worth(rank: u32) -> f32 {
    (K + 1.0) / (K + rank as f32) / 2.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_both_find_goes_before_what_one_finds() {
        let ranked = fuse(&[(1, 9.0), (2, 8.0), (3, 7.0)], &[(3, 0.9), (4, 0.8), (1, 0.1)]);
        let order: Vec<i64> = ranked.iter().map(|c| c.seq).collect();
        assert_eq!(order, [3, 1, 4, 2]);
        assert!((fuse(&[(1, 1.0)], &[(1, 1.0)])[0].hybrid - 1.0).abs() < 1e-6);
        assert!(fuse(&[], &[]).is_empty());
    }
}
