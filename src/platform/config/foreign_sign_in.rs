//! Section `foreign_sign_in`: another identity provider whose people may sign in here.

use serde::Deserialize;

/// What becomes of people who have no account here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NewPeople {
    /// They are refused.
    Refused,
    /// They are made agents.
    Agent,
    /// They are made supervisors.
    Supervisor,
    /// They are made admins.
    Admin,
}

/// Section `foreign_sign_in`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ForeignSignIn {
    /// URL of the provider, as its tokens name it. Empty: off.
    pub issuer: String,
    /// What its button says.
    pub name: String,
    /// This box's name there.
    pub client_id: String,
    /// File that holds the secret. Empty: a public client.
    pub client_secret_file: String,
    /// What is asked for.
    pub scopes: Vec<String>,
    /// Domains of verified e-mail addresses that may come in. Empty: all.
    pub allowed_domains: Vec<String>,
    /// What becomes of people who have no account here.
    pub new_people: NewPeople,
}
