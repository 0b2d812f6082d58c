//! SQL of lists that look for a text, a number or a tag: the full-text index answers, with a word for each other filter.

use rusqlite::{OptionalExtension, named_params};

use super::filter::{Filter, Sort};
use super::key_store::Key;
use crate::base::Result;
use crate::platform::db::Conn;

/// A question to the index. Ids of calls follow time, but for a clock that was set back while calls came in.
pub(super) struct Search {
    /// Calls of which every one matches.
    whole: Option<String>,
    /// Calls of which those match that lasted as long as is asked.
    partial: Option<String>,
    /// Both together.
    any: String,
    first: i64,
    last: i64,
    least: f64,
    most: f64,
}

impl Search {
    /// The question of a filter; none when it asks for nothing that the index is needed for.
    pub(super) fn of(conn: &Conn, filter: &Filter) -> Result<Option<Self>> {
        let Some(any) = filter.question(filter.spans.any()) else { return Ok(None) };
        let has_none = filter.spans.any() == 0;
        let question = |spans: u32| if spans == 0 || has_none { None } else { filter.question(spans) };
        Ok(Some(Self {
            whole: question(filter.spans.whole),
            partial: question(filter.spans.partial),
            any,
            first: first_from(conn, filter)?,
            last: last_before(conn, filter)?,
            least: filter.min_duration.unwrap_or(0.0),
            most: filter.max_duration.unwrap_or(f64::MAX),
        }))
    }

    /// The same question about calls before this one.
    pub(super) fn before(self, after: Option<Key>) -> Self {
        let last = after.map_or(i64::MAX, |after| after.place().1.saturating_sub(1)).min(self.last);
        Self { last, ..self }
    }

    /// How many listed calls match.
    pub(super) fn count(&self, conn: &Conn) -> Result<u64> {
        let mut n: i64 = 0;
        if let Some(whole) = &self.whole {
            n += conn
                .prepare_cached("select count(*) from call_index where call_index match ?1 and rowid >= ?2 and rowid <= ?3")?
                .query_row((whole, self.first, self.last), |row| row.get::<_, i64>(0))?;
        }
        if let Some(partial) = &self.partial {
            n += conn
                .prepare_cached(
                    "select count(*) from call_index f join calls c on c.id = f.rowid where call_index match ?1 and f.rowid >= ?2
                    and f.rowid <= ?3 and coalesce(c.call_duration_seconds, 0) >= ?4 and coalesce(c.call_duration_seconds, 0) <= ?5",
                )?
                .query_row((partial, self.first, self.last, self.least, self.most), |row| row.get::<_, i64>(0))?;
        }
        Ok(n.unsigned_abs())
    }

    /// Keys of listed calls in falling order, after skipping so many.
    pub(super) fn keys(&self, conn: &Conn, sort: Sort, skip: u64, take: u64) -> Result<Vec<Key>> {
        if self.whole.is_none() && self.partial.is_none() {
            return Ok(Vec::new());
        }
        let by_time = matches!(sort, Sort::Newest | Sort::Oldest);
        let sql = match (by_time, self.partial.is_some()) {
            (true, false) => {
                "select 0.0, c.created_at, c.id from (
                    select rowid as id from call_index where call_index match :question and rowid >= :first and rowid <= :last
                    order by rowid desc limit :take offset :skip) f
                join calls c on c.id = f.id where :least <= :most"
            }
            (true, true) => {
                "select 0.0, c.created_at, c.id from call_index f join calls c on c.id = f.rowid
                where call_index match :question and f.rowid >= :first and f.rowid <= :last
                    and coalesce(c.call_duration_seconds, 0) >= :least and coalesce(c.call_duration_seconds, 0) <= :most
                order by f.rowid desc limit :take offset :skip"
            }
            (false, _) => {
                "select coalesce(c.call_duration_seconds, 0.0) as duration, c.created_at, c.id
                from call_index f join calls c on c.id = f.rowid
                where call_index match :question and f.rowid >= :first and f.rowid <= :last
                    and coalesce(c.call_duration_seconds, 0) >= :least and coalesce(c.call_duration_seconds, 0) <= :most
                order by duration desc, c.created_at desc, c.id desc limit :take offset :skip"
            }
        };
        let count = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
        let mut statement = conn.prepare_cached(sql)?;
        let rows = statement.query_map(
            named_params! {
                ":question": self.any, ":first": self.first, ":last": self.last, ":least": self.least, ":most": self.most,
                ":take": count(take), ":skip": count(skip),
            },
            Key::read,
        )?;
        let mut keys = rows.collect::<rusqlite::Result<Vec<_>>>()?;
        keys.sort_unstable_by(|a, b| b.cmp(a));
        Ok(keys)
    }
}

fn first_from(conn: &Conn, filter: &Filter) -> Result<i64> {
    let Some(from) = filter.from else { return Ok(i64::MIN) };
    let first = conn
        .prepare_cached("select id from call_list where created_at >= ?1 order by created_at, id limit 1")?
        .query_row([from], |row| row.get(0))
        .optional()?;
    Ok(first.unwrap_or(i64::MAX))
}

fn last_before(conn: &Conn, filter: &Filter) -> Result<i64> {
    let Some(to) = filter.to else { return Ok(i64::MAX) };
    let last = conn
        .prepare_cached("select id from call_list where created_at < ?1 order by created_at desc, id desc limit 1")?
        .query_row([to], |row| row.get(0))
        .optional()?;
    Ok(last.unwrap_or(i64::MIN))
}
