//! The bot learns the manual: its pages become a knowledge base, and the demo bot answers from it.

use std::time::Duration;

use serde_json::{Value, json};

use crate::base::{Context, Error, Result};
use crate::lab::api::Api;

/// The pages the bot learns: few enough to be searchable in seconds on a small machine.
const PAGES: [&str; 4] = ["outbound-gate", "transcripts", "users-and-keys", "webhooks"];
/// How long the manual may take to become searchable.
const INDEXED_WITHIN: Duration = Duration::from_secs(180);
/// The demo bot as it comes with the program.
const BOT: &str = include_str!("../../../assets/seed/demo-bot.json");

/// Puts the manual into a knowledge base and gives it to the bot. Says how many pages there are.
pub(super) async fn teach(api: &Api, bot_id: &Value) -> Result<usize> {
    let base = api.post("/api/v1/knowledge-bases", &json!({ "name": "The manual" })).await?;
    let kb_id = base["id"].as_str().unwrap_or_default().to_owned();
    let manual = api.get("/api/v1/manual").await?;
    let pages = manual["data"].as_array().into_iter().flatten().filter_map(|page| Some((page["slug"].as_str()?, page["text"].as_str()?)));
    let pages: Vec<(&str, &str)> = pages.filter(|(slug, _)| PAGES.contains(slug)).collect();
    for (name, text) in &pages {
        api.upload(&format!("/api/v1/knowledge-bases/{kb_id}/documents"), &format!("{name}.md"), text.as_bytes()).await?;
    }
    api.wait_for("the manual to be indexed", INDEXED_WITHIN, || async {
        let base = api.get(&format!("/api/v1/knowledge-bases/{kb_id}")).await?;
        match base["n_failed"].as_u64() {
            Some(0) => Ok((base["n_indexed"].as_u64() == Some(pages.len() as u64)).then_some(())),
            _ => Err(Error::upstream("a page of the manual could not be indexed")),
        }
    })
    .await?;
    let mut bot: Value = serde_json::from_str(BOT).context("the demo bot cannot be read")?;
    bot["knowledge_enabled"] = json!(true);
    bot["knowledge_kb_ids"] = json!([kb_id]);
    bot["knowledge_top_k"] = json!(3);
    api.put(&format!("/api/v1/bots/{}", bot_id.as_str().unwrap_or_default()), &bot).await?;
    Ok(pages.len())
}
