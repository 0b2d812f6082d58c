//! A sign-in that waits for a person: sealed into the page that was shown, so that nothing has to be kept, and tied to the browser.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::asked::Asked;
use super::request::Authorize;
use crate::base::seal::Sealer;
use crate::base::secret::{Secret, sha256_hex};
use crate::base::{Context, Error, Millis, Result};
use crate::features::auth::oidc::Sessions;

/// How long a page waits.
const LIFE: Duration = Duration::from_secs(15 * 60);
/// What the seal is bound to.
const OWNER: &str = "oidc sign-in page";

/// What a person is asked to sign in for.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(in crate::features::auth) struct Pending {
    pub(in crate::features::auth) request: Authorize,
    /// A foreign identity to link to whoever signs in with a password now.
    pub(in crate::features::auth) link: Option<Link>,
    binding: String,
    ends_at: Millis,
}

/// A person as another identity provider knows them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::features::auth) struct Link {
    /// That provider.
    pub(in crate::features::auth) issuer: String,
    /// Its name for the person.
    pub(in crate::features::auth) subject: String,
}

impl Pending {
    pub(in crate::features::auth) fn new(request: Authorize, binding: &str, now: Millis) -> Self {
        Self { request, link: None, binding: sha256_hex(binding), ends_at: now.plus(LIFE) }
    }

    /// The same sign-in, which will also link this identity.
    pub(in crate::features::auth) fn linking(self, link: Link) -> Self {
        Self { link: Some(link), ..self }
    }

    /// The text that goes into the page.
    pub(in crate::features::auth) fn seal(&self, sealer: &Sealer) -> Result<String> {
        sealer.seal(OWNER, &serde_json::to_string(self).context("cannot write a sign-in")?)
    }

    /// What a page sent back, if it was shown to this very browser not too long ago.
    pub(in crate::features::auth) fn open(sealed: &str, sealer: &Sealer, sessions: &Sessions, asked: &Asked, now: Millis) -> Result<Self> {
        let stale = || {
            Error::invalid("this page is too old or was opened in another browser: go back to the program you came from and sign in again")
        };
        let text = sealer.open(OWNER, sealed).map_err(|_| stale())?;
        let pending: Self = serde_json::from_str(&text).map_err(|_| stale())?;
        let binding = sessions.known_binding(asked).unwrap_or_default();
        let is_ours = Secret::new(pending.binding.clone()).matches(&sha256_hex(binding));
        if is_ours && pending.ends_at > now { Ok(pending) } else { Err(stale()) }
    }
}
