//! Whom a call over a WebSocket reaches: the bot that its address names, as a carrier's number with that bot would.

use super::connected;
use super::inbound::of_call;
use super::service::Runtime;
use crate::base::Result;
use crate::contract::inbound::{InboundAnswer, InboundCall};
use crate::contract::socket::FromSocket;
use crate::features::calls::{self, NewCall, Origin};
use crate::platform::db::Tx;

/// SIP: nobody is there now.
const TEMPORARILY_UNAVAILABLE: u16 = 480;

impl Runtime {
    /// Opens the row of a call over a WebSocket. Who may open one was decided before.
    pub(super) fn answer_socket(&self, tx: &Tx<'_>, call: &InboundCall, from: &FromSocket) -> Result<InboundAnswer> {
        let Some(bot) = self.open_bot(tx, &from.bot_id)? else {
            let reason = Some("the bot takes no calls now".to_owned());
            return Ok(InboundAnswer::Reject { sip_code: TEMPORARILY_UNAVAILABLE, reason });
        };
        let session_id = self.session(call);
        let given = call.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let seen = connected::admitted(given, bot.body.sip_header_config.as_ref());
        let row = NewCall {
            origin: Origin::Vnum,
            number_name: Some(bot.body.name.clone()),
            save_transcript: true,
            bot_id: Some(bot.id.clone()),
            bot_version: Some(bot.version),
            stream_id: from.stream_id.clone(),
            voice: bot.body.tts.voice.clone(),
            language: Some(bot.body.language.clone()),
            model: bot.body.llm.model.clone().or_else(|| Some(bot.body.llm.provider.clone())),
            connected_event: Some(seen).filter(|seen| !seen.is_empty()),
            ..NewCall::of(session_id.clone())
        };
        calls::open_skeleton(tx, &of_call(call, row))?;
        Ok(InboundAnswer::Bot { bot_id: bot.id, number_id: None, session_id })
    }
}
