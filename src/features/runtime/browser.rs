//! Whom a call from a browser reaches: a virtual number as a call over SIP would, or a bot that is tried out.

use super::assemble::Overrides;
use super::inbound::{NOT_FOUND, of_call};
use super::service::Runtime;
use crate::base::{Kind, Result};
use crate::contract::browser::{FromBrowser, Reached};
use crate::contract::inbound::{InboundAnswer, InboundCall};
use crate::features::bots::{BotState, Published};
use crate::features::calls::{self, NewCall, Origin};
use crate::platform::db::Tx;

impl Runtime {
    /// Decides about a call from a browser and opens its row. Who may make it was decided when it was asked for.
    pub(super) fn answer_browser(&self, tx: &Tx<'_>, call: &InboundCall, from: &FromBrowser) -> Result<InboundAnswer> {
        let nobody =
            |what: &str| Ok(InboundAnswer::Reject { sip_code: NOT_FOUND, reason: Some(format!("there is no such {what} any more")) });
        match &from.reaches {
            Reached::Number { number_id } => match self.inner.numbers.find(tx, number_id)? {
                Some(number) => self.answer_by(tx, call, &number),
                None => nobody("number"),
            },
            Reached::Bot { bot_id, version } => {
                let state = BotState::parse("version", version)?;
                match self.inner.bots.in_state(tx, bot_id, state) {
                    Ok(bot) => self.answer_for_trial(tx, call, &bot, state),
                    Err(error) if error.kind() == Kind::NotFound => nobody("version of this bot"),
                    Err(error) => Err(error),
                }
            }
        }
    }

    fn answer_for_trial(&self, tx: &Tx<'_>, call: &InboundCall, bot: &Published, state: BotState) -> Result<InboundAnswer> {
        let session_id = self.session(call);
        let row = NewCall {
            origin: Origin::Vnum,
            number_name: Some(bot.body.name.clone()),
            save_transcript: true,
            skip_post_push: true,
            bot_id: Some(bot.id.clone()),
            bot_version: Some(bot.version),
            voice: bot.body.tts.voice.clone(),
            language: Some(bot.body.language.clone()),
            model: bot.body.llm.model.clone().or_else(|| Some(bot.body.llm.provider.clone())),
            overrides: Some(Overrides::trying(state)),
            ..NewCall::of(session_id.clone())
        };
        calls::open_skeleton(tx, &of_call(call, row))?;
        Ok(InboundAnswer::Bot { bot_id: bot.id.clone(), number_id: None, session_id })
    }
}
