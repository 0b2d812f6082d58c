//! Minutes and money of outbound calls: counted from the dial to the end, and asked about.

use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::json;
use tracing::warn;
use utoipa::ToSchema;

use super::opening::is_open;
use super::service::Permit;
use super::usage::{Leg, Usage};
use super::usage_store;
use crate::base::id::SessionId;
use crate::base::{Error, Millis, Result};
use crate::features::settings::amount;
use crate::platform::access::Actor;
use crate::platform::audit;
use crate::platform::db::{Conn, Tx};

/// The reasons of refusals that end with the day.
const CAPS: [&str; 4] = ["daily_cap", "daily_minutes", "daily_spend", "off_hours_cap"];
/// Longest time a leg is kept whose end nobody told.
const KEPT: Duration = Duration::from_secs(48 * 3600);

/// What the outbound calls of this day have used up, and what they may.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct Today {
    /// The day, by the box's zone.
    pub(super) day: String,
    /// Calls that were placed.
    pub(super) calls: u32,
    /// How many may be; 0: no limit.
    pub(super) daily_cap: u32,
    /// Minutes that were talked, those of running calls included; each minute that began counts whole.
    pub(super) minutes: u32,
    /// How many may be; 0: no limit.
    pub(super) daily_minutes: u32,
    /// What they cost by the prices in the settings.
    pub(super) spent: f64,
    /// What they may cost; 0: no limit.
    pub(super) daily_spend: f64,
    /// Whether it is outside business hours now.
    pub(super) is_off_hours: bool,
    /// Minutes of calls that were dialled outside business hours.
    pub(super) off_hours_minutes: u32,
    /// How many may be; 0: no limit.
    pub(super) off_hours_cap: u32,
    /// Countries that are called; empty: all.
    pub(super) countries: Vec<String>,
}

impl Permit {
    /// Counts a call that is being dialled towards the day's cap.
    pub fn count(&self, tx: &Tx<'_>) -> Result<()> {
        usage_store::count(tx, &self.day(tx.now))
    }

    /// A call to a number is being dialled: from here on it holds a minute, and once it is answered it counts by the minute.
    pub fn opened(&self, tx: &Tx<'_>, session_id: &SessionId, phone: &str) -> Result<()> {
        usage_store::drop_before(tx, &self.day(Millis(tx.now.0.saturating_sub(KEPT.as_millis() as i64))))?;
        usage_store::insert(tx, session_id, &self.leg(phone, tx.now, false))
    }

    /// A running call is being handed on to a number. That leg counts from here to the end of the call.
    pub fn opened_second(&self, tx: &Tx<'_>, session_id: &SessionId, phone: &str) -> Result<()> {
        usage_store::insert(tx, session_id, &self.leg(phone, tx.now, true))
    }

    fn leg(&self, phone: &str, now: Millis, is_second: bool) -> Leg {
        Leg {
            day: self.day(now),
            is_second,
            is_off_hours: self.is_off_hours(now),
            minute_micros: self.settings().outbound.minute_micros(phone),
            counts_from: Some(now).filter(|_| is_second),
        }
    }

    /// Whether a call has legs that were dialled and are not over.
    pub fn has_legs(&self, conn: &Conn, session_id: &SessionId) -> Result<bool> {
        usage_store::has_legs(conn, session_id)
    }

    /// The call was answered.
    pub fn answered(&self, tx: &Tx<'_>, session_id: &SessionId, at: Millis) -> Result<()> {
        usage_store::answered(tx, session_id, at)
    }

    /// The call is over after so many seconds of talk: what it used up is counted for the day it was dialled. A repeat changes nothing.
    pub fn ended(&self, tx: &Tx<'_>, session_id: &SessionId, talk_seconds: u64, at: Millis) -> Result<()> {
        for leg in usage_store::take(tx, session_id)? {
            let from = leg.counts_from.filter(|_| leg.is_second);
            let seconds = from.map_or(talk_seconds, |from| at.since(from).as_secs());
            usage_store::add(tx, &leg.day, &leg.usage(seconds))?;
        }
        Ok(())
    }

    /// The call was never made: it uses up nothing.
    pub fn forgotten(&self, tx: &Tx<'_>, session_id: &SessionId) -> Result<()> {
        usage_store::take(tx, session_id).map(drop)
    }

    /// What the day of a moment has had, open calls included.
    pub(super) fn usage(&self, conn: &Conn, now: Millis) -> Result<Usage> {
        let day = self.day(now);
        let open = usage_store::open(conn, &day)?;
        Ok(open.iter().fold(usage_store::day(conn, &day)?, |sum, leg| sum.and(leg.so_far(now))))
    }

    /// Whether a moment lies outside business hours, by the box's zone.
    pub(super) fn is_off_hours(&self, now: Millis) -> bool {
        let rules = &self.settings().outbound;
        Timestamp::from_millisecond(now.0).is_ok_and(|at| !is_open(&rules.business_hours, &rules.timezone, at))
    }

    /// What this day has had, and may have.
    pub(super) async fn today(&self) -> Result<Today> {
        let (permit, now) = (self.clone(), self.inner.clock.now());
        let (used, homes) = self.inner.db.read(move |conn| Ok((permit.usage(conn, now)?, permit.homes(conn)?))).await?;
        let settings = self.settings();
        let rules = &settings.outbound;
        Ok(Today {
            day: self.day(now),
            calls: used.n_calls,
            daily_cap: rules.daily_cap,
            minutes: used.minutes,
            daily_minutes: rules.daily_minutes,
            spent: amount(used.spent),
            daily_spend: rules.daily_spend,
            is_off_hours: self.is_off_hours(now),
            off_hours_minutes: used.off_minutes,
            off_hours_cap: rules.off_hours_minutes,
            countries: if rules.allowed_countries.is_empty() { homes } else { rules.allowed_countries.clone() },
        })
    }

    /// Minutes and money of this day so far, for the figures.
    pub async fn used_today(&self) -> Result<(u32, f64)> {
        let (permit, now) = (self.clone(), self.inner.clock.now());
        let used = self.inner.db.read(move |conn| permit.usage(conn, now)).await?;
        Ok((used.minutes, amount(used.spent)))
    }

    /// Notes a refusal in the audit trail when a cap of the day is its reason; the first of each day and reason. It never fails for that.
    pub async fn note(&self, actor: &Actor, refusal: &Error) {
        let Some(reason) = refusal.reason().filter(|reason| CAPS.contains(reason)) else { return };
        let (permit, actor) = (self.clone(), actor.clone());
        let noted = self.inner.db.write(move |tx| permit.note_in(tx, &actor, reason)).await;
        if let Err(failure) = noted {
            warn!("Could not note that a cap of outbound calls is reached: {failure}");
        }
    }

    /// The same in a transaction, for a reason in a word.
    pub fn note_in(&self, tx: &Tx<'_>, actor: &Actor, reason: &str) -> Result<()> {
        let day = self.day(tx.now);
        if CAPS.contains(&reason) && usage_store::tell(tx, &day, reason)? {
            warn!("No more outbound calls are placed on {day}: {reason}");
            audit::append(tx, actor, "outbound.cap_reached", &day, &json!({ "reason": reason }))?;
        }
        Ok(())
    }
}
