//! The list against a plain filter over the same rows: every page, every count, in order.

use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;

use super::model::{Filter, TranscriptItem};
use super::{list_store, store};
use crate::base::id::SessionId;
use crate::base::page::Page;
use crate::base::{Clock, Millis};
use crate::platform::db::Db;

const START: i64 = 1_767_268_800_000;
const HOUR: i64 = 3_600_000;
const NAMES: [&str; 5] = ["Ada Novak", "Bob \"Bo\" Novak", "Ägidius", "%_", "aaa"];

fn item(n: usize, is_outbound: bool, at: i64) -> (TranscriptItem, String) {
    let name = NAMES[n % NAMES.len()];
    let rule = if is_outbound { format!("outbound: +1555{n:04} ({name})") } else { format!("vnum:{name}") };
    let number = (!is_outbound).then(|| format!("{}", 600 + n % 7));
    let words = [Some(rule.clone()), number.clone()].into_iter().flatten().collect::<Vec<_>>().join("\n").to_lowercase();
    let item = TranscriptItem {
        call_id: format!("c{n}"),
        caller_source: if is_outbound { "outbound-ai" } else { "vnum" }.to_owned(),
        started_utc: Millis(at),
        ended_utc: None,
        mtime_utc: Millis(at),
        duration_sec: 1,
        rule,
        phone: is_outbound.then(|| format!("+1555{n:04}")),
        display_name: is_outbound.then(|| name.to_owned()),
        number,
        outcome: "finished".to_owned(),
        voice: String::new(),
        language: String::new(),
        model: String::new(),
        tokens_total: 0,
        tokens_prompt: 0,
        turn_count: 0,
        size: 0,
        source: "tenant",
        file: format!("f{n}.txt"),
    };
    (item, words)
}

/// Rows in the order in which they were saved, which is not that of their beginnings; many share a moment.
async fn filled() -> (tempfile::TempDir, Db, Vec<(TranscriptItem, String)>) {
    let folder = tempfile::tempdir().expect("a folder");
    let db = Db::open(&folder.path().join("main.db"), folder.path(), Clock::manual(Millis(START))).expect("a database");
    let rows: Vec<_> = (0..1500_usize).map(|n| item(n, n % 3 == 0, START + ((n * 7919) % 97) as i64 * HOUR)).collect();
    let saved = rows.clone();
    db.write(move |tx| {
        saved.iter().enumerate().try_for_each(|(n, (item, words))| store::insert(tx, &SessionId(format!("s{n}")), item, words))
    })
    .await
    .expect("saved");
    (folder, db, rows)
}

fn expected(rows: &[(TranscriptItem, String)], filter: &Filter) -> Vec<TranscriptItem> {
    let mut wanted: Vec<(usize, &TranscriptItem)> = rows
        .iter()
        .enumerate()
        .filter(|(_, (item, words))| {
            filter.is_outbound.is_none_or(|only| only == item.phone.is_some())
                && filter.since.is_none_or(|since| item.started_utc >= since)
                && filter.text.as_ref().is_none_or(|text| words.split('\n').any(|line| line.contains(text.as_str())))
        })
        .map(|(n, (item, _))| (n, item))
        .collect();
    // Calls of one moment: the one that was saved last comes first, within its direction; outbound calls count as later ones.
    let slot = |n: usize, item: &TranscriptItem| {
        let before =
            rows[..n].iter().filter(|(other, _)| other.started_utc == item.started_utc && other.phone.is_some() == item.phone.is_some());
        2 * before.count() + usize::from(item.phone.is_some())
    };
    wanted.sort_by_key(|(n, item)| std::cmp::Reverse((item.started_utc, slot(*n, item))));
    wanted.into_iter().map(|(_, item)| item.clone()).collect()
}

#[tokio::test]
async fn every_page_of_every_filter_is_what_a_plain_filter_gives() {
    let (_folder, db, rows) = filled().await;
    let texts =
        ["", "novak", "a", "ägi", "äg", "%", "_", "\"bo\"", "\"", "+15550", "5550003", "60", "604", "aaa", "vnum:", "nothing", "novak\n6"];
    let cases = (proptest::option::of(any::<bool>()), 0..texts.len(), proptest::option::of(-HOUR..98 * HOUR), 1u32..=500, 0u32..1600);
    let mut runner = TestRunner::deterministic();
    for _ in 0..300 {
        let (is_outbound, text, since, limit, offset) = cases.new_tree(&mut runner).expect("a case").current();
        let filter = Filter {
            is_outbound,
            text: Some(texts[text].to_owned()).filter(|text| !text.is_empty()),
            since: since.map(|ms| Millis(START + ms)),
        };
        let all = expected(&rows, &filter);
        let asked = filter.clone();
        let (page, total) = db.read(move |conn| list_store::page(conn, &asked, Page { limit, offset })).await.expect("a page");
        let wanted: Vec<_> = all.iter().skip(offset as usize).take(limit as usize).map(|item| item.call_id.clone()).collect();
        let got: Vec<_> = page.into_iter().map(|item| item.call_id).collect();
        assert_eq!((got, total), (wanted, all.len() as u64), "{filter:?} {limit} {offset}");
    }
}

#[tokio::test]
async fn more_calls_of_one_moment_than_an_id_tells_apart_run_over_in_order() {
    let folder = tempfile::tempdir().expect("a folder");
    let db = Db::open(&folder.path().join("main.db"), folder.path(), Clock::manual(Millis(START))).expect("a database");
    db.write(|tx| {
        (0..1030_usize).try_for_each(|n| {
            let (item, words) = item(n, true, START);
            store::insert(tx, &SessionId(format!("s{n}")), &item, &words)
        })
    })
    .await
    .expect("saved");
    let (page, total) = db.read(|conn| list_store::page(conn, &Filter::default(), Page { limit: 2, offset: 1028 })).await.expect("a page");
    assert_eq!((page.iter().map(|item| item.call_id.as_str()).collect::<Vec<_>>(), total), (vec!["c1", "c0"], 1030));
}
