//! The way to the other identity provider and back: what must be remembered meanwhile travels sealed in `state`, tied to the browser.

use axum::response::Response;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::decide::{Decision, Person, decide};
use super::model::IdentityView;
use super::provider::Foreign;
use super::store;
use crate::base::id::UserId;
use crate::base::secret::Secret;
use crate::base::{Context, Error, Result};
use crate::features::auth::oidc::{Asked, Link, Pending, finish, see_other, show_login};
use crate::features::auth::service::Auth;
use crate::features::auth::users::{NewUser, User, store as users};
use crate::platform::access::{Actor, Role};
use crate::platform::audit;

/// What the seal of a `state` is bound to.
const OWNER: &str = "foreign sign-in";

/// What is remembered while the browser is away.
#[derive(Serialize, Deserialize)]
struct Away {
    /// The sealed sign-in page it left from.
    page: String,
    nonce: String,
    verifier: String,
}

/// Sends the browser to the other provider.
pub(in crate::features::auth) async fn begin(auth: Auth, asked: Asked) -> Response {
    let outcome = try_begin(&auth, &asked).await;
    outcome.unwrap_or_else(|error| auth.fault_page(error))
}

async fn try_begin(auth: &Auth, asked: &Asked) -> Result<Response> {
    let foreign = configured(auth)?;
    let page = asked.wanted("request")?.to_owned();
    let pending = Pending::open(&page, auth.sealer(), auth.sessions(), asked, auth.clock().now())?;
    let away = Away { page, nonce: auth.random().url_safe::<24>(), verifier: auth.random().url_safe::<32>() };
    let state = auth.sealer().seal(OWNER, &serde_json::to_string(&away).context("cannot write a state")?)?;
    match foreign.away(state, &away.nonce, &away.verifier).await {
        Ok(to) => see_other(&to),
        Err(error) => again(auth, &pending, &error).await,
    }
}

/// Takes the browser back.
pub(in crate::features::auth) async fn callback(auth: Auth, asked: Asked) -> Response {
    let outcome = try_callback(&auth, &asked).await;
    outcome.unwrap_or_else(|error| auth.fault_page(error))
}

async fn try_callback(auth: &Auth, asked: &Asked) -> Result<Response> {
    let foreign = configured(auth)?;
    let stale = || Error::invalid("this answer of the other provider belongs to no sign-in that began here");
    let text = auth.sealer().open(OWNER, asked.wanted("state")?).map_err(|_| stale())?;
    let away: Away = serde_json::from_str(&text).map_err(|_| stale())?;
    let pending = Pending::open(&away.page, auth.sealer(), auth.sessions(), asked, auth.clock().now())?;
    if asked.wish("iss")?.is_some_and(|issuer| issuer != foreign.issuer()) {
        return Err(Error::invalid("this answer comes from another provider than the one that was asked"));
    }
    let Some(code) = asked.wish("code")? else {
        return show_login(auth, &pending, StatusCode::OK, None, Some("The other provider did not sign you in.")).await;
    };
    match foreign.person(code, &away.nonce, &away.verifier).await {
        Ok(person) => arrive(auth, foreign, pending, person).await,
        Err(error) => again(auth, &pending, &error).await,
    }
}

/// The sign-in page once more, because the other provider is at fault; the log says how.
async fn again(auth: &Auth, pending: &Pending, error: &Error) -> Result<Response> {
    tracing::warn!("A sign-in with the other identity provider failed: {error}");
    show_login(auth, pending, StatusCode::BAD_GATEWAY, None, Some("The other provider cannot be reached, or its answer does not hold."))
        .await
}

async fn arrive(auth: &Auth, foreign: &Foreign, pending: Pending, person: Person) -> Result<Response> {
    let link = Link { issuer: person.issuer.clone(), subject: person.subject.clone() };
    let email = person.email.clone().unwrap_or_default();
    let wanted = link.clone();
    let find = auth.db().read(move |conn| {
        let linked = store::find(conn, &wanted)?.map(|id| users::find(conn, &id)).transpose()?.flatten();
        Ok((linked, users::is_taken(conn, &email, &email)?))
    });
    let (linked, address_is_taken) = find.await?;
    match (decide(&person, linked.as_ref(), address_is_taken, &foreign.rules()), linked) {
        (Decision::SignIn, Some(user)) => finish(auth, &pending.request, &user).await,
        (Decision::Create(role, email), _) => {
            let user = auth.create_foreign(&person, role, email, link).await?;
            finish(auth, &pending.request, &user).await
        }
        (Decision::Refuse(sentence), _) => auth.pages().notice(StatusCode::FORBIDDEN, "You cannot come in", &format!("{sentence}.")),
        (Decision::AskForPassword | Decision::SignIn, _) => {
            let pending = pending.linking(link);
            show_login(auth, &pending, StatusCode::OK, person.email.as_deref(), None).await
        }
    }
}

fn configured(auth: &Auth) -> Result<&Foreign> {
    auth.foreign().ok_or_else(|| Error::not_found("no other identity provider is set up here"))
}

impl Auth {
    /// What the button of the other provider says, and where it leads.
    pub(in crate::features::auth) fn foreign_button(&self, sealed: &str) -> Result<Option<(String, String)>> {
        let Some(foreign) = self.foreign() else { return Ok(None) };
        let base = format!("{}/oauth2/v1/foreign", self.identity().base_url);
        let url = crate::features::auth::clients::with_query(&base, &[("request", sealed)])?;
        Ok(Some((foreign.name().to_owned(), url)))
    }

    /// Links an identity to somebody who has just shown their password.
    pub(in crate::features::auth) async fn link_foreign(&self, user: &User, link: &Link) -> Result<()> {
        let actor = Actor { user_id: user.id.clone(), email: user.email.clone(), role: user.role, ..Actor::local(&user.name) };
        self.insert_identity(&actor, user.id.clone(), link.clone()).await
    }

    /// Links an identity on behalf of an admin.
    pub(super) async fn link_identity(&self, actor: &Actor, id: UserId, link: Link) -> Result<()> {
        if link.issuer.is_empty() || link.subject.is_empty() || link.issuer.len() > 2048 || link.subject.len() > 255 {
            return Err(Error::invalid("issuer and subject are needed").field("subject", "1 to 255 characters"));
        }
        self.users().must_be_changeable(actor, &id).await?;
        self.insert_identity(actor, id, link).await
    }

    async fn insert_identity(&self, actor: &Actor, id: UserId, link: Link) -> Result<()> {
        let actor = actor.clone();
        let write = self.db().write(move |tx| {
            store::insert(tx, &link, &id, &actor.name)?;
            audit::append(tx, &actor, "user.link", id.as_str(), &json!({ "issuer": link.issuer, "subject": link.subject }))
        });
        write.await
    }

    /// Takes an identity from somebody.
    pub(super) async fn unlink_identity(&self, actor: &Actor, id: UserId, link: Link) -> Result<()> {
        self.users().must_be_changeable(actor, &id).await?;
        let actor = actor.clone();
        let write = self.db().write(move |tx| {
            store::delete(tx, &id, &link)?;
            audit::append(tx, &actor, "user.unlink", id.as_str(), &json!({ "issuer": link.issuer, "subject": link.subject }))
        });
        write.await
    }

    /// The identities of somebody.
    pub(super) async fn identities_of(&self, id: UserId) -> Result<Vec<IdentityView>> {
        self.users().get(id.clone()).await?;
        self.db().read(move |conn| store::of_user(conn, &id)).await
    }

    /// Makes an account for somebody from the other provider. Nobody knows its password.
    async fn create_foreign(&self, person: &Person, role: Role, email: String, link: Link) -> Result<User> {
        let wished = person.name.clone().unwrap_or_else(|| email.clone());
        let name: String = wished.chars().filter(|c| !c.is_control()).take(80).collect();
        let name = if name.trim().is_empty() { email.clone() } else { name };
        let password = Secret::new(self.random().url_safe::<32>());
        let draft = self.users().draft("foreign sign-in", NewUser::plain(name, email, password, role)).await?;
        let suffix = self.random().hex::<3>();
        let made = self.users().change(move |tx| {
            let name = if users::is_taken(tx, &draft.name, "")? { format!("{} {suffix}", draft.name) } else { draft.name.clone() };
            let user = User { name, email_verified: true, created_at: tx.now, updated_at: tx.now, ..draft };
            users::insert(tx, &user)?;
            let actor = Actor { user_id: user.id.clone(), ..Actor::local(&user.name) };
            store::insert(tx, &link, &user.id, &user.name)?;
            let detail = json!({ "name": user.name, "role": user.role, "issuer": link.issuer, "subject": link.subject });
            audit::append(tx, &actor, "user.create", user.id.as_str(), &detail)?;
            Ok(user)
        });
        made.await
    }
}
