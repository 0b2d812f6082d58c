//! Where the models of bots are reached: what has to answer while they hold calls.

use super::body::{BotBody, BotStatus};
use super::service::Bots;
use super::store::{self, Filter};
use crate::base::Result;
use crate::base::page::{MAX_LIMIT, Page};
use crate::contract::provider::ProviderSpec;

/// A model of an active bot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// The bot's name.
    pub bot: String,
    /// What the model does, such as `llm`.
    pub role: &'static str,
    /// The provider's name, such as `openai`.
    pub provider: String,
    /// Address of its own, where the bot names one.
    pub base_url: Option<String>,
    /// Whether the bot has a key of its own for it.
    pub has_key: bool,
}

impl Bots {
    /// The models of the active bots, those of the newest 500.
    pub async fn endpoints(&self) -> Result<Vec<Endpoint>> {
        let active = Filter { q: None, status: Some(BotStatus::Active.word().to_owned()) };
        let page = Page { limit: MAX_LIMIT, offset: 0 };
        let (bots, _) = self.db.read(move |conn| store::list(conn, &active, page)).await?;
        Ok(bots.iter().flat_map(|bot| of(&bot.body)).collect())
    }
}

fn of(body: &BotBody) -> Vec<Endpoint> {
    let endpoint = |role: &'static str, spec: &ProviderSpec| Endpoint {
        bot: body.name.clone(),
        role,
        provider: spec.provider.clone(),
        base_url: spec.base_url.clone().filter(|url| !url.is_empty()),
        has_key: spec.api_key.is_some(),
    };
    let all =
        body.providers().into_iter().flat_map(|(role, first, others)| std::iter::once(first).chain(others).map(move |one| (role, one)));
    all.map(|(role, spec)| endpoint(role, spec)).collect()
}
