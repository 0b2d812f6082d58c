//! Identities of people elsewhere, as they are shown.

use serde::Serialize;
use utoipa::ToSchema;

use crate::base::Millis;

/// A person as another identity provider knows them.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::features::auth) struct IdentityView {
    /// That provider.
    pub(super) issuer: String,
    /// Its name for the person.
    pub(super) subject: String,
    /// Who made the link.
    pub(super) linked_by: String,
    /// When.
    #[schema(value_type = String)]
    pub(super) linked_at: Millis,
}
