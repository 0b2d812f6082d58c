//! What a call would run on: the config of a bot, put together as for an engine, without a call and without credentials.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::{IntoParams, ToSchema};

use super::assemble::{Overrides, Parts, assemble};
use super::connected::{Connected, connected};
use super::hours;
use super::service::Runtime;
use super::variables::{Facts, add_crm, effective_crm, variables};
use crate::base::id::{BotId, CallId, SessionId};
use crate::base::template::Variables;
use crate::base::{Result, secret};
use crate::contract::config::{CallConfig, WireSecret};
use crate::features::bots::{BotBody, BotState, BotStatus};
use crate::features::outbound::Keys;
use crate::platform::db::Conn;

/// What is previewed.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct PreviewQuery {
    /// `draft`, `published` or the number of a version; `published` if absent.
    version: Option<String>,
    /// Who would call, or be called.
    caller_id: Option<String>,
    /// JSON object of the call's variables, control flags such as `_mock_crm` included; anything else counts as empty.
    connected_event: Option<String>,
}

/// What a call would run on now.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct ConfigPreview {
    /// The version that was put together: a number, or `draft`.
    version: String,
    /// Whether an engine would get the config now.
    takes_calls: bool,
    /// What the engine would be answered: 200, 404 or 503.
    status: u16,
    /// Why not, if it would not.
    reason: Option<String>,
    /// All variables of the call by their full names.
    variables: BTreeMap<String, String>,
    /// Names in texts that stand for nothing and stay as they are written.
    unresolved: Vec<String>,
    /// What is kept of the connected event.
    #[schema(value_type = Object)]
    connected_event: Map<String, Value>,
    /// The config; credentials are masked. The CRM is not asked: `_mock_crm` stands in for it.
    config: CallConfig,
}

/// A config that no call runs on, and what it was made of.
pub(super) struct Shown {
    pub(super) config: CallConfig,
    variables: Variables,
    connected: Connected,
}

impl Runtime {
    /// The config of a bot as a call would get it, credentials masked. Opens no call.
    pub(super) async fn preview(&self, bot_id: BotId, query: PreviewQuery) -> Result<ConfigPreview> {
        let runtime = self.clone();
        self.inner.db.read(move |conn| runtime.preview_in(conn, &bot_id, &query)).await
    }

    fn preview_in(&self, conn: &Conn, bot_id: &BotId, query: &PreviewQuery) -> Result<ConfigPreview> {
        let state = BotState::parse("version", query.version.as_deref().unwrap_or("published"))?;
        let (version, body) = self.inner.bots.masked_state(conn, bot_id, state)?;
        let Shown { mut config, variables, connected } =
            self.shown(bot_id, &version, &body, query.caller_id.as_deref(), query.connected_event.as_deref());
        mask(&mut config);
        let (status, reason) = verdict(&body, hours::gate(&body, self.inner.clock.now()));
        Ok(ConfigPreview {
            version,
            takes_calls: status == 200,
            status,
            reason,
            unresolved: unresolved(&config),
            variables: variables.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
            connected_event: connected.event,
            config,
        })
    }

    /// What a call of this body would run on. The CRM is not asked.
    pub(super) fn shown(&self, bot_id: &BotId, version: &str, body: &BotBody, caller: Option<&str>, event: Option<&str>) -> Shown {
        let connected = connected(event).admit_headers(body.sip_header_config.as_ref());
        let crm = effective_crm(&connected, None);
        let session_id = connected.session_id.clone().unwrap_or_else(|| SessionId::from("preview"));
        let caller_id = caller.filter(|caller| !caller.is_empty());
        let facts = Facts {
            session_id: session_id.as_str(),
            call_id: Some(session_id.as_str()),
            caller_id,
            from_number: caller_id,
            direction: "inbound",
            event: Some(&connected.event),
            ..Facts::default()
        };
        let mut variables = variables(&facts, &body.timezone, self.inner.clock.now());
        add_crm(&mut variables, &crm);
        let config = assemble(Parts {
            call_id: CallId::from(session_id.as_str()),
            session_id: session_id.clone(),
            bot_id: bot_id.clone(),
            bot_version: version.parse().unwrap_or(0),
            body,
            overrides: &Overrides::default(),
            keys: &Keys::default(),
            variables: &variables,
            is_campaign: !connected.campaign.is_empty(),
            webhook_url: self.webhook_url(),
            llm_key: None,
            providers: &self.inner.settings.current().providers,
        });
        Shown { config, variables, connected }
    }
}

/// What an engine would be answered, and why.
fn verdict(body: &BotBody, gate: Result<()>) -> (u16, Option<String>) {
    match (body.status, gate) {
        (BotStatus::Active, Ok(())) => (200, None),
        (BotStatus::Active, Err(closed)) => (503, Some(closed.message().to_owned())),
        (status, _) => (404, Some(format!("the bot is {} and takes no calls", status.word()))),
    }
}

/// Masks the keys that do not come from the bot itself.
fn mask(config: &mut CallConfig) {
    let CallConfig { stt, llm, tts, stt_fallbacks, llm_fallbacks, tts_fallbacks, .. } = config;
    let listed = [stt_fallbacks, llm_fallbacks, tts_fallbacks].into_iter().flatten();
    for spec in [stt, llm, tts].into_iter().chain(listed) {
        spec.api_key = spec.api_key.take().map(|key| WireSecret(secret::mask(&key.0)));
    }
}

/// The names in `{{…}}` that are left in what is said and in the prompt, each once, in alphabetical order.
fn unresolved(config: &CallConfig) -> Vec<String> {
    let replies = config.flow.iter().flat_map(|flow| flow.intents.iter().map(|intent| &intent.reply).chain([&flow.fallback]));
    let again = config.re_engagement.iter().map(|again| &again.message);
    let texts = [
        &config.system_prompt,
        &config.opening_message,
        &config.disclosure,
        &config.failure_message,
        &config.voicemail_message,
        &config.pre_transfer_message,
        &config.recording_notice,
        &config.knowledge_trigger_instructions,
        &config.knowledge_fallback_message,
    ];
    let mut names: Vec<String> = texts.into_iter().chain(replies).chain(again).flat_map(|text| names_in(text)).collect();
    names.sort();
    names.dedup();
    names
}

fn names_in(text: &str) -> Vec<String> {
    text.split("{{").skip(1).filter_map(|rest| Some(rest.split_once("}}")?.0.trim().to_owned())).filter(|name| !name.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_between_braces_are_found() {
        assert_eq!(names_in("Hello {{ call.name }}, {{x}} {{}} {{open"), ["call.name", "x"]);
        assert!(names_in("nothing here }} {").is_empty());
    }
}
