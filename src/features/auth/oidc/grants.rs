//! The handle of the grants: begin one, turn its code or refresh token into another, end it, say whether it still holds.

use std::sync::Arc;

use super::grants_store as store;
use super::request::Authorize;
use super::verdict::{self, CODE_LIFE, Code, GRANT_LIFE, Grant, REFRESH_LIFE, Redemption, Refresh, Verdict, narrowed};
use crate::base::secret::sha256_hex;
use crate::base::{Context, Millis, Random, Result};
use crate::features::auth::cache::Cache;
use crate::features::auth::token::ACCESS_LIFE;
use crate::features::auth::users::{User, store as users};
use crate::platform::db::{Db, Tx};

/// The scope that gives refresh tokens.
const OFFLINE: &str = "offline_access";

/// The grants of this box. Cheap to clone.
#[derive(Clone)]
pub(in crate::features::auth) struct Grants {
    db: Db,
    random: Random,
    /// Whether a grant holds, for the gate.
    alive: Cache<String, bool>,
}

/// What tokens are made from.
pub(super) struct Given {
    pub(super) grant: Grant,
    pub(super) user: User,
    pub(super) scope: String,
    pub(super) nonce: Option<String>,
    pub(super) refresh_token: Option<String>,
}

/// How turning a code or a refresh token into tokens ended.
pub(super) enum Turned {
    /// Make these tokens.
    Given(Box<Given>),
    /// There is no such code or token: somebody guesses.
    Unknown,
    /// It is not valid any more, or not for this client.
    Refused,
    /// It was stolen or repeated; everything of its grant is dead.
    Revoked,
    /// It holds, and more scopes were asked for than were granted. Nothing was used up.
    TooMuch,
}

impl Grants {
    pub(in crate::features::auth) fn new(db: Db, random: Random) -> Self {
        Self { db, random, alive: Cache::new() }
    }

    /// Whether tokens of this grant still hold.
    pub(in crate::features::auth) async fn holds(&self, id: &str) -> Result<bool> {
        let epoch = match self.alive.get(&id.to_owned()) {
            Ok(alive) => return Ok(*alive),
            Err(epoch) => epoch,
        };
        let wanted = id.to_owned();
        let alive = self.db.read(move |conn| store::find(conn, &wanted)).await?.is_some_and(|grant| !grant.is_revoked);
        self.alive.keep(epoch, id.to_owned(), Arc::new(alive));
        Ok(alive)
    }

    /// A code for a person who has just signed in, or had before.
    pub(super) async fn begin(&self, user: &User, request: &Authorize, signed_in_at: Millis) -> Result<String> {
        let text = self.random.url_safe::<32>();
        let hash = sha256_hex(&text);
        let grant = self.draft(user, &request.client_id, &request.scope, signed_in_at);
        let code = Code {
            grant_id: grant.id.clone(),
            redirect_uri: request.redirect_uri.clone(),
            challenge: request.challenge.clone(),
            nonce: request.nonce.clone(),
            expires_at: Millis(0),
            used_at: None,
        };
        let write = self.db.write(move |tx| {
            store::purge(tx)?;
            store::insert(tx, &Grant { ends_at: tx.now.plus(CODE_LIFE + ACCESS_LIFE), ..grant })?;
            store::insert_code(tx, &hash, &Code { expires_at: tx.now.plus(CODE_LIFE), ..code })
        });
        write.await?;
        Ok(text)
    }

    /// What tokens are made from for a person whose password was just checked.
    pub(super) async fn begin_at_once(&self, user: User, client_id: &str, scope: &str) -> Result<Given> {
        let refresh = self.random.url_safe::<32>();
        let grant = self.draft(&user, client_id, scope, Millis(0));
        let write = self.db.write(move |tx| {
            store::purge(tx)?;
            let grant = Grant { signed_in_at: tx.now, ends_at: end_of(tx, &grant.scope), ..grant };
            store::insert(tx, &grant)?;
            let refresh_token = with_refresh(tx, &grant, refresh)?;
            Ok((grant, refresh_token))
        });
        let (grant, refresh_token) = write.await?;
        Ok(Given { scope: grant.scope.clone(), grant, user, nonce: None, refresh_token })
    }

    /// Turns a code into tokens, once.
    pub(super) async fn redeem(&self, code: &str, said: Redemption) -> Result<Turned> {
        let (hash, refresh) = (sha256_hex(code), self.random.url_safe::<32>());
        self.turn(move |tx| {
            let Some(code) = store::find_code(tx, &hash)? else { return Ok(Turned::Unknown) };
            let Some(grant) = store::find(tx, &code.grant_id)? else { return Ok(Turned::Refused) };
            match verdict::redeem(&code, &grant, &said, tx.now) {
                Verdict::Refuse => return Ok(Turned::Refused),
                Verdict::Revoke => return revoked(tx, &grant, "a code was repeated or did not fit"),
                Verdict::Give => {}
            }
            store::use_code(tx, &hash)?;
            let Some(user) = signed_in(tx, &grant)? else { return Ok(Turned::Refused) };
            store::set_end(tx, &grant.id, end_of(tx, &grant.scope))?;
            let refresh_token = with_refresh(tx, &grant, refresh)?;
            Ok(Turned::Given(Box::new(Given { scope: grant.scope.clone(), grant, user, nonce: code.nonce, refresh_token })))
        })
        .await
    }

    /// Turns a refresh token into tokens, the next refresh token among them.
    pub(super) async fn rotate(&self, token: &str, client_id: &str, scope: Option<&str>) -> Result<Turned> {
        let (hash, refresh) = (sha256_hex(token), self.random.url_safe::<32>());
        let (client_id, asked) = (client_id.to_owned(), scope.map(str::to_owned));
        self.turn(move |tx| {
            let Some(token) = store::find_refresh(tx, &hash)? else { return Ok(Turned::Unknown) };
            let Some(grant) = store::find(tx, &token.grant_id)? else { return Ok(Turned::Refused) };
            match verdict::rotate(&token, &grant, &client_id, tx.now) {
                Verdict::Refuse => return Ok(Turned::Refused),
                Verdict::Revoke => return revoked(tx, &grant, "a refresh token was repeated"),
                Verdict::Give => {}
            }
            let Some(user) = signed_in(tx, &grant)? else { return Ok(Turned::Refused) };
            let Some(scope) = narrowed(&grant.scope, asked.as_deref()) else { return Ok(Turned::TooMuch) };
            store::use_refresh(tx, &hash)?;
            let refresh_token = with_refresh(tx, &grant, refresh)?;
            Ok(Turned::Given(Box::new(Given { scope, grant, user, nonce: None, refresh_token })))
        })
        .await
    }

    /// The grant of a refresh token that still holds, and until when it does.
    pub(super) async fn of_refresh(&self, token: &str, now: Millis) -> Result<Option<(Grant, Millis)>> {
        let hash = sha256_hex(token);
        self.db
            .read(move |conn| {
                let Some(token) = store::find_refresh(conn, &hash)? else { return Ok(None) };
                let Some(grant) = store::find(conn, &token.grant_id)? else { return Ok(None) };
                let holds = token.used_at.is_none() && verdict::rotate(&token, &grant, &grant.client_id, now) == Verdict::Give;
                let until = token.expires_at.min(grant.ends_at);
                Ok((holds && users::find(conn, &grant.user_id)?.is_some_and(|user| may(&user, &grant))).then_some((grant, until)))
            })
            .await
    }

    /// The client that a refresh token was given to, and its grant, whether it still holds or not.
    pub(super) async fn owner_of_refresh(&self, token: &str) -> Result<Option<Grant>> {
        let hash = sha256_hex(token);
        let find = self.db.read(move |conn| match store::find_refresh(conn, &hash)? {
            Some(token) => store::find(conn, &token.grant_id),
            None => Ok(None),
        });
        find.await
    }

    /// Ends a grant; every token made from it is refused from then on.
    pub(super) async fn end(&self, id: String) -> Result<()> {
        self.change(move |tx| store::revoke(tx, &id, "the client gave it back")).await
    }

    /// Ends all grants of a client, in the transaction that removes it.
    pub(in crate::features::auth) fn end_all_of_client(tx: &Tx<'_>, client_id: &str) -> Result<()> {
        store::revoke_of_client(tx, client_id, "the client was removed")
    }

    /// Runs a change that ends grants, and forgets which of them held, also when the request that asked for it has gone away meanwhile.
    pub(in crate::features::auth) async fn change<T: Send + 'static>(
        &self,
        change: impl FnOnce(&Tx<'_>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.run(change, |_| true).await
    }

    async fn turn(&self, turn: impl FnOnce(&Tx<'_>) -> Result<Turned> + Send + 'static) -> Result<Turned> {
        self.run(turn, |turned| matches!(turned, Turned::Revoked)).await
    }

    async fn run<T: Send + 'static>(
        &self,
        change: impl FnOnce(&Tx<'_>) -> Result<T> + Send + 'static,
        ends_one: fn(&T) -> bool,
    ) -> Result<T> {
        let (db, alive) = (self.db.clone(), self.alive.clone());
        let work = tokio::spawn(async move {
            let outcome = db.write(change).await;
            if outcome.as_ref().map_or(true, ends_one) {
                alive.clear();
            }
            outcome
        });
        work.await.context("a change of grants was interrupted")?
    }

    fn draft(&self, user: &User, client_id: &str, scope: &str, signed_in_at: Millis) -> Grant {
        Grant {
            id: format!("grt_{}", self.random.hex::<12>()),
            user_id: user.id.clone(),
            epoch: user.token_epoch,
            client_id: client_id.to_owned(),
            scope: scope.to_owned(),
            signed_in_at,
            ends_at: Millis(0),
            is_revoked: false,
        }
    }
}

fn revoked(tx: &Tx<'_>, grant: &Grant, because: &str) -> Result<Turned> {
    store::revoke(tx, &grant.id, because)?;
    tracing::warn!("A grant of the client {} was revoked: {because}", grant.client_id);
    Ok(Turned::Revoked)
}

/// The grant's person, if they may still sign in with what they signed in with then.
fn signed_in(tx: &Tx<'_>, grant: &Grant) -> Result<Option<User>> {
    Ok(users::find(tx, &grant.user_id)?.filter(|user| may(user, grant)))
}

fn may(user: &User, grant: &Grant) -> bool {
    user.is_active && user.token_epoch == grant.epoch
}

fn is_offline(scope: &str) -> bool {
    scope.split(' ').any(|one| one == OFFLINE)
}

fn end_of(tx: &Tx<'_>, scope: &str) -> Millis {
    tx.now.plus(if is_offline(scope) { GRANT_LIFE } else { ACCESS_LIFE })
}

/// Stores the next refresh token if the grant has any.
fn with_refresh(tx: &Tx<'_>, grant: &Grant, text: String) -> Result<Option<String>> {
    if !is_offline(&grant.scope) {
        return Ok(None);
    }
    let token = Refresh { grant_id: grant.id.clone(), expires_at: tx.now.plus(REFRESH_LIFE), used_at: None };
    store::insert_refresh(tx, &sha256_hex(&text), &token)?;
    Ok(Some(text))
}
