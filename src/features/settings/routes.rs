//! `/api/v1/settings`.

use axum::Json;
use axum::extract::{Path, Query, State};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::layers::Values;
use super::section::Section;
use super::service::Settings;
use super::view::ChangeView;
use super::{EditSettings, ReadSettings, SeeDisplay};
use crate::base::page::{Listing, Page, PageQuery};
use crate::base::{Error, Result};
use crate::platform::access::Can;
use crate::platform::http::{ApiResult, Body};

/// The routes of this feature.
pub fn routes(settings: Settings) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(all))
        .routes(routes!(get, change))
        .routes(routes!(history))
        .routes(routes!(display))
        .with_state(settings)
}

/// Which changes are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct HistoryQuery {
    /// Only this section: `outbound`, `mail`, `brand`, `fleet`, `providers`, `storage`, `backup`, `sip`, `knowledge`, `retention` or `browser`.
    section: Option<String>,
}

/// All settings. Secrets are masked; under `keys` stands who set each key and whether it is locked.
#[utoipa::path(get, path = "/api/v1/settings", tag = "settings", responses((status = 200, body = Object)))]
async fn all(_can: Can<ReadSettings>, State(settings): State<Settings>) -> ApiResult<Json<Value>> {
    Ok(Json(settings.all().await?))
}

/// One section: `outbound`, `mail`, `brand`, `fleet`, `providers` (also `api-keys`), `storage` (also `minio`), `backup`, `sip`, `knowledge`, `retention` or `browser`.
#[utoipa::path(
    get, path = "/api/v1/settings/{section}", tag = "settings", params(("section" = String, Path)), responses((status = 200, body = Object))
)]
async fn get(_can: Can<ReadSettings>, State(settings): State<Settings>, Path(section): Path<String>) -> ApiResult<Json<Value>> {
    if section == TIMEZONE {
        return Ok(Json(timezone_of(&settings.section(Section::Outbound).await?)));
    }
    Ok(Json(settings.section(Section::parse(&section)?).await?))
}

/// How the box presents itself to people.
#[derive(Debug, Serialize, ToSchema)]
struct Display {
    /// Name, picture and address of the brand.
    brand: DisplayBrand,
    /// Zone in which times are shown, such as `Europe/Malta`.
    display_timezone: String,
}

/// The brand.
#[derive(Debug, Serialize, ToSchema)]
struct DisplayBrand {
    /// The name people see.
    name: String,
    /// URL of a picture; empty when there is none.
    logo: String,
    /// Address people may write to; empty when there is none.
    support_email: String,
}

/// What every signed-in person may know of the settings: the brand and the time zone.
#[utoipa::path(get, path = "/api/v1/settings/display", tag = "settings", responses((status = 200, body = Display)))]
async fn display(_can: Can<SeeDisplay>, State(settings): State<Settings>) -> Json<Display> {
    let settings = settings.current();
    let brand = settings.brand.clone();
    let zone = settings.outbound.timezone.iana_name().unwrap_or("UTC").to_owned();
    let brand = DisplayBrand { name: brand.name, logo: brand.logo, support_email: brand.support_email };
    Json(Display { brand, display_timezone: zone })
}

/// Changes keys of a section at once. Absent keys stay, null takes a key back to its default, a secret sent as it is shown stays.
#[utoipa::path(
    put, path = "/api/v1/settings/{section}", tag = "settings", params(("section" = String, Path)), request_body = Object,
    responses((status = 200, body = Object))
)]
async fn change(
    can: Can<EditSettings>,
    State(settings): State<Settings>,
    Path(section): Path<String>,
    Body(body): Body<Values>,
) -> ApiResult<Json<Value>> {
    if section == TIMEZONE {
        return Ok(Json(timezone_of(&settings.change(can.actor(), Section::Outbound, as_outbound(body)?).await?)));
    }
    Ok(Json(settings.change(can.actor(), Section::parse(&section)?, body).await?))
}

/// The zone in which times are shown has a path of its own beside the section it stands in.
const TIMEZONE: &str = "timezone";
const DISPLAY_TIMEZONE: &str = "display_timezone";

fn timezone_of(outbound: &Value) -> Value {
    json!({ DISPLAY_TIMEZONE: outbound["timezone"], "keys": { DISPLAY_TIMEZONE: outbound["keys"]["timezone"] } })
}

/// The change of the section that a change of the zone alone means.
fn as_outbound(mut body: Values) -> Result<Values> {
    let zone = body.remove(DISPLAY_TIMEZONE);
    match body.keys().next() {
        Some(key) => {
            Err(Error::invalid(format!("{key}: there is no such key; the only one is {DISPLAY_TIMEZONE}"))
                .field(key, "there is no such key"))
        }
        None => Ok(zone.map(|zone| ("timezone".to_owned(), zone)).into_iter().collect()),
    }
}

/// Who changed what, newest first.
#[utoipa::path(
    get, path = "/api/v1/settings/history", tag = "settings", params(HistoryQuery, PageQuery),
    responses((status = 200, body = Listing<ChangeView>))
)]
async fn history(
    _can: Can<ReadSettings>,
    State(settings): State<Settings>,
    Query(query): Query<HistoryQuery>,
    Query(page): Query<PageQuery>,
) -> ApiResult<Json<Listing<ChangeView>>> {
    let page = Page::from(&page);
    let section = query.section.as_deref().map(Section::parse).transpose()?;
    let (data, total) = settings.history(section, page).await?;
    Ok(Json(Listing::new(data, total, page, "/api/v1/settings/history", &[("section", query.section.as_deref())])))
}
