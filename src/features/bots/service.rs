//! What can be done with bots: made, changed, switched, removed, read.

use std::sync::Arc;

use serde_json::{Value, json};

use super::body::{BotBody, BotRetention, BotStatus};
use super::check::check;
use super::diff::diff;
use super::store::{self, Filter, StoredBot};
use super::view::BotView;
use super::{secrets, versions_store};
use crate::base::id::BotId;
use crate::base::page::Page;
use crate::base::seal::Sealer;
use crate::base::{Error, Random, Result};
use crate::platform::access::Actor;
use crate::platform::audit;
use crate::platform::db::{Conn, Db, Tx};

/// Most changed fields that one row of the audit trail names.
const MOST_NAMED: usize = 50;

/// The bots. Cheap to clone.
#[derive(Clone)]
pub struct Bots {
    pub(super) db: Db,
    pub(super) random: Random,
    pub(super) sealer: Arc<Sealer>,
}

/// The version of a bot that calls run on, credentials readable.
#[derive(Debug, Clone)]
pub struct Published {
    /// The bot.
    pub id: BotId,
    /// Which version.
    pub version: u32,
    /// What it says and does.
    pub body: BotBody,
}

impl Bots {
    /// Bots over a database; `sealer` keeps their credentials.
    pub fn new(db: Db, random: Random, sealer: Arc<Sealer>) -> Self {
        Self { db, random, sealer }
    }

    /// Makes a bot and publishes its first version.
    pub async fn create(&self, actor: &Actor, body: BotBody) -> Result<BotView> {
        check(&body)?;
        let (bots, actor) = (self.clone(), actor.clone());
        let id = BotId::new(&self.random);
        self.db.write(move |tx| bots.insert(tx, &id, body, &actor, "bot.create", &Value::Null)).await
    }

    /// Stores a bot that comes with the program, under a known id.
    pub fn seed(&self, tx: &Tx<'_>, id: &BotId, body: BotBody) -> Result<()> {
        check(&body)?;
        store::insert(tx, id, &body, "cxbox")
    }

    /// Stores a new bot; `action` and `origin` say in the audit trail where it comes from.
    pub(super) fn insert(
        &self,
        tx: &Tx<'_>,
        id: &BotId,
        mut body: BotBody,
        actor: &Actor,
        action: &str,
        origin: &Value,
    ) -> Result<BotView> {
        secrets::seal(&self.sealer, id, &mut body, &[])?;
        store::insert(tx, id, &body, &actor.name)?;
        audit::append(tx, actor, action, id.as_str(), &json!({ "name": body.name, "status": body.status, "origin": origin }))?;
        note_disclosure(tx, actor, id, None, &body)?;
        self.view(store::get(tx, id)?)
    }

    /// Saves a bot as a new version and publishes it. A credential that is sent masked keeps the stored one.
    pub async fn replace(&self, actor: &Actor, id: BotId, mut body: BotBody) -> Result<BotView> {
        check(&body)?;
        let (bots, actor) = (self.clone(), actor.clone());
        self.db
            .write(move |tx| {
                let old = store::get(tx, &id)?;
                bots.seal_over(tx, &old, &mut body)?;
                bots.publish_body(tx, &actor, &old, body, "", "bot.update")
            })
            .await
    }

    /// Seals a body over what is stored of its bot: the published version and the draft.
    pub(super) fn seal_over(&self, conn: &Conn, old: &StoredBot, body: &mut BotBody) -> Result<()> {
        let draft = versions_store::find_draft(conn, &old.id)?;
        let known: Vec<&BotBody> = std::iter::once(&old.body).chain(draft.as_ref().map(|draft| &draft.body)).collect();
        secrets::seal(&self.sealer, &old.id, body, &known)
    }

    /// Publishes a sealed body as a new version, and says so in the audit trail.
    pub(super) fn publish_body(
        &self,
        tx: &Tx<'_>,
        actor: &Actor,
        old: &StoredBot,
        body: BotBody,
        note: &str,
        action: &str,
    ) -> Result<BotView> {
        store::publish(tx, &old.id, &body, &actor.name, note)?;
        let now = store::get(tx, &old.id)?;
        let mut detail = self.changed(&old.id, &old.body, &body)?;
        detail["version"] = now.version.into();
        if old.body.status != body.status {
            detail["status"] = json!(body.status);
        }
        audit::append(tx, actor, action, old.id.as_str(), &detail)?;
        note_disclosure(tx, actor, &old.id, Some(&old.body), &body)?;
        self.view(now)
    }

    /// The names of the fields that differ between two sealed bodies; never their values.
    pub(super) fn changed(&self, id: &BotId, old: &BotBody, new: &BotBody) -> Result<Value> {
        let changes = diff(&self.opened(id, old)?, &self.opened(id, new)?)?;
        let named: Vec<_> = changes.iter().take(MOST_NAMED).map(|change| change.field.as_str()).collect();
        Ok(json!({ "name": new.name, "changed": named, "n_changed": changes.len() }))
    }

    /// Switches a bot on or off. Nothing happens to one that is so already.
    pub async fn set_status(&self, actor: &Actor, id: BotId, status: BotStatus) -> Result<BotView> {
        let (bots, actor) = (self.clone(), actor.clone());
        self.db
            .write(move |tx| {
                let old = store::get(tx, &id)?;
                if old.body.status != status {
                    store::set_status(tx, &id, status)?;
                    let action = if status == BotStatus::Active { "bot.activate" } else { "bot.deactivate" };
                    audit::append(tx, &actor, action, id.as_str(), &json!({ "name": old.body.name, "was": old.body.status }))?;
                }
                bots.view(store::get(tx, &id)?)
            })
            .await
    }

    /// Removes a bot. One that answers on a number stays, with 409.
    pub async fn delete(&self, actor: &Actor, id: BotId) -> Result<()> {
        let actor = actor.clone();
        self.db
            .write(move |tx| {
                let bot = store::get(tx, &id)?;
                if let Some(user) = store::user_of(tx, &id)? {
                    return Err(Error::conflict(format!("{user} answers with this bot; give it another one first")).code("in_use"));
                }
                store::delete(tx, &id)?;
                audit::append(tx, &actor, "bot.delete", id.as_str(), &json!({ "name": bot.body.name, "version": bot.version }))
            })
            .await
    }

    /// One bot, credentials masked.
    pub async fn get(&self, id: BotId) -> Result<BotView> {
        let bots = self.clone();
        self.db.read(move |conn| bots.view(store::get(conn, &id)?)).await
    }

    /// One page of bots, newest first, and how many match. `q` is a part of the name.
    pub async fn list(&self, q: Option<String>, status: Option<String>, page: Page) -> Result<(Vec<BotView>, u64)> {
        let bots = self.clone();
        self.db
            .read(move |conn| {
                let (rows, total) = store::list(conn, &Filter { q, status }, page)?;
                Ok((rows.into_iter().map(|row| bots.view(row)).collect::<Result<_>>()?, total))
            })
            .await
    }

    /// Bots that say how long what is kept of their calls, also those that were deleted.
    pub fn retentions(&self, conn: &Conn) -> Result<Vec<(BotId, BotRetention)>> {
        store::retentions(conn)
    }

    /// The published version, credentials readable; `None` when there is no such bot.
    pub fn find_published(&self, conn: &Conn, id: &BotId) -> Result<Option<Published>> {
        let Some(bot) = store::find(conn, id)? else { return Ok(None) };
        Ok(Some(Published { body: self.opened(&bot.id, &bot.body)?, id: bot.id, version: bot.version }))
    }

    /// Whether a bot exists.
    pub fn exists(&self, conn: &Conn, id: &BotId) -> Result<bool> {
        Ok(store::find(conn, id)?.is_some())
    }

    /// Whether no bot was ever made: the box is new.
    pub fn is_empty(&self, conn: &Conn) -> Result<bool> {
        store::is_empty(conn)
    }

    pub(super) fn view(&self, bot: StoredBot) -> Result<BotView> {
        let StoredBot { id, version, has_draft, body, created_at, created_by, updated_at } = bot;
        Ok(BotView { body: self.masked(&id, &body)?, id, version, has_draft, created_at, created_by, updated_at })
    }

    /// A stored body with its credentials readable.
    pub(super) fn opened(&self, id: &BotId, body: &BotBody) -> Result<BotBody> {
        let mut body = body.clone();
        secrets::open(&self.sealer, id, &mut body)?;
        Ok(body)
    }

    /// A stored body with its credentials masked.
    pub(super) fn masked(&self, id: &BotId, body: &BotBody) -> Result<BotBody> {
        let mut body = self.opened(id, body)?;
        secrets::mask(&mut body);
        Ok(body)
    }
}

/// A bot that does not tell callers that it is an AI leaves a trace of who decided so, once.
fn note_disclosure(tx: &Tx<'_>, actor: &Actor, id: &BotId, old: Option<&BotBody>, new: &BotBody) -> Result<()> {
    let was_said = old.is_none_or(|old| !old.disclosure.words().is_empty());
    if !was_said || !new.disclosure.words().is_empty() {
        return Ok(());
    }
    audit::append(tx, actor, "bot.disclosure_removed", id.as_str(), &json!({ "name": new.name }))
}
