//! The handle of the API keys: mint, list, change, delete, and look one up for a request.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use serde_json::json;
use tracing::warn;

use super::model::{Key, KeyChange, KeyView, Kind, MintedKey, NewKey, check_scopes_fit, tidy_name};
use super::store;
use crate::base::id::ApiKeyId;
use crate::base::page::Page;
use crate::base::secret::sha256_hex;
use crate::base::{Clock, Context, Error, Millis, Random, Result};
use crate::features::auth::cache::Cache;
use crate::platform::access::{Actor, Via};
use crate::platform::audit;
use crate::platform::db::{Db, Tx};

/// The use of a key is written at most this often.
const USE_WRITTEN_EVERY: Duration = Duration::from_secs(5);

/// The API keys of this box. Cheap to clone.
#[derive(Clone)]
pub struct Keys {
    db: Db,
    clock: Clock,
    random: Random,
    cache: Cache<String, Known>,
}

/// A key in memory, with the time its use was last written.
pub(in crate::features::auth) struct Known {
    pub(in crate::features::auth) key: Key,
    use_written_at: AtomicI64,
}

impl Keys {
    /// The keys in this database.
    pub fn new(db: Db, clock: Clock, random: Random) -> Self {
        Self { db, clock, random, cache: Cache::new() }
    }

    /// The row of a key that somebody sent, if there is one. It is looked up by its hash, so timing tells nothing about stored keys.
    pub(in crate::features::auth) async fn find(&self, text: &str) -> Result<Option<Arc<Known>>> {
        let hash = sha256_hex(text);
        let epoch = match self.cache.get(&hash) {
            Ok(known) => return Ok(Some(known)),
            Err(epoch) => epoch,
        };
        let wanted = hash.clone();
        let Some(key) = self.db.read(move |conn| store::find_hash(conn, &wanted)).await? else { return Ok(None) };
        let use_written_at = AtomicI64::new(key.last_used_at.map_or(i64::MIN, |at| at.0));
        let known = Arc::new(Known { key, use_written_at });
        self.cache.keep(epoch, hash, known.clone());
        Ok(Some(known))
    }

    /// Notes that a key was used. The request does not wait for the write, and a lost one is made good by the next use.
    pub(in crate::features::auth) fn used(&self, known: &Known) {
        let now = self.clock.now();
        let before = known.use_written_at.load(Ordering::Relaxed);
        if before != i64::MIN && now.since(Millis(before)) < USE_WRITTEN_EVERY {
            return;
        }
        if known.use_written_at.compare_exchange(before, now.0, Ordering::Relaxed, Ordering::Relaxed).is_err() {
            return;
        }
        let (db, id) = (self.db.clone(), known.key.id.clone());
        // Ends with its one write; the database bounds how many can wait.
        tokio::spawn(async move {
            if let Err(error) = db.write(move |tx| store::set_last_used(tx, &id, now)).await {
                warn!("The use of an API key could not be written: {error}");
            }
        });
    }

    /// Mints a key. An API key cannot mint another (403 `api_key_cannot_mint`); an `ak` key needs an OIDC session (seed 002).
    pub async fn mint(&self, actor: &Actor, new: NewKey) -> Result<MintedKey> {
        if matches!(actor.via, Via::ApiKey(_)) {
            return Err(Error::forbidden("an API key cannot mint another one").code("api_key_cannot_mint"));
        }
        if actor.via != Via::Oidc && new.kind == Kind::Ak {
            let sentence = "an ak key is minted in an OIDC session: use an access token of /oauth2/v1/token";
            return Err(Error::forbidden(sentence).code("oidc_session_required"));
        }
        let text = new.kind.make(&self.random);
        let key = self.draft(actor, new, &text)?;
        let (id, actor) = (key.id.clone(), actor.clone());
        let view = self
            .change(move |tx| {
                store::insert(tx, &key)?;
                audit::append(
                    tx,
                    &actor,
                    "api_key.mint",
                    key.id.as_str(),
                    &json!({ "name": key.name, "kind": key.kind, "scopes": key.scopes }),
                )?;
                store::get(tx, &id).map(KeyView::from)
            })
            .await?;
        Ok(MintedKey { key: text, view })
    }

    /// A page of keys, newest first, and how many there are.
    pub async fn list(&self, page: Page) -> Result<(Vec<KeyView>, u64)> {
        self.db.read(move |conn| Ok((store::list(conn, page)?.into_iter().map(KeyView::from).collect(), store::count(conn)?))).await
    }

    /// Changes what the body names.
    pub async fn update(&self, actor: &Actor, id: ApiKeyId, change: KeyChange) -> Result<KeyView> {
        let actor = actor.clone();
        self.change(move |tx| {
            let key = changed(store::get(tx, &id)?, change)?;
            store::update(tx, &key)?;
            let detail = json!({ "name": key.name, "is_active": key.is_active, "expires_at": key.expires_at, "scopes": key.scopes });
            audit::append(tx, &actor, "api_key.update", id.as_str(), &detail)?;
            store::get(tx, &id).map(KeyView::from)
        })
        .await
    }

    /// Deletes a key; it is refused from the next request on.
    pub async fn delete(&self, actor: &Actor, id: ApiKeyId) -> Result<()> {
        let actor = actor.clone();
        self.change(move |tx| {
            let key = store::get(tx, &id)?;
            store::delete(tx, &id)?;
            audit::append(tx, &actor, "api_key.delete", id.as_str(), &json!({ "name": key.name }))
        })
        .await
    }

    fn draft(&self, actor: &Actor, new: NewKey, text: &str) -> Result<Key> {
        let now = self.clock.now();
        if new.expires_at.is_some_and(|at| at <= now) {
            return Err(Error::invalid("expires_at lies in the past").field("expires_at", "lies in the past"));
        }
        check_scopes_fit(new.kind, &new.scopes)?;
        Ok(Key {
            id: ApiKeyId::new(&self.random),
            name: tidy_name(&new.name)?,
            kind: new.kind,
            prefix: text.chars().take(7).collect(),
            hash: sha256_hex(text),
            bot_ids: new.bot_ids,
            scopes: new.scopes,
            is_active: true,
            expires_at: new.expires_at,
            last_used_at: None,
            minter_id: actor.user_id.clone(),
            created_by: actor.name.clone(),
            created_at: now,
            updated_at: now,
        })
    }

    /// Runs a change and forgets the cached rows after its commit, also when the request that asked for it has gone away meanwhile.
    async fn change<T: Send + 'static>(&self, change: impl FnOnce(&Tx<'_>) -> Result<T> + Send + 'static) -> Result<T> {
        let (db, cache) = (self.db.clone(), self.cache.clone());
        let work = tokio::spawn(async move {
            let outcome = db.write(change).await;
            cache.clear();
            outcome
        });
        work.await.context("a change of API keys was interrupted")?
    }
}

fn changed(key: Key, change: KeyChange) -> Result<Key> {
    let name = change.name.map_or_else(|| Ok(key.name.clone()), |name| tidy_name(&name))?;
    let scopes = change.scopes.unwrap_or(key.scopes);
    check_scopes_fit(key.kind, &scopes)?;
    Ok(Key {
        name,
        scopes,
        is_active: change.is_active.unwrap_or(key.is_active),
        bot_ids: change.bot_ids.unwrap_or(key.bot_ids),
        expires_at: change.expires_at.unwrap_or(key.expires_at),
        ..key
    })
}
