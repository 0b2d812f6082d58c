//! What is found out about a call once it is over: a disposition that is known at once, or what the bot's prompts ask of its model.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value, json};

use super::disposition::{Ended, automatic};
use super::gathered::Gathered;
use crate::base::Clock;
use crate::contract::config::CallConfig;
use crate::contract::turn::{Role, Turn};
use crate::engine::providers::{Analyst, Review, Reviewed, Verdict};

/// The longest that a result waits for its analysis.
const WITHIN: Duration = Duration::from_secs(60);
/// Times a model is asked the same.
const TRIES: usize = 2;
/// Added to a prompt: the answer is stored as an object.
const AS_JSON: &str = "Answer with one JSON object and nothing else.";
/// Added when the first answer was none.
const AS_JSON_REALLY: &str =
    "The answer before was not a JSON object. Answer with exactly one JSON object: no list, no code block, no other words.";

/// What a bot wants to know of its finished calls.
#[derive(Clone, Default)]
pub(super) struct Aftercare {
    analysis_prompt: String,
    qc_prompt: String,
    auto_dispositions: Option<Value>,
    is_cached: bool,
    analyst: Option<Arc<dyn Analyst>>,
}

/// What was found.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Findings {
    /// `post_call_analysis`.
    pub(super) analysis: Option<Map<String, Value>>,
    /// `qc_analysis`.
    pub(super) qc: Option<Map<String, Value>>,
    /// Entries of `usage_metrics`.
    pub(super) usage: Vec<Value>,
    /// Events: their name and details.
    pub(super) notes: Vec<(&'static str, Map<String, Value>)>,
}

impl Aftercare {
    /// What the bot of this call declares.
    pub(super) fn of(config: &CallConfig) -> Self {
        Self {
            analysis_prompt: config.post_call_analysis_prompt.clone().unwrap_or_default(),
            qc_prompt: config.qc_prompt.clone().unwrap_or_default(),
            auto_dispositions: config.auto_dispositions.clone(),
            is_cached: config.post_call_cache_enabled,
            analyst: None,
        }
    }

    /// The model that reads.
    pub(super) fn read_by(&mut self, analyst: Option<Arc<dyn Analyst>>) {
        self.analyst = analyst;
    }

    /// Finds out what the bot wants to know. A model that fails or takes too long costs the analysis, never the result.
    pub(super) async fn look(&self, gathered: &Gathered, ended: Ended<'_>, clock: &Clock) -> Findings {
        let is_asked = !self.analysis_prompt.trim().is_empty() || !self.qc_prompt.trim().is_empty();
        if !is_asked && self.auto_dispositions.is_none() {
            return Findings::default();
        }
        if let Some(analysis) = automatic(ended, self.auto_dispositions.as_ref()) {
            return Findings { analysis: Some(analysis), ..Findings::default() };
        }
        let call = text_of(gathered, ended);
        let both = async { tokio::join!(self.ask("post_call", &self.analysis_prompt, &call), self.ask("qc", &self.qc_prompt, &call)) };
        let (analysis, qc) = tokio::select! {
            both = both => both,
            () = clock.sleep(WITHIN) => return failed("post_call", "the model took too long"),
        };
        Findings {
            usage: analysis.usage.into_iter().chain(qc.usage).collect(),
            notes: analysis.notes.into_iter().chain(qc.notes).collect(),
            analysis: analysis.analysis,
            qc: qc.analysis,
        }
    }

    /// One prompt's answer, as `analysis`.
    async fn ask(&self, kind: &'static str, prompt: &str, call: &str) -> Findings {
        if prompt.trim().is_empty() {
            return Findings::default();
        }
        let Some(analyst) = &self.analyst else { return failed(kind, "the bot has no language model") };
        let mut found = Findings::default();
        let mut why = String::new();
        for n in 0..TRIES {
            let added = if n == 0 { AS_JSON } else { AS_JSON_REALLY };
            let review = Review { instructions: format!("{}\n\n{added}", prompt.trim()), call: call.to_owned() };
            match analyst.review(&review).await {
                Ok(reviewed) => {
                    found.usage.push(self.usage(kind, &reviewed));
                    match reviewed.object {
                        Some(object) => {
                            found.analysis = Some(object);
                            return found;
                        }
                        None => why = "the model answered something else than a JSON object".to_owned(),
                    }
                }
                Err(error) => {
                    why = error.message;
                    if error.verdict == Verdict::GiveUp {
                        break;
                    }
                }
            }
        }
        found.notes = failed(kind, &why).notes;
        found
    }

    /// Tokens as the result lists them (decision 23).
    fn usage(&self, kind: &str, reviewed: &Reviewed) -> Value {
        let status = if reviewed.cached_tokens > 0 { "hit" } else { "miss" };
        let mut entry = json!({
            "type": kind, "prompt_tokens": reviewed.prompt_tokens, "completion_tokens": reviewed.completion_tokens,
            "cache_read_input_tokens": reviewed.cached_tokens, "cache_creation_input_tokens": 0, "cache_enabled": self.is_cached,
        });
        if self.is_cached {
            entry["cache_status"] = status.into();
        }
        entry
    }
}

fn failed(kind: &str, why: &str) -> Findings {
    let detail = [("kind", kind), ("reason", why)].map(|(name, value)| (name.to_owned(), value.into()));
    Findings { notes: vec![("analysis_failed", Map::from_iter(detail))], ..Findings::default() }
}

/// The call as a model reads it: a line for how it was, a line per turn. What only filled a wait says nothing about it.
fn text_of(gathered: &Gathered, ended: Ended<'_>) -> String {
    let direction = gathered.skeleton.call_direction.as_deref().unwrap_or("inbound");
    let head = format!("Direction: {direction}. Length: {:.0} seconds. Ended by: {}.", ended.seconds, ended.by);
    let lines = gathered.turns.iter().filter(|turn| !turn.is_filler()).map(line);
    [head, String::new()].into_iter().chain(lines).collect::<Vec<_>>().join("\n")
}

fn line(turn: &Turn) -> String {
    let speaker = match turn.role {
        Role::Assistant => "AI",
        Role::User => "Caller",
        Role::Tool => "Tool",
    };
    format!("{speaker}: {}", turn.content)
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;
    use std::sync::Mutex;

    use super::*;
    use crate::base::Millis;
    use crate::contract::result::CallResultsPayload;
    use crate::contract::turn::FILLER;
    use crate::engine::providers::{ProviderError, Soon};

    /// Answers from a list and remembers what it was asked.
    #[derive(Default)]
    struct Scripted {
        answers: Mutex<VecDeque<Result<Reviewed, ProviderError>>>,
        asked: Mutex<Vec<Review>>,
    }

    impl Analyst for Scripted {
        fn review<'a>(&'a self, review: &'a Review) -> Soon<'a, Result<Reviewed, ProviderError>> {
            self.asked.lock().expect("sound").push(review.clone());
            let answer = self.answers.lock().expect("sound").pop_front().expect("no more than these are asked");
            Box::pin(async move { answer })
        }
    }

    fn object(text: &str) -> Option<Map<String, Value>> {
        serde_json::from_str(text).ok()
    }

    fn reviewed(text: &str) -> Result<Reviewed, ProviderError> {
        Ok(Reviewed { object: object(text), prompt_tokens: 100, completion_tokens: 10, cached_tokens: 60 })
    }

    fn refused(verdict: Verdict) -> Result<Reviewed, ProviderError> {
        Err(ProviderError { verdict, message: "no capacity".to_owned() })
    }

    fn talked() -> Gathered {
        let mut gathered = Gathered::of(CallResultsPayload::default());
        for (role, words) in [(Role::Assistant, "Hello"), (Role::User, "I want a table")] {
            gathered.turns.push(Turn { role, content: words.to_owned(), ts: Millis(0), extra: Map::new() });
        }
        let extra = Map::from_iter([(FILLER.to_owned(), true.into())]);
        gathered.turns.push(Turn { role: Role::Assistant, content: "One moment".to_owned(), ts: Millis(0), extra });
        gathered
    }

    async fn look(answers: Vec<Result<Reviewed, ProviderError>>, qc: &str) -> (Findings, Vec<Review>) {
        let analyst = Arc::new(Scripted { answers: Mutex::new(answers.into()), ..Scripted::default() });
        let aftercare = Aftercare {
            analysis_prompt: "What did they want?".to_owned(),
            qc_prompt: qc.to_owned(),
            is_cached: true,
            analyst: Some(analyst.clone()),
            ..Aftercare::default()
        };
        let ended = Ended { by: "customer", seconds: 42.4, has_spoken: true };
        let found = aftercare.look(&talked(), ended, &Clock::system()).await;
        let asked = analyst.asked.lock().expect("sound").clone();
        (found, asked)
    }

    #[tokio::test]
    async fn both_prompts_are_asked_of_the_whole_call() {
        let (found, asked) = look(vec![reviewed("{\"DISPOSITION\":\"booked\"}"), reviewed("{\"score\":9}")], "How well was it done?").await;
        assert_eq!((found.analysis, found.qc), (object("{\"DISPOSITION\":\"booked\"}"), object("{\"score\":9}")));
        assert_eq!(asked[0].call, "Direction: inbound. Length: 42 seconds. Ended by: customer.\n\nAI: Hello\nCaller: I want a table");
        assert!(asked[0].instructions.starts_with("What did they want?\n") && asked[1].instructions.starts_with("How well"));
        let kinds: Vec<_> = found.usage.iter().map(|entry| (entry["type"].clone(), entry["cache_status"].clone())).collect();
        assert_eq!(kinds, [(json!("post_call"), json!("hit")), (json!("qc"), json!("hit"))]);
        assert!(found.notes.is_empty());
    }

    #[tokio::test]
    async fn a_wrong_answer_is_asked_for_once_more_and_then_given_up() {
        let (found, asked) = look(vec![reviewed("sorry"), reviewed("{\"a\":1}")], "").await;
        assert_eq!((found.analysis, found.usage.len()), (object("{\"a\":1}"), 2));
        assert!(asked[1].instructions.contains("not a JSON object"));
        let (found, asked) = look(vec![reviewed("sorry"), reviewed("sorry")], "").await;
        assert_eq!((found.analysis, asked.len(), found.notes[0].0), (None, 2, "analysis_failed"));
        let (found, asked) = look(vec![refused(Verdict::Retry), reviewed("{\"a\":1}")], "").await;
        assert_eq!((found.analysis, asked.len()), (object("{\"a\":1}"), 2));
        let (found, asked) = look(vec![refused(Verdict::GiveUp)], "").await;
        assert_eq!((found.analysis, asked.len(), &found.notes[0].1["reason"]), (None, 1, &json!("no capacity")));
    }

    #[tokio::test]
    async fn what_needs_no_model_asks_none() {
        let silent = Ended { by: "RNR", seconds: 30.0, has_spoken: false };
        let asking = Aftercare { analysis_prompt: "What?".to_owned(), ..Aftercare::default() };
        let found = asking.look(&talked(), silent, &Clock::system()).await;
        assert_eq!(found.analysis.expect("at once")["DISPOSITION"], "RNR");
        let indifferent = Aftercare::default();
        assert_eq!(indifferent.look(&talked(), silent, &Clock::system()).await, Findings::default());
        let talked_to = Ended { by: "customer", seconds: 30.0, has_spoken: true };
        let found = asking.look(&talked(), talked_to, &Clock::system()).await;
        assert_eq!(found.notes[0].1["reason"], "the bot has no language model");
    }
}
