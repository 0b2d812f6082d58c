//! What can be done with calls from browsers.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::BoxStream;
use tracing::info;

use super::keys::Keys;
use super::model::{BrowserNumber, NewBrowserCall, NewTestCall, StartedCall, sized};
use super::pace::Pace;
use super::store;
use crate::base::id::{BotId, CallId, SessionId};
use crate::base::{Clock, Error, Random, Result};
use crate::contract::browser::{BrowserCall, FromBrowser, Reached};
use crate::features::bots::{BotState, Bots};
use crate::features::calls::{self, CallStatus, Calls, Live};
use crate::features::fleet::Fleet;
use crate::features::numbers::{NumberView, Numbers, Visibility};
use crate::features::settings::Settings;
use crate::platform::access::Actor;
use crate::platform::db::{Conn, Db, Tx};

const DAY: Duration = Duration::from_secs(24 * 3600);
/// How long a call that has no row yet counts as one that runs.
const BEGINS_WITHIN: Duration = Duration::from_secs(60);
/// When a caller may look again whether a line is free.
const LOOK_AGAIN_S: u32 = 30;

/// What the slice is built from.
pub struct BrowserCallsSetup {
    /// The database.
    pub db: Db,
    /// Time.
    pub clock: Clock,
    /// Randomness, for keys of calls.
    pub random: Random,
    /// The numbers that are called.
    pub numbers: Numbers,
    /// The bots that are tried out.
    pub bots: Bots,
    /// The engines.
    pub fleet: Fleet,
    /// What visitors may do.
    pub settings: Settings,
    /// What is said on calls.
    pub calls: Calls,
}

/// Calls from browsers. Cheap to clone.
#[derive(Clone)]
pub struct BrowserCalls {
    inner: Arc<Inner>,
}

struct Inner {
    setup: BrowserCallsSetup,
    pace: Pace,
    keys: Keys,
}

impl BrowserCalls {
    /// The slice over its parts.
    pub fn new(setup: BrowserCallsSetup) -> Self {
        let (pace, keys) = (Pace::new(setup.clock.clone()), Keys::new(&setup.random));
        Self { inner: Arc::new(Inner { setup, pace, keys }) }
    }

    /// A number as it is shown before it is called. `NotFound` when there is none; for a visitor also when it is not for visitors.
    pub(super) async fn look(&self, dialled: String, is_visitor: bool) -> Result<BrowserNumber> {
        let slice = self.clone();
        let number = self.inner.setup.db.read(move |conn| slice.number(conn, &dialled, is_visitor)).await?;
        Ok(BrowserNumber { name: number.body.name, number: number.body.number })
    }

    fn number(&self, conn: &Conn, dialled: &str, is_visitor: bool) -> Result<NumberView> {
        let numbers = &self.inner.setup.numbers;
        let found = match numbers.find_dialled(conn, dialled)? {
            Some(number) => Some(number),
            None => numbers.find_user(conn, dialled)?,
        };
        if !is_visitor {
            return found.ok_or_else(|| Error::not_found(format!("there is no number {dialled}")));
        }
        let is_open = self.inner.setup.settings.current().browser.visitors;
        let may = found.filter(|number| is_open && number.body.visibility == Visibility::Public);
        // The same for a number that is not for visitors and for none: nobody finds out which numbers there are.
        may.ok_or_else(|| Error::not_found("this number is for people who are signed in, or does not exist").code("sign_in_needed"))
    }

    /// A call of a person to a number.
    pub(super) async fn call(&self, actor: &Actor, new: NewBrowserCall) -> Result<StartedCall> {
        sized(&new.sdp)?;
        let (slice, dialled) = (self.clone(), new.number);
        let number = self.inner.setup.db.read(move |conn| slice.number(conn, &dialled, false)).await?;
        let from = FromBrowser { reaches: Reached::Number { number_id: number.id }, user: Some(actor.name.clone()) };
        self.start(SessionId::new(&self.inner.setup.random), from, new.sdp, actor.ip).await
    }

    /// A call of a visitor to a public number. `TooMany` when the limits of the settings are reached.
    pub(super) async fn visit(&self, ip: Option<IpAddr>, new: NewBrowserCall) -> Result<StartedCall> {
        sized(&new.sdp)?;
        let (slice, dialled) = (self.clone(), new.number);
        let number = self.inner.setup.db.read(move |conn| slice.number(conn, &dialled, true)).await?;
        let session_id = SessionId::new(&self.inner.setup.random);
        self.admit(ip, session_id.clone()).await?;
        let from = FromBrowser { reaches: Reached::Number { number_id: number.id }, user: None };
        let started = self.start(session_id.clone(), from, new.sdp, ip).await;
        if started.is_err() {
            self.inner.setup.db.write(move |tx| store::end(tx, &session_id)).await?;
        }
        started
    }

    /// Notes a visitor's call, if there is a line for one more.
    async fn admit(&self, ip: Option<IpAddr>, session_id: SessionId) -> Result<()> {
        let limits = self.inner.setup.settings.current().browser.clone();
        if let Some(ip) = ip {
            self.inner.pace.count(ip, limits.visitor_calls_per_hour).map_err(|wait_s| {
                Error::too_many("there were too many calls from your address, try again later").code("too_many_calls").retry_after(wait_s)
            })?;
        }
        self.inner
            .setup
            .db
            .write(move |tx| {
                store::forget_before(tx, tx.now.minus(DAY))?;
                if store::n_since(tx, tx.now.minus(DAY))? >= limits.visitor_calls_per_day {
                    return Err(Error::too_many("the calls of this day are used up").code("daily_cap").retry_after(3600));
                }
                if n_running(tx)? >= limits.visitors_at_once {
                    return Err(Error::too_many("all lines for visitors are in use").code("busy").retry_after(LOOK_AGAIN_S));
                }
                store::insert(tx, &session_id)
            })
            .await
    }

    /// A call of an admin to a bot. It is made even when the bot takes no calls at present, and pushes nothing to a CRM.
    pub(super) async fn try_out(&self, actor: &Actor, bot_id: BotId, new: NewTestCall) -> Result<StartedCall> {
        sized(&new.sdp)?;
        let state = BotState::parse("version", &new.version)?;
        let (bots, id) = (self.inner.setup.bots.clone(), bot_id.clone());
        self.inner.setup.db.read(move |conn| bots.masked_state(conn, &id, state).map(drop)).await?;
        let from = FromBrowser { reaches: Reached::Bot { bot_id, version: new.version }, user: Some(actor.name.clone()) };
        self.start(SessionId::new(&self.inner.setup.random), from, new.sdp, actor.ip).await
    }

    async fn start(&self, session_id: SessionId, from: FromBrowser, sdp: String, client_ip: Option<IpAddr>) -> Result<StartedCall> {
        let call_id = CallId::new(&self.inner.setup.random);
        let call = BrowserCall { call_id: call_id.clone(), session_id: session_id.clone(), sdp, client_ip, from };
        let accepted = self.inner.setup.fleet.browser_call(&call).await?;
        info!(call.id = %session_id, "A browser calls: {session_id}");
        let words_key = self.inner.keys.to(&session_id);
        Ok(StartedCall { call_id, session_id, sdp: accepted.sdp, words_key })
    }

    /// What was said on a call after this event, and what is said from now on. `NotFound` without the key to it.
    pub(super) async fn words(&self, session_id: SessionId, key: &str, after: u32) -> Result<BoxStream<'static, Live>> {
        if !self.inner.keys.opens(&session_id, key) {
            return Err(Error::not_found("there is no such call, or the key is to another one"));
        }
        self.inner.setup.calls.follow(session_id, after).await
    }
}

/// How many calls of visitors run. Those of which nothing more will be heard are noted as over.
fn n_running(tx: &Tx<'_>) -> Result<u32> {
    let mut n = 0;
    for (session_id, at) in store::open(tx)? {
        let runs = match calls::find(tx, &session_id)? {
            Some(call) => call.status == CallStatus::Active,
            None => tx.now.since(at) < BEGINS_WITHIN,
        };
        if runs {
            n += 1;
        } else {
            store::end(tx, &session_id)?;
        }
    }
    Ok(n)
}
