//! Numbers and inbound routes on the CodeB surface (seed 002).

use axum::Json;
use axum::extract::{Path, Query, State};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::model::NumberMode;
use super::route::{InboundRoute, NewRoute};
use super::routing::InboundRoutes;
use super::service::{Answering, Numbers};
use super::{EditNumbers, ReadNumbers};
use crate::base::page::{Listing, Page, PageQuery};
use crate::platform::access::Can;
use crate::platform::http::{AnyCase, ApiResult};

const ROUTES_PATH: &str = "/api.ashx/v1/inbound-routes";
const NUMBERS_PATH: &str = "/api.ashx/v1/numbers";

#[derive(Clone)]
struct NumbersState {
    numbers: Numbers,
    tenant: String,
}

/// `GET /api.ashx/v1/numbers`.
pub(super) fn numbers(numbers: Numbers, tenant: String) -> OpenApiRouter {
    OpenApiRouter::new().routes(routes!(list_numbers)).with_state(NumbersState { numbers, tenant })
}

/// `/api.ashx/v1/inbound-routes`.
pub(super) fn inbound(inbound: InboundRoutes) -> OpenApiRouter {
    OpenApiRouter::new().routes(routes!(create_route, list_routes)).routes(routes!(get_route, set_user, delete_route)).with_state(inbound)
}

/// A virtual number as the CodeB surface shows it.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct NumberItem {
    name: String,
    number: String,
    mode: &'static str,
    voice: String,
    language: String,
    save_transcripts: bool,
    max_duration_sec: u32,
    visibility: &'static str,
    system_prompt: String,
    gemini_api_key: String,
}

impl From<Answering> for NumberItem {
    fn from(answering: Answering) -> Self {
        let (own, bot) = (answering.number.body, answering.bot.map(|bot| bot.body).unwrap_or_default());
        let or = |own: String, other: String| if own.is_empty() { other } else { own };
        let system_prompt = if own.mode == NumberMode::Tts { own.text } else { or(own.system_prompt, bot.system_prompt) };
        Self {
            name: own.name,
            number: own.number,
            mode: own.mode.word(),
            voice: or(own.voice, bot.tts.voice.unwrap_or_default()),
            language: or(own.language, bot.language),
            save_transcripts: own.save_transcripts,
            max_duration_sec: own.max_duration_sec,
            visibility: own.visibility.word(),
            system_prompt,
            gemini_api_key: answering.api_key,
        }
    }
}

/// The list of numbers: the envelope of every list, and the tenant beside it.
#[derive(Debug, Serialize, ToSchema)]
struct NumbersAnswer {
    tenant: String,
    #[serde(flatten)]
    #[schema(inline)]
    page: Listing<NumberItem>,
}

/// The second half of a route's key.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct RouteQuery {
    /// The route with exactly this filter; absent: the one without.
    #[serde(rename = "fromNumber", alias = "FromNumber")]
    from_number: Option<String>,
}

/// The body of a change: only `user` can change.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default)]
#[schema(as = RouteTaker)]
struct NewUser {
    /// Who takes the calls from now on.
    user: Option<String>,
}

/// A route that was removed.
#[derive(Debug, Serialize, ToSchema)]
struct Deleted {
    /// The row as it was.
    deleted: InboundRoute,
}

/// Lists virtual numbers.
#[utoipa::path(get, path = "/api.ashx/v1/numbers", tag = "numbers", params(PageQuery), responses((status = 200, body = NumbersAnswer)))]
async fn list_numbers(
    _can: Can<ReadNumbers>,
    State(state): State<NumbersState>,
    Query(page): Query<PageQuery>,
) -> ApiResult<Json<NumbersAnswer>> {
    let page = Page::from(&page);
    let (rows, total) = state.numbers.list_answering(page).await?;
    let rows = rows.into_iter().map(NumberItem::from).collect();
    Ok(Json(NumbersAnswer { tenant: state.tenant, page: Listing::new(rows, total, page, NUMBERS_PATH, &[]) }))
}

/// Adds an inbound route before the catch-all.
#[utoipa::path(
    post, path = "/api.ashx/v1/inbound-routes", tag = "inbound-routes", request_body = NewRoute,
    responses((status = 201, body = InboundRoute))
)]
async fn create_route(
    can: Can<EditNumbers>,
    State(inbound): State<InboundRoutes>,
    AnyCase(new): AnyCase<NewRoute>,
) -> ApiResult<(StatusCode, Json<InboundRoute>)> {
    Ok((StatusCode::CREATED, Json(inbound.create(can.actor(), new).await?)))
}

/// Lists inbound routes in match order.
#[utoipa::path(
    get, path = "/api.ashx/v1/inbound-routes", tag = "inbound-routes", params(PageQuery),
    responses((status = 200, body = Listing<InboundRoute>))
)]
async fn list_routes(
    _can: Can<ReadNumbers>,
    State(inbound): State<InboundRoutes>,
    Query(page): Query<PageQuery>,
) -> ApiResult<Json<Listing<InboundRoute>>> {
    let page = Page::from(&page);
    let (rows, total) = inbound.list(page).await?;
    Ok(Json(Listing::new(rows, total, page, ROUTES_PATH, &[])))
}

/// Reads an inbound route; `*` is written `%2A`.
#[utoipa::path(
    get, path = "/api.ashx/v1/inbound-routes/{did}", tag = "inbound-routes", params(("did" = String, Path), RouteQuery),
    responses((status = 200, body = InboundRoute))
)]
async fn get_route(
    _can: Can<ReadNumbers>,
    State(inbound): State<InboundRoutes>,
    Path(did): Path<String>,
    Query(query): Query<RouteQuery>,
) -> ApiResult<Json<InboundRoute>> {
    Ok(Json(inbound.get(did, query.from_number).await?))
}

/// Changes who takes the calls of a route.
#[utoipa::path(
    put, path = "/api.ashx/v1/inbound-routes/{did}", tag = "inbound-routes", params(("did" = String, Path), RouteQuery),
    request_body = NewUser, responses((status = 200, body = InboundRoute))
)]
async fn set_user(
    can: Can<EditNumbers>,
    State(inbound): State<InboundRoutes>,
    Path(did): Path<String>,
    Query(query): Query<RouteQuery>,
    AnyCase(body): AnyCase<NewUser>,
) -> ApiResult<Json<InboundRoute>> {
    Ok(Json(inbound.set_user(can.actor(), did, query.from_number, body.user).await?))
}

/// Removes an inbound route; never the catch-all.
#[utoipa::path(
    delete, path = "/api.ashx/v1/inbound-routes/{did}", tag = "inbound-routes", params(("did" = String, Path), RouteQuery),
    responses((status = 200, body = Deleted))
)]
async fn delete_route(
    can: Can<EditNumbers>,
    State(inbound): State<InboundRoutes>,
    Path(did): Path<String>,
    Query(query): Query<RouteQuery>,
) -> ApiResult<Json<Deleted>> {
    Ok(Json(Deleted { deleted: inbound.delete(can.actor(), did, query.from_number).await? }))
}
