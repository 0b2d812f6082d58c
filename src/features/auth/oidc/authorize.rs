//! `authorize` and `login`: a browser comes with a client's request, a person signs in, the browser goes back with a code.

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};

use super::asked::Asked;
use super::error::{OAuthError, unstored};
use super::page::LoginPage;
use super::pending::Pending;
use super::request::{self, Authorize, Returned};
use super::sessions::Session;
use crate::base::secret::Secret;
use crate::base::{Context, Error, Kind, Millis, Result};
use crate::features::auth::clients::{origin, with_query};
use crate::features::auth::service::Auth;
use crate::features::auth::users::User;

/// The browser's way back to the client, or a page.
pub(super) async fn authorize(auth: Auth, asked: Asked) -> Response {
    let outcome = match read(&auth, &asked).await {
        Ok(Ok(request)) => decide(&auth, &asked, request).await,
        Ok(Err(returned)) => go_back(&auth, &returned),
        Err(error) => return fault_page(&auth, &error),
    };
    outcome.unwrap_or_else(|error| fault_page(&auth, &error.into()))
}

/// The request; or a refusal for the client; or one for the person, because the client is not known to be one.
async fn read(auth: &Auth, asked: &Asked) -> Result<Result<Authorize, Returned>, OAuthError> {
    let id = request::read_client(asked)?;
    let client = auth.clients().find(id).await?.ok_or_else(|| OAuthError::request("there is no such client"))?;
    let redirect_uri = request::read_address(asked, &client)?;
    Ok(request::read(asked, &client, redirect_uri))
}

async fn decide(auth: &Auth, asked: &Asked, request: Authorize) -> Result<Response> {
    let session = auth.sessions().of(asked).await?.filter(|session| suffices(auth, &request, session));
    match session {
        Some(session) => give_code(auth, &request, &session.user, session.signed_in_at).await,
        None if request.is_silent => go_back(auth, &request.refused("login_required", "nobody is signed in with this browser")),
        None => {
            let (binding, cookie) = auth.sessions().binding(asked);
            let pending = Pending::new(request, &binding, auth.clock().now());
            let mut response = show_login(auth, &pending, StatusCode::OK, None, None).await?;
            set_cookie(&mut response, cookie)?;
            Ok(response)
        }
    }
}

fn suffices(auth: &Auth, request: &Authorize, session: &Session) -> bool {
    let age = auth.clock().now().since(session.signed_in_at).as_secs();
    !request.must_sign_in && request.max_age_s.is_none_or(|most| age <= most)
}

/// The sign-in page for a pending request.
pub(in crate::features::auth) async fn show_login(
    auth: &Auth,
    pending: &Pending,
    status: StatusCode,
    username: Option<&str>,
    fault: Option<&str>,
) -> Result<Response> {
    let request = &pending.request;
    let client = auth.clients().find(&request.client_id).await?;
    let name = client.as_ref().map(|client| client.shown_name().to_owned()).unwrap_or_default();
    let sealed = pending.seal(auth.sealer())?;
    let leads_to = leads_to(auth, &request.redirect_uri);
    let page = LoginPage {
        client: &name,
        request: &sealed,
        username: username.or(request.login_hint.as_deref()).unwrap_or_default(),
        fault,
        note: pending.link.as_ref().map(|_| "Sign in with your password once, to link the account you came with."),
        foreign: if pending.link.is_none() { auth.foreign_button(&sealed)? } else { None },
        leads_to: &leads_to,
    };
    auth.pages().login(status, &page)
}

/// Where the form may lead: the client's address, and the other identity provider.
fn leads_to(auth: &Auth, redirect_uri: &str) -> String {
    let foreign = auth.foreign().map(|foreign| origin(foreign.issuer())).unwrap_or_default();
    format!("{} {foreign}", origin(redirect_uri)).trim_end().to_owned()
}

/// `login`: what the page sends.
pub(super) async fn login(auth: Auth, asked: Asked) -> Response {
    try_login(&auth, &asked).await.unwrap_or_else(|error| fault_page(&auth, &error))
}

async fn try_login(auth: &Auth, asked: &Asked) -> Result<Response, OAuthError> {
    let sealed = asked.needed("request")?;
    let pending = Pending::open(sealed, auth.sealer(), auth.sessions(), asked, auth.clock().now())
        .map_err(|error| OAuthError::request(error.message().to_owned()))?;
    let username = asked.one("username")?.unwrap_or_default();
    let password = Secret::new(asked.one("password")?.unwrap_or_default());
    match auth.check_password(username, password, asked.ip).await {
        Ok(user) => {
            if let Some(link) = &pending.link {
                auth.link_foreign(&user, link).await.map_err(|error| OAuthError::request(error.message().to_owned()))?;
            }
            Ok(finish(auth, &pending.request, &user).await?)
        }
        Err(error) => {
            let (status, sentence) = match error.kind() {
                Kind::Unauthorized => (StatusCode::UNAUTHORIZED, "Name or password is wrong.".to_owned()),
                Kind::TooMany => (StatusCode::TOO_MANY_REQUESTS, "Too many failed attempts. Wait a minute and try again.".to_owned()),
                Kind::Unavailable => (StatusCode::SERVICE_UNAVAILABLE, "Many people are signing in right now. Try again.".to_owned()),
                _ => return Err(error.into()),
            };
            let mut response = show_login(auth, &pending, status, Some(username), Some(&sentence)).await?;
            if let Some(seconds) = error.retry_after_seconds() {
                response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
            }
            Ok(response)
        }
    }
}

/// A person has just proved who they are: the browser remembers, and goes back with a code.
pub(in crate::features::auth) async fn finish(auth: &Auth, request: &Authorize, user: &User) -> Result<Response> {
    let now = auth.clock().now();
    let cookie = auth.sessions().begin(user, now).await?;
    let mut response = give_code(auth, request, user, now).await?;
    set_cookie(&mut response, Some(cookie))?;
    Ok(response)
}

async fn give_code(auth: &Auth, request: &Authorize, user: &User, signed_in_at: Millis) -> Result<Response> {
    let code = auth.grants().begin(user, request, signed_in_at).await?;
    let state = request.state.as_deref().map(|state| ("state", state));
    let values: Vec<(&str, &str)> =
        [("code", code.as_str())].into_iter().chain(state).chain([("iss", auth.identity().base_url.as_str())]).collect();
    see_other(&with_query(&request.redirect_uri, &values)?)
}

fn go_back(auth: &Auth, returned: &Returned) -> Result<Response> {
    let state = returned.state.as_deref().map(|state| ("state", state));
    let values: Vec<(&str, &str)> = [("error", returned.code), ("error_description", &*returned.sentence)]
        .into_iter()
        .chain(state)
        .chain([("iss", auth.identity().base_url.as_str())])
        .collect();
    see_other(&with_query(&returned.redirect_uri, &values)?)
}

/// Sends the browser elsewhere with a GET.
pub(in crate::features::auth) fn see_other(to: &str) -> Result<Response> {
    let mut response = StatusCode::SEE_OTHER.into_response();
    response.headers_mut().insert(header::LOCATION, HeaderValue::from_str(to).context("an address cannot be sent")?);
    Ok(unstored(response))
}

fn set_cookie(response: &mut Response, cookie: Option<String>) -> Result<()> {
    if let Some(cookie) = cookie {
        response.headers_mut().append(header::SET_COOKIE, HeaderValue::from_str(&cookie).context("a cookie cannot be sent")?);
    }
    Ok(())
}

/// A refusal that a person sees, because there is nowhere safe to send it.
pub(super) fn fault_page(auth: &Auth, error: &OAuthError) -> Response {
    let text = format!("{}.", error.sentence);
    let page = auth.pages().notice(error.status(), "This sign-in cannot go on", &text);
    page.unwrap_or_else(|error| OAuthError::from(error).into_response())
}

impl Auth {
    /// A refusal that a person sees.
    pub(in crate::features::auth) fn fault_page(&self, error: Error) -> Response {
        let fault = match error.kind() {
            Kind::Invalid | Kind::NotFound | Kind::Conflict => OAuthError::request(error.message().to_owned()),
            _ => error.into(),
        };
        fault_page(self, &fault)
    }
}
