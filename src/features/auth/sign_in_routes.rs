//! `/api/v1/setup` and `/api/v1/auth`: the first admin, the admin API's own login, oneself.

use axum::extract::State;
use axum::{Extension, Json};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::service::Auth;
use super::users::{NewUser, OwnChange, UserView};
use super::{ChangeOneself, SeeOneself};
use crate::base::secret::Secret;
use crate::platform::access::{Can, Peer, Role};
use crate::platform::http::{ApiResult, Body};

/// Routes of signing in.
pub(super) fn routes(auth: Auth) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(setup))
        .routes(routes!(login))
        .routes(routes!(me, change_me))
        .routes(routes!(change_password))
        .with_state(auth)
}

/// Body of `POST /api/v1/setup`.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct FirstAdmin {
    /// The text of `secrets/setup_token` in the data folder.
    #[schema(value_type = String)]
    token: Secret,
    /// Name to sign in with.
    name: String,
    /// E-mail address.
    email: String,
    /// 8 to 1024 bytes.
    #[schema(value_type = String)]
    password: Secret,
}

/// Body of `POST /api/v1/auth/login`.
#[derive(Deserialize, ToSchema)]
struct Login {
    /// E-mail address, or name.
    email: String,
    /// Password.
    #[schema(value_type = String)]
    password: Secret,
}

/// A bearer token for the admin API.
#[derive(Serialize, ToSchema)]
struct LoginToken {
    /// The token; it holds for eight hours, and for as long as its user may sign in.
    access_token: String,
    /// Always `bearer`.
    token_type: &'static str,
}

/// Who is calling.
#[derive(Serialize, ToSchema)]
struct Me {
    /// Id of the user; for a key, of its minter.
    id: String,
    /// Name of the user.
    name: String,
    /// E-mail address of the user.
    email: String,
    /// The rank this request has.
    role: Role,
}

/// Body of `PUT /api/v1/auth/me/password`.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PasswordChange {
    /// The password until now.
    #[schema(value_type = String)]
    current_password: Secret,
    /// 8 to 1024 bytes.
    #[schema(value_type = String)]
    new_password: Secret,
}

/// Makes the first super_admin of a fresh box. Afterwards the answer is 410 for good.
#[utoipa::path(post, path = "/api/v1/setup", tag = "auth", request_body = FirstAdmin, responses((status = 201, body = UserView), (status = 410)))]
async fn setup(
    State(auth): State<Auth>,
    peer: Option<Extension<Peer>>,
    Body(body): Body<FirstAdmin>,
) -> ApiResult<(StatusCode, Json<UserView>)> {
    let new = NewUser::plain(body.name, body.email, body.password, Role::SuperAdmin);
    Ok((StatusCode::CREATED, Json(auth.first_admin(body.token.expose(), new, address(peer)).await?)))
}

/// Signs in to the admin API.
#[utoipa::path(post, path = "/api/v1/auth/login", tag = "auth", request_body = Login, responses((status = 200, body = LoginToken), (status = 401), (status = 429)))]
async fn login(State(auth): State<Auth>, peer: Option<Extension<Peer>>, Body(body): Body<Login>) -> ApiResult<Json<LoginToken>> {
    let access_token = auth.login(&body.email, body.password, address(peer)).await?;
    Ok(Json(LoginToken { access_token, token_type: "bearer" }))
}

/// Who the bearer of this token is, as stored now.
#[utoipa::path(get, path = "/api/v1/auth/me", tag = "auth", responses((status = 200, body = Me)))]
async fn me(can: Can<SeeOneself>) -> Json<Me> {
    let actor = can.actor();
    Json(Me { id: actor.user_id.0.clone(), name: actor.name.clone(), email: actor.email.clone(), role: actor.role })
}

/// Changes what the body names of one's own account. Address and role are for others to change.
#[utoipa::path(put, path = "/api/v1/auth/me", tag = "auth", request_body = OwnChange, responses((status = 200, body = UserView)))]
async fn change_me(can: Can<ChangeOneself>, State(auth): State<Auth>, Body(own): Body<OwnChange>) -> ApiResult<Json<UserView>> {
    Ok(Json(auth.users().update(can.actor(), can.actor().user_id.clone(), own.into()).await?))
}

/// Changes one's own password; every token made before is refused from now on.
#[utoipa::path(put, path = "/api/v1/auth/me/password", tag = "auth", request_body = PasswordChange, responses((status = 204)))]
async fn change_password(can: Can<ChangeOneself>, State(auth): State<Auth>, Body(body): Body<PasswordChange>) -> ApiResult<StatusCode> {
    auth.change_password(can.actor(), body.current_password, body.new_password).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The address that login limits count by; none over the control socket. Whoever comes from nowhere shares one address.
pub(super) fn address(peer: Option<Extension<Peer>>) -> Option<std::net::IpAddr> {
    peer.map_or(Some(std::net::Ipv4Addr::UNSPECIFIED.into()), |Extension(peer)| peer.ip())
}
