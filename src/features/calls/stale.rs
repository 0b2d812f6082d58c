//! Calls that count as active although they must long be over: their results never came.

use std::collections::HashMap;
use std::time::Duration;

use super::model::CallStatus;
use super::record::CallRecord;
use crate::base::id::BotId;
use crate::base::{Millis, Result};
use crate::features::bots::Bots;
use crate::platform::db::Conn;

/// How long after its longest time a call's result may take to come.
const GRACE: Duration = Duration::from_secs(15 * 60);
/// The longest time of a call of which nothing is known.
const LONGEST: u32 = 14_400;

/// Says which calls of a page are stale, asking for each bot once.
pub(super) struct Staleness<'a> {
    bots: &'a Bots,
    now: Millis,
    known: HashMap<BotId, u32>,
}

impl<'a> Staleness<'a> {
    pub(super) fn new(bots: &'a Bots, now: Millis) -> Self {
        Self { bots, now, known: HashMap::new() }
    }

    /// Whether a call is flagged. It is never ended for that: an engine may come back with its result.
    pub(super) fn of(&mut self, conn: &Conn, call: &CallRecord) -> Result<bool> {
        if call.status != CallStatus::Active || self.now.since(call.created_at) <= GRACE {
            return Ok(false);
        }
        let own = call.overrides.as_ref().and_then(|overrides| u32::try_from(overrides["maxSeconds"].as_u64()?).ok());
        let longest = match (own, &call.bot_id) {
            (Some(own), _) => own,
            (None, Some(bot_id)) => self.of_bot(conn, bot_id)?,
            (None, None) => LONGEST,
        };
        Ok(is_over(call.answered_at.unwrap_or(call.created_at), longest, self.now))
    }

    fn of_bot(&mut self, conn: &Conn, bot_id: &BotId) -> Result<u32> {
        if let Some(known) = self.known.get(bot_id) {
            return Ok(*known);
        }
        let longest = self.bots.find_published(conn, bot_id)?.map_or(LONGEST, |bot| bot.body.max_call_duration_seconds);
        self.known.insert(bot_id.clone(), longest);
        Ok(longest)
    }
}

fn is_over(began: Millis, longest: u32, now: Millis) -> bool {
    now.since(began) > Duration::from_secs(longest.into()) + GRACE
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_over_a_quarter_of_an_hour_after_its_longest_time() {
        let after = |seconds: i64| is_over(Millis(0), 600, Millis(seconds * 1000));
        assert_eq!((after(0), after(1500), after(1501)), (false, false, true));
    }
}
