//! What the identity provider says about itself (OpenID Connect Discovery 1.0, RFC 8414, RFC 9207).

use axum::Json;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::asked::Asked;
use super::request::SCOPES;
use super::token_endpoint::GRANTS;
use crate::features::auth::service::Auth;

/// The description, for programs that set themselves up from it.
pub(super) async fn discovery(auth: Auth, _asked: Asked) -> Response {
    Json(describe(&auth.identity().base_url)).into_response()
}

/// The public keys that verify this box's tokens.
pub(super) async fn jwks(auth: Auth, _asked: Asked) -> Response {
    Json(auth.tokens().ring().jwks(auth.clock().now())).into_response()
}

pub(super) fn describe(base: &str) -> Value {
    let client_proofs = ["none", "client_secret_post", "client_secret_basic"];
    json!({
        "issuer": base,
        "authorization_endpoint": format!("{base}/oauth2/v1/authorize"),
        "token_endpoint": format!("{base}/oauth2/v1/token"),
        "userinfo_endpoint": format!("{base}/oauth2/v1/userinfo"),
        "jwks_uri": format!("{base}/.well-known/jwks.json"),
        "introspection_endpoint": format!("{base}/oauth2/v1/introspect"),
        "revocation_endpoint": format!("{base}/oauth2/v1/revoke"),
        "end_session_endpoint": format!("{base}/oauth2/v1/logout"),
        "grant_types_supported": GRANTS,
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "code_challenge_methods_supported": ["S256"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "scopes_supported": SCOPES,
        "prompt_values_supported": ["none", "login", "select_account"],
        "token_endpoint_auth_methods_supported": client_proofs,
        "revocation_endpoint_auth_methods_supported": client_proofs,
        "introspection_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic", "bearer"],
        "claims_supported": [
            "sub", "iss", "aud", "exp", "iat", "auth_time", "nonce", "at_hash", "name", "preferred_username", "email", "email_verified",
            "phone_number", "address", "locale", "updated_at", "groups", "role", "cxb_role", "tenant",
        ],
        "authorization_response_iss_parameter_supported": true,
        "claims_parameter_supported": false,
        "request_parameter_supported": false,
        "request_uri_parameter_supported": false,
    })
}
