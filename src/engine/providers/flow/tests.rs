//! Tables of what callers say and what the flow makes of it.

use super::*;
use crate::contract::flow::Intent;
use crate::engine::providers::Heard;

fn intent(id: &str, phrases: &[&str], digits: Option<&str>) -> Intent {
    Intent {
        id: id.to_owned(),
        phrases: phrases.iter().map(|phrase| (*phrase).to_owned()).collect(),
        digits: digits.map(str::to_owned),
        reply: format!("reply of {id}"),
        tool: None,
    }
}

fn flow() -> Flow {
    let mut sales = intent("sales", &["transfer me to sales", "i want to buy something"], Some("2"));
    sales.tool = Some(FlowTool { name: FlowToolName::Transfer, target: Some("sip:sales@example.com".to_owned()) });
    let mut bye = intent("bye", &["goodbye", "that is all"], None);
    bye.tool = Some(FlowTool { name: FlowToolName::EndCall, target: None });
    Flow {
        intents: vec![
            intent("hours", &["what are your opening hours", "when are you open"], Some("1")),
            sales,
            bye,
            intent("account", &["my account number is 42"], Some("42#")),
            intent("yes", &["yes"], None),
        ],
        fallback: "Sorry?".to_owned(),
    }
}

fn said(text: &str, confidence: f32) -> Input<'_> {
    Input::Said { text, confidence }
}

fn outcome(pending: Option<usize>, input: Input<'_>) -> String {
    let flow = flow();
    let pending = pending.map(|index| Pending { index, confidence: 0.3 });
    match decide(&flow, "en-US", pending, input) {
        (Decision::Intent { index, .. }, None) => flow.intents[index].id.clone(),
        (Decision::Confirm { .. }, Some(pending)) => format!("{}?", flow.intents[pending.index].id),
        (Decision::Fallback, None) => "-".to_owned(),
        other => panic!("does not fit together: {other:?}"),
    }
}

#[test]
fn what_is_said_finds_its_intent() {
    for (text, confidence, expected) in [
        ("what are your opening hours", 0.9, "hours"),
        ("What are your opening hours?", 1.0, "hours"),
        ("hello um what are your opening hours please", 0.9, "hours"),
        ("tell me the opening hour", 1.0, "hours"),
        ("could you transfer me to the sales department", 1.0, "sales"),
        ("goodbye", 0.6, "bye"),
        ("that is all", 0.9, "bye"),
        ("yes", 0.9, "yes"),
        ("one", 0.9, "hours"),
        ("two", 0.9, "sales"),
        ("my account number is 42", 1.0, "account"),
        ("when are you open", 0.4, "hours?"),
        ("goodbye", 0.25, "bye?"),
        ("when are you open", 0.1, "-"),
        ("", 0.0, "-"),
        ("?!", 1.0, "-"),
        ("the weather is nice today", 1.0, "-"),
        ("three", 1.0, "-"),
        ("is it", 1.0, "-"),
    ] {
        assert_eq!(outcome(None, said(text, confidence)), expected, "{text} with {confidence}");
    }
}

#[test]
fn keys_count_only_exactly() {
    for (keys, expected) in [("1", "hours"), ("2", "sales"), ("42#", "account"), ("42", "-"), ("12", "-"), ("9", "-"), ("", "-")] {
        assert_eq!(outcome(None, Input::Keys(keys)), expected, "{keys}");
    }
}

#[test]
fn a_question_back_is_settled_by_yes_no_a_key_or_another_wish() {
    let sales = Some(1);
    for (input, expected) in [
        (said("yes", 0.9), "sales"),
        (said("Yes, please.", 0.9), "sales"),
        (said("no", 0.9), "-"),
        (said("goodbye", 0.9), "bye"),
        (said("mumble", 0.9), "-"),
        (Input::Keys("1"), "sales"),
        (Input::Keys("2"), "-"),
        (Input::Keys("42#"), "account"),
    ] {
        assert_eq!(outcome(sales, input), expected, "{input:?}");
    }
}

#[test]
fn the_question_is_in_the_callers_language() {
    let (decision, _) = decide(&flow(), "de-DE", None, said("when are you open", 0.3));
    assert!(matches!(decision, Decision::Confirm { question } if question.starts_with("Meinten Sie: when are you open?")));
}

fn ask(heard: Option<(&str, f32)>, keys: Option<&str>) -> Ask {
    Ask {
        system_prompt: String::new(),
        turns: Vec::new(),
        heard: heard.map(|(text, confidence)| Heard { text: text.to_owned(), confidence }),
        keys: keys.map(str::to_owned),
    }
}

async fn pieces(responder: &FlowResponder, ask: Ask) -> Vec<Piece> {
    let mut receiver = responder.answer(ask).await.expect("a flow always answers");
    let mut pieces = Vec::new();
    while let Some(piece) = receiver.recv().await {
        pieces.push(piece);
    }
    pieces
}

#[tokio::test]
async fn an_answer_is_the_intent_the_reply_and_the_tool() {
    let responder = FlowResponder::new(flow(), "en-US");
    assert_eq!(
        pieces(&responder, ask(None, Some("2"))).await,
        [
            Piece::Intent { id: "sales".to_owned(), confidence: 1.0 },
            Piece::Text("reply of sales".to_owned()),
            Piece::Tool { id: String::new(), name: "transfer".to_owned(), arguments: json!({ "target": "sip:sales@example.com" }) },
        ]
    );
}

#[tokio::test]
async fn an_unsure_hearing_is_confirmed_and_then_done() {
    let responder = FlowResponder::new(flow(), "en-US");
    let question = pieces(&responder, ask(Some(("goodbye", 0.3)), None)).await;
    assert!(matches!(&question[..], [Piece::Text(text)] if text.contains("Did you mean: goodbye?")));
    let answer = pieces(&responder, ask(Some(("yes", 0.9)), None)).await;
    assert!(matches!(answer.last(), Some(Piece::Tool { name, .. }) if name == "end_call"));
    let later = pieces(&responder, ask(Some(("yes", 0.9)), None)).await;
    assert!(matches!(&later[0], Piece::Intent { id, .. } if id == "yes"), "the question is settled");
}

#[test]
fn the_recogniser_listens_for_phrases_digits_and_yes_and_no() {
    let hints = hints(&flow(), "en-US", &["parking".to_owned()]);
    for phrase in ["when are you open", "one", "two", "yes", "no", "parking"] {
        assert!(hints.phrases.iter().any(|known| known == phrase), "{phrase}");
    }
}

/// Documents that know about parking.
struct Shelf;

impl crate::engine::providers::knowledge::Lookup for Shelf {
    fn look_up<'a>(
        &'a self,
        ask: crate::contract::knowledge::KnowledgeAsk,
    ) -> crate::engine::providers::Soon<'a, Result<crate::contract::knowledge::KnowledgeAnswer, crate::engine::providers::ProviderError>>
    {
        let answer = ask.query.contains("parking").then(|| "Cars stand behind the lighthouse.".to_owned());
        Box::pin(async move { Ok(crate::contract::knowledge::KnowledgeAnswer { results: Vec::new(), answer }) })
    }
}

fn with_documents(is_strict: bool) -> FlowResponder {
    let config = serde_json::from_value(json!({
        "session_id": "s", "call_id": "c", "bot_id": "bot_1", "webhook_url": "", "system_prompt": "", "opening_message": "",
        "stt": { "provider": "none" }, "llm": { "provider": "flow" }, "tts": { "provider": "none" },
        "knowledge_enabled": true, "knowledge_kb_ids": ["kb_1"], "knowledge_strict": is_strict,
        "knowledge_fallback_message": "The documents do not say.", "knowledge_phrases": ["parking"],
    }))
    .expect("a config");
    FlowResponder::new(flow(), "en-US").with_documents(Documents::of(&config, std::sync::Arc::new(Shelf)))
}

async fn text_of(responder: &FlowResponder, words: &'static str, confidence: f32) -> String {
    let answer = pieces(responder, ask(Some((words, confidence)), None)).await;
    answer.into_iter().find_map(|piece| if let Piece::Text(text) = piece { Some(text) } else { None }).unwrap_or_default()
}

#[tokio::test]
async fn documents_answer_where_no_intent_does() {
    let responder = with_documents(false);
    assert_eq!(text_of(&responder, "tell me about parking", 0.9).await, "Cars stand behind the lighthouse.");
    assert_eq!(text_of(&responder, "parking", 0.3).await, "Cars stand behind the lighthouse.", "the very words of a heading");
    assert_eq!(text_of(&responder, "when are you open", 0.9).await, "reply of hours", "an intent goes first");
    assert_eq!(text_of(&responder, "what is the weather", 0.9).await, "Sorry?");
    assert_eq!(text_of(&responder, "about parking perhaps", 0.3).await, "Sorry?", "what was hardly heard is not looked up");
    assert_eq!(text_of(&with_documents(true), "what is the weather", 0.9).await, "The documents do not say.");
}
