//! What engines ask of the knowledge bases, by the settings of the bot that asks.

use super::service::Runtime;
use crate::base::id::KnowledgeBaseId;
use crate::base::{Error, Result};
use crate::contract::knowledge::{KnowledgeAnswer, KnowledgeAsk, KnowledgeHit};
use crate::features::bots::BotBody;
use crate::features::knowledge::{Passage, SearchOrder};

/// Longest question, in characters; more is cut off, because callers may talk for long.
const MOST_QUESTION: usize = 2_000;

impl Runtime {
    /// What the documents of a bot say. A bot without documents finds nothing.
    pub(super) async fn look_up(&self, ask: KnowledgeAsk) -> Result<KnowledgeAnswer> {
        if ask.query.trim().is_empty() {
            return Err(Error::invalid("query: must not be empty").field("query", "must not be empty"));
        }
        if ask.top_k.is_some_and(|top_k| !(1..=10).contains(&top_k)) {
            return Err(Error::invalid("top_k: must be 1 to 10").field("top_k", "must be 1 to 10"));
        }
        let (bots, bot_id) = (self.inner.bots.clone(), ask.bot_id.clone());
        let found = self.inner.db.read(move |conn| bots.find_published(conn, &bot_id)).await?;
        let body = found.ok_or_else(|| Error::not_found(format!("no bot {}", ask.bot_id)))?.body;
        let kb_ids = bases(&body);
        if kb_ids.is_empty() {
            return Ok(KnowledgeAnswer::default());
        }
        let order = SearchOrder {
            query: ask.query.chars().take(MOST_QUESTION).collect(),
            kb_ids,
            top_k: Some(ask.top_k.unwrap_or(body.knowledge_top_k)),
            score_threshold: Some(body.knowledge_score_threshold as f32),
            wants_answer: ask.wants_answer,
            ..SearchOrder::default()
        };
        let found = self.inner.knowledge.search(order).await?;
        Ok(KnowledgeAnswer { results: found.results.into_iter().map(hit).collect(), answer: found.answer })
    }

    /// What a caller of this bot may ask by the words of its documents' headings; nothing for bots that understand free speech.
    pub(super) async fn knowledge_phrases(&self, body: &BotBody) -> Result<Vec<String>> {
        let kb_ids = bases(body);
        if body.stt.provider != "pocketsphinx" || body.llm.provider != "flow" || kb_ids.is_empty() {
            return Ok(Vec::new());
        }
        self.inner.knowledge.phrases(kb_ids).await
    }
}

/// The bases of a bot that uses them.
fn bases(body: &BotBody) -> Vec<KnowledgeBaseId> {
    let ids = body.knowledge_kb_ids.iter().map(|id| KnowledgeBaseId::from(id.as_str()));
    if body.knowledge_enabled { ids.collect() } else { Vec::new() }
}

fn hit(passage: Passage) -> KnowledgeHit {
    KnowledgeHit {
        chunk_id: passage.chunk_id,
        document_id: passage.document_id,
        document_name: passage.document_name,
        heading: passage.heading,
        page: passage.page,
        text: passage.text,
        score: passage.score,
    }
}
