//! What the index promises: the same hits as a look at everything, and searches that are never in the way.

use std::collections::BTreeSet;
use std::sync::atomic::{self, AtomicBool};

use cxbox_kernels::dot;
use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

const EVERY: fn(i64) -> bool = |_| true;

fn unit(seed: u64, dimensions: usize) -> Vec<f32> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut vector: Vec<f32> = (0..dimensions)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 40) as f32 / (1 << 23) as f32 - 1.0
        })
        .collect();
    let length = dot(&vector, &vector).sqrt();
    vector.iter_mut().for_each(|value| *value /= length);
    vector
}

fn ids(hits: &[Near]) -> Vec<i64> {
    hits.iter().map(|hit| hit.id).collect()
}

fn filled(ids: std::ops::Range<i64>, dimensions: usize) -> VectorIndex {
    let index = VectorIndex::new(dimensions);
    let vectors: Vec<_> = ids.map(|id| (id, unit(id.unsigned_abs(), dimensions))).collect();
    index.add(vectors.iter().map(|(id, vector)| (*id, vector.as_slice()))).unwrap();
    index
}

#[test]
fn the_vector_itself_is_the_nearest_and_its_score_is_its_cosine() {
    for dimensions in [3, 64, 384, 1536] {
        let index = filled(0..100, dimensions);
        let hits = index.search(&unit(42, dimensions), 3, EVERY).unwrap();
        assert_eq!((hits.len(), hits[0].id), (3, 42), "{dimensions}");
        assert!((hits[0].score - 1.0).abs() < 0.01, "{}", hits[0].score);
        assert!(hits.is_sorted_by(|a, b| a.score >= b.score));
    }
}

#[test]
fn only_what_is_wanted_is_found_however_far_it_is() {
    let index = filled(0..3000, 64);
    assert_eq!(ids(&index.search(&unit(42, 64), 5, |id| id == 2999).unwrap()), [2999]);
    assert!(index.search(&unit(42, 64), 5, |_| false).unwrap().is_empty());
    assert!(index.search(&unit(42, 64), 0, EVERY).unwrap().is_empty());
}

#[test]
fn what_is_added_again_moves_and_what_is_removed_is_gone() {
    let index = filled(0..10, 64);
    index.add([(3, unit(77, 64).as_slice())]).unwrap();
    assert_eq!((index.len(), ids(&index.search(&unit(77, 64), 1, EVERY).unwrap())), (10, vec![3]));
    assert_ne!(ids(&index.search(&unit(3, 64), 1, EVERY).unwrap()), [3]);
    index.remove([3, 3, 1000]);
    assert_eq!(index.len(), 9);
    assert!(!ids(&index.search(&unit(77, 64), 100, EVERY).unwrap()).contains(&3));
}

#[test]
fn a_vector_that_does_not_fit_changes_nothing() {
    let index = filled(0..10, 64);
    assert!(index.add([(20, unit(1, 64).as_slice()), (21, &[1.0; 3])]).is_err());
    assert!(index.search(&[1.0; 63], 1, EVERY).is_err());
    assert!(index.rebuild([Ok((1, unit(1, 64))), Err(Error::internal("the row is damaged"))]).is_err());
    assert_eq!(index.len(), 10);
    index.rebuild((5..7).map(|id| Ok((id, unit(5, 64))))).unwrap();
    assert_eq!(ids(&index.search(&unit(5, 64), 9, EVERY).unwrap()), [5, 6]);
}

#[test]
fn the_best_fifty_hold_the_exact_best_ten() {
    let index = filled(0..5000, 384);
    let mut found = 0;
    for query in 10_000..10_020 {
        let query = unit(query, 384);
        let mut exact: Vec<_> = (0..5000).map(|id: i64| (dot(&unit(id.unsigned_abs(), 384), &query), id)).collect();
        exact.sort_by(|a, b| b.0.total_cmp(&a.0));
        let hits = ids(&index.search(&query, 50, EVERY).unwrap());
        found += exact[..10].iter().filter(|(_, id)| hits.contains(id)).count();
    }
    assert_eq!(found, 200);
}

#[test]
fn among_many_the_near_ones_are_found_by_their_signs() {
    // Each few hundred vectors lean towards one of 120 directions: nearness that means something, unlike that of random ones.
    let leaning = |id: i64| -> Vec<f32> {
        let (towards, own) = (unit((1_000_000 + id % 120).unsigned_abs(), 64), unit(id.unsigned_abs(), 64));
        towards.iter().zip(own).map(|(towards, own)| towards + own * 0.7).collect()
    };
    let index = VectorIndex::new(64);
    index.rebuild((0..34_000).map(|id| Ok((id, leaning(id))))).unwrap();
    for id in [5, 77, 33_999] {
        let query = leaning(id);
        let hits = ids(&index.search(&query, 50, EVERY).unwrap());
        let mut exact: Vec<_> = (0..34_000).map(|id| (dot(&leaning(id), &query), id)).collect();
        exact.sort_by(|a, b| b.0.total_cmp(&a.0));
        let n_found = exact[..10].iter().filter(|(_, id)| hits.contains(id)).count();
        assert!(n_found >= 9, "{n_found} of ten near {id}");
        let few = ids(&index.search(&query, 50, |hit| hit % 120 == (id + 1) % 120).unwrap());
        assert_eq!(few.len(), 50);
        assert!(few.iter().all(|hit| hit % 120 == (id + 1) % 120));
    }
}

#[test]
fn gaps_are_closed_before_they_are_a_burden() {
    let index = filled(0..8000, 64);
    index.remove(0..4000);
    assert_eq!((index.len(), index.blocks().len()), (4000, 4));
    assert_eq!(ids(&index.search(&unit(7000, 64), 1, EVERY).unwrap()), [7000]);
    index.remove([7000]);
    assert_ne!(ids(&index.search(&unit(7000, 64), 1, EVERY).unwrap()), [7000]);
}

#[test]
fn searches_go_on_while_everything_changes() {
    let index = filled(0..2000, 64);
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let searching = scope.spawn(|| {
            let mut n_searches = 0;
            while !done.load(atomic::Ordering::Relaxed) || n_searches == 0 {
                // The first thousand stays all the time.
                assert_eq!(ids(&index.search(&unit(500, 64), 1, EVERY).unwrap()), [500]);
                n_searches += 1;
            }
        });
        for round in 0..50_i64 {
            let vectors: Vec<_> = (3000..3100).map(|id| (id + round, unit(id.unsigned_abs(), 64))).collect();
            index.add(vectors.iter().map(|(id, vector)| (*id, vector.as_slice()))).unwrap();
            index.remove((1000 + round * 20)..(1020 + round * 20));
        }
        done.store(true, atomic::Ordering::Relaxed);
        searching.join().unwrap();
    });
    assert_eq!(index.len(), 1000 + 149);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    #[test]
    fn it_holds_what_a_set_would_hold(changes in vec((any::<bool>(), 0_i64..40, 1_i64..30), 1..30)) {
        let (index, mut model) = (VectorIndex::new(64), BTreeSet::new());
        for (adds, from, n) in changes {
            if adds {
                let vectors: Vec<_> = (from..from + n).map(|id| (id, unit(id.unsigned_abs(), 64))).collect();
                index.add(vectors.iter().map(|(id, vector)| (*id, vector.as_slice()))).unwrap();
                model.extend(from..from + n);
            } else {
                index.remove(from..from + n);
                model.retain(|id| !(from..from + n).contains(id));
            }
        }
        let found: BTreeSet<_> = ids(&index.search(&unit(1, 64), 1000, EVERY).unwrap()).into_iter().collect();
        prop_assert_eq!(found, model.clone());
        prop_assert_eq!(index.len(), model.len());
    }
}
