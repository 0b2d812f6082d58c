//! Shows what would be pushed for a past call, without pushing it.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::mapping::{self, Prepared, prepare};
use super::model::{Preview, PreviewWish, Problem};
use super::service::Crm;
use crate::base::id::BotId;
use crate::base::mapping::Names;
use crate::base::secret::mask;
use crate::base::{Error, Result};
use crate::contract::crm::{PostCallPush, PushAuth};
use crate::features::calls;

/// Headers whose values are no secrets.
const HARMLESS: [&str; 4] = ["accept", "content-type", "user-agent", "x-cxb-push-id"];

impl Crm {
    /// Renders the mapping of a bot, or one that is not saved yet, for a call of any bot.
    pub(super) async fn preview(&self, bot_id: BotId, wish: PreviewWish) -> Result<Preview> {
        let crm = self.clone();
        let PreviewWish { session_id, post_call_push } = wish;
        let (push, names) = self
            .setup()
            .db
            .read(move |conn| {
                let bot = crm.setup().bots.find_published(conn, &bot_id)?.ok_or_else(|| Error::not_found(format!("no bot {bot_id}")))?;
                let push = post_call_push.or(bot.body.post_call_push);
                let push =
                    push.ok_or_else(|| Error::conflict("the bot pushes nothing: set its post_call_push, or send one").code("no_push"))?;
                let call = calls::get(conn, &session_id)?;
                Ok((push, (crm.names_after(conn, &call, &bot_id)?, session_id)))
            })
            .await?;
        let (names, session_id) = names;
        Ok(self.render(&push, session_id, &Arc::new(names)))
    }

    fn render(&self, push: &PostCallPush, session_id: crate::base::id::SessionId, names: &Arc<Names>) -> Preview {
        let templates = &self.inner.templates;
        let mapped = mapping::map(push, names, templates);
        let mut problems: Vec<Problem> = mapped
            .problems
            .iter()
            .map(|(key, message)| Problem { field: format!("post_call_push.key_mapper.{key}"), message: message.clone() })
            .collect();
        let mut unresolved = mapped.unresolved.clone();
        let url = match templates.fill_url(&push.url, names) {
            Ok(filled) => {
                unresolved.extend(filled.missing);
                if let Err(error) = self.setup().outbound.check(&filled.text) {
                    problems.push(Problem { field: "post_call_push.url".to_owned(), message: error.message().to_owned() });
                }
                filled.text
            }
            Err(error) => {
                problems.push(Problem { field: "post_call_push.url".to_owned(), message: error.message().to_owned() });
                String::new()
            }
        };
        let prepared = prepare(push, session_id.as_str(), names, templates).ok();
        Preview {
            method: mapping::method(push.method),
            url,
            headers: prepared.as_ref().map(|prepared| masked(prepared, &push.auth)).unwrap_or_default(),
            raw_body: prepared.map(|prepared| String::from_utf8_lossy(&prepared.bytes).into_owned()).unwrap_or_default(),
            body: mapped.body,
            unresolved: unresolved.into_iter().collect(),
            problems,
            session_id,
        }
    }
}

/// The headers of a push as they may be shown.
fn masked(prepared: &Prepared, auth: &PushAuth) -> Map<String, Value> {
    let is_harmless = |name: &str| {
        let is_proof = matches!(auth, PushAuth::Header { name: proof, .. } if proof.eq_ignore_ascii_case(name));
        !is_proof && HARMLESS.iter().any(|harmless| name.eq_ignore_ascii_case(harmless))
    };
    let shown = |name: &str, value: &str| if is_harmless(name) { value.to_owned() } else { mask(value) };
    let mut headers: Map<String, Value> =
        prepared.headers.iter().map(|(name, value)| (name.clone(), Value::String(shown(name, value)))).collect();
    headers.insert("Content-Type".to_owned(), Value::String(prepared.content_type.to_owned()));
    headers
}
