//! What can be done with bots.

use std::sync::Arc;

use serde_json::json;

use super::check::check;
use super::model::{BotBody, BotVersionView, BotView};
use super::store::{self, Filter, StoredBot};
use crate::base::id::BotId;
use crate::base::page::Page;
use crate::base::seal::Sealer;
use crate::base::{Error, Random, Result, secret};
use crate::contract::config::WireSecret;
use crate::platform::access::Actor;
use crate::platform::audit;
use crate::platform::db::{Conn, Db, Tx};

/// The bots. Cheap to clone.
#[derive(Clone)]
pub struct Bots {
    db: Db,
    random: Random,
    sealer: Arc<Sealer>,
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
        self.db.write(move |tx| bots.insert(tx, &id, body, &actor)).await
    }

    /// Stores a bot that comes with the program, under a known id.
    pub fn seed(&self, tx: &Tx<'_>, id: &BotId, body: BotBody) -> Result<()> {
        check(&body)?;
        store::insert(tx, id, &body, "cxbox")
    }

    fn insert(&self, tx: &Tx<'_>, id: &BotId, mut body: BotBody, actor: &Actor) -> Result<BotView> {
        self.seal(id, &mut body, None)?;
        store::insert(tx, id, &body, &actor.name)?;
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
                bots.seal(&id, &mut body, Some(&old.body))?;
                store::update(tx, &id, store::newest_version(tx, &id)? + 1, &body, &actor.name)?;
                note_disclosure(tx, &actor, &id, Some(&old.body), &body)?;
                bots.view(store::get(tx, &id)?)
            })
            .await
    }

    /// Removes a bot. One that answers on a number stays, with 409.
    pub async fn delete(&self, id: BotId) -> Result<()> {
        self.db
            .write(move |tx| {
                store::get(tx, &id)?;
                if store::is_used(tx, &id)? {
                    return Err(Error::conflict("a virtual number answers with this bot; give the number another bot first").code("in_use"));
                }
                store::delete(tx, &id)
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

    /// One page of the versions of a bot, newest first, and how many there are.
    pub async fn versions(&self, id: BotId, page: Page) -> Result<(Vec<BotVersionView>, u64)> {
        self.db
            .read(move |conn| {
                store::get(conn, &id)?;
                store::versions(conn, &id, page)
            })
            .await
    }

    /// The published version, credentials readable; `None` when there is no such bot.
    pub fn find_published(&self, conn: &Conn, id: &BotId) -> Result<Option<Published>> {
        let Some(mut bot) = store::find(conn, id)? else { return Ok(None) };
        self.open(&bot.id, &mut bot.body)?;
        Ok(Some(Published { id: bot.id, version: bot.version, body: bot.body }))
    }

    /// Whether a bot exists.
    pub fn exists(&self, conn: &Conn, id: &BotId) -> Result<bool> {
        Ok(store::find(conn, id)?.is_some())
    }

    /// Whether no bot was ever made: the box is new.
    pub fn is_empty(&self, conn: &Conn) -> Result<bool> {
        store::is_empty(conn)
    }

    fn view(&self, mut bot: StoredBot) -> Result<BotView> {
        self.open(&bot.id, &mut bot.body)?;
        for provider in bot.body.providers_mut() {
            provider.api_key = provider.api_key.take().map(|key| WireSecret(secret::mask(&key.0)));
        }
        let StoredBot { id, version, body, created_at, created_by, updated_at } = bot;
        Ok(BotView { id, version, body, created_at, created_by, updated_at })
    }

    fn open(&self, id: &BotId, body: &mut BotBody) -> Result<()> {
        for provider in body.providers_mut() {
            if let Some(key) = &mut provider.api_key {
                key.0 = self.sealer.open(id.as_str(), &key.0)?;
            }
        }
        Ok(())
    }

    /// Seals the credentials of a body. A masked one is replaced by the stored one, as long as it would go to the same place as before.
    fn seal(&self, id: &BotId, body: &mut BotBody, old: Option<&BotBody>) -> Result<()> {
        let stored: Vec<_> = old.map(BotBody::providers).into_iter().flatten().collect();
        for (n, provider) in body.providers_mut().into_iter().enumerate() {
            let Some(key) = &mut provider.api_key else { continue };
            if key.0.is_empty() {
                provider.api_key = None;
                continue;
            }
            if key.0.contains('•') {
                let kept = stored.get(n).map(|(slot, stored)| (*slot, stored.api_key.as_ref(), &stored.base_url));
                key.0 = self.kept(id, &key.0, provider.base_url.as_ref(), kept)?;
            }
            key.0 = self.sealer.seal(id.as_str(), &key.0)?;
        }
        Ok(())
    }

    /// The stored key that a masked text stands for.
    fn kept(
        &self,
        id: &BotId,
        masked: &str,
        base_url: Option<&String>,
        stored: Option<(&'static str, Option<&WireSecret>, &Option<String>)>,
    ) -> Result<String> {
        let refused = |slot: &str, why: &str| Error::invalid(format!("{slot}.api_key: {why}")).field(format!("{slot}.api_key"), why);
        let Some((slot, Some(sealed), old_url)) = stored else {
            return Err(Error::invalid("api_key: there is no stored key that this masked text stands for"));
        };
        let plain = self.sealer.open(id.as_str(), &sealed.0)?;
        if secret::mask(&plain) != masked {
            return Err(refused(slot, "there is no stored key that this masked text stands for"));
        }
        if base_url != old_url.as_ref() {
            return Err(refused(slot, "must be sent in full when base_url changes"));
        }
        Ok(plain)
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
