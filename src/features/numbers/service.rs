//! What can be done with virtual numbers.

use std::sync::Arc;

use serde_json::{Value, json};

use super::check::{checked, refused};
use super::model::{NumberBody, NumberMode, NumberView};
use super::store;
use crate::base::id::{BotId, NumberId};
use crate::base::page::Page;
use crate::base::phone::is_e164;
use crate::base::seal::Sealer;
use crate::base::{Random, Result, secret};
use crate::contract::config::WireSecret;
use crate::features::bots::{Bots, Published};
use crate::features::permit::Permit;
use crate::features::settings::Settings;
use crate::platform::access::Actor;
use crate::platform::audit;
use crate::platform::db::{Conn, Db, Tx};

/// What the numbers are built from.
pub struct NumbersSetup {
    /// The database.
    pub db: Db,
    /// Randomness, for keys of rows.
    pub random: Random,
    /// Keeps provider keys.
    pub sealer: Arc<Sealer>,
    /// The bots that answer.
    pub bots: Bots,
    /// Where the bot of numbers that carry a prompt and no bot is named.
    pub settings: Settings,
    /// Who may be called.
    pub permit: Permit,
    /// Whether the CodeB surface shows provider keys in full.
    pub reveals_secrets: bool,
}

/// The virtual numbers. Cheap to clone.
#[derive(Clone)]
pub struct Numbers(Arc<NumbersSetup>);

/// A number with what answers on it, for a reader of the CodeB surface.
pub(super) struct Answering {
    pub(super) number: NumberView,
    pub(super) bot: Option<Published>,
    pub(super) api_key: String,
}

impl Numbers {
    /// Numbers over a database.
    pub fn new(setup: NumbersSetup) -> Self {
        Self(Arc::new(setup))
    }

    /// Makes a number. Its bot must exist, its name and what is dialled must be free.
    pub async fn create(&self, by: &Actor, body: NumberBody) -> Result<NumberView> {
        let body = checked(body)?;
        let (numbers, id, by) = (self.clone(), NumberId::new(&self.0.random), by.clone());
        self.0
            .db
            .write(move |tx| {
                numbers.whitelist(tx, &body, &by.name)?;
                audit::append(tx, &by, "number.create", id.as_str(), &told(&body))?;
                numbers.insert(tx, &id, body)?;
                numbers.shown(store::get(tx, &id)?)
            })
            .await
    }

    /// Stores a number in a transaction of somebody else.
    pub fn insert(&self, tx: &Tx<'_>, id: &NumberId, mut body: NumberBody) -> Result<()> {
        self.bot_exists(tx, &body)?;
        self.seal(id, &mut body, None)?;
        store::insert(tx, id, &body)
    }

    /// Changes a number; calls that run keep what they started with.
    pub async fn replace(&self, by: &Actor, id: NumberId, body: NumberBody) -> Result<NumberView> {
        let mut body = checked(body)?;
        let (numbers, by) = (self.clone(), by.clone());
        self.0
            .db
            .write(move |tx| {
                let old = store::get(tx, &id)?;
                numbers.bot_exists(tx, &body)?;
                numbers.seal(&id, &mut body, Some(&old))?;
                store::update(tx, &id, &body)?;
                audit::append(tx, &by, "number.update", id.as_str(), &told(&body))?;
                numbers.whitelist(tx, &body, &by.name)?;
                numbers.shown(store::get(tx, &id)?)
            })
            .await
    }

    /// A number of the box may be called from it: whoever saves one says so.
    fn whitelist(&self, tx: &Tx<'_>, body: &NumberBody, by: &str) -> Result<()> {
        if is_e164(&body.number) {
            self.0.permit.whitelist(tx, &body.number, by)?;
        }
        Ok(())
    }

    /// Removes a number. Routes that name it ring the user of that name from then on.
    pub async fn delete(&self, by: &Actor, id: NumberId) -> Result<()> {
        let by = by.clone();
        self.0
            .db
            .write(move |tx| {
                let number = store::get(tx, &id)?;
                store::delete(tx, &id)?;
                audit::append(tx, &by, "number.delete", id.as_str(), &told(&number.body))
            })
            .await
    }

    /// One number, its key masked.
    pub async fn get(&self, id: NumberId) -> Result<NumberView> {
        let numbers = self.clone();
        self.0.db.read(move |conn| numbers.shown(store::get(conn, &id)?)).await
    }

    /// One page of numbers by name, keys masked, and how many there are.
    pub async fn list(&self, page: Page) -> Result<(Vec<NumberView>, u64)> {
        let numbers = self.clone();
        self.0
            .db
            .read(move |conn| {
                let (rows, total) = store::list(conn, page)?;
                Ok((rows.into_iter().map(|row| numbers.shown(row)).collect::<Result<_>>()?, total))
            })
            .await
    }

    /// One page of numbers, each with what answers on it.
    pub(super) async fn list_answering(&self, page: Page) -> Result<(Vec<Answering>, u64)> {
        let numbers = self.clone();
        self.0
            .db
            .read(move |conn| {
                let (rows, total) = store::list(conn, page)?;
                Ok((rows.into_iter().map(|row| numbers.answering(conn, row)).collect::<Result<_>>()?, total))
            })
            .await
    }

    fn answering(&self, conn: &Conn, number: NumberView) -> Result<Answering> {
        let bot = match number.body.mode {
            NumberMode::LiveVoiceAi => self.0.bots.find_published(conn, &self.bot_of(&number))?,
            NumberMode::Tts => None,
        };
        let of_bot = || bot.as_ref().and_then(|bot| bot.body.llm.api_key.clone());
        let key = self.open_key(&number)?.or_else(of_bot).map_or_else(String::new, |key| key.0);
        let api_key = if self.0.reveals_secrets { key } else { secret::mask(&key) };
        Ok(Answering { number, bot, api_key })
    }

    /// The number that is dialled by this text.
    pub fn find_dialled(&self, conn: &Conn, dialled: &str) -> Result<Option<NumberView>> {
        store::find_dialled(conn, dialled)
    }

    /// The number that a route's `user` means: by name, else by what is dialled.
    pub fn find_user(&self, conn: &Conn, user: &str) -> Result<Option<NumberView>> {
        match store::find_named(conn, user)? {
            Some(number) => Ok(Some(number)),
            None => store::find_dialled(conn, user),
        }
    }

    /// The number of an id, its key sealed; `None` when it was removed.
    pub fn find(&self, conn: &Conn, id: &NumberId) -> Result<Option<NumberView>> {
        store::find(conn, id)
    }

    /// The bot that speaks on a number: its own, else the one of the setting `outbound.default_bot_id`. One that does not exist answers
    /// no call.
    pub fn bot_of(&self, number: &NumberView) -> BotId {
        number.body.bot_id.clone().unwrap_or_else(|| self.default_bot())
    }

    fn default_bot(&self) -> BotId {
        match self.0.settings.current().outbound.default_bot_id.as_str() {
            "" => BotId::from("none"),
            id => BotId::from(id),
        }
    }

    /// The provider key of a number as it came from the store, readable.
    pub fn open_key(&self, number: &NumberView) -> Result<Option<WireSecret>> {
        let sealed = number.body.api_key.as_ref();
        sealed.map(|key| Ok(WireSecret(self.0.sealer.open(number.id.as_str(), &key.0)?))).transpose()
    }

    fn shown(&self, mut number: NumberView) -> Result<NumberView> {
        number.body.api_key = self.open_key(&number)?.map(|key| WireSecret(secret::mask(&key.0)));
        Ok(number)
    }

    /// Seals a new key. None, or the masked text of the stored one, keeps that; an empty text removes it.
    fn seal(&self, id: &NumberId, body: &mut NumberBody, old: Option<&NumberView>) -> Result<()> {
        let stored = old.and_then(|old| old.body.api_key.clone());
        match &mut body.api_key {
            None => body.api_key = stored,
            Some(sent) if sent.0.is_empty() => body.api_key = None,
            Some(sent) if sent.0.contains('•') => {
                let known = old.map(|old| self.open_key(old)).transpose()?.flatten();
                if known.is_none_or(|known| secret::mask(&known.0) != sent.0) {
                    return Err(refused("api_key", "there is no stored key that this masked text stands for"));
                }
                body.api_key = stored;
            }
            Some(sent) => sent.0 = self.0.sealer.seal(id.as_str(), &sent.0)?,
        }
        Ok(())
    }

    fn bot_exists(&self, conn: &Conn, body: &NumberBody) -> Result<()> {
        match &body.bot_id {
            Some(id) if !self.0.bots.exists(conn, id)? => Err(refused("bot_id", format!("there is no bot {id}"))),
            None if body.mode == NumberMode::LiveVoiceAi && !self.0.bots.exists(conn, &self.default_bot())? => {
                Err(refused("bot_id", "is needed: the setting outbound.default_bot_id names no bot"))
            }
            _ => Ok(()),
        }
    }
}

/// What the audit trail says of a number.
fn told(body: &NumberBody) -> Value {
    json!({ "name": body.name, "number": body.number, "mode": body.mode, "bot_id": body.bot_id, "visibility": body.visibility })
}
