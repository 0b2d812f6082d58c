//! Versions of bots: drafts, publishing, going back, and what two of them differ in.

use serde_json::Value;

use super::body::BotBody;
use super::check::check;
use super::diff::diff;
use super::service::{Bots, Published};
use super::versions_store::{self as versions, StoredDraft};
use super::view::{BotDiff, BotDraft, BotVersion, BotVersionView, BotView};
use super::{secrets, store};
use crate::base::id::BotId;
use crate::base::page::Page;
use crate::base::{Error, Result};
use crate::platform::access::Actor;
use crate::platform::audit;
use crate::platform::db::Conn;

/// Longest note on a version.
const LONGEST_NOTE: usize = 1_000;

/// A state of a bot that can be compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BotState {
    /// What was saved and is not published.
    Draft,
    /// What calls run on.
    Published,
    /// An old or the present version.
    Version(u32),
}

impl BotState {
    /// `draft`, `published` or the number of a version.
    pub fn parse(field: &'static str, word: &str) -> Result<Self> {
        match word {
            "draft" => Ok(Self::Draft),
            "published" => Ok(Self::Published),
            number => number.parse().map(Self::Version).map_err(|_| {
                let sentence = "must be draft, published or the number of a version";
                Error::invalid(format!("{field}: {sentence}")).field(field, sentence)
            }),
        }
    }

    /// The word that [`BotState::parse`] reads.
    pub fn word(self) -> String {
        match self {
            Self::Draft => "draft".to_owned(),
            Self::Published => "published".to_owned(),
            Self::Version(version) => version.to_string(),
        }
    }
}

impl Bots {
    /// Saves a bot without publishing it. Calls go on with the published version.
    pub async fn save_draft(&self, actor: &Actor, id: BotId, mut body: BotBody) -> Result<BotDraft> {
        check(&body)?;
        let (bots, actor) = (self.clone(), actor.clone());
        self.db
            .write(move |tx| {
                let old = store::get(tx, &id)?;
                body.status = old.body.status;
                bots.seal_over(tx, &old, &mut body)?;
                versions::save_draft(tx, &id, old.version, &body, &actor.name)?;
                audit::append(tx, &actor, "bot.draft", id.as_str(), &bots.changed(&id, &old.body, &body)?)?;
                bots.draft_view(&id, old.version, versions::get_draft(tx, &id)?)
            })
            .await
    }

    /// The draft of a bot, credentials masked.
    pub async fn draft(&self, id: BotId) -> Result<BotDraft> {
        let bots = self.clone();
        self.db
            .read(move |conn| {
                let published = store::get(conn, &id)?.version;
                bots.draft_view(&id, published, versions::get_draft(conn, &id)?)
            })
            .await
    }

    /// Throws the draft of a bot away.
    pub async fn discard_draft(&self, actor: &Actor, id: BotId) -> Result<()> {
        let actor = actor.clone();
        self.db
            .write(move |tx| {
                store::get(tx, &id)?;
                versions::get_draft(tx, &id)?;
                versions::delete_draft(tx, &id)?;
                audit::append(tx, &actor, "bot.draft_discard", id.as_str(), &Value::Null)
            })
            .await
    }

    /// Publishes the draft as a new version. One that was begun on an older version than the published one is refused unless forced.
    pub async fn publish(&self, actor: &Actor, id: BotId, note: String, is_forced: bool) -> Result<BotView> {
        refuse_long(&note)?;
        let (bots, actor) = (self.clone(), actor.clone());
        self.db
            .write(move |tx| {
                let old = store::get(tx, &id)?;
                let draft = versions::get_draft(tx, &id)?;
                if draft.based_on != old.version && !is_forced {
                    let sentence = format!("version {} was published after this draft was begun; compare them, then force it", old.version);
                    return Err(Error::conflict(sentence).code("draft_outdated"));
                }
                let body = BotBody { status: old.body.status, ..draft.body };
                check(&bots.opened(&id, &body)?)?;
                versions::delete_draft(tx, &id)?;
                bots.publish_body(tx, &actor, &old, body, &note, "bot.publish")
            })
            .await
    }

    /// Publishes what an old version said, as a new version. Whether the bot takes calls stays as it is.
    pub async fn rollback(&self, actor: &Actor, id: BotId, version: u32, note: String) -> Result<BotView> {
        refuse_long(&note)?;
        let (bots, actor) = (self.clone(), actor.clone());
        self.db
            .write(move |tx| {
                let old = store::get(tx, &id)?;
                let (_, body) = versions::get(tx, &id, version)?;
                let body = BotBody { status: old.body.status, ..body };
                check(&bots.opened(&id, &body)?)?;
                let note = if note.is_empty() { format!("back to version {version}") } else { note };
                bots.publish_body(tx, &actor, &old, body, &note, "bot.rollback")
            })
            .await
    }

    /// One page of the versions of a bot, newest first, and how many there are.
    pub async fn versions(&self, id: BotId, page: Page) -> Result<(Vec<BotVersionView>, u64)> {
        self.db
            .read(move |conn| {
                store::get(conn, &id)?;
                versions::list(conn, &id, page)
            })
            .await
    }

    /// One version of a bot, credentials masked.
    pub async fn version(&self, id: BotId, version: u32) -> Result<BotVersion> {
        let bots = self.clone();
        self.db
            .read(move |conn| {
                store::get(conn, &id)?;
                let (head, body) = versions::get(conn, &id, version)?;
                Ok(BotVersion { head, bot: bots.masked(&id, &body)? })
            })
            .await
    }

    /// What two states of a bot differ in. Credentials are compared and shown masked.
    pub async fn diff(&self, id: BotId, from: BotState, to: BotState) -> Result<BotDiff> {
        let bots = self.clone();
        self.db
            .read(move |conn| {
                let (from, old) = bots.state(conn, &id, from)?;
                let (to, new) = bots.state(conn, &id, to)?;
                Ok(BotDiff { from, to, changes: diff(&old, &new)? })
            })
            .await
    }

    /// A state of a bot and its name, credentials masked. Whether it takes calls is that of the bot.
    pub fn masked_state(&self, conn: &Conn, id: &BotId, state: BotState) -> Result<(String, BotBody)> {
        let (name, mut body) = self.state(conn, id, state)?;
        secrets::mask(&mut body);
        Ok((name, body))
    }

    /// A bot in one of its states, credentials readable, for a call that tries it out. A draft has the version 0.
    pub fn in_state(&self, conn: &Conn, id: &BotId, state: BotState) -> Result<Published> {
        let (name, body) = self.state(conn, id, state)?;
        Ok(Published { id: id.clone(), version: name.parse().unwrap_or(0), body })
    }

    /// A state of a bot and its name, with its credentials in clear: for a conversation, never for an answer.
    pub fn state(&self, conn: &Conn, id: &BotId, state: BotState) -> Result<(String, BotBody)> {
        let bot = store::get(conn, id)?;
        let status = bot.body.status;
        let (name, body) = match state {
            BotState::Draft => ("draft".to_owned(), versions::get_draft(conn, id)?.body),
            BotState::Published => (bot.version.to_string(), bot.body),
            BotState::Version(version) => (version.to_string(), versions::get(conn, id, version)?.1),
        };
        Ok((name, BotBody { status, ..self.opened(id, &body)? }))
    }

    fn draft_view(&self, id: &BotId, published: u32, draft: StoredDraft) -> Result<BotDraft> {
        Ok(BotDraft {
            based_on: draft.based_on,
            is_outdated: draft.based_on != published,
            saved_at: draft.saved_at,
            saved_by: draft.saved_by,
            bot: self.masked(id, &draft.body)?,
        })
    }
}

fn refuse_long(note: &str) -> Result<()> {
    if note.len() <= LONGEST_NOTE {
        return Ok(());
    }
    let sentence = format!("must have at most {LONGEST_NOTE} bytes");
    Err(Error::invalid(format!("note: {sentence}")).field("note", sentence))
}
