//! Chains of providers that do as they are told.

use std::collections::VecDeque;

use super::*;

/// Answers from a list; then always with the last word of it.
struct Listed(Mutex<VecDeque<Result<&'static str, Verdict>>>);

impl Listed {
    fn next(&self) -> Result<&'static str, ProviderError> {
        let mut all = self.0.lock().expect("sound");
        let next = if all.len() > 1 { all.pop_front() } else { all.front().copied() };
        next.expect("an answer").map_err(|verdict| ProviderError { verdict, message: "no".to_owned() })
    }
}

impl Stt for Listed {
    fn transcribe<'a>(&'a self, _: &'a Clip, _: &'a Hints) -> Soon<'a, Result<Heard, ProviderError>> {
        let heard = self.next().map(|text| Heard { text: text.to_owned(), confidence: 1.0 });
        Box::pin(async move { heard })
    }
}

impl Llm for Listed {
    fn answer(&self, _: Ask) -> Soon<'_, Result<mpsc::Receiver<Piece>, ProviderError>> {
        let piece = self.next().map_or_else(Piece::Failed, |text| Piece::Text(text.to_owned()));
        Box::pin(async move {
            let (send, receive) = mpsc::channel(4);
            send.send(piece).await.expect("room");
            send.send(Piece::Text(" more".to_owned())).await.expect("room");
            Ok(receive)
        })
    }
}

type Answers = [&'static [Result<&'static str, Verdict>]];

fn links(answers: &Answers) -> Vec<(String, Arc<Listed>)> {
    let listed = |(n, list): (usize, &&[_])| (format!("p{n}"), Arc::new(Listed(Mutex::new(list.iter().copied().collect()))));
    answers.iter().enumerate().map(listed).collect()
}

fn stt(answers: &Answers) -> (Chain<dyn Stt>, Replacements) {
    let replaced = Replacements::default();
    let links = links(answers).into_iter().map(|(name, provider)| Link { name, provider: provider as Arc<dyn Stt> }).collect();
    (Chain::new("stt", links, replaced.clone(), Clock::system()), replaced)
}

async fn hear(chain: &Chain<dyn Stt>) -> Result<String, Verdict> {
    let utterance = Clip { rate: 8000, samples: [].into() };
    chain.transcribe(&utterance, &Hints::default()).await.map(|heard| heard.text).map_err(|error| error.verdict)
}

#[tokio::test]
async fn one_that_will_not_work_again_is_passed_over_at_once_and_told_once() {
    let (chain, replaced) = stt(&[&[Err(Verdict::GiveUp), Ok("first")], &[Ok("second")]]);
    assert_eq!(hear(&chain).await, Ok("second".to_owned()));
    assert_eq!(hear(&chain).await, Ok("second".to_owned()), "the first one is not asked any more");
    let told = replaced.take();
    assert_eq!((told.len(), told[0].name.as_str(), told[0].by.as_str(), told[0].slot), (1, "p0", "p1", "stt"));
    assert!(replaced.take().is_empty());
}

#[tokio::test]
async fn one_that_may_work_again_gets_a_second_chance() {
    let (chain, replaced) =
        stt(&[&[Err(Verdict::Retry), Ok("first"), Err(Verdict::Retry), Err(Verdict::Retry), Ok("first")], &[Ok("second")]]);
    for expected in ["second", "first", "second", "second", "second"] {
        assert_eq!(hear(&chain).await, Ok(expected.to_owned()));
    }
    assert_eq!(replaced.take().len(), 1);
}

#[tokio::test]
async fn the_last_one_s_failure_is_the_chain_s_and_it_is_tried_again() {
    let (chain, replaced) = stt(&[&[Err(Verdict::GiveUp)], &[Err(Verdict::Retry), Ok("second")]]);
    assert_eq!(hear(&chain).await, Err(Verdict::Retry));
    assert_eq!(hear(&chain).await, Ok("second".to_owned()));
    assert_eq!(replaced.take().len(), 1);
    let (nobody, _) = stt(&[]);
    assert_eq!(hear(&nobody).await, Err(Verdict::GiveUp));
}

#[tokio::test]
async fn a_responder_that_fails_before_its_first_word_is_replaced_within_the_answer() {
    let links = links(&[&[Err(Verdict::Retry)], &[Ok("hello")]]);
    let links = links.into_iter().map(|(name, provider)| Link { name, provider: provider as Arc<dyn Llm> }).collect();
    let chain: Chain<dyn Llm> = Chain::new("llm", links, Replacements::default(), Clock::system());
    let ask = Ask { system_prompt: String::new(), turns: Vec::new(), heard: None, keys: None };
    let mut pieces = chain.answer(ask).await.expect("an answer");
    let mut text = String::new();
    while let Some(Piece::Text(piece)) = pieces.recv().await {
        text.push_str(&piece);
    }
    assert_eq!(text, "hello more");
}
