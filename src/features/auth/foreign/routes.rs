//! `/api/v1/users/{id}/foreign-identities`: who somebody is at another identity provider.

use axum::Json;
use axum::extract::{Path, Query, State};
use http::StatusCode;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::model::IdentityView;
use crate::base::id::UserId;
use crate::features::auth::ManageUsers;
use crate::features::auth::oidc::Link;
use crate::features::auth::service::Auth;
use crate::platform::access::Can;
use crate::platform::http::{ApiResult, Body};

/// Routes of foreign identities.
pub(in crate::features::auth) fn routes(auth: Auth) -> OpenApiRouter {
    OpenApiRouter::new().routes(routes!(list, link, unlink)).with_state(auth)
}

/// One identity.
#[derive(Debug, Deserialize, ToSchema, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct Identity {
    /// The provider, as its tokens name it.
    issuer: String,
    /// Its name for the person.
    subject: String,
}

impl From<Identity> for Link {
    fn from(identity: Identity) -> Self {
        Self { issuer: identity.issuer, subject: identity.subject }
    }
}

/// The identities of a person.
#[utoipa::path(get, path = "/api/v1/users/{id}/foreign-identities", tag = "users", params(("id" = String, Path)),
    responses((status = 200, body = Vec<IdentityView>)))]
async fn list(_can: Can<ManageUsers>, State(auth): State<Auth>, Path(id): Path<UserId>) -> ApiResult<Json<Vec<IdentityView>>> {
    Ok(Json(auth.identities_of(id).await?))
}

/// Links an identity to a person, who then signs in with it.
#[utoipa::path(post, path = "/api/v1/users/{id}/foreign-identities", tag = "users", params(("id" = String, Path)), request_body = Identity,
    responses((status = 204), (status = 409)))]
async fn link(
    can: Can<ManageUsers>,
    State(auth): State<Auth>,
    Path(id): Path<UserId>,
    Body(body): Body<Identity>,
) -> ApiResult<StatusCode> {
    auth.link_identity(can.actor(), id, body.into()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Takes an identity from a person.
#[utoipa::path(delete, path = "/api/v1/users/{id}/foreign-identities", tag = "users", params(("id" = String, Path), Identity),
    responses((status = 204), (status = 404)))]
async fn unlink(
    can: Can<ManageUsers>,
    State(auth): State<Auth>,
    Path(id): Path<UserId>,
    Query(query): Query<Identity>,
) -> ApiResult<StatusCode> {
    auth.unlink_identity(can.actor(), id, query.into()).await?;
    Ok(StatusCode::NO_CONTENT)
}
