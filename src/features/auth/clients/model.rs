//! Clients: their shapes, and what may be registered.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::redirect;
use crate::base::secret::sha256_hex;
use crate::base::{Error, Millis, Result};
use crate::features::auth::token::API_AUDIENCE;

/// Most addresses of one kind.
const MOST_URIS: usize = 20;

/// A client as the identity provider knows it.
#[derive(Debug, Clone)]
pub(in crate::features::auth) struct Client {
    pub(in crate::features::auth) id: String,
    pub(super) description: String,
    pub(in crate::features::auth) redirect_uris: Vec<String>,
    pub(in crate::features::auth) post_logout_redirect_uris: Vec<String>,
    /// SHA-256 of the secret; a public client has none.
    pub(super) secret_hash: Option<String>,
    /// Whether its access tokens open this box's API.
    pub(in crate::features::auth) api_access: bool,
    pub(super) created_by: String,
    pub(super) created_at: Millis,
    pub(super) updated_at: Millis,
}

impl Client {
    /// The one that is always there: the console and the seed's password grant.
    pub(super) fn built_in(base_url: &str) -> Self {
        Self {
            id: API_AUDIENCE.to_owned(),
            description: "The console of this box".to_owned(),
            redirect_uris: vec![format!("{base_url}/oidc-callback.html")],
            post_logout_redirect_uris: vec![format!("{base_url}/"), format!("{base_url}/oidc-callback.html")],
            secret_hash: None,
            api_access: true,
            created_by: "system".to_owned(),
            created_at: Millis(0),
            updated_at: Millis(0),
        }
    }

    pub(in crate::features::auth) fn is_built_in(&self) -> bool {
        is_built_in(&self.id)
    }

    pub(in crate::features::auth) fn is_confidential(&self) -> bool {
        self.secret_hash.is_some()
    }

    /// What people are told they sign in to.
    pub(in crate::features::auth) fn shown_name(&self) -> &str {
        if self.description.is_empty() { &self.id } else { &self.description }
    }

    /// Whether this is its secret, in time that does not depend on how much of it is right.
    pub(in crate::features::auth) fn has_secret(&self, given: &str) -> bool {
        self.secret_hash.as_ref().is_some_and(|hash| crate::base::secret::Secret::new(hash.clone()).matches(&sha256_hex(given)))
    }

    /// The audience of its access tokens.
    pub(in crate::features::auth) fn audience(&self) -> &str {
        if self.api_access { API_AUDIENCE } else { &self.id }
    }
}

pub(super) fn is_built_in(id: &str) -> bool {
    id == API_AUDIENCE
}

/// A client as shown.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ClientView {
    /// The name it gives itself in requests.
    pub client_id: String,
    /// What it is, in the registrar's words.
    pub description: String,
    /// Where a browser may be sent after signing in.
    pub redirect_uris: Vec<String>,
    /// Where a browser may be sent after signing out.
    pub post_logout_redirect_uris: Vec<String>,
    /// Whether it has a secret.
    pub confidential: bool,
    /// Whether its access tokens open this box's API with the rank of the person who signed in.
    pub api_access: bool,
    /// Whether it came with the program; such a client can neither be changed nor removed.
    pub built_in: bool,
    /// Who registered it.
    pub created_by: String,
    /// When it was registered.
    #[schema(value_type = String)]
    pub created_at: Millis,
    /// When it was last changed.
    #[schema(value_type = String)]
    pub updated_at: Millis,
}

impl From<Client> for ClientView {
    fn from(client: Client) -> Self {
        Self {
            confidential: client.is_confidential(),
            built_in: client.is_built_in(),
            client_id: client.id,
            description: client.description,
            redirect_uris: client.redirect_uris,
            post_logout_redirect_uris: client.post_logout_redirect_uris,
            api_access: client.api_access,
            created_by: client.created_by,
            created_at: client.created_at,
            updated_at: client.updated_at,
        }
    }
}

/// Answer to a registration, or to a new secret: the only time the secret is shown.
#[derive(Debug, Serialize, ToSchema)]
pub struct RegisteredClient {
    /// The secret of a confidential client.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_secret: Option<String>,
    /// The client.
    #[serde(flatten)]
    pub view: ClientView,
}

/// Body of `POST /api/v1/oidc/clients`.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewClient {
    /// The name it will give itself: letters, digits, `.`, `_`, `-`. Made up if absent.
    pub client_id: Option<String>,
    /// What it is.
    #[serde(default)]
    pub description: String,
    /// Where a browser may be sent after signing in: https, or http on the loopback interface (any port).
    pub redirect_uris: Vec<String>,
    /// Where a browser may be sent after signing out.
    #[serde(default)]
    pub post_logout_redirect_uris: Vec<String>,
    /// True: it gets a secret, which the answer shows once.
    #[serde(default)]
    pub confidential: bool,
    /// Whether its access tokens open this box's API; true if absent.
    #[serde(default = "yes")]
    pub api_access: bool,
}

fn yes() -> bool {
    true
}

/// Body of `PATCH /api/v1/oidc/clients/{client_id}`. Absent fields stay as they are.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ClientChange {
    /// What it is.
    pub description: Option<String>,
    /// Where a browser may be sent after signing in.
    pub redirect_uris: Option<Vec<String>>,
    /// Where a browser may be sent after signing out.
    pub post_logout_redirect_uris: Option<Vec<String>>,
    /// Whether its access tokens open this box's API.
    pub api_access: Option<bool>,
}

pub(super) fn check_id(id: &str) -> Result<()> {
    let is_plain = (1..=64).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b));
    if is_plain {
        return Ok(());
    }
    let sentence = "a client id has 1 to 64 letters, digits, dots, underscores or hyphens";
    Err(Error::invalid(sentence).field("client_id", sentence))
}

pub(super) fn check_description(text: &str) -> Result<()> {
    if text.chars().count() <= 200 && !text.chars().any(char::is_control) {
        return Ok(());
    }
    let sentence = "a description has at most 200 printable characters";
    Err(Error::invalid(sentence).field("description", sentence))
}

pub(super) fn check_uris(uris: &[String], field: &'static str, least: usize) -> Result<()> {
    if uris.len() < least || uris.len() > MOST_URIS {
        let sentence = format!("{least} to {MOST_URIS} addresses are needed");
        return Err(Error::invalid(format!("{field}: {sentence}")).field(field, sentence));
    }
    uris.iter().try_for_each(|uri| redirect::check(uri, field))
}
