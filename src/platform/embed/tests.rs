//! The model in the program against vectors of the published one, and what the embedder promises.

use cxbox_kernels::{Encoder, Isa};

use super::*;

/// Texts with their vectors from the published weights in single precision, made by `tests/bench/embed_peer.py`.
const REFERENCE: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/embeddings.json"));

fn reference() -> Vec<(String, Vec<f32>)> {
    let rows: Vec<serde_json::Value> = serde_json::from_str(REFERENCE).unwrap();
    let row = |row: &serde_json::Value| (row["text"].as_str().unwrap().to_owned(), serde_json::from_value(row["vector"].clone()).unwrap());
    rows.iter().map(row).collect()
}

fn cosine(a: &[f32], b: &[f32]) -> f32 {
    dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()
}

#[test]
fn vectors_point_where_those_of_the_published_model_do() {
    let embedder = Embedder::built_in().unwrap();
    for (text, want) in reference() {
        let got = embedder.embed(&[&text]).unwrap().remove(0);
        assert_eq!(got.len(), DIMENSIONS);
        assert!((dot(&got, &got) - 1.0).abs() < 1e-4, "the length is one");
        // What rounding does to a single word is not averaged over others.
        let least = if text.contains(' ') { 0.998 } else { 0.996 };
        assert!(cosine(&got, &want) >= least, "{text}: {}", cosine(&got, &want));
    }
}

#[test]
fn every_processor_gives_the_same_vectors() {
    let embedder = Embedder::built_in().unwrap();
    let long = "The caller hears the greeting first and may interrupt it. Then the bot answers from documents. ".repeat(5);
    let texts = ["Which number do I dial to reach sales?", "A short one", &long];
    let want = embedder.embed(&texts).unwrap();
    let ids: Vec<Vec<u32>> = texts.iter().map(|text| token_ids(&embedder, text)).collect();
    let ids: Vec<&[u32]> = ids.iter().map(Vec::as_slice).collect();
    for isa in Isa::available() {
        let encoder = Encoder::open_for(isa, built_in::weights()).unwrap();
        for ((got, want), text) in encoder.embed(&ids, 2).chunks_exact(DIMENSIONS).zip(&want).zip(texts) {
            // Passages are rounded more than questions, where that makes them faster.
            let least = if text.len() > 100 { 0.999_5 } else { 0.999_99 };
            assert!(cosine(got, want) > least, "{}: {}", isa.name(), cosine(got, want));
        }
    }
}

fn token_ids(embedder: &Embedder, text: &str) -> Vec<u32> {
    embedder.0.quick.with(|session| Ok(session.tokenizer.encode(text, true).unwrap().get_ids().to_vec())).unwrap()
}

#[test]
fn a_text_has_the_same_vector_alone_and_among_others() {
    let embedder = Embedder::built_in().unwrap();
    let reference = reference();
    let long = "The caller hears the greeting first and may interrupt it. ".repeat(12);
    let mut texts: Vec<&str> = reference.iter().map(|(text, _)| text.as_str()).collect();
    texts.extend([long.as_str(); 4]);
    assert!(texts.iter().map(|text| text.len()).sum::<usize>() > QUICK_BYTES, "these go the way of documents");
    let together = embedder.embed(&texts).unwrap();
    assert_eq!(together.len(), texts.len());
    for (text, together) in texts.iter().zip(&together).step_by(3) {
        let alone = embedder.embed(&[text]).unwrap().remove(0);
        assert!(cosine(&alone, together) > 0.999_99, "{text}");
    }
}

#[test]
fn texts_are_shared_out_in_order_and_nothing_is_lost() {
    let texts: Vec<String> = [5, 1, 1, 9, 2, 2, 30, 1].map(|n| "x".repeat(n)).into();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    for n_parts in 1..12 {
        let parts = parts(&texts, n_parts);
        assert!(parts.len() <= n_parts && parts.iter().all(|part| !part.is_empty()), "{parts:?}");
        assert_eq!(parts.concat(), texts);
    }
    assert_eq!(parts(&["aa", "bb", "cc", "dd"], 2), [["aa", "bb"], ["cc", "dd"]]);
    assert!(parts(&[], 2).is_empty());
}

#[test]
fn related_texts_are_nearer_than_others() {
    let embedder = Embedder::built_in().unwrap();
    let vectors = embedder
        .embed(&["When are you open?", "Our opening hours are nine to five on weekdays.", "The invoice is paid by direct debit."])
        .unwrap();
    assert!(dot(&vectors[0], &vectors[1]) > dot(&vectors[0], &vectors[2]) + 0.2);
}

#[test]
fn odd_texts_have_vectors_too() {
    let embedder = Embedder::built_in().unwrap();
    assert!(embedder.embed(&[]).unwrap().is_empty());
    let endless = "日本語".repeat(30_000);
    for text in ["", "   ", "\0", "a\u{301}\u{202e}x", "\u{fffd}", &endless] {
        let vector = embedder.embed(&[text]).unwrap().remove(0);
        assert!((dot(&vector, &vector) - 1.0).abs() < 1e-4, "{text:.10}");
    }
}

#[test]
fn tokens_are_counted_beyond_what_the_model_looks_at() {
    let embedder = Embedder::built_in().unwrap();
    assert_eq!(embedder.count_tokens(""), 2);
    assert_eq!(embedder.count_tokens("Hello world"), 4);
    assert_eq!(embedder.count_tokens(&"word ".repeat(1000)), 1002);
}

#[test]
fn many_may_ask_at_once() {
    let embedder = Embedder::built_in().unwrap();
    let want = embedder.embed(&["a question"]).unwrap();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            let (embedder, want) = (embedder.clone(), &want);
            scope.spawn(move || {
                for _ in 0..10 {
                    assert_eq!(&embedder.embed(&["a question"]).unwrap(), want);
                }
            });
        }
    });
}
