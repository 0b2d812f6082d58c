//! The handle of the gate.

use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::decide::{Known, decide, zones};
use super::model::{Advice, CallWish, Question, Verdict, WishOrigin};
use super::phone::tidy;
use super::places::Places;
use super::ranges::Ranges;
use super::store;
use crate::base::seal::Sealer;
use crate::base::{Clock, Error, Millis, Result};
use crate::features::carriers::Home;
use crate::features::settings::{Settings, SettingsDoc};
use crate::platform::config::BAD_CONFIG;
use crate::platform::db::{Conn, Db, Tx};

/// The gate. Cheap to clone.
#[derive(Clone)]
pub struct Permit {
    pub(super) inner: Arc<Inner>,
}

pub(super) struct Inner {
    pub(super) db: Db,
    pub(super) clock: Clock,
    settings: Settings,
    places: Arc<Places>,
    sealer: Arc<Sealer>,
    homes: Homes,
    ranges: Ranges,
}

/// What the gate is built from.
pub struct PermitSetup {
    /// The database.
    pub db: Db,
    /// The clock.
    pub clock: Clock,
    /// The rules.
    pub settings: Settings,
    /// Where numbers are.
    pub places: Arc<Places>,
    /// Makes the marks that stand for numbers of erased persons.
    pub sealer: Arc<Sealer>,
    /// What carriers say about the countries they are meant for.
    pub homes: Homes,
}

/// Asks for what the carriers say about the countries they are meant for.
pub type Homes = Arc<dyn Fn(&Conn) -> Result<Vec<Home>> + Send + Sync>;

impl Permit {
    /// The gate over its lists, by the settings as they are at each question. Fails when the configuration allows a country that does not exist.
    pub fn new(setup: PermitSetup) -> Result<Self> {
        let PermitSetup { db, clock, settings, places, sealer, homes } = setup;
        places.check(&settings.current()).map_err(|error| Error::invalid(error.message().to_owned()).code(BAD_CONFIG))?;
        Ok(Self { inner: Arc::new(Inner { db, clock, settings, places, sealer, homes, ranges: Ranges::built_in()? }) })
    }

    /// Whether a call may be placed now. Asked in the transaction that opens the call; [`Permit::count`] and [`Permit::opened`] belong to it.
    pub fn check(&self, conn: &Conn, wish: &CallWish<'_>) -> Result<Verdict> {
        let verdict = self.verdict(conn, wish)?;
        if let Verdict::Refuse { reason, .. } = &verdict {
            metrics::counter!("cxbox_outbound_refused_total", "reason" => *reason).increment(1);
        }
        Ok(verdict)
    }

    fn verdict(&self, conn: &Conn, wish: &CallWish<'_>) -> Result<Verdict> {
        let rules = &self.settings().outbound;
        let homes = if rules.allowed_countries.is_empty() { self.homes(conn)? } else { Vec::new() };
        let known = Known {
            phone: wish.phone,
            origin: wish.origin,
            now: wish.now,
            place: self.inner.places.find(wish.phone),
            range: self.inner.ranges.find(wish.phone),
            is_do_not_call: store::is_do_not_call(conn, wish.phone, &self.mark(wish.phone))?,
            is_whitelisted: store::is_whitelisted(conn, wish.phone)?,
            homes: &homes,
            today: self.usage(conn, wish.now)?,
            minute_micros: rules.minute_micros(wish.phone),
            is_off_hours: self.is_off_hours(wish.now),
        };
        Ok(decide(&known, rules))
    }

    /// The clocks that count for a number: those of its own zone, else the given one if they are there or nothing is known, else the
    /// first of those it may have.
    pub fn zone(&self, phone: &str, otherwise: &str) -> TimeZone {
        let otherwise = TimeZone::get(otherwise).unwrap_or(TimeZone::UTC);
        let Some(place) = self.inner.places.find(phone) else { return otherwise };
        if place.zones.len() > 1 && place.zones.contains(&otherwise) {
            return otherwise;
        }
        place.zones.first().cloned().unwrap_or(otherwise)
    }

    /// Puts a number that somebody asked for on the whitelist. Says whether it is new.
    pub fn whitelist(&self, tx: &Tx<'_>, phone: &str, by: &str) -> Result<bool> {
        store::add_to_whitelist(tx, phone, by)
    }

    /// What the gate would say to a call that somebody asks for.
    pub(super) async fn advise(&self, question: Question) -> Result<Advice> {
        let phone = number(&question.phone)?;
        let now = question.at.unwrap_or_else(|| self.inner.clock.now());
        let (permit, asked) = (self.clone(), phone.clone());
        let verdict =
            self.inner.db.read(move |conn| permit.verdict(conn, &CallWish { phone: &asked, origin: WishOrigin::Asked, now })).await?;
        let settings = self.inner.settings.current();
        let place = self.inner.places.find(&phone);
        let zone_names = zones(place, &settings.outbound).iter().filter_map(|zone| zone.iana_name().map(str::to_owned)).collect();
        let advice = Advice {
            verdict: "allow",
            reason: None,
            sentence: None,
            wait_until: None,
            country: place.map(|place| place.country),
            time_zones: zone_names,
            phone,
        };
        Ok(match verdict {
            Verdict::Allow => advice,
            Verdict::WaitUntil(at) => Advice { verdict: "wait", wait_until: Some(at), ..advice },
            Verdict::Refuse { reason, sentence } => Advice { verdict: "refuse", reason: Some(reason), sentence: Some(sentence), ..advice },
        })
    }

    /// What stands on the do-not-call list in the place of a number that is to be forgotten.
    pub(super) fn mark(&self, phone: &str) -> String {
        format!("mark:{}", self.inner.sealer.fingerprint("do-not-call", phone))
    }

    pub(super) fn settings(&self) -> Arc<SettingsDoc> {
        self.inner.settings.current()
    }

    /// The countries that the carriers are meant for, as far as they say.
    pub(super) fn homes(&self, conn: &Conn) -> Result<Vec<String>> {
        let country = |home| match home {
            Home::Country(country) => Some(country),
            Home::Number(number) => self.inner.places.find(&number).map(|place| place.country.to_owned()),
        };
        let mut homes: Vec<String> = (self.inner.homes)(conn)?.into_iter().filter_map(country).collect();
        homes.sort();
        homes.dedup();
        Ok(homes)
    }

    /// The day of a moment, by the box's zone.
    pub(super) fn day(&self, now: Millis) -> String {
        let zone = &self.inner.settings.current().outbound.timezone;
        Timestamp::from_millisecond(now.0).map(|at| zone.to_datetime(at).date().to_string()).unwrap_or_default()
    }
}

/// The number of a text that people wrote, or a refusal that names the field.
pub(super) fn number(text: &str) -> Result<String> {
    tidy(text).ok_or_else(|| {
        let sentence = "must be a number with its country code, such as +15551234567";
        Error::invalid(format!("phone {sentence}")).field("phone", sentence)
    })
}
