//! SQL of what is removed of calls: by its age, class by class, or all that tells of a person.

use rusqlite::{OptionalExtension, named_params};

use super::list::{ANALYSIS, HELD, RECORDING, TRANSCRIPT, requeue};
use crate::base::id::{BotId, SessionId};
use crate::base::{Millis, Result};
use crate::platform::db::{Conn, Tx, to_json};

/// A class of what is kept of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// The recording.
    Audio,
    /// What was said and what happened.
    Transcript,
    /// Analysis and quality check.
    Analysis,
    /// The call itself, and with it everything else.
    Metadata,
}

impl Class {
    /// All classes, in the order in which they are removed.
    pub const ALL: [Self; 4] = [Self::Audio, Self::Transcript, Self::Analysis, Self::Metadata];

    /// What a kind of calls must hold to be looked at; 0 for any.
    fn bit(self) -> u32 {
        match self {
            Self::Audio => RECORDING,
            Self::Transcript => TRANSCRIPT,
            Self::Analysis => ANALYSIS,
            Self::Metadata => 0,
        }
    }
}

/// Calls of which bots.
#[derive(Debug, Clone)]
pub enum Of<'a> {
    /// This bot.
    Bot(&'a BotId),
    /// All but these, and calls without a bot.
    AllBut(&'a [BotId]),
}

/// A call of which something is due to be removed.
#[derive(Debug, Clone)]
pub struct DueCall {
    /// Its position.
    pub id: i64,
    /// Its key.
    pub session_id: SessionId,
}

/// Some calls that began before a moment, are over, are not on hold and hold something of a class.
pub fn due(conn: &Conn, class: Class, of: &Of<'_>, before: Millis, limit: u32) -> Result<Vec<DueCall>> {
    let (bots, only) = match of {
        Of::Bot(bot) => (to_json(&[bot])?, true),
        Of::AllBut(bots) => (to_json(bots)?, false),
    };
    let mut statement = conn.prepare_cached(
        "select c.id, c.session_id
        from call_kinds k join call_list l indexed by call_list_by_kind on l.kind_id = k.id join calls c on c.id = l.id
        where k.n > 0 and k.oldest_at < :before and k.holds & :held = 0 and (:bit = 0 or k.holds & :bit <> 0) and k.status <> 'active'
            and (k.bot_id in (select value from json_each(:bots))) = :only and l.created_at < :before
        limit :limit",
    )?;
    let values = named_params! { ":before": before, ":held": HELD, ":bit": class.bit(), ":bots": bots, ":only": only, ":limit": limit };
    let rows = statement.query_map(values, |row| Ok(DueCall { id: row.get("id")?, session_id: row.get("session_id")? }))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Forgets where the recording of a call is; its public link opens nothing any more. The object itself is the caller's to remove.
pub fn forget_recording(tx: &Tx<'_>, id: i64) -> Result<()> {
    tx.prepare_cached(
        "update calls set recording_key = null, recording_token_hash = null, recording_token_sealed = null,
            doc = json_remove(doc, '$.recording_url') where id = ?1",
    )?
    .execute([id])?;
    tx.wake_outbox();
    Ok(())
}

/// Forgets what was said on a call and what happened; how long it was and how it ended stays.
pub fn forget_transcript(tx: &Tx<'_>, id: i64) -> Result<()> {
    tx.prepare_cached(
        "update calls set transcript_file = null, doc = json_remove(doc, '$.transcript', '$.events', '$.intents', '$.connected_event',
            '$.crm_data', '$.cdr', '$.latency_samples', '$.usage_metrics') where id = ?1",
    )?
    .execute([id])?;
    tx.wake_outbox();
    Ok(())
}

/// Forgets what was concluded from a call.
pub fn forget_analysis(tx: &Tx<'_>, id: i64) -> Result<()> {
    tx.prepare_cached("update calls set doc = json_remove(doc, '$.post_call_analysis', '$.qc_analysis') where id = ?1")?.execute([id])?;
    tx.wake_outbox();
    Ok(())
}

/// Removes a call with its tags, notes and events.
pub fn remove(tx: &Tx<'_>, call: &DueCall) -> Result<()> {
    tx.prepare_cached("delete from call_events where session_id = ?1")?.execute([&call.session_id])?;
    tx.prepare_cached("delete from calls where id = ?1")?.execute([call.id])?;
    Ok(())
}

/// Makes a call anonymous: bot, times, length and outcome stay, everything that tells of a person goes, and nothing that an engine still
/// sends about it is stored.
pub fn erase(tx: &Tx<'_>, id: i64, session_id: &SessionId) -> Result<()> {
    tx.prepare_cached("delete from call_events where session_id = ?1")?.execute([session_id])?;
    tx.prepare_cached("delete from call_tags where call_id = ?1")?.execute([id])?;
    tx.prepare_cached("delete from call_notes where call_id = ?1")?.execute([id])?;
    tx.prepare_cached("insert into erased_calls (call_id) values (?1) on conflict do nothing")?.execute([id])?;
    tx.prepare_cached(
        "update calls set stream_id = null, caller_id = null, from_number = null, to_number = null, display_name = null, email = null,
            error_detail = null, recording_key = null, recording_token_hash = null, recording_token_sealed = null, transcript_file = null,
            overrides = null, save_transcript = 0, skip_post_push = 1, doc = '{}' where id = ?1",
    )?
    .execute([id])?;
    requeue(tx, id)
}

/// Shows each number or address that stands at an end of any call, however it is written there.
pub fn each_number(conn: &Conn, look: &mut impl FnMut(&str)) -> Result<()> {
    let mut statement = conn.prepare(
        "select from_number from calls where from_number is not null union select to_number from calls where to_number is not null
        union select caller_id from calls where caller_id is not null",
    )?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        row.get_ref(0)?.as_str().into_iter().for_each(&mut *look);
    }
    Ok(())
}

/// Whether a call was made anonymous.
pub(super) fn is_erased(conn: &Conn, session_id: &SessionId) -> Result<bool> {
    Ok(conn
        .prepare_cached("select 1 from erased_calls where call_id = (select id from calls where session_id = ?1)")?
        .query_row([session_id], |_| Ok(()))
        .optional()?
        .is_some())
}

/// Whether a call is on legal hold.
pub fn is_held(conn: &Conn, id: i64) -> Result<bool> {
    Ok(conn.prepare_cached("select 1 from call_holds where call_id = ?1")?.exists([id])?)
}
