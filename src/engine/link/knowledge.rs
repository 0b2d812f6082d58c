//! Asks the control plane what a bot's documents say.

use std::time::Duration;

use http::Method;

use super::{Control, answer};
use crate::contract::knowledge::{KnowledgeAnswer, KnowledgeAsk};
use crate::engine::providers::knowledge::Lookup;
use crate::engine::providers::{ProviderError, Soon, Verdict};

/// The call goes on without an answer long before.
const WITHIN: Duration = Duration::from_secs(3);

impl Lookup for Control {
    fn look_up<'a>(&'a self, ask: KnowledgeAsk) -> Soon<'a, Result<KnowledgeAnswer, ProviderError>> {
        Box::pin(async move {
            let failed = |why: String| ProviderError { verdict: Verdict::Retry, message: why };
            let request = self.request(Method::POST, "/api/v1/knowledge/search").json(&ask).map_err(|error| failed(error.to_string()))?;
            let sent = self.send(request.within(WITHIN)).await.map_err(|error| failed(error.message().to_owned()))?;
            answer::read(sent).await.map_err(|error| failed(error.message().to_owned()))
        })
    }
}
