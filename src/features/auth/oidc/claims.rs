//! What is said about a person: the claims of access tokens, of identity tokens and of `userinfo`, by the scopes that were granted.

use serde_json::{Map, Value, json};

use crate::features::auth::users::User;
use crate::platform::access::Role;

/// Claims of an access token on its person (seed 002): `role` is `admin` from that rank on, `cxb_role` the rank itself.
pub(super) fn of_access(user: &User, tenant: &str) -> Map<String, Value> {
    let mut claims = who(user, tenant);
    claims.insert("email".into(), user.email.clone().into());
    claims.insert("ver".into(), user.token_epoch.into());
    claims
}

/// Claims of an identity token and of `userinfo`.
pub(super) fn of_person(user: &User, tenant: &str, scope: &str) -> Map<String, Value> {
    let mut claims = who(user, tenant);
    let mut add = |name: &str, value: Value| {
        if value != json!("") {
            claims.insert(name.to_owned(), value);
        }
    };
    for scope in scope.split(' ') {
        match scope {
            "profile" => {
                add("locale", user.locale.clone().into());
                add("updated_at", user.updated_at.0.div_euclid(1000).into());
            }
            "email" => {
                add("email", user.email.clone().into());
                add("email_verified", user.email_verified.into());
            }
            "phone" => add("phone_number", user.phone.clone().into()),
            "address" if !user.address.is_empty() => add("address", json!({ "formatted": user.address })),
            "groups" => add("groups", json!(user.groups)),
            _ => {}
        }
    }
    claims
}

fn who(user: &User, tenant: &str) -> Map<String, Value> {
    let role = if user.role >= Role::Admin { Role::Admin } else { user.role };
    let claims = json!({
        "sub": user.id,
        "name": user.name,
        "preferred_username": user.name,
        "role": role,
        "cxb_role": user.role,
        "tenant": tenant,
    });
    claims.as_object().cloned().unwrap_or_default()
}
