//! Vectors in memory, one array for each model.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

/// All vectors that searches use.
#[derive(Debug, Default)]
pub(super) struct Vectors {
    spaces: RwLock<HashMap<String, Space>>,
}

#[derive(Debug, Default)]
struct Space {
    n: usize,
    ids: Vec<u64>,
    values: Vec<i8>,
    scales: Vec<f32>,
}

impl Vectors {
    pub(super) fn add<'a>(&self, vectors: impl Iterator<Item = (u64, &'a str, &'a [f32])>) {
        let mut spaces = self.spaces.write().unwrap_or_else(PoisonError::into_inner);
        for (id, space, vector) in vectors {
            let space = spaces.entry(space.to_owned()).or_default();
            space.n = vector.len();
            let most = vector.iter().fold(0.0f32, |most, value| most.max(value.abs())).max(f32::MIN_POSITIVE);
            space.ids.push(id);
            space.scales.push(most / 127.0);
            space.values.extend(vector.iter().map(|value| (value / most * 127.0).round() as i8));
        }
    }

    pub(super) fn remove(&self, ids: &[u64]) {
        let mut spaces = self.spaces.write().unwrap_or_else(PoisonError::into_inner);
        for space in spaces.values_mut() {
            let kept: Vec<usize> = (0..space.ids.len()).filter(|at| ids.binary_search(&space.ids[*at]).is_err()).collect();
            space.values = kept.iter().flat_map(|at| space.values[at * space.n..(at + 1) * space.n].to_vec()).collect();
            space.scales = kept.iter().map(|at| space.scales[*at]).collect();
            space.ids = kept.iter().map(|at| space.ids[*at]).collect();
        }
    }

    pub(super) fn search(&self, space: &str, question: &[f32], limit: usize, may_show: impl Fn(u64) -> bool) -> Vec<(u64, f32)> {
        let spaces = self.spaces.read().unwrap_or_else(PoisonError::into_inner);
        let Some(space) = spaces.get(space).filter(|space| space.n == question.len()) else { return Vec::new() };
        let mut all: Vec<(u64, f32)> = (0..space.ids.len())
            .filter(|at| may_show(space.ids[*at]))
            .map(|at| {
                let dot: f32 = space.values[at * space.n..(at + 1) * space.n].iter().zip(question).map(|(a, b)| f32::from(*a) * b).sum();
                (space.ids[at], dot * space.scales[at])
            })
            .collect();
        all.sort_by(|a, b| b.1.total_cmp(&a.1));
        all.truncate(limit);
        all
    }
}
