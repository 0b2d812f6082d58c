//! `GET /api/v1/analytics/calls`: figures of calls over time.

use axum::Json;
use axum::extract::{Query, State};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::buckets::{SeriesQuery, Unit, Wanted};
use super::slots_store::{buckets, is_behind};
use super::tally::{CallFiguresView, Tally};
use crate::base::{Millis, Result};
use crate::features::calls::{Calls, ReadCalls};
use crate::platform::access::Can;
use crate::platform::http::ApiResult;

pub(in crate::features::calls) fn routes(calls: Calls) -> OpenApiRouter {
    OpenApiRouter::new().routes(routes!(series)).with_state(calls)
}

/// Figures of calls over time.
#[derive(Debug, Serialize, ToSchema)]
struct CallSeries {
    /// Whose hours and days the buckets are.
    zone: String,
    /// How long a bucket is.
    bucket: Unit,
    /// False while calls that are over wait to be counted: a moment after a call's end, longer after an upgrade from a version without figures.
    is_complete: bool,
    /// All buckets together.
    total: CallFiguresView,
    /// In order of time, without gaps.
    data: Vec<SeriesPoint>,
}

/// Figures of one bucket.
#[derive(Debug, Serialize, ToSchema)]
struct SeriesPoint {
    /// Where it begins.
    #[schema(value_type = String, format = DateTime)]
    start: Millis,
    /// Where the next one begins.
    #[schema(value_type = String, format = DateTime)]
    end: Millis,
    #[serde(flatten)]
    figures: CallFiguresView,
}

/// How many calls there were by outcome, how many were answered, how long they took and how long callers waited for answers: by hour, day, week
/// or month of a time zone, for all calls or those of a bot, a number or a carrier. A call counts where it began, once it is over; what retention
/// removes later stays counted. At most 750 buckets and 400 days.
#[utoipa::path(
    get, path = "/api/v1/analytics/calls", tag = "calls", params(SeriesQuery),
    responses((status = 200, body = CallSeries), (status = 422, description = "A parameter cannot be read, or asks for too much"))
)]
async fn series(_: Can<ReadCalls>, State(calls): State<Calls>, Query(query): Query<SeriesQuery>) -> ApiResult<Json<CallSeries>> {
    Ok(Json(calls.series(&query).await?))
}

impl Calls {
    async fn series(&self, query: &SeriesQuery) -> Result<CallSeries> {
        let wanted = query.read(self.inner.setup.clock.now())?;
        self.db().read(move |conn| Ok(CallSeries::new(&wanted, &buckets(conn, &wanted)?, is_behind(conn)?))).await
    }
}

impl CallSeries {
    fn new(wanted: &Wanted, tallies: &[Tally], is_behind: bool) -> Self {
        let mut total = Tally::default();
        tallies.iter().for_each(|tally| total.add(tally));
        let spans = wanted.bounds.iter().zip(wanted.bounds.iter().skip(1));
        let data =
            spans.zip(tallies).map(|((start, end), tally)| SeriesPoint { start: *start, end: *end, figures: tally.view(wanted.direction) });
        Self {
            data: data.collect(),
            total: total.view(wanted.direction),
            zone: wanted.zone.clone(),
            bucket: wanted.unit,
            is_complete: !is_behind,
        }
    }
}
