//! Sentences that were spoken before: a greeting or a fallback is made once, not once per call.

use std::collections::{HashMap, VecDeque};

use crate::engine::media::Clip;

/// Clips by voice and sentence, bounded by their samples; the one unused for longest goes first.
pub(super) struct SentenceCache {
    clips: HashMap<(String, String), Clip>,
    order: VecDeque<(String, String)>,
    n_samples: usize,
    most_samples: usize,
}

impl SentenceCache {
    /// A cache that holds at most this many samples.
    pub(super) fn new(most_samples: usize) -> Self {
        Self { clips: HashMap::new(), order: VecDeque::new(), n_samples: 0, most_samples }
    }

    /// The clip, if it is still there.
    pub(super) fn get(&mut self, voice: &str, sentence: &str) -> Option<Clip> {
        let key = (voice.to_owned(), sentence.to_owned());
        let clip = self.clips.get(&key)?.clone();
        self.order.retain(|known| *known != key);
        self.order.push_back(key);
        Some(clip)
    }

    /// Keeps a clip, unless it alone is larger than an eighth of the cache.
    pub(super) fn put(&mut self, voice: &str, sentence: &str, clip: &Clip) {
        let key = (voice.to_owned(), sentence.to_owned());
        if clip.samples.len() > self.most_samples / 8 || self.clips.contains_key(&key) {
            return;
        }
        self.n_samples += clip.samples.len();
        self.order.push_back(key.clone());
        self.clips.insert(key, clip.clone());
        while self.n_samples > self.most_samples {
            let Some(oldest) = self.order.pop_front() else { break };
            if let Some(gone) = self.clips.remove(&oldest) {
                self.n_samples -= gone.samples.len();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clip(n_samples: usize) -> Clip {
        Clip { rate: 16_000, samples: vec![0; n_samples].into() }
    }

    #[test]
    fn what_was_unused_for_longest_goes_first() {
        let mut cache = SentenceCache::new(80);
        for n in 0..8 {
            cache.put("slt", &n.to_string(), &clip(10));
        }
        assert!(cache.get("slt", "0").is_some());
        cache.put("slt", "new", &clip(10));
        assert!(cache.get("slt", "0").is_some() && cache.get("slt", "new").is_some());
        assert!(cache.get("slt", "1").is_none());
    }

    #[test]
    fn a_giant_does_not_empty_the_cache_and_voices_do_not_mix() {
        let mut cache = SentenceCache::new(80);
        cache.put("slt", "hello", &clip(10));
        cache.put("slt", "a long speech", &clip(11));
        assert!(cache.get("slt", "a long speech").is_none());
        assert!(cache.get("slt", "hello").is_some() && cache.get("rms", "hello").is_none());
    }
}
