//! What can be done with virtual numbers.

use super::model::{NumberBody, NumberView, refused};
use super::store;
use crate::base::id::NumberId;
use crate::base::page::Page;
use crate::base::{Random, Result};
use crate::features::bots::{Bots, Published};
use crate::platform::db::{Conn, Db, Tx};

/// The virtual numbers. Cheap to clone.
#[derive(Clone)]
pub struct Numbers {
    db: Db,
    random: Random,
    bots: Bots,
}

impl Numbers {
    /// Numbers over a database.
    pub fn new(db: Db, random: Random, bots: Bots) -> Self {
        Self { db, random, bots }
    }

    /// Makes a number. Its bot must exist, its name and what is dialled must be free.
    pub async fn create(&self, body: NumberBody) -> Result<NumberView> {
        let body = body.checked()?;
        let (numbers, id) = (self.clone(), NumberId::new(&self.random));
        self.db
            .write(move |tx| {
                numbers.insert(tx, &id, &body)?;
                store::get(tx, &id)
            })
            .await
    }

    /// Stores a number in a transaction of somebody else.
    pub fn insert(&self, tx: &Tx<'_>, id: &NumberId, body: &NumberBody) -> Result<()> {
        self.bot_exists(tx, body)?;
        store::insert(tx, id, body)
    }

    /// Changes a number; calls that run keep what they started with.
    pub async fn replace(&self, id: NumberId, body: NumberBody) -> Result<NumberView> {
        let body = body.checked()?;
        let numbers = self.clone();
        self.db
            .write(move |tx| {
                store::get(tx, &id)?;
                numbers.bot_exists(tx, &body)?;
                store::update(tx, &id, &body)?;
                store::get(tx, &id)
            })
            .await
    }

    /// Removes a number. Routes that name it ring the user of that name from then on.
    pub async fn delete(&self, id: NumberId) -> Result<()> {
        self.db
            .write(move |tx| {
                store::get(tx, &id)?;
                store::delete(tx, &id)
            })
            .await
    }

    /// One number.
    pub async fn get(&self, id: NumberId) -> Result<NumberView> {
        self.db.read(move |conn| store::get(conn, &id)).await
    }

    /// One page of numbers by name, and how many there are.
    pub async fn list(&self, page: Page) -> Result<(Vec<NumberView>, u64)> {
        self.db.read(move |conn| store::list(conn, page)).await
    }

    /// One page of numbers, each with the bot that answers on it.
    pub async fn list_with_bots(&self, page: Page) -> Result<(Vec<(NumberView, Option<Published>)>, u64)> {
        let numbers = self.clone();
        self.db
            .read(move |conn| {
                let (rows, total) = store::list(conn, page)?;
                let with_bot = |number: NumberView| Ok((numbers.bots.find_published(conn, &number.body.bot_id)?, number));
                let rows = rows.into_iter().map(with_bot).map(|row| row.map(|(bot, number)| (number, bot)));
                Ok((rows.collect::<Result<_>>()?, total))
            })
            .await
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

    /// The number of an id; `None` when it was removed.
    pub fn find(&self, conn: &Conn, id: &NumberId) -> Result<Option<NumberView>> {
        store::find(conn, id)
    }

    /// The bots that answer on numbers.
    pub fn bots(&self) -> &Bots {
        &self.bots
    }

    fn bot_exists(&self, conn: &Conn, body: &NumberBody) -> Result<()> {
        match self.bots.exists(conn, &body.bot_id)? {
            true => Ok(()),
            false => Err(refused("bot_id", format!("there is no bot {}", body.bot_id))),
        }
    }
}
