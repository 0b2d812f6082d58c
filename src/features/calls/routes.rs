//! Calls for people: a list, one call.

use axum::Json;
use axum::extract::{Path, Query, State};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::list_store::Filter;
use super::model::CallStatus;
use super::service::Calls;
use super::view::{CallSummary, CallView};
use super::{ReadCalls, engine_routes, live_routes, recordings_routes};
use crate::base::id::{BotId, SessionId};
use crate::base::page::{Listing, Page, PageQuery};
use crate::base::{Error, Millis, Result};
use crate::platform::access::Can;
use crate::platform::http::ApiResult;

/// All routes of the slice.
pub fn routes(calls: Calls) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(show))
        .with_state(calls.clone())
        .merge(engine_routes::routes(calls.clone()))
        .merge(live_routes::routes(calls.clone()))
        .merge(recordings_routes::routes(calls))
}

/// Which calls are wanted. All filters must match.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ListQuery {
    /// Calls of this bot.
    bot_id: Option<String>,
    /// `active`, `completed`, `failed` or `voicemail`.
    status: Option<String>,
    /// Made at or after this RFC 3339 time.
    from: Option<String>,
    /// Made before this RFC 3339 time.
    to: Option<String>,
    /// Part of the number of either end.
    phone: Option<String>,
}

impl ListQuery {
    fn filter(&self) -> Result<Filter> {
        let time = |name: &str, text: &Option<String>| match text.as_deref().map(|text| (text, Millis::parse(text))) {
            None => Ok(None),
            Some((_, Some(at))) => Ok(Some(at)),
            Some((text, None)) => Err(Error::invalid(format!("{name} must be an RFC 3339 time, not {text}")).field(name, "is not a time")),
        };
        let status = match self.status.as_deref() {
            None => None,
            Some(word) => Some(
                CallStatus::parse(word)
                    .ok_or_else(|| Error::invalid(format!("there is no call status {word}")).field("status", "is not a status"))?,
            ),
        };
        Ok(Filter {
            bot_id: self.bot_id.clone().map(BotId),
            status,
            from: time("from", &self.from)?,
            to: time("to", &self.to)?,
            phone: self.phone.clone().filter(|phone| !phone.is_empty()),
        })
    }

    fn pairs(&self) -> [(&str, Option<&str>); 5] {
        [
            ("bot_id", self.bot_id.as_deref()),
            ("status", self.status.as_deref()),
            ("from", self.from.as_deref()),
            ("to", self.to.as_deref()),
            ("phone", self.phone.as_deref()),
        ]
    }
}

#[utoipa::path(
    get, path = "/api/v1/calls", tag = "calls", params(ListQuery, PageQuery),
    responses((status = 200, description = "Calls, newest first", body = Listing<CallSummary>))
)]
async fn list(
    _: Can<ReadCalls>,
    State(calls): State<Calls>,
    Query(query): Query<ListQuery>,
    Query(page): Query<PageQuery>,
) -> ApiResult<Json<Listing<CallSummary>>> {
    let page = Page::from(&page);
    let (data, total) = calls.list(query.filter()?, page).await?;
    Ok(Json(Listing::new(data, total, page, "/api/v1/calls", &query.pairs())))
}

#[utoipa::path(
    get, path = "/api/v1/calls/{session_id}", tag = "calls", params(("session_id" = String, Path)),
    responses((status = 200, description = "The stored call", body = CallView), (status = 404, description = "No such call"))
)]
async fn show(_: Can<ReadCalls>, State(calls): State<Calls>, Path(session_id): Path<SessionId>) -> ApiResult<Json<CallView>> {
    Ok(Json(calls.view(session_id).await?))
}
