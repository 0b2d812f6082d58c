//! The handle of the clients: register, list, change, remove, and look one up for a request.

use serde_json::json;

use super::model::{Client, ClientChange, ClientView, NewClient, RegisteredClient, check_description, check_id, check_uris, is_built_in};
use super::store;
use crate::base::page::Page;
use crate::base::secret::sha256_hex;
use crate::base::{Error, Millis, Random, Result};
use crate::features::auth::oidc::Grants;
use crate::platform::access::Actor;
use crate::platform::audit;
use crate::platform::db::Db;

/// The clients of this box. Cheap to clone.
#[derive(Clone)]
pub struct Clients {
    db: Db,
    random: Random,
    base_url: String,
    grants: Grants,
}

impl Clients {
    pub(in crate::features::auth) fn new(db: Db, random: Random, base_url: &str, grants: Grants) -> Self {
        Self { db, random, base_url: base_url.to_owned(), grants }
    }

    /// The client of this name, if there is one.
    pub(in crate::features::auth) async fn find(&self, id: &str) -> Result<Option<Client>> {
        if is_built_in(id) {
            return Ok(Some(Client::built_in(&self.base_url)));
        }
        let id = id.to_owned();
        self.db.read(move |conn| store::find(conn, &id)).await
    }

    /// A page of clients, the built-in one first, and how many there are.
    pub async fn list(&self, page: Page) -> Result<(Vec<ClientView>, u64)> {
        let built_in = (page.offset == 0).then(|| Client::built_in(&self.base_url));
        let rows = Page { limit: page.limit - u32::from(built_in.is_some()), offset: page.offset.saturating_sub(1) };
        let (stored, total) = self.db.read(move |conn| Ok((store::list(conn, rows)?, store::count(conn)?))).await?;
        Ok((built_in.into_iter().chain(stored).map(ClientView::from).collect(), total + 1))
    }

    /// One client.
    pub async fn get(&self, id: String) -> Result<ClientView> {
        let found = self.find(&id).await?;
        found.map(ClientView::from).ok_or_else(|| Error::not_found(format!("no client {id}")))
    }

    /// Registers a client. The name is unique (409), also against the built-in one.
    pub async fn create(&self, actor: &Actor, new: NewClient) -> Result<RegisteredClient> {
        let id = new.client_id.unwrap_or_else(|| format!("client-{}", self.random.hex::<8>()));
        check_id(&id)?;
        check_description(&new.description)?;
        check_uris(&new.redirect_uris, "redirect_uris", 1)?;
        check_uris(&new.post_logout_redirect_uris, "post_logout_redirect_uris", 0)?;
        if is_built_in(&id) {
            return Err(Error::conflict("this client is built in and cannot be overridden"));
        }
        let secret = new.confidential.then(|| self.random.url_safe::<32>());
        let client = Client {
            id,
            description: new.description,
            redirect_uris: new.redirect_uris,
            post_logout_redirect_uris: new.post_logout_redirect_uris,
            secret_hash: secret.as_deref().map(sha256_hex),
            api_access: new.api_access,
            created_by: actor.name.clone(),
            created_at: Millis(0),
            updated_at: Millis(0),
        };
        let actor = actor.clone();
        let made = self.db.write(move |tx| {
            store::insert(tx, &client)?;
            let detail =
                json!({ "redirect_uris": client.redirect_uris, "confidential": client.is_confidential(), "api_access": client.api_access });
            audit::append(tx, &actor, "oidc_client.create", &client.id, &detail)?;
            store::get(tx, &client.id)
        });
        Ok(RegisteredClient { client_secret: secret, view: made.await?.into() })
    }

    /// Changes what the body names.
    pub async fn update(&self, actor: &Actor, id: String, change: ClientChange) -> Result<ClientView> {
        refuse_built_in(&id)?;
        let actor = actor.clone();
        let changed = self.db.write(move |tx| {
            let client = changed(store::get(tx, &id)?, change)?;
            store::update(tx, &client)?;
            let detail = json!({ "redirect_uris": client.redirect_uris, "api_access": client.api_access });
            audit::append(tx, &actor, "oidc_client.update", &id, &detail)?;
            store::get(tx, &id)
        });
        changed.await.map(ClientView::from)
    }

    /// Gives a confidential client another secret; the one before is refused at once.
    pub async fn renew_secret(&self, actor: &Actor, id: String) -> Result<RegisteredClient> {
        refuse_built_in(&id)?;
        let (actor, secret) = (actor.clone(), self.random.url_safe::<32>());
        let hash = sha256_hex(&secret);
        let changed = self.db.write(move |tx| {
            let client = store::get(tx, &id)?;
            if !client.is_confidential() {
                return Err(Error::conflict("this client is public: it has no secret"));
            }
            store::update(tx, &Client { secret_hash: Some(hash), ..client })?;
            audit::append(tx, &actor, "oidc_client.secret", &id, &json!({}))?;
            store::get(tx, &id)
        });
        Ok(RegisteredClient { client_secret: Some(secret), view: changed.await?.into() })
    }

    /// Removes a client; every token it was given is dead.
    pub async fn delete(&self, actor: &Actor, id: String) -> Result<()> {
        refuse_built_in(&id)?;
        let actor = actor.clone();
        self.grants
            .change(move |tx| {
                store::get(tx, &id)?;
                store::delete(tx, &id)?;
                Grants::end_all_of_client(tx, &id)?;
                audit::append(tx, &actor, "oidc_client.delete", &id, &json!({}))
            })
            .await
    }
}

fn refuse_built_in(id: &str) -> Result<()> {
    if is_built_in(id) { Err(Error::conflict("this client is built in and can neither be changed nor removed")) } else { Ok(()) }
}

fn changed(client: Client, change: ClientChange) -> Result<Client> {
    let changed = Client {
        description: change.description.unwrap_or(client.description),
        redirect_uris: change.redirect_uris.unwrap_or(client.redirect_uris),
        post_logout_redirect_uris: change.post_logout_redirect_uris.unwrap_or(client.post_logout_redirect_uris),
        api_access: change.api_access.unwrap_or(client.api_access),
        ..client
    };
    check_description(&changed.description)?;
    check_uris(&changed.redirect_uris, "redirect_uris", 1)?;
    check_uris(&changed.post_logout_redirect_uris, "post_logout_redirect_uris", 0)?;
    Ok(changed)
}
