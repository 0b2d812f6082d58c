//! SQL of lists that filter by what kinds know: counts by kind and day, pages by walking the list in order.

use rusqlite::ToSql;

use super::filter::{Filter, Sort};
use super::key_store::Key;
use super::span::Spans;
use crate::base::Result;
use crate::features::calls::model::{CallStatus, Direction};
use crate::platform::db::Conn;

/// So many calls are found by their kinds and sorted; with more of them, walking the list comes to a page soon.
const FEW: u64 = 3_000;
/// From this offset on whole days are skipped by their counts.
const FAR: u64 = 500;
const DAY_MS: i64 = 86_400_000;

/// Which kinds match, over the alias `k`.
const KINDS: &str = "(:bot_id is null or k.bot_id = :bot_id) and (:carrier_id is null or k.carrier_id = :carrier_id) and (:direction is null or k.direction = :direction)
    and (:status is null or k.status = :status) and (:disposition is null or k.outcome = :disposition or k.disposition = :disposition)
    and (:disconnected_by is null or k.disconnected_by = :disconnected_by)
    and (:has_recording is null or (k.holds & 1) = :has_recording) and (:spans >> k.span) & 1 and k.n > 0";

/// The columns of a [`Key`], over the alias `l`.
const KEY: &str = "l.duration, l.created_at, l.id";

type Params<'a> = Vec<(&'a str, &'a dyn ToSql)>;

/// The values of [`KINDS`].
struct Kinds<'a> {
    filter: &'a Filter,
    status: Option<&'static str>,
    direction: Option<&'static str>,
    spans: u32,
}

impl<'a> Kinds<'a> {
    fn of(filter: &'a Filter, spans: u32) -> Self {
        Self { filter, status: filter.status.map(CallStatus::as_str), direction: filter.direction.map(Direction::as_str), spans }
    }

    fn params(&self) -> Params<'_> {
        vec![
            (":bot_id", &self.filter.bot_id),
            (":carrier_id", &self.filter.carrier_id),
            (":direction", &self.direction),
            (":status", &self.status),
            (":disposition", &self.filter.disposition),
            (":disconnected_by", &self.filter.disconnected_by),
            (":has_recording", &self.filter.has_recording),
            (":spans", &self.spans),
        ]
    }

    fn with<'b>(&'b self, more: &[(&'b str, &'b dyn ToSql)]) -> Params<'b> {
        let mut params: Params<'b> = self.params();
        params.extend_from_slice(more);
        params
    }
}

/// A stretch of time, in milliseconds: from the first, before the second.
#[derive(Clone, Copy)]
struct Stretch {
    from: i64,
    to: i64,
}

impl Stretch {
    fn of(filter: &Filter) -> Self {
        Self { from: filter.from.map_or(i64::MIN, |at| at.0), to: filter.to.map_or(i64::MAX, |at| at.0) }
    }

    fn is_all(self) -> bool {
        self.from == i64::MIN && self.to == i64::MAX
    }

    /// The whole days inside, first and after the last.
    fn days(self) -> (i64, i64) {
        let first =
            if self.from == i64::MIN { i64::MIN } else { self.from.div_euclid(DAY_MS) + i64::from(self.from.rem_euclid(DAY_MS) > 0) };
        let end = if self.to == i64::MAX { i64::MAX } else { self.to.div_euclid(DAY_MS) };
        (first, end)
    }
}

/// How many listed calls match.
pub(super) fn count(conn: &Conn, filter: &Filter) -> Result<u64> {
    let time = Stretch::of(filter);
    let whole = if filter.takes_every_kind() { count_all(conn, filter, time)? } else { count_whole(conn, filter, time)? };
    Ok(whole + count_partial(conn, filter, time)?)
}

fn count_all(conn: &Conn, filter: &Filter, time: Stretch) -> Result<u64> {
    let (first, end) = time.days();
    if first >= end {
        return count_walk(conn, filter, time);
    }
    let days: i64 = conn
        .prepare_cached("select coalesce(sum(n), 0) from call_days where kind_id = 0 and day >= ?1 and day < ?2")?
        .query_row((first, end), |row| row.get(0))?;
    Ok(days.unsigned_abs() + count_ends(conn, filter, time)?)
}

fn count_whole(conn: &Conn, filter: &Filter, time: Stretch) -> Result<u64> {
    let kinds = Kinds::of(filter, filter.spans.whole);
    if time.is_all() {
        let n: i64 = conn
            .prepare_cached(&format!("select coalesce(sum(k.n), 0) from call_kinds k where {KINDS}"))?
            .query_row(kinds.params().as_slice(), |row| row.get(0))?;
        return Ok(n.unsigned_abs());
    }
    let (first, end) = time.days();
    if first >= end {
        return count_walk(conn, filter, time);
    }
    let days: i64 = conn
        .prepare_cached(&format!(
            "select coalesce(sum(d.n), 0) from call_kinds k join call_days d on d.kind_id = k.id
            where {KINDS} and d.day >= :first and d.day < :end"
        ))?
        .query_row(kinds.with(&[(":first", &first), (":end", &end)]).as_slice(), |row| row.get(0))?;
    Ok(days.unsigned_abs() + count_ends(conn, filter, time)?)
}

/// The parts of the first and the last day.
fn count_ends(conn: &Conn, filter: &Filter, time: Stretch) -> Result<u64> {
    let (first, end) = time.days();
    let mut n = 0;
    if time.from != i64::MIN {
        n += count_walk(conn, filter, Stretch { from: time.from, to: first * DAY_MS })?;
    }
    if time.to != i64::MAX {
        n += count_walk(conn, filter, Stretch { from: end * DAY_MS, to: time.to })?;
    }
    Ok(n)
}

/// Call by call, for short stretches; classes that match as a whole.
fn count_walk(conn: &Conn, filter: &Filter, time: Stretch) -> Result<u64> {
    let kinds = Kinds::of(filter, filter.spans.whole);
    let n: i64 = conn
        .prepare_cached(&format!(
            "select count(*) from call_list l cross join call_kinds k on k.id = l.kind_id
            where l.created_at >= :from and l.created_at < :to and {KINDS}"
        ))?
        .query_row(kinds.with(&[(":from", &time.from), (":to", &time.to)]).as_slice(), |row| row.get(0))?;
    Ok(n.unsigned_abs())
}

/// Calls of the classes at the ends of a range of durations.
fn count_partial(conn: &Conn, filter: &Filter, time: Stretch) -> Result<u64> {
    if filter.spans.partial == 0 {
        return Ok(0);
    }
    let kinds = Kinds::of(filter, filter.spans.partial);
    let (least, most) = durations(filter);
    let n: i64 = conn
        .prepare_cached(&format!(
            "select count(*) from call_kinds k join call_list l indexed by call_list_by_kind on l.kind_id = k.id
            where {KINDS} and l.created_at >= :from and l.created_at < :to and l.duration >= :least and l.duration <= :most"
        ))?
        .query_row(kinds.with(&[(":from", &time.from), (":to", &time.to), (":least", &least), (":most", &most)]).as_slice(), |row| {
            row.get(0)
        })?;
    Ok(n.unsigned_abs())
}

fn durations(filter: &Filter) -> (f64, f64) {
    (filter.min_duration.unwrap_or(0.0), filter.max_duration.unwrap_or(f64::MAX))
}

/// Keys of listed calls in falling order, after skipping so many. `total` is how many match.
pub(super) fn keys(conn: &Conn, filter: &Filter, sort: Sort, total: u64, skip: u64, take: u64) -> Result<Vec<Key>> {
    if take == 0 || skip >= total {
        return Ok(Vec::new());
    }
    match sort {
        Sort::Longest | Sort::Shortest => by_duration(conn, filter, total, skip, take),
        _ if total <= FEW && !filter.takes_every_kind() => sorted(conn, filter, skip, take),
        _ => walk(conn, filter, skip, take),
    }
}

/// Finds all of few calls by their kinds.
fn sorted(conn: &Conn, filter: &Filter, skip: u64, take: u64) -> Result<Vec<Key>> {
    let order = "order by l.created_at desc, l.id desc";
    of_kinds(conn, filter, filter.spans.any(), order, skip, take).map(timed)
}

fn of_kinds(conn: &Conn, filter: &Filter, spans: u32, order: &str, skip: u64, take: u64) -> Result<Vec<Key>> {
    let kinds = Kinds::of(filter, spans);
    let time = Stretch::of(filter);
    let (least, most) = durations(filter);
    let mut statement = conn.prepare_cached(&format!(
        "select {KEY} from call_kinds k join call_list l indexed by call_list_by_kind on l.kind_id = k.id
        where {KINDS} and l.created_at >= :from and l.created_at < :to and l.duration >= :least and l.duration <= :most
        {order} limit :take offset :skip"
    ))?;
    let rows = statement.query_map(
        kinds
            .with(&[
                (":from", &time.from),
                (":to", &time.to),
                (":least", &least),
                (":most", &most),
                (":take", &whole(take)),
                (":skip", &whole(skip)),
            ])
            .as_slice(),
        Key::read,
    )?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Goes through the list from the newest call that may match.
fn walk(conn: &Conn, filter: &Filter, skip: u64, take: u64) -> Result<Vec<Key>> {
    let kinds = Kinds::of(filter, filter.spans.any());
    let mut time = Stretch::of(filter);
    let (oldest, newest): (Option<i64>, Option<i64>) = conn
        .prepare_cached(&format!("select min(k.oldest_at), max(k.newest_at) from call_kinds k where {KINDS}"))?
        .query_row(kinds.params().as_slice(), |row| Ok((row.get(0)?, row.get(1)?)))?;
    let (Some(oldest), Some(newest)) = (oldest, newest) else { return Ok(Vec::new()) };
    time = Stretch { from: time.from.max(oldest), to: time.to.min(newest.saturating_add(1)) };
    let (to, skip) = begin(conn, filter, time, skip)?;
    walk_from(conn, filter, Stretch { from: time.from, to }, i64::MIN, skip, take)
}

/// Goes through the list from calls before `time.to`, and those of that moment with a lower id.
fn walk_from(conn: &Conn, filter: &Filter, time: Stretch, before_id: i64, skip: u64, take: u64) -> Result<Vec<Key>> {
    let kinds = Kinds::of(filter, filter.spans.any());
    let (least, most) = durations(filter);
    let mut statement = conn.prepare_cached(&format!(
        "select {KEY} from call_list l cross join call_kinds k on k.id = l.kind_id
        where l.created_at >= :from and (l.created_at, l.id) < (:to, :before) and {KINDS}
        and l.duration >= :least and l.duration <= :most
        order by l.created_at desc, l.id desc limit :take offset :skip"
    ))?;
    let rows = statement.query_map(
        kinds
            .with(&[
                (":from", &time.from),
                (":to", &time.to),
                (":before", &before_id),
                (":least", &least),
                (":most", &most),
                (":take", &whole(take)),
                (":skip", &whole(skip)),
            ])
            .as_slice(),
        Key::read,
    )?;
    Ok(timed(rows.collect::<rusqlite::Result<_>>()?))
}

/// The next keys of a list that is read to its end, newest first. Few calls are found at once.
pub(super) fn keys_after(conn: &Conn, filter: &Filter, total: u64, after: Option<Key>, take: u64) -> Result<Vec<Key>> {
    if total <= FEW && !filter.takes_every_kind() {
        let keys = sorted(conn, filter, 0, FEW)?;
        let later = keys.into_iter().filter(|key| after.is_none_or(|after| *key < after));
        return Ok(later.take(usize::try_from(take).unwrap_or(usize::MAX)).collect());
    }
    match after {
        None => walk(conn, filter, 0, take),
        Some(after) => {
            let (at, id) = after.place();
            let time = Stretch::of(filter);
            walk_from(conn, filter, Stretch { from: time.from, to: at }, id, 0, take)
        }
    }
}

/// Where a far page begins: before this moment, after skipping so many. Counts of days know no part of a class.
fn begin(conn: &Conn, filter: &Filter, time: Stretch, skip: u64) -> Result<(i64, u64)> {
    if skip < FAR || filter.spans.partial != 0 {
        return Ok((time.to, skip));
    }
    let end = time.to.div_euclid(DAY_MS);
    let n_first = count_walk(conn, filter, Stretch { from: time.from.max(end * DAY_MS), to: time.to })?;
    if n_first > skip {
        return Ok((time.to, skip));
    }
    let mut left = skip - n_first;
    let every = filter.takes_every_kind();
    let kinds = Kinds::of(filter, filter.spans.whole);
    let first = time.from.div_euclid(DAY_MS) + 1;
    let of_kinds = format!(
        "select d.day, sum(d.n) from call_days d where d.kind_id in (select k.id from call_kinds k where {KINDS})
        and d.day >= :first and d.day < :end group by d.day order by d.day desc"
    );
    let of_all = "select d.day, d.n from call_days d where d.kind_id = 0 and d.day >= :first and d.day < :end order by d.day desc";
    let mut statement = conn.prepare_cached(if every { of_all } else { &of_kinds })?;
    let bounds: [(&str, &dyn ToSql); 2] = [(":first", &first), (":end", &end)];
    let params = if every { bounds.to_vec() } else { kinds.with(&bounds) };
    let mut days = statement.query(params.as_slice())?;
    let mut before = end * DAY_MS;
    while let Some(day) = days.next()? {
        let n = day.get::<_, i64>(1)?.unsigned_abs();
        before = (day.get::<_, i64>(0)? + 1) * DAY_MS;
        if n > left {
            return Ok((before, left));
        }
        left -= n;
        before -= DAY_MS;
    }
    Ok((before, left))
}

/// Longest first. Without a time only classes that the page lies in are sorted.
fn by_duration(conn: &Conn, filter: &Filter, total: u64, skip: u64, take: u64) -> Result<Vec<Key>> {
    if !Stretch::of(filter).is_all() || filter.spans.partial != 0 {
        return longest(conn, filter, filter.spans.any(), total, skip, take);
    }
    let (spans, n, skip) = classes(conn, filter, skip, take)?;
    longest(conn, filter, spans, n, skip, take)
}

/// A page of the `n` calls of these classes, longest first. One that is nearer to the end is found from there: what is skipped is sorted, too.
fn longest(conn: &Conn, filter: &Filter, spans: u32, n: u64, skip: u64, take: u64) -> Result<Vec<Key>> {
    if skip <= n / 2 {
        return of_kinds(conn, filter, spans, "order by l.duration desc, l.created_at desc, l.id desc", skip, take);
    }
    let left = n.saturating_sub(skip);
    let take = take.min(left);
    let mut keys = of_kinds(conn, filter, spans, "order by l.duration, l.created_at, l.id", left - take, take)?;
    keys.reverse();
    Ok(keys)
}

/// The classes a page lies in, how many calls are of them, and what is still to be skipped of those.
fn classes(conn: &Conn, filter: &Filter, skip: u64, take: u64) -> Result<(u32, u64, u64)> {
    let kinds = Kinds::of(filter, Spans::any(filter.spans));
    let mut statement =
        conn.prepare_cached(&format!("select k.span, sum(k.n) from call_kinds k where {KINDS} group by k.span order by k.span desc"))?;
    let mut rows = statement.query(kinds.params().as_slice())?;
    let (mut spans, mut within, mut before, mut skipped) = (0, 0u64, 0u64, 0u64);
    while let Some(row) = rows.next()? {
        let (span, n) = (row.get::<_, u32>(0)?, row.get::<_, i64>(1)?.unsigned_abs());
        if before + n <= skip {
            skipped += n;
        } else if before < skip + take {
            spans |= 1 << span;
            within += n;
        }
        before += n;
    }
    Ok((spans, within, skip - skipped))
}

/// Keys of lists in order of time.
fn timed(keys: Vec<Key>) -> Vec<Key> {
    keys.into_iter().map(Key::by_time).collect()
}

/// SQLite's numbers are signed.
fn whole(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}
