//! `/api/v1/audit`: who did what, and whether anybody touched the trail.

use axum::Json;
use axum::extract::{Query, State};
use axum::response::IntoResponse;
use http::header;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::export::Format;
use super::{Audit, ReadAudit};
use crate::base::page::{Listing, Page, PageQuery};
use crate::base::{Error, Millis, Result};
use crate::platform::access::Can;
use crate::platform::audit::{Chain, Entry, Filter};
use crate::platform::http::ApiResult;

/// Routes of the audit trail.
pub fn routes(audit: Audit) -> OpenApiRouter {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(export)).routes(routes!(verify)).with_state(audit)
}

/// Which rows are wanted.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Wanted {
    /// Only this action, such as `user.create`.
    action: Option<String>,
    /// Only what was done to this id.
    target: Option<String>,
    /// Only what was done by this user: an id or a name.
    actor: Option<String>,
    /// Only from this moment on, such as `2026-01-31T00:00:00Z`.
    from: Option<String>,
    /// Only before this moment.
    to: Option<String>,
}

impl Wanted {
    fn filter(&self) -> Result<Filter> {
        let moment = |name: &'static str, text: &Option<String>| {
            let refused = || {
                let sentence = "must be a moment such as 2026-01-31T00:00:00Z";
                Error::invalid(format!("{name}: {sentence}")).field(name, sentence)
            };
            text.as_deref().map(|text| Millis::parse(text).ok_or_else(refused)).transpose()
        };
        Ok(Filter {
            action: self.action.clone(),
            target: self.target.clone(),
            actor: self.actor.clone(),
            from: moment("from", &self.from)?,
            to: moment("to", &self.to)?,
        })
    }
}

/// How the file is written.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct FileQuery {
    /// `jsonl` or `csv`; `jsonl` if absent.
    format: Option<String>,
}

/// The trail, newest first.
#[utoipa::path(get, path = "/api/v1/audit", tag = "audit", params(Wanted, PageQuery), responses((status = 200, body = Listing<Entry>)))]
async fn list(
    _can: Can<ReadAudit>,
    State(audit): State<Audit>,
    Query(wanted): Query<Wanted>,
    Query(page): Query<PageQuery>,
) -> ApiResult<Json<Listing<Entry>>> {
    let page = Page::from(&page);
    let (data, total) = audit.list(wanted.filter()?, page).await?;
    let filters = [
        ("action", wanted.action.as_deref()),
        ("target", wanted.target.as_deref()),
        ("actor", wanted.actor.as_deref()),
        ("from", wanted.from.as_deref()),
        ("to", wanted.to.as_deref()),
    ];
    Ok(Json(Listing::new(data, total, page, "/api/v1/audit", &filters)))
}

/// The trail as a file, oldest first. It is written while it is read, however long it is.
#[utoipa::path(
    get, path = "/api/v1/audit/export", tag = "audit", params(Wanted, FileQuery),
    responses((status = 200, description = "The rows, one per line", body = String, content_type = "application/jsonl"))
)]
async fn export(
    can: Can<ReadAudit>,
    State(audit): State<Audit>,
    Query(wanted): Query<Wanted>,
    Query(file): Query<FileQuery>,
) -> ApiResult<impl IntoResponse> {
    let format = Format::parse(file.format.as_deref())?;
    let headers = [
        (header::CONTENT_TYPE, format.content_type().to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{}\"", format.file_name())),
    ];
    Ok((headers, audit.export(can.actor(), wanted.filter()?, format).await?))
}

/// Recomputes the chain of hashes from the first row on.
#[utoipa::path(get, path = "/api/v1/audit/verify", tag = "audit", responses((status = 200, body = Chain)))]
async fn verify(_can: Can<ReadAudit>, State(audit): State<Audit>) -> ApiResult<Json<Chain>> {
    Ok(Json(audit.verify().await?))
}
