//! Recognition inside the worker: grammars that are kept, words that are learnt when they are needed, and how sure a result is.

use std::collections::{HashSet, VecDeque};

use super::ffi::{Decoded, Flite, Sphinx};
use super::frame::Reply;
use super::{fold, grammar, model};
use crate::base::Result;

/// Grammars that are kept ready; the one unused for longest goes first.
const MOST_GRAMMARS: usize = 16;

/// Name of the search that takes any sequence of phones; what fits it much better than the grammar is not of the grammar.
const ANYTHING: &str = "anything";

/// Score per 10 ms from which on a result is taken without comparing it; other speech stays well below on a clean line.
const CLEAR: f64 = -50.0;

/// How sure such a result is.
const CLEARLY: f32 = 0.95;

/// Difference of scores at which a result is worth nothing.
const NO_MATCH: f64 = 28.0;

/// The sounds of the model, without silence and noise.
const PHONES: &[&str] = &[
    "AA", "AE", "AH", "AO", "AW", "AY", "B", "CH", "D", "DH", "EH", "ER", "EY", "F", "G", "HH", "IH", "IY", "JH", "K", "L", "M", "N", "NG",
    "OW", "OY", "P", "R", "S", "SH", "T", "TH", "UH", "UW", "V", "W", "Y", "Z", "ZH",
];

struct Grammar {
    phrases: Vec<String>,
    name: String,
    skipped: Vec<String>,
    is_empty: bool,
}

/// The recogniser with its grammars.
pub(super) struct Listener {
    sphinx: Sphinx,
    grammars: VecDeque<Grammar>,
    n_made: u64,
}

impl Listener {
    /// Loads the model.
    pub(super) fn new() -> Result<Self> {
        let mut sphinx = model::load()?;
        // Words cannot contain a capital letter, so these never meet a word of a phrase.
        let sounds: Vec<String> = PHONES.iter().map(|phone| format!("SOUND{phone}")).collect();
        for (sound, phone) in sounds.iter().zip(PHONES) {
            sphinx.learn(sound, phone);
        }
        sphinx.add_grammar(ANYTHING, &grammar::any_sequence(&sounds))?;
        Ok(Self { sphinx, grammars: VecDeque::new(), n_made: 0 })
    }

    /// What was said, as one of the phrases, and how sure that is.
    pub(super) fn transcribe(&mut self, flite: &Flite, samples: &[i16], rate: u32, phrases: Vec<String>) -> Result<Reply> {
        let grammar = self.grammar(flite, phrases)?;
        let (name, skipped, is_empty) = (grammar.name.clone(), grammar.skipped.clone(), grammar.is_empty);
        if is_empty || samples.is_empty() {
            return Ok(Reply::Heard { text: String::new(), confidence: 0.0, skipped });
        }
        let samples = fold::to_16k(samples, rate);
        let heard = self.sphinx.decode(&name, &samples)?;
        if heard.text.is_empty() {
            return Ok(Reply::Heard { text: String::new(), confidence: 0.0, skipped });
        }
        let confidence = match per_frame(&heard) {
            Some(fit) if fit >= CLEAR => CLEARLY,
            Some(fit) => self.compare(fit, &samples)?,
            None => 0.0,
        };
        Ok(Reply::Heard { text: heard.text, confidence, skipped })
    }

    /// How sure a result is, from how much worse the grammar fits than any sequence of sounds does.
    fn compare(&mut self, fit: f64, samples: &[i16]) -> Result<f32> {
        let anything = self.sphinx.decode(ANYTHING, samples)?;
        Ok(per_frame(&anything).map_or(0.0, |free| confidence_of(fit - free)))
    }

    fn grammar(&mut self, flite: &Flite, phrases: Vec<String>) -> Result<&Grammar> {
        if let Some(at) = self.grammars.iter().position(|known| known.phrases == phrases) {
            if let Some(known) = self.grammars.remove(at) {
                self.grammars.push_front(known);
            }
        } else {
            let made = self.make_grammar(flite, phrases)?;
            self.grammars.push_front(made);
            if self.grammars.len() > MOST_GRAMMARS
                && let Some(oldest) = self.grammars.pop_back()
            {
                self.sphinx.drop_search(&oldest.name);
            }
        }
        Ok(&self.grammars[0])
    }

    fn make_grammar(&mut self, flite: &Flite, phrases: Vec<String>) -> Result<Grammar> {
        let wanted = grammar::sentences(&phrases);
        let unknown = self.learn(flite, &wanted);
        let (good, bad): (Vec<_>, Vec<_>) = wanted.into_iter().partition(|words| !words.iter().any(|word| unknown.contains(word)));
        let skipped: Vec<String> = bad.iter().map(|words| words.join(" ")).collect();
        self.n_made += 1;
        let name = format!("grammar-{}", self.n_made);
        if !good.is_empty() {
            self.sphinx.add_grammar(&name, &grammar::jsgf(&good))?;
        }
        Ok(Grammar { phrases, name, skipped, is_empty: good.is_empty() })
    }

    /// Learns the words the decoder does not know: from the dictionary, else by flite's letter rules. Answers with those that have no phones.
    fn learn(&mut self, flite: &Flite, sentences: &[Vec<String>]) -> HashSet<String> {
        let wanted: HashSet<&str> =
            sentences.iter().flatten().map(String::as_str).chain(["please"]).filter(|word| !self.sphinx.knows(word)).collect();
        if wanted.is_empty() {
            return HashSet::new();
        }
        let known = model::pronunciations(&wanted);
        let mut unknown = HashSet::new();
        for word in wanted {
            let spoken = match known.get(word) {
                Some(ways) => ways.iter().map(|way| (*way).to_owned()).collect(),
                None => flite.phones(word).into_iter().collect::<Vec<_>>(),
            };
            let n_learnt = spoken
                .iter()
                .enumerate()
                .filter(|(n, phones)| {
                    let entry = if *n == 0 { word.to_owned() } else { format!("{word}({})", n + 1) };
                    self.sphinx.learn(&entry, phones)
                })
                .count();
            if n_learnt == 0 {
                unknown.insert(word.to_owned());
            }
        }
        unknown
    }
}

/// From the difference of the two scores per 10 ms. Phrases of a grammar that were said lie between 7 and -12 of it, other sentences
/// below -18; single words that sound alike lie between.
fn confidence_of(difference: f64) -> f32 {
    (1.0 + difference / NO_MATCH).clamp(0.0, 1.0) as f32
}

/// Acoustic score per 10 ms: 0 if every frame were the best of all sounds, less the worse it fits.
fn per_frame(decoded: &Decoded) -> Option<f64> {
    let n_frames = decoded.segments.last()?.to - decoded.segments.first()?.from + 1;
    let sum: f64 = decoded.segments.iter().map(|segment| f64::from(segment.acoustic)).sum();
    (n_frames > 0).then(|| sum / f64::from(n_frames))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn confidence_falls_with_the_distance_from_free_speech() {
        for (difference, least, most) in [(7.0, 1.0, 1.0), (-4.0, 0.8, 0.9), (-12.0, 0.55, 0.6), (-18.0, 0.3, 0.4), (-40.0, 0.0, 0.0)] {
            let confidence = confidence_of(difference);
            assert!((least..=most).contains(&confidence), "{difference} gives {confidence}");
        }
    }
}
