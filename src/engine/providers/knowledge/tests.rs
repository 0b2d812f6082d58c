//! A model that is told about documents, and one that asks for them itself.

use super::*;
use crate::base::Millis;
use crate::contract::turn::Turn;

/// Documents that know one thing; they remember what they were asked.
#[derive(Default)]
struct Shelf {
    asked: Mutex<Vec<String>>,
    is_slow: bool,
}

fn hit(text: &str) -> KnowledgeHit {
    KnowledgeHit {
        chunk_id: "doc_1_chunk_0".to_owned(),
        document_id: "doc_1".into(),
        document_name: "manual.md".to_owned(),
        heading: "Parking".to_owned(),
        page: None,
        text: text.to_owned(),
        score: 0.7,
    }
}

impl Lookup for Shelf {
    fn look_up<'a>(&'a self, ask: KnowledgeAsk) -> Soon<'a, Result<KnowledgeAnswer, ProviderError>> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).push(ask.query.clone());
        Box::pin(async move {
            if self.is_slow {
                std::future::pending::<()>().await;
            }
            let results = if ask.query.contains("park") { vec![hit("Cars stand behind the lighthouse.")] } else { Vec::new() };
            Ok(KnowledgeAnswer { results, answer: None })
        })
    }
}

/// A model that looks things up once if it may, and then repeats its instructions.
struct Curious {
    looks_up: bool,
}

impl Llm for Curious {
    fn answer<'a>(&'a self, ask: Ask) -> Soon<'a, Result<mpsc::Receiver<Piece>, ProviderError>> {
        let (send, receive) = mpsc::channel(4);
        let piece = match self.looks_up && !ask.system_prompt.contains("You have looked up") {
            true => Piece::Tool { id: "call_1".to_owned(), name: SEARCH_TOOL.to_owned(), arguments: json!({ "query": "parking of cars" }) },
            false => Piece::Text(ask.system_prompt),
        };
        let _ = send.try_send(piece);
        Box::pin(async { Ok(receive) })
    }
}

fn documents(shelf: &Arc<Shelf>, is_strict: bool) -> Documents {
    Documents {
        lookup: shelf.clone(),
        bot_id: "bot_1".into(),
        instructions: String::new(),
        is_strict,
        fallback: "Please write to us.".to_owned(),
        phrases: Arc::default(),
    }
}

async fn said(shelf: &Arc<Shelf>, looks_up: bool, is_strict: bool, words: &str) -> (String, usize) {
    let turn = Turn { role: Role::User, content: words.to_owned(), ts: Millis(1), extra: serde_json::Map::new() };
    let ask = Ask { system_prompt: "Be kind.".to_owned(), turns: vec![turn], heard: None, keys: None };
    let informed = Informed::new(Arc::new(Curious { looks_up }), documents(shelf, is_strict));
    let mut pieces = informed.answer(ask).await.expect("an answer");
    let (mut text, mut n_hits) = (String::new(), 0);
    while let Some(piece) = pieces.recv().await {
        match piece {
            Piece::Text(words) => text.push_str(&words),
            Piece::Hits(hits) => n_hits += hits.len(),
            other => panic!("{other:?}"),
        }
    }
    (text, n_hits)
}

#[tokio::test]
async fn passages_are_looked_up_before_the_model_is_asked() {
    let shelf = Arc::new(Shelf::default());
    let (text, n_hits) = said(&shelf, false, false, "where can i park").await;
    assert!(text.starts_with("Be kind.") && text.contains("[1] manual.md › Parking\nCars stand behind the lighthouse."), "{text}");
    assert_eq!(n_hits, 1);
    let (text, n_hits) = said(&shelf, false, false, "yes").await;
    assert_eq!((text.as_str(), n_hits), ("Be kind.", 0), "a word is no question");
    assert_eq!(*shelf.asked.lock().expect("asked"), ["where can i park"]);
}

#[tokio::test]
async fn a_model_that_looks_something_up_is_asked_once_more_with_what_was_found() {
    let shelf = Arc::new(Shelf::default());
    let (text, n_hits) = said(&shelf, true, true, "tell me something").await;
    assert!(text.contains("Cars stand behind the lighthouse.") && text.contains("You have looked up “parking of cars”"), "{text}");
    assert!(text.contains("say exactly this: Please write to us."), "{text}");
    assert_eq!(n_hits, 1);
}

#[tokio::test]
async fn documents_that_do_not_answer_hold_up_nobody() {
    let shelf = Arc::new(Shelf { is_slow: true, ..Shelf::default() });
    assert_eq!(said(&shelf, false, false, "where can i park").await, ("Be kind.".to_owned(), 0));
}

#[tokio::test]
async fn a_question_is_looked_up_while_it_is_still_being_asked_and_only_once() {
    let shelf = Arc::new(Shelf::default());
    let informed = Informed::new(Arc::new(Curious { looks_up: false }), documents(&shelf, false));
    for words in ["where", "where can i", "where can i park my", "where can i park my car", "Where can I park my car"] {
        informed.foresee(words);
    }
    let turn = Turn { role: Role::User, content: "Where can I park my car?".to_owned(), ts: Millis(1), extra: serde_json::Map::new() };
    let ask = Ask { system_prompt: String::new(), turns: vec![turn], heard: None, keys: None };
    let mut pieces = informed.answer(ask).await.expect("an answer");
    assert!(matches!(pieces.recv().await, Some(Piece::Hits(hits)) if hits.len() == 1));
    let asked = shelf.asked.lock().unwrap_or_else(PoisonError::into_inner).clone();
    assert_eq!(asked, ["where can i park my car"], "the guess before it was given up, the last word was known");
}
