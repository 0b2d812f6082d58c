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

fn stt(answers: &Answers) -> (Chain<dyn Stt>, Ledger) {
    let ledger = Ledger::default();
    let links = links(answers).into_iter().map(|(name, provider)| Link { name, model: None, provider: provider as Arc<dyn Stt> }).collect();
    (Chain::new("stt", links, ledger.clone(), Clock::system()), ledger)
}

async fn hear(chain: &Chain<dyn Stt>) -> Result<String, Verdict> {
    let utterance = Clip { rate: 8000, samples: [].into() };
    chain.transcribe(&utterance, &Hints::default()).await.map(|heard| heard.text).map_err(|error| error.verdict)
}

fn n_replaced(ledger: &Ledger) -> usize {
    ledger.incidents().iter().filter(|incident| matches!(incident, Incident::Replaced { .. })).count()
}

#[tokio::test]
async fn one_that_will_not_work_again_is_passed_over_at_once_and_told_once() {
    let (chain, ledger) = stt(&[&[Err(Verdict::GiveUp), Ok("first")], &[Ok("second")]]);
    assert_eq!(hear(&chain).await, Ok("second".to_owned()));
    assert_eq!(hear(&chain).await, Ok("second".to_owned()), "the first one is not asked any more");
    let (name, reason) = ("p0".to_owned(), "no".to_owned());
    let failed = Incident::Failed { slot: "stt", name: name.clone(), reason: reason.clone() };
    assert_eq!(ledger.incidents(), [failed, Incident::Replaced { slot: "stt", name, by: "p1".to_owned(), reason }]);
    assert!(ledger.incidents().is_empty());
}

#[tokio::test]
async fn one_that_may_work_again_gets_a_second_chance() {
    let (chain, ledger) =
        stt(&[&[Err(Verdict::Retry), Ok("first"), Err(Verdict::Retry), Err(Verdict::Retry), Ok("first")], &[Ok("second")]]);
    for expected in ["second", "first", "second", "second", "second"] {
        assert_eq!(hear(&chain).await, Ok(expected.to_owned()));
    }
    assert_eq!(n_replaced(&ledger), 1);
}

#[tokio::test]
async fn the_last_one_s_failure_is_the_chain_s_and_it_is_tried_again() {
    let (chain, ledger) = stt(&[&[Err(Verdict::GiveUp)], &[Err(Verdict::Retry), Ok("second")]]);
    assert_eq!(hear(&chain).await, Err(Verdict::Retry));
    assert_eq!(hear(&chain).await, Ok("second".to_owned()));
    assert_eq!(n_replaced(&ledger), 1);
    let (nobody, _) = stt(&[]);
    assert_eq!(hear(&nobody).await, Err(Verdict::GiveUp));
}

#[tokio::test]
async fn a_responder_that_fails_before_its_first_word_is_replaced_within_the_answer() {
    let links = links(&[&[Err(Verdict::Retry)], &[Ok("hello")]]);
    let links = links.into_iter().map(|(name, provider)| Link { name, model: None, provider: provider as Arc<dyn Llm> }).collect();
    let chain: Chain<dyn Llm> = Chain::new("llm", links, Ledger::default(), Clock::system());
    let ask = Ask { system_prompt: String::new(), turns: Vec::new(), heard: None, keys: None };
    let mut pieces = chain.answer(ask).await.expect("an answer");
    let mut text = String::new();
    while let Some(Piece::Text(piece)) = pieces.recv().await {
        text.push_str(&piece);
    }
    assert_eq!(text, "hello more");
}

#[tokio::test]
async fn what_breaks_off_in_the_middle_is_told_and_what_was_done_is_counted() {
    struct Breaking;
    impl Llm for Breaking {
        fn answer(&self, _: Ask) -> Soon<'_, Result<mpsc::Receiver<Piece>, ProviderError>> {
            Box::pin(async {
                let (send, receive) = mpsc::channel(2);
                send.send(Piece::Text("half".to_owned())).await.expect("room");
                let cut = ProviderError { verdict: Verdict::Retry, message: "cut".to_owned() };
                send.send(Piece::Failed(cut)).await.expect("room");
                Ok(receive)
            })
        }
    }
    let ledger = Ledger::default();
    let link = Link { name: "p0".to_owned(), model: None, provider: Arc::new(Breaking) as Arc<dyn Llm> };
    let chain: Chain<dyn Llm> = Chain::new("llm", vec![link], ledger.clone(), Clock::system());
    let ask = Ask { system_prompt: String::new(), turns: Vec::new(), heard: None, keys: None };
    let mut pieces = chain.answer(ask).await.expect("an answer");
    while pieces.recv().await.is_some() {}
    assert_eq!(ledger.incidents(), [Incident::Failed { slot: "llm", name: "p0".to_owned(), reason: "cut".to_owned() }]);
    let (chain, ledger) = stt(&[&[Ok("first")]]);
    let utterance = Clip { rate: 8000, samples: vec![0; 12_000].into() };
    chain.transcribe(&utterance, &Hints::default()).await.expect("words");
    assert_eq!(ledger.usage()[0]["audio_seconds"], 1.5);
}
