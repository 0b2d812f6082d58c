//! What can be done with SIP accounts.

use std::sync::Arc;

use ipnet::IpNet;
use serde_json::json;

use super::model::{NewPhone, PhoneSecret, PhoneView, sip_username};
use super::store::{self, StoredPhone};
use crate::base::digest::Ha1;
use crate::base::id::PhoneId;
use crate::base::page::Page;
use crate::base::seal::Sealer;
use crate::base::{Clock, Error, Millis, Random, Result};
use crate::contract::config::WireSecret;
use crate::contract::phone::{PhoneAccount, PhoneBook, Registrations};
use crate::features::auth::Users;
use crate::platform::access::Actor;
use crate::platform::audit;
use crate::platform::db::{Conn, Db};

/// What the phones are built from.
pub struct PhonesSetup {
    /// The database.
    pub db: Db,
    /// Time.
    pub clock: Clock,
    /// Randomness, for passwords.
    pub random: Random,
    /// Keeps the digests of passwords.
    pub sealer: Arc<Sealer>,
    /// The people.
    pub users: Users,
    /// Realm of the digests: the tenant.
    pub realm: String,
    /// Networks phones are heard from.
    pub allowed_networks: Vec<IpNet>,
}

/// The telephones of people. Cheap to clone.
#[derive(Clone)]
pub struct Phones(Arc<PhonesSetup>);

impl Phones {
    /// Phones over a database.
    pub fn new(setup: PhonesSetup) -> Self {
        Self(Arc::new(setup))
    }

    /// Makes the account of a person and says its password, this once.
    pub async fn create(&self, actor: &Actor, new: NewPhone) -> Result<PhoneSecret> {
        let (phones, actor, id, password) = (self.clone(), actor.clone(), PhoneId::new(&self.0.random), self.password());
        self.0
            .db
            .write(move |tx| {
                let unknown = || Error::invalid("there is no such person").field("user", "there is no person of this name or id");
                let user = phones.0.users.find_named(tx, new.user.trim())?.ok_or_else(unknown)?;
                let sip_username = sip_username(&user.name)?;
                let sealed = phones.sealed(&id, &Ha1::of(&sip_username, &phones.0.realm, &password))?;
                let at = tx.now;
                let phone = StoredPhone {
                    id,
                    user_id: user.id,
                    user: user.name,
                    sip_username,
                    sealed,
                    created_at: at,
                    created_by: actor.name.clone(),
                    password_changed_at: at,
                };
                store::insert(tx, &phone)?;
                audit::append(tx, &actor, "phone.create", phone.id.as_str(), &json!({ "user": phone.user }))?;
                Ok(PhoneSecret { phone: phones.view(tx, phone, at)?, sip_password: password })
            })
            .await
    }

    /// Gives an account another password and says it, this once. Its telephones must sign in anew.
    pub async fn change_password(&self, actor: &Actor, id: PhoneId) -> Result<PhoneSecret> {
        let (phones, actor, password) = (self.clone(), actor.clone(), self.password());
        self.0
            .db
            .write(move |tx| {
                let phone = store::get(tx, &id)?;
                store::set_password(tx, &id, &phones.sealed(&id, &Ha1::of(&phone.sip_username, &phones.0.realm, &password))?)?;
                store::forget(tx, &phone.sip_username)?;
                audit::append(tx, &actor, "phone.password", id.as_str(), &json!({ "user": phone.user }))?;
                let now = tx.now;
                Ok(PhoneSecret { phone: phones.view(tx, store::get(tx, &id)?, now)?, sip_password: password })
            })
            .await
    }

    /// Removes an account. Its telephones ring no more; calls that run go on.
    pub async fn delete(&self, actor: &Actor, id: PhoneId) -> Result<()> {
        let actor = actor.clone();
        self.0
            .db
            .write(move |tx| {
                let phone = store::get(tx, &id)?;
                store::forget(tx, &phone.sip_username)?;
                store::delete(tx, &id)?;
                audit::append(tx, &actor, "phone.delete", id.as_str(), &json!({ "user": phone.user }))
            })
            .await
    }

    /// One account, and where its telephones are.
    pub async fn get(&self, id: PhoneId) -> Result<PhoneView> {
        let (phones, now) = (self.clone(), self.0.clock.now());
        self.0.db.read(move |conn| phones.view(conn, store::get(conn, &id)?, now)).await
    }

    /// One page of accounts by name, and how many there are.
    pub async fn list(&self, page: Page) -> Result<(Vec<PhoneView>, u64)> {
        let (phones, now) = (self.clone(), self.0.clock.now());
        self.0
            .db
            .read(move |conn| {
                let (rows, total) = store::list(conn, page)?;
                Ok((rows.into_iter().map(|row| phones.view(conn, row, now)).collect::<Result<_>>()?, total))
            })
            .await
    }

    /// Everything the engine's registrar works with.
    pub(super) async fn book(&self) -> Result<PhoneBook> {
        let (phones, now) = (self.clone(), self.0.clock.now());
        self.0
            .db
            .read(move |conn| {
                Ok(PhoneBook {
                    realm: phones.0.realm.clone(),
                    allowed_networks: phones.0.allowed_networks.iter().map(ToString::to_string).collect(),
                    accounts: store::active(conn)?.iter().map(|phone| phones.account(phone)).collect::<Result<_>>()?,
                    registrations: store::all_registrations(conn, now)?,
                })
            })
            .await
    }

    /// Notes where all telephones are. It replaces what was known before; a repeat changes nothing.
    pub(super) async fn report(&self, all: Registrations) -> Result<()> {
        self.0
            .db
            .write(move |tx| {
                store::forget_all(tx)?;
                all.registrations.iter().try_for_each(|at| store::register(tx, at))
            })
            .await
    }

    /// The address of record to ring for a person who may sign in and has a telephone registered at this moment.
    pub fn registered(&self, conn: &Conn, user: &str, now: Millis) -> Result<Option<String>> {
        let Some(phone) = store::find_active(conn, user)? else { return Ok(None) };
        let is_there = !store::registrations(conn, &phone.sip_username, now)?.is_empty();
        Ok(is_there.then_some(phone.sip_username))
    }

    /// Whether this is the account of a person who may sign in.
    pub fn is_active(&self, conn: &Conn, sip_username: &str) -> Result<bool> {
        Ok(store::find_active(conn, sip_username)?.is_some_and(|phone| phone.sip_username.eq_ignore_ascii_case(sip_username)))
    }

    fn password(&self) -> String {
        self.0.random.url_safe::<18>()
    }

    fn account(&self, phone: &StoredPhone) -> Result<PhoneAccount> {
        let open = |sealed: &str| self.0.sealer.open(phone.id.as_str(), sealed).map(WireSecret);
        Ok(PhoneAccount { aor: phone.sip_username.clone(), ha1_md5: open(&phone.sealed.md5)?, ha1_sha256: open(&phone.sealed.sha256)? })
    }

    fn sealed(&self, id: &PhoneId, ha1: &Ha1) -> Result<Ha1> {
        let seal = |plain: &str| self.0.sealer.seal(id.as_str(), plain);
        Ok(Ha1 { md5: seal(&ha1.md5)?, sha256: seal(&ha1.sha256)? })
    }

    fn view(&self, conn: &Conn, phone: StoredPhone, now: Millis) -> Result<PhoneView> {
        let StoredPhone { id, user_id, user, sip_username, created_at, created_by, password_changed_at, .. } = phone;
        let registrations = store::registrations(conn, &sip_username, now)?;
        let (realm, is_registered) = (self.0.realm.clone(), !registrations.is_empty());
        Ok(PhoneView { id, user_id, user, sip_username, realm, is_registered, registrations, created_at, created_by, password_changed_at })
    }
}
