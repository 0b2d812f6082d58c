//! SQL of a page of calls: what is listed and what waits to be listed, put together in one moment.

use rusqlite::{OptionalExtension, Row, named_params};

use super::filter::{Filter, Sort};
use super::key_store::Key;
use super::words::number_letters;
use super::{kinds_store, texts_store};
use crate::base::Result;
use crate::base::page::Page;
use crate::features::calls::model::{CallStatus, Direction};
use crate::features::calls::record::CallRecord;
use crate::features::calls::store::{COLUMNS, record};
use crate::platform::db::Conn;

/// One page and how many calls match, both as they are at one moment. Records come without their documents.
pub(in crate::features::calls) fn page(conn: &Conn, filter: &Filter, sort: Sort, page: Page) -> Result<(Vec<CallRecord>, u64)> {
    let moment = conn.unchecked_transaction()?;
    let (ids, total) = ids(conn, filter, sort, page)?;
    let columns = COLUMNS.replace(", doc", ", '{}' as doc");
    let mut statement = conn.prepare_cached(&format!("select {columns} from calls where id = ?1"))?;
    let calls = ids.into_iter().map(|id| statement.query_row([id], |row| Ok(record(row)))?).collect::<Result<_>>()?;
    drop(statement);
    moment.finish()?;
    Ok((calls, total))
}

/// The ids of one page and how many calls match.
fn ids(conn: &Conn, filter: &Filter, sort: Sort, page: Page) -> Result<(Vec<i64>, u64)> {
    if filter.finds_nothing {
        return Ok((Vec::new(), 0));
    }
    let fresh = fresh(conn, filter, sort)?;
    let by_text = texts_store::Search::of(conn, filter)?;
    if let (Some(search), false, Sort::Newest) = (&by_text, filter.counts, sort)
        && let Some(found) = uncounted(conn, search, &fresh, page)?
    {
        return Ok(found);
    }
    let listed = match &by_text {
        Some(search) => search.count(conn)?,
        None => kinds_store::count(conn, filter)?,
    };
    let total = listed + fresh.len() as u64;
    let Some((offset, take)) = falling(sort, page, total) else { return Ok((Vec::new(), total)) };
    // No more than all fresh calls can stand before the page.
    let skip = offset.saturating_sub(fresh.len() as u64);
    let window = match &by_text {
        Some(search) => search.keys(conn, sort, skip, offset + take - skip)?,
        None => kinds_store::keys(conn, filter, sort, listed, skip, offset + take - skip)?,
    };
    let mut keys = merged(window, skip, fresh, offset, take);
    if matches!(sort, Sort::Oldest | Sort::Shortest) {
        keys.reverse();
    }
    Ok((keys.into_iter().map(|key| key.id).collect(), total))
}

/// The newest calls of a search without counting all of them: one more than the page holds says whether there are more. None when nothing
/// stands there, so that only counting tells how many are before it.
fn uncounted(conn: &Conn, search: &texts_store::Search, fresh: &[Key], page: Page) -> Result<Option<(Vec<i64>, u64)>> {
    let (offset, limit) = (u64::from(page.offset), u64::from(page.limit));
    let skip = offset.saturating_sub(fresh.len() as u64);
    let window = search.keys(conn, Sort::Newest, skip, offset + limit + 1 - skip)?;
    let keys = merged(window, skip, fresh.to_vec(), offset, limit + 1);
    if keys.is_empty() && offset > 0 {
        return Ok(None);
    }
    let total = offset + keys.len() as u64;
    Ok(Some((keys.into_iter().take(page.limit as usize).map(|key| key.id).collect(), total)))
}

/// Reads all calls of a filter, newest first, some at a time and each once, without holding anything in between.
#[derive(Debug)]
pub(in crate::features::calls) struct Reader {
    filter: Filter,
    total: Option<u64>,
    after: Option<Key>,
}

impl Reader {
    pub(in crate::features::calls) fn new(filter: Filter) -> Self {
        Self { filter, total: None, after: None }
    }

    /// The ids of the next calls; none at the end.
    pub(in crate::features::calls) fn next(&mut self, conn: &Conn, take: u32) -> Result<Vec<i64>> {
        if self.filter.finds_nothing {
            return Ok(Vec::new());
        }
        let (filter, after, take) = (&self.filter, self.after, u64::from(take));
        let mut fresh = fresh(conn, filter, Sort::Newest)?;
        fresh.retain(|key| after.is_none_or(|after| *key < after));
        let window = match texts_store::Search::of(conn, filter)? {
            Some(search) => search.before(after).keys(conn, Sort::Newest, 0, take)?,
            None => {
                let total = match self.total {
                    Some(total) => total,
                    None => kinds_store::count(conn, filter)?,
                };
                self.total = Some(total);
                kinds_store::keys_after(conn, filter, total, after, take)?
            }
        };
        let keys = joined(window, fresh, 0, take);
        self.after = keys.last().copied().or(after);
        Ok(keys.into_iter().map(|key| key.id).collect())
    }
}

/// Calls with these ids, whole, in this order; those that are gone are left out.
pub(in crate::features::calls) fn whole(conn: &Conn, ids: &[i64]) -> Result<Vec<CallRecord>> {
    let mut statement = conn.prepare_cached(&format!("select {COLUMNS} from calls where id = ?1"))?;
    let mut calls = Vec::with_capacity(ids.len());
    for id in ids {
        calls.extend(statement.query_row([id], |row| Ok(record(row))).optional()?.transpose()?);
    }
    Ok(calls)
}

/// The page in falling order: offset and rows. A page of a rising list is the mirror of one.
fn falling(sort: Sort, page: Page, total: u64) -> Option<(u64, u64)> {
    let offset = u64::from(page.offset);
    let take = u64::from(page.limit).min(total.checked_sub(offset).filter(|left| *left > 0)?);
    Some(match sort {
        Sort::Newest | Sort::Longest => (offset, take),
        Sort::Oldest | Sort::Shortest => (total - offset - take, take),
    })
}

/// The part of two falling lists that stands at `offset` when they are one. `window` is the part of the first list after its first `skip`
/// entries; `skip` is 0, or no entry of the second list that stands before the window reaches `offset`.
fn merged(window: Vec<Key>, skip: u64, fresh: Vec<Key>, offset: u64, take: u64) -> Vec<Key> {
    let Some(first) = window.first().copied().filter(|_| skip > 0) else {
        return joined(window, fresh, if skip > 0 { u64::MAX } else { offset }, take);
    };
    let (before, after): (Vec<Key>, Vec<Key>) = fresh.into_iter().partition(|key| *key > first);
    joined(window, after, offset - skip - before.len() as u64, take)
}

fn joined(mut keys: Vec<Key>, more: Vec<Key>, skip: u64, take: u64) -> Vec<Key> {
    keys.extend(more);
    keys.sort_unstable_by(|a, b| b.cmp(a));
    let count = |n: u64| usize::try_from(n).unwrap_or(usize::MAX);
    keys.into_iter().skip(count(skip)).take(count(take)).collect()
}

/// Calls that wait to be listed and match, in falling order. What was said in them is found as soon as they are listed.
fn fresh(conn: &Conn, filter: &Filter, sort: Sort) -> Result<Vec<Key>> {
    if filter.spoken.is_some() {
        return Ok(Vec::new());
    }
    let mut statement = conn.prepare_cached(
        "select coalesce(c.call_duration_seconds, 0.0), c.created_at, c.id, c.from_number, c.to_number, c.caller_id, c.did, c.number
        from call_queue q cross join calls c on c.id = q.id
        where (:bot_id is null or c.bot_id = :bot_id) and (:number is null or coalesce(c.number, c.did, '') = :number)
            and (:carrier_id is null or c.carrier_id = :carrier_id) and (:direction is null or c.direction = :direction)
            and (:status is null or c.status = :status)
            and (:disposition is null or c.outcome = :disposition
                or json_extract(c.doc, '$.post_call_analysis.disposition') = :disposition)
            and (:disconnected_by is null or c.disconnected_by = :disconnected_by)
            and (:has_recording is null or (c.recording_token_hash is not null) = :has_recording)
            and (:from is null or c.created_at >= :from) and (:to is null or c.created_at < :to)
            and (:least is null or coalesce(c.call_duration_seconds, 0) >= :least)
            and (:most is null or coalesce(c.call_duration_seconds, 0) <= :most)
            and (:tag is null or exists (select 1 from call_tags t where t.call_id = c.id and t.tag = :tag))",
    )?;
    let rows = statement.query_map(
        named_params! {
            ":bot_id": filter.bot_id, ":number": filter.number, ":carrier_id": filter.carrier_id,
            ":direction": filter.direction.map(Direction::as_str), ":status": filter.status.map(CallStatus::as_str),
            ":disposition": filter.disposition, ":disconnected_by": filter.disconnected_by, ":has_recording": filter.has_recording,
            ":from": filter.from, ":to": filter.to, ":least": filter.min_duration, ":most": filter.max_duration, ":tag": filter.tag,
        },
        |row| Ok(has_number(row, filter.phone.as_deref())?.then_some(Key::read(row)?)),
    )?;
    let by_time = matches!(sort, Sort::Newest | Sort::Oldest);
    let keys = rows.filter_map(Result::transpose);
    let mut keys = keys.map(|key| key.map(|key| if by_time { key.by_time() } else { key })).collect::<rusqlite::Result<Vec<_>>>()?;
    keys.sort_unstable_by(|a, b| b.cmp(a));
    Ok(keys)
}

/// Whether one of the numbers in columns 3 to 7 holds these letters.
fn has_number(row: &Row<'_>, letters: Option<&str>) -> rusqlite::Result<bool> {
    let Some(letters) = letters else { return Ok(true) };
    for column in 3..8 {
        if row.get::<_, Option<String>>(column)?.is_some_and(|number| number_letters(&number).contains(letters)) {
            return Ok(true);
        }
    }
    Ok(false)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn key(at: i64) -> Key {
        Key { duration: 0, created_at: at, id: at }
    }

    proptest! {
        #[test]
        fn a_page_of_two_lists_is_the_page_of_their_union(
            all in proptest::collection::btree_map(0i64..200, any::<bool>(), 0..80), offset in 0u64..90, limit in 1u64..30,
        ) {
            let falling = |wanted: bool| all.iter().rev().filter(move |(_, fresh)| **fresh == wanted).map(|(at, _)| key(*at));
            let (listed, fresh): (Vec<Key>, Vec<Key>) = (falling(false).collect(), falling(true).collect());
            let skip = offset.saturating_sub(fresh.len() as u64);
            let window = listed.iter().copied().skip(skip as usize).take((offset + limit - skip) as usize).collect();
            let expected: Vec<Key> = all.keys().rev().map(|at| key(*at)).skip(offset as usize).take(limit as usize).collect();
            prop_assert_eq!(merged(window, skip, fresh, offset, limit), expected);
        }
    }

    #[test]
    fn a_rising_page_is_the_mirror_of_a_falling_one() {
        let page = |offset, limit| Page { limit, offset };
        assert_eq!(falling(Sort::Newest, page(2, 3), 10), Some((2, 3)));
        assert_eq!(falling(Sort::Oldest, page(2, 3), 10), Some((5, 3)));
        assert_eq!(falling(Sort::Oldest, page(8, 5), 10), Some((0, 2)));
        assert_eq!(falling(Sort::Oldest, page(10, 5), 10), None);
    }
}
