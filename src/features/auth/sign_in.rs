//! Signing in: password against hash under the login limits, the admin API's own token, the first admin, another signing key.

use std::net::IpAddr;
use std::time::Duration;

use serde_json::{Map, json};

use super::rsa_key::new_pem;
use super::service::Auth;
use super::token::ACCESS_LIFE;
use super::users::{NewUser, User, UserView};
use crate::base::secret::Secret;
use crate::base::{Context, Error, Kind, Result};
use crate::platform::access::Actor;
use crate::platform::audit;

/// How long a retired key verifies: the longest life of what it signed, and a minute for clocks.
const OVERLAP: Duration = Duration::from_secs(ACCESS_LIFE.as_secs() + 60);

impl Auth {
    /// Checks a name (or address) and a password. An unknown user, a wrong password and a deactivated user look the same and take the
    /// same time. Only failures count against the limits.
    pub(super) async fn check_password(&self, login: &str, password: Secret, ip: Option<IpAddr>) -> Result<User> {
        self.limits().check_address(ip)?;
        let user = self.users().find_login(login).await?;
        let account = user.as_ref().map_or_else(|| format!("? {}", login.trim().to_lowercase()), |user| user.id.0.clone());
        self.clock().sleep(self.limits().wait_for(&account)).await;
        let turn = self.users().hasher().turn().await?;
        // Others may have used up the failures while this one waited.
        self.limits().check_address(ip)?;
        self.limits().count(ip, &account);
        let hash = user.as_ref().map(|user| user.password_hash.clone());
        let fits = self.users().hasher().verify(&turn, password, hash).await?;
        match user.filter(|user| fits && user.is_active) {
            Some(user) => {
                self.limits().succeeded(ip, &account);
                Ok(user)
            }
            None => Err(Error::unauthorized("Invalid credentials").code("invalid_credentials")),
        }
    }

    /// A login token for the admin API.
    pub(super) async fn login(&self, email: &str, password: Secret, ip: Option<IpAddr>) -> Result<String> {
        let user = self.check_password(email, password, ip).await?;
        let about = json!({ "sub": user.email, "uid": user.id, "name": user.name, "role": user.role, "ver": user.token_epoch });
        self.tokens().login(about.as_object().unwrap_or(&Map::new()), self.clock().now())
    }

    /// Makes another signing key; the one before verifies until the last token it signed is over. Answers the names of both, old and
    /// new, and that time.
    pub(super) async fn rotate_keys(&self, actor: &Actor) -> Result<(String, String, Duration)> {
        let _one_at_a_time = self.rotation().lock().await;
        let random = self.random().clone();
        let pem = tokio::task::spawn_blocking(move || new_pem(&random)).await.context("the maker of a key panicked")??;
        let (auth, actor) = (self.clone(), actor.clone());
        // Files and audit stand or fall together: a commit that fails leaves a key that signs and is published, which harms nobody.
        let rotated = self.db().write(move |tx| {
            let (old, new) = auth.tokens().ring().replace(&pem, tx.now, OVERLAP)?;
            audit::append(tx, &actor, "oidc_key.rotate", &new, &json!({ "retired": old }))?;
            Ok((old, new, OVERLAP))
        });
        rotated.await
    }

    /// Changes one's own password; the current one is checked like a login.
    pub(super) async fn change_password(&self, actor: &Actor, current: Secret, new: Secret) -> Result<()> {
        let user = self.check_password(&actor.email, current, actor.ip).await.map_err(|error| match error.kind() {
            Kind::Unauthorized => Error::invalid("the current password is wrong").field("current_password", "is wrong"),
            _ => error,
        })?;
        self.users().set_password(actor, user.id, new).await
    }

    /// Makes the first admin with the setup token. Wrong tokens count like failed logins; afterwards it is gone for good.
    pub(super) async fn first_admin(&self, token: &str, new: NewUser, ip: Option<IpAddr>) -> Result<UserView> {
        if !self.users().is_empty().await? {
            self.setup().end();
        }
        self.limits().check_address(ip)?;
        if let Err(error) = self.setup().check(token) {
            if error.kind() == Kind::Forbidden {
                self.limits().count(ip, "? setup");
            }
            return Err(error);
        }
        let user = self.users().create_first(new, ip).await?;
        self.setup().end();
        Ok(user)
    }
}
