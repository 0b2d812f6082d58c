//! Asks the control plane to call somebody back.

use std::time::Duration;

use http::Method;

use super::report::escape;
use super::{Control, answer};
use crate::base::id::SessionId;
use crate::contract::callback::{Callback, CallbackAsk};
use crate::engine::providers::Soon;
use crate::engine::tools::CallbackDesk;

/// The caller waits for this answer.
const WITHIN: Duration = Duration::from_secs(5);

impl CallbackDesk for Control {
    fn plan<'a>(&'a self, session_id: &'a SessionId, ask: CallbackAsk) -> Soon<'a, Result<Callback, String>> {
        Box::pin(async move {
            let path = format!("/api/v1/engine/calls/{}/callback", escape(session_id.as_str()));
            let request = self.request(Method::POST, &path).json(&ask).map_err(|error| error.message().to_owned())?;
            let answer = self.send(request.within(WITHIN)).await.map_err(|error| error.message().to_owned())?;
            let refused = |error: crate::base::Error| {
                let sentence = error.message();
                sentence.split_once(": ").map_or(sentence, |(_, why)| why).to_owned()
            };
            answer::read(answer).await.map_err(refused)
        })
    }
}
