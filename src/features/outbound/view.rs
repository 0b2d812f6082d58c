//! An order as the CodeB surface shows it: the 23 fields of seed 002, no more and no fewer.

use serde::Serialize;
use utoipa::ToSchema;

use super::machine::Status;
use super::model::OrderRecord;
use crate::base::Millis;
use crate::base::id::CallId;

/// An outbound call.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct CallItem {
    call_id: CallId,
    tenant: String,
    requested_by: String,
    phone: String,
    display_name: String,
    email: String,
    voice: String,
    language: String,
    model: String,
    #[schema(value_type = String)]
    status: Status,
    #[schema(value_type = String, format = DateTime)]
    created_at_utc: Millis,
    #[schema(value_type = Option<String>, format = DateTime)]
    scheduled_for_utc: Option<Millis>,
    #[schema(value_type = Option<String>, format = DateTime)]
    dispatched_at_utc: Option<Millis>,
    #[schema(value_type = Option<String>, format = DateTime)]
    answered_at_utc: Option<Millis>,
    #[schema(value_type = Option<String>, format = DateTime)]
    ended_at_utc: Option<Millis>,
    ended_reason: String,
    duration_sec: u64,
    trunk_id: String,
    transcript_path: String,
    error_detail: String,
    attempt: u32,
    retries_left: u32,
    retry_delay_minutes: u32,
}

impl CallItem {
    pub(super) fn new(order: OrderRecord, tenant: &str) -> Self {
        Self {
            tenant: tenant.to_owned(),
            retries_left: (order.retries + 1).saturating_sub(order.attempt),
            call_id: order.call_id,
            requested_by: order.requested_by,
            phone: order.phone,
            display_name: order.display_name,
            email: order.email,
            voice: order.voice,
            language: order.language,
            model: order.model,
            status: order.status,
            created_at_utc: order.created_at,
            scheduled_for_utc: order.scheduled_for,
            dispatched_at_utc: order.dispatched_at,
            answered_at_utc: order.answered_at,
            ended_at_utc: order.ended_at,
            ended_reason: order.ended_reason,
            duration_sec: order.duration_sec,
            trunk_id: order.carrier_id,
            transcript_path: order.transcript_file,
            error_detail: order.error_detail,
            attempt: order.attempt,
            retry_delay_minutes: order.retry_delay_minutes,
        }
    }
}
