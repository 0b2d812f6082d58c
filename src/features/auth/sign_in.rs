//! Signing in: password against hash under the login limits, the tokens that follow, the first admin.

use std::net::IpAddr;

use serde_json::{Map, Value, json};

use super::service::Auth;
use super::token::ACCESS_LIFE;
use super::users::{NewUser, User, UserView};
use crate::base::secret::Secret;
use crate::base::{Error, Kind, Result};
use crate::platform::access::{Actor, Role};

/// What the password grant gives.
pub(super) struct Granted {
    pub(super) access_token: String,
    pub(super) id_token: Option<String>,
    pub(super) scope: String,
    pub(super) expires_in_s: u64,
}

/// Scopes this box grants. `offline_access` is not among them yet, so no refresh token is promised.
pub(super) const SCOPES: [&str; 3] = ["openid", "profile", "email"];

impl Auth {
    /// Checks a name (or address) and a password. An unknown user, a wrong password and a deactivated user look the same and take the
    /// same time. Only failures count against the limits.
    async fn check_password(&self, login: &str, password: Secret, ip: Option<IpAddr>) -> Result<User> {
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

    /// The password grant of RFC 6749, section 4.3.
    pub(super) async fn grant(&self, username: &str, password: Secret, scope: Option<&str>, ip: Option<IpAddr>) -> Result<Granted> {
        let user = self.check_password(username, password, ip).await?;
        let scopes: Vec<&str> = scope.unwrap_or("openid").split_whitespace().filter(|scope| SCOPES.contains(scope)).collect();
        let (about, now) = (self.about(&user), self.clock().now());
        let id_token = if scopes.contains(&"openid") { Some(self.tokens().identity(&about, now)?) } else { None };
        let access_token = self.tokens().access(&about, now)?;
        Ok(Granted { access_token, id_token, scope: scopes.join(" "), expires_in_s: ACCESS_LIFE.as_secs() })
    }

    /// The claims on a user (seed 002): `role` is `admin` from that rank on, `cxb_role` the rank itself.
    fn about(&self, user: &User) -> Map<String, Value> {
        let role = if user.role >= Role::Admin { Role::Admin } else { user.role };
        let claims = json!({
            "sub": user.id,
            "name": user.name,
            "preferred_username": user.name,
            "email": user.email,
            "role": role,
            "cxb_role": user.role,
            "tenant": self.identity().tenant,
            "ver": user.token_epoch,
        });
        claims.as_object().cloned().unwrap_or_default()
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
