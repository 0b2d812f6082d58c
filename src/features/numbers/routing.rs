//! What can be done with inbound routes.

use serde_json::json;

use super::order::{Order, arranged};
use super::route::{InboundRoute, NewRoute, filter, needed};
use super::route_store as store;
use crate::base::page::Page;
use crate::base::{Error, Result};
use crate::platform::access::Actor;
use crate::platform::audit;
use crate::platform::db::{Conn, Db, Tx};

/// Who takes calls that no route takes, until an operator says otherwise (decision 24).
pub(super) const DEFAULT_USER: &str = "reception";

/// The inbound routes. Cheap to clone. A change holds from the next call on.
#[derive(Clone)]
pub struct InboundRoutes {
    db: Db,
}

impl InboundRoutes {
    /// Routes over a database.
    pub fn new(db: Db) -> Self {
        Self { db }
    }

    /// Adds a route before the catch-all. The pair of did and filter must be free.
    pub async fn create(&self, by: &Actor, new: NewRoute) -> Result<InboundRoute> {
        let (route, by) = (new.checked()?, by.clone());
        self.db
            .write(move |tx| {
                ensure_catch_all(tx)?;
                if store::find(tx, &route.did, route.from_number.as_deref())?.is_some() {
                    let sentence = format!("An inbound route already exists for {}", keys(&route.did, route.from_number.as_deref()));
                    return Err(Error::conflict(sentence).code("duplicate_route"));
                }
                store::insert(tx, &route)?;
                note(tx, &by, "route.create", &route)?;
                Ok(route)
            })
            .await
    }

    /// One page of routes in match order, and how many there are. Puts a lost catch-all back.
    pub async fn list(&self, page: Page) -> Result<(Vec<InboundRoute>, u64)> {
        self.keep_catch_all().await?;
        self.db.read(move |conn| store::list(conn, page)).await
    }

    /// The route of a did; with `from`, the one with exactly that filter.
    pub async fn get(&self, did: String, from: Option<String>) -> Result<InboundRoute> {
        self.keep_catch_all().await?;
        let (did, from) = (plain(did), filter(from));
        self.db
            .read(move |conn| {
                let found = match &from {
                    Some(from) => store::find(conn, &did, Some(from))?.map(|(_, route)| route),
                    None => store::find_any(conn, &did)?,
                };
                found.ok_or_else(|| Error::not_found(format!("No inbound route with did='{did}'")))
            })
            .await
    }

    /// Changes who takes the calls of a route. Without `from`, the row without a filter is meant.
    pub async fn set_user(&self, by: &Actor, did: String, from: Option<String>, user: Option<String>) -> Result<InboundRoute> {
        let (did, from, user, by) = (plain(did), filter(from), needed("user", user)?, by.clone());
        self.db
            .write(move |tx| {
                ensure_catch_all(tx)?;
                let missing = || format!("No inbound route with Did='{did}' FromNumber='{}'", from.as_deref().unwrap_or_default());
                let (id, route) = store::find(tx, &did, from.as_deref())?.ok_or_else(|| Error::not_found(missing()))?;
                store::set_user(tx, id, &user)?;
                let route = InboundRoute { user, ..route };
                note(tx, &by, "route.update", &route)?;
                Ok(route)
            })
            .await
    }

    /// Removes a route and returns it. The catch-all stays.
    pub async fn delete(&self, by: &Actor, did: String, from: Option<String>) -> Result<InboundRoute> {
        let (did, from, by) = (plain(did), filter(from), by.clone());
        self.db
            .write(move |tx| {
                if did == "*" && from.is_none() {
                    let sentence = "The '*' catchall row cannot be deleted: calls that no other route takes need it";
                    return Err(Error::invalid(sentence).code("cannot_delete_catchall"));
                }
                let missing = || format!("No inbound route with {}", keys(&did, from.as_deref()));
                let (id, route) = store::find(tx, &did, from.as_deref())?.ok_or_else(|| Error::not_found(missing()))?;
                store::delete(tx, id)?;
                note(tx, &by, "route.delete", &route)?;
                Ok(route)
            })
            .await
    }

    /// Puts all routes in this order and returns them, the catch-all last. 409 when they are not the routes that are stored.
    pub(super) async fn arrange(&self, by: &Actor, order: Order) -> Result<Vec<InboundRoute>> {
        let by = by.clone();
        self.db
            .write(move |tx| {
                ensure_catch_all(tx)?;
                let rows = store::arrangeable(tx)?;
                let ids = arranged(&rows, order.routes)?;
                if rows.iter().map(|(id, _)| id).ne(&ids) {
                    store::arrange(tx, &ids)?;
                    let dids: Vec<_> = store::all(tx)?.into_iter().map(|route| route.did).collect();
                    audit::append(tx, &by, "route.order", "", &json!({ "dids": dids }))?;
                }
                store::all(tx)
            })
            .await
    }

    /// All routes in match order, for a call that comes in. Puts a lost catch-all back.
    pub fn in_order(&self, tx: &Tx<'_>) -> Result<Vec<InboundRoute>> {
        ensure_catch_all(tx)?;
        store::all(tx)
    }

    /// Puts the catch-all back if it is missing.
    pub fn seed(&self, tx: &Tx<'_>) -> Result<()> {
        ensure_catch_all(tx)
    }

    async fn keep_catch_all(&self) -> Result<()> {
        if self.db.read(|conn: &Conn| store::has_catch_all(conn)).await? {
            return Ok(());
        }
        self.db.write(ensure_catch_all).await
    }
}

/// What the audit trail says of a change of a route.
fn note(tx: &Tx<'_>, by: &Actor, action: &str, route: &InboundRoute) -> Result<()> {
    audit::append(tx, by, action, &route.did, &json!({ "from_number": route.from_number, "user": route.user }))
}

fn ensure_catch_all(tx: &Tx<'_>) -> Result<()> {
    if store::has_catch_all(tx)? {
        return Ok(());
    }
    store::insert(tx, &InboundRoute { did: "*".to_owned(), from_number: None, user: DEFAULT_USER.to_owned() })
}

fn keys(did: &str, from: Option<&str>) -> String {
    match from {
        Some(from) => format!("Did='{did}' FromNumber='{from}'"),
        None => format!("Did='{did}'"),
    }
}

/// A `*` that was encoded twice on its way arrives as `%2A` (contract 4.26).
fn plain(did: String) -> String {
    if did.eq_ignore_ascii_case("%2a") { "*".to_owned() } else { did }
}
