//! SQL of lists of transcripts, newest call first. Counts are exact and never read whole days row by row.

use rusqlite::{named_params, params};

use super::key;
use super::model::{Filter, TranscriptItem};
use super::store::{COLUMNS, item};
use crate::base::Result;
use crate::base::page::Page;
use crate::platform::db::Conn;

/// Shortest text the index knows: it is made of pieces of three characters.
const SHORTEST_INDEXED: usize = 3;
/// From this offset on whole days are skipped by their counts.
const FAR: u32 = 500;

/// One page and how many transcripts match, both as they are at one moment.
pub(super) fn page(conn: &Conn, filter: &Filter, page: Page) -> Result<(Vec<TranscriptItem>, u64)> {
    let moment = conn.unchecked_transaction()?;
    let total = count(conn, filter)?;
    let rows = if u64::from(page.offset) >= total { Vec::new() } else { rows(conn, filter, page)? };
    moment.finish()?;
    Ok((rows, total))
}

fn count(conn: &Conn, filter: &Filter) -> Result<u64> {
    match &filter.text {
        Some(text) => count_found(conn, filter, text),
        None => [false, true]
            .into_iter()
            .filter(|wanted| filter.is_outbound.is_none_or(|only| only == *wanted))
            .map(|direction| count_of(conn, filter, direction))
            .sum(),
    }
}

/// Transcripts of one direction: whole days by their counts, the day of `since` by its rows.
fn count_of(conn: &Conn, filter: &Filter, is_outbound: bool) -> Result<u64> {
    let since = filter.since.unwrap_or_default();
    let day = key::day_of(since);
    let whole_days: i64 = conn
        .prepare_cached("select coalesce(sum(n), 0) from transcript_days where is_outbound = ?1 and day > ?2")?
        .query_row((is_outbound, day), |row| row.get(0))?;
    let of_the_day: i64 = conn
        .prepare_cached("select count(*) from transcripts where is_outbound = ?1 and id >= ?2 and id < ?3")?
        .query_row((is_outbound, key::first_at(since), key::first_of_day(day + 1)), |row| row.get(0))?;
    Ok((whole_days + of_the_day).unsigned_abs())
}

fn rows(conn: &Conn, filter: &Filter, page: Page) -> Result<Vec<TranscriptItem>> {
    match (&filter.text, filter.is_outbound) {
        (Some(text), _) => found(conn, filter, text, page),
        (None, Some(is_outbound)) => of_direction(conn, filter, is_outbound, page),
        (None, None) => of_both(conn, filter, page),
    }
}

/// Where a far page begins: transcripts with lower ids, after skipping so many of them.
fn begin(conn: &Conn, filter: &Filter, offset: u32) -> Result<(i64, i64)> {
    let mut left = i64::from(offset);
    if offset < FAR {
        return Ok((i64::MAX, left));
    }
    let (first, last) = filter.is_outbound.map_or((false, true), |only| (only, only));
    let mut days = conn.prepare_cached(
        "select day, sum(n) as n from transcript_days where is_outbound between ?1 and ?2 group by day order by day desc",
    )?;
    let mut days = days.query((first, last))?;
    while let Some(day) = days.next()? {
        let n: i64 = day.get("n")?;
        if left < n {
            return Ok((key::first_of_day(day.get::<_, i64>("day")? + 1), left));
        }
        left -= n;
    }
    Ok((i64::MIN, 0))
}

fn of_both(conn: &Conn, filter: &Filter, page: Page) -> Result<Vec<TranscriptItem>> {
    let (before, skip) = begin(conn, filter, page.offset)?;
    let mut statement =
        conn.prepare_cached(&format!("select {COLUMNS} from transcripts where id >= ?1 and id < ?2 order by id desc limit ?3 offset ?4"))?;
    let rows = statement.query_map(params![lowest(filter), before, page.limit, skip], item)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn of_direction(conn: &Conn, filter: &Filter, is_outbound: bool, page: Page) -> Result<Vec<TranscriptItem>> {
    let (before, skip) = begin(conn, filter, page.offset)?;
    let mut statement = conn.prepare_cached(&format!(
        "select {COLUMNS} from transcripts indexed by transcripts_by_source
        where is_outbound = ?5 and id >= ?1 and id < ?2 order by id desc limit ?3 offset ?4"
    ))?;
    let rows = statement.query_map(params![lowest(filter), before, page.limit, skip, is_outbound], item)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn lowest(filter: &Filter) -> i64 {
    filter.since.map_or(i64::MIN, key::first_at)
}

/// The part of a statement that finds a text: by the index, or for a text too short for it by looking at every row.
fn search(text: &str) -> (&'static str, String) {
    if text.chars().count() >= SHORTEST_INDEXED {
        ("transcript_index where transcript_index match :text", format!("\"{}\"", text.replace('"', "\"\"")))
    } else {
        ("transcript_words where instr(text, :text) > 0", text.to_owned())
    }
}

/// The lines of a row's text are different things: nothing that spans them is found. A zero byte would end a text early.
fn is_findable(text: &str) -> bool {
    !text.contains(['\n', '\0'])
}

fn direction(filter: &Filter) -> &'static str {
    match filter.is_outbound {
        None => "",
        Some(false) => "and rowid & 1 = 0",
        Some(true) => "and rowid & 1 = 1",
    }
}

fn count_found(conn: &Conn, filter: &Filter, text: &str) -> Result<u64> {
    if !is_findable(text) {
        return Ok(0);
    }
    let (matches, text) = search(text);
    let sql = format!("select count(*) from {matches} and rowid >= :since {}", direction(filter));
    let n: i64 = conn.prepare_cached(&sql)?.query_row(named_params! { ":text": text, ":since": lowest(filter) }, |row| row.get(0))?;
    Ok(n.unsigned_abs())
}

fn found(conn: &Conn, filter: &Filter, text: &str, page: Page) -> Result<Vec<TranscriptItem>> {
    let (matches, text) = search(text);
    let sql = format!(
        "select {COLUMNS} from transcripts where id in (
            select rowid from {matches} and rowid >= :since {} order by rowid desc limit :limit offset :offset)
        order by id desc",
        direction(filter)
    );
    let mut statement = conn.prepare_cached(&sql)?;
    let values = named_params! { ":text": text, ":since": lowest(filter), ":limit": page.limit, ":offset": page.offset };
    let rows = statement.query_map(values, item)?;
    Ok(rows.collect::<Result<_, _>>()?)
}
