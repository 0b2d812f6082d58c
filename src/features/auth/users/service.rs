//! The handle of the people who sign in: one method per use case.

use std::sync::Arc;

use serde_json::{Value, json};

use super::model::{
    NewUser, User, UserChange, UserFilter, UserView, may_change, may_grant, not_to_oneself, tidy_address, tidy_email, tidy_groups,
    tidy_languages, tidy_locale, tidy_name, tidy_phone,
};
use super::store;
use crate::base::id::UserId;
use crate::base::page::Page;
use crate::base::secret::Secret;
use crate::base::{Context, Error, Random, Result};
use crate::features::auth::cache::Cache;
use crate::features::auth::foreign::store as identities;
use crate::features::auth::password::Hasher;
use crate::platform::access::{Actor, Role, Via};
use crate::platform::audit;
use crate::platform::db::{Conn, Db, Tx};

/// The people of this box. Cheap to clone.
#[derive(Clone)]
pub struct Users {
    db: Db,
    hasher: Hasher,
    random: Random,
    cache: Cache<UserId, User>,
}

impl Users {
    /// The people in this database.
    pub fn new(db: Db, random: Random) -> Self {
        Self { db, hasher: Hasher::new(random.clone()), random, cache: Cache::new() }
    }

    pub(in crate::features::auth) fn hasher(&self) -> &Hasher {
        &self.hasher
    }

    /// The user's row as it is now.
    pub(in crate::features::auth) async fn current(&self, id: &UserId) -> Result<Option<Arc<User>>> {
        let epoch = match self.cache.get(id) {
            Ok(user) => return Ok(Some(user)),
            Err(epoch) => epoch,
        };
        let wanted = id.clone();
        let user = self.db.read(move |conn| store::find(conn, &wanted)).await?.map(Arc::new);
        if let Some(user) = &user {
            self.cache.keep(epoch, id.clone(), user.clone());
        }
        Ok(user)
    }

    /// Whom a typed name or address means.
    pub(in crate::features::auth) async fn find_login(&self, login: &str) -> Result<Option<User>> {
        let login = login.trim().to_owned();
        self.db.read(move |conn| store::find_login(conn, &login)).await
    }

    /// Whether nobody was ever made.
    pub async fn is_empty(&self) -> Result<bool> {
        Ok(self.db.read(store::count).await? == 0)
    }

    /// A page of people in the order they were made, and how many match.
    pub async fn list(&self, filter: UserFilter, page: Page) -> Result<(Vec<UserView>, u64)> {
        let (users, total) = self.db.read(move |conn| store::list(conn, &filter, page)).await?;
        Ok((users.into_iter().map(UserView::from).collect(), total))
    }

    /// One person.
    pub async fn get(&self, id: UserId) -> Result<UserView> {
        self.db.read(move |conn| store::get(conn, &id)).await.map(UserView::from)
    }

    /// The person of a name or an id, if there is one.
    pub fn find_named(&self, conn: &Conn, name: &str) -> Result<Option<UserView>> {
        let found = match store::find_login(conn, name)? {
            Some(user) => Some(user),
            None => store::find(conn, &UserId::from(name))?,
        };
        Ok(found.map(UserView::from))
    }

    /// Makes a person. Names and addresses are unique (409); the role is at most the actor's (403).
    pub async fn create(&self, actor: &Actor, new: NewUser) -> Result<UserView> {
        may_grant(actor, new.role)?;
        let user = self.draft(&actor.name, new).await?;
        let actor = actor.clone();
        self.change(move |tx| insert(tx, &actor, user)).await
    }

    /// Makes the first super_admin; afterwards this is gone for good (410).
    pub async fn create_first(&self, new: NewUser, ip: Option<std::net::IpAddr>) -> Result<UserView> {
        let name = new.name.trim().to_owned();
        let user = self.draft(&name, new).await?;
        let actor = Actor { ip, ..Actor::local("setup") };
        self.change(move |tx| {
            if store::count(tx)? > 0 {
                return Err(Error::gone("this box is set up already"));
            }
            insert(tx, &actor, user)
        })
        .await
    }

    /// Changes what the body names. Nobody changes their own role or switches themselves off.
    pub async fn update(&self, actor: &Actor, id: UserId, change: UserChange) -> Result<UserView> {
        let actor = actor.clone();
        self.change(move |tx| update(tx, &actor, &id, change)).await
    }

    /// Refuses an actor who may not change this person.
    pub(in crate::features::auth) async fn must_be_changeable(&self, actor: &Actor, id: &UserId) -> Result<()> {
        let (actor, id) = (actor.clone(), id.clone());
        self.db.read(move |conn| may_change(&actor, &store::get(conn, &id)?)).await
    }

    /// Lets a person in again who may not sign in, and switches anybody else off. Nobody does this to themselves.
    pub async fn toggle(&self, actor: &Actor, id: UserId) -> Result<UserView> {
        let actor = actor.clone();
        self.change(move |tx| {
            let is_active = !store::get(tx, &id)?.is_active;
            update(tx, &actor, &id, UserChange { is_active: Some(is_active), ..UserChange::default() })
        })
        .await
    }

    /// Sets another person's password. One's own needs the one until now, at `/api/v1/auth/me/password`.
    pub async fn reset_password(&self, actor: &Actor, id: UserId, password: Secret) -> Result<()> {
        if actor.user_id == id && actor.via != Via::Local {
            return Err(Error::forbidden("nobody does this to themselves: PUT /api/v1/auth/me/password takes the password until now"));
        }
        self.set_password(actor, id, password).await
    }

    /// Sets another password; every token made before is dead.
    pub async fn set_password(&self, actor: &Actor, id: UserId, password: Secret) -> Result<()> {
        let hash = self.hasher.hash(password).await?;
        let actor = actor.clone();
        self.change(move |tx| {
            let mut user = store::get(tx, &id)?;
            may_change(&actor, &user)?;
            user.password_hash = hash;
            user.token_epoch += 1;
            store::update(tx, &user)?;
            audit::append(tx, &actor, "user.password", id.as_str(), &Value::Null)
        })
        .await
    }

    /// Deletes a person; the `ak_` keys they minted are refused from then on. The last super_admin stays (409).
    pub async fn delete(&self, actor: &Actor, id: UserId) -> Result<()> {
        let actor = actor.clone();
        self.change(move |tx| {
            let user = store::get(tx, &id)?;
            not_to_oneself(&actor, &user)?;
            refuse_last_owner(tx, &user)?;
            store::delete(tx, &id)?;
            identities::forget_user(tx, &id)?;
            audit::append(tx, &actor, "user.delete", id.as_str(), &json!({ "name": user.name, "role": user.role }))
        })
        .await
    }

    /// The row of a person to be, not yet stored.
    pub(in crate::features::auth) async fn draft(&self, created_by: &str, new: NewUser) -> Result<User> {
        let (name, email) = (tidy_name(&new.name)?, tidy_email(&new.email)?);
        let (agent_languages, agent_primary_language) = tidy_languages(new.agent_languages, new.agent_primary_language)?;
        let password_hash = self.hasher.hash(new.password).await?;
        Ok(User {
            id: UserId::new(&self.random),
            name,
            email,
            role: new.role,
            is_active: true,
            email_verified: false,
            phone: String::new(),
            address: String::new(),
            locale: String::new(),
            groups: Vec::new(),
            agent_languages,
            agent_primary_language,
            password_hash,
            token_epoch: 0,
            created_by: created_by.to_owned(),
            created_at: Default::default(),
            updated_at: Default::default(),
        })
    }

    /// Runs a change and forgets the cached rows after its commit, also when the request that asked for it has gone away meanwhile.
    pub(in crate::features::auth) async fn change<T: Send + 'static>(
        &self,
        change: impl FnOnce(&Tx<'_>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let (db, cache) = (self.db.clone(), self.cache.clone());
        let work = tokio::spawn(async move {
            let outcome = db.write(change).await;
            cache.clear();
            outcome
        });
        work.await.context("a change of users was interrupted")?
    }
}

fn update(tx: &Tx<'_>, actor: &Actor, id: &UserId, change: UserChange) -> Result<UserView> {
    let mut user = store::get(tx, id)?;
    may_change(actor, &user)?;
    let detail = apply(tx, actor, &mut user, change)?;
    store::update(tx, &user)?;
    audit::append(tx, actor, "user.update", id.as_str(), &detail)?;
    store::get(tx, id).map(UserView::from)
}

fn insert(tx: &Tx<'_>, actor: &Actor, user: User) -> Result<UserView> {
    let user = User { created_at: tx.now, updated_at: tx.now, ..user };
    store::insert(tx, &user)?;
    audit::append(tx, actor, "user.create", user.id.as_str(), &json!({ "name": user.name, "role": user.role }))?;
    Ok(user.into())
}

/// Applies what programs are told of the person; it opens nothing here.
fn apply_profile(user: &mut User, change: &mut UserChange, detail: &mut Value) -> Result<()> {
    if let Some(is_verified) = change.email_verified {
        user.email_verified = is_verified;
        detail["email_verified"] = is_verified.into();
    }
    if let Some(phone) = &change.phone {
        user.phone = tidy_phone(phone)?;
    }
    if let Some(address) = &change.address {
        user.address = tidy_address(address)?;
    }
    if let Some(locale) = &change.locale {
        user.locale = tidy_locale(locale)?;
    }
    if let Some(groups) = change.groups.take() {
        user.groups = tidy_groups(groups)?;
        detail["groups"] = json!(user.groups);
    }
    if change.agent_languages.is_some() || change.agent_primary_language.is_some() {
        let languages = change.agent_languages.take().unwrap_or_else(|| user.agent_languages.clone());
        let speaks = languages.contains(&user.agent_primary_language);
        let primary = change.agent_primary_language.take().or_else(|| Some(user.agent_primary_language.clone()).filter(|_| speaks));
        (user.agent_languages, user.agent_primary_language) = tidy_languages(Some(languages), primary)?;
        detail["agent_languages"] = json!(user.agent_languages);
        detail["agent_primary_language"] = json!(user.agent_primary_language);
    }
    Ok(())
}

/// Applies the change to the row; says what changed, for the audit.
fn apply(tx: &Tx<'_>, actor: &Actor, user: &mut User, mut change: UserChange) -> Result<Value> {
    let mut detail = json!({});
    if let Some(name) = change.name.take() {
        user.name = tidy_name(&name)?;
        detail["name"] = user.name.clone().into();
    }
    if let Some(email) = change.email.take() {
        let email = tidy_email(&email)?;
        user.email_verified = user.email_verified && user.email == email;
        user.email = email;
        detail["email"] = user.email.clone().into();
    }
    apply_profile(user, &mut change, &mut detail)?;
    if let Some(role) = change.role.filter(|role| *role != user.role) {
        not_to_oneself(actor, user)?;
        may_grant(actor, role)?;
        refuse_last_owner(tx, user)?;
        user.role = role;
        detail["role"] = role.as_str().into();
    }
    if let Some(is_active) = change.is_active.filter(|is_active| *is_active != user.is_active) {
        not_to_oneself(actor, user)?;
        refuse_last_owner(tx, user)?;
        user.is_active = is_active;
        user.token_epoch += 1;
        detail["is_active"] = is_active.into();
    }
    Ok(detail)
}

/// A box without an active super_admin could not be administered any more.
fn refuse_last_owner(tx: &Tx<'_>, user: &User) -> Result<()> {
    let is_owner = user.role == Role::SuperAdmin && user.is_active;
    if is_owner && store::count_other_owners(tx, &user.id)? == 0 {
        return Err(Error::conflict("this is the last active super_admin"));
    }
    Ok(())
}
