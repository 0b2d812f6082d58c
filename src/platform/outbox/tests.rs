//! Facts reach every listener exactly once; jobs run until they are done or parked; crashes change neither.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::{
    Depth, Event, Handler, Job, NewJob, Outbox, Outcome, Subscription, Work, append, enqueue, enqueue_at_time, enqueue_in_lane, jobs,
    list_parked, retry_job,
};
use crate::base::id::SessionId;
use crate::base::page::Page;
use crate::base::{Clock, Error, Millis, Result};
use crate::contract::fact::Fact;
use crate::platform::db::{Db, Tx};

struct House {
    _folder: tempfile::TempDir,
    db: Db,
    clock: Clock,
}

impl House {
    async fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let clock = Clock::manual(Millis(1_000_000));
        let db = Db::open(&folder.path().join("main.db"), folder.path(), clock.clone()).expect("a database");
        db.write(|tx| Ok(tx.execute_batch("create table seen (who text, fact integer)")?)).await.expect("a table");
        Self { _folder: folder, db, clock }
    }

    fn outbox(&self, subscriptions: Vec<Subscription>, handlers: Vec<(&'static str, Handler)>) -> Outbox {
        let handlers = handlers.into_iter().collect::<HashMap<_, _>>();
        Outbox::new(&self.db, &self.clock, Work { subscriptions, handlers, ..Work::default() })
    }

    async fn happen(&self, n: usize) {
        let fact = |n| Fact::CallStarted { session_id: SessionId(format!("s{n}")) };
        self.db.write(move |tx| (0..n).try_for_each(|n| append(tx, &fact(n)))).await.expect("appended");
    }

    async fn seen(&self, who: &'static str) -> (i64, i64) {
        self.db
            .read(move |conn| {
                Ok(conn.query_row("select count(*), count(distinct fact) from seen where who = ?1", [who], |row| {
                    Ok((row.get(0)?, row.get(1)?))
                })?)
            })
            .await
            .expect("counted")
    }

    async fn enqueue(&self, kind: &'static str, key: &'static str) {
        let job = move |tx: &Tx<'_>| enqueue(tx, &NewJob { kind, key, body: &serde_json::json!({ "id": key }), due_at: tx.now });
        self.db.write(job).await.expect("enqueued");
    }
}

fn listener(name: &'static str, react: impl Fn(&Tx<'_>, &Event) -> Result<()> + Send + Sync + 'static) -> Subscription {
    Subscription { name, wants: |_| true, react: Arc::new(react) }
}

fn note(who: &'static str) -> Subscription {
    listener(who, move |tx, event| {
        tx.execute("insert into seen values (?1, ?2)", (who, event.id))?;
        Ok(())
    })
}

fn handler(run: impl Fn(Job) -> Outcome + Send + Sync + 'static) -> Handler {
    let run = Arc::new(run);
    Arc::new(move |job| {
        let run = run.clone();
        Box::pin(async move { run(job) })
    })
}

const NOTHING: Depth = Depth { facts: 0, reactions: 0, jobs: 0, parked: 0 };

#[tokio::test]
async fn every_listener_hears_every_fact_once() {
    let house = House::new().await;
    house.happen(1000).await;
    let deaf = Subscription { wants: |_| false, ..note("deaf") };
    let outbox = house.outbox(vec![note("a"), note("b"), deaf], vec![]);
    outbox.settle().await.expect("settled");
    outbox.settle().await.expect("settled again");
    assert_eq!((house.seen("a").await, house.seen("b").await, house.seen("deaf").await), ((1000, 1000), (1000, 1000), (0, 0)));
    assert_eq!(outbox.depth().await.expect("counted"), NOTHING);
}

#[tokio::test]
async fn a_listener_that_fails_delays_only_itself_and_is_parked_in_the_end() {
    let house = House::new().await;
    house.happen(300).await;
    let broken = listener("broken", |tx, event| {
        tx.execute("insert into seen values ('broken', ?1)", [event.id])?;
        if event.id == 7 { Err(Error::conflict("not this one")) } else { Ok(()) }
    });
    let outbox = house.outbox(vec![note("a"), broken], vec![]);
    outbox.settle().await.expect("settled");
    assert_eq!((house.seen("a").await, house.seen("broken").await), ((300, 300), (299, 299)));
    assert_eq!(outbox.depth().await.expect("counted"), Depth { reactions: 1, ..NOTHING });
    for _ in 0..12 {
        house.clock.advance(Duration::from_secs(3600));
        outbox.settle().await.expect("settled");
    }
    assert_eq!(outbox.depth().await.expect("counted"), Depth { parked: 1, ..NOTHING });
    let (parked, total) = house.db.read(|conn| list_parked(conn, Page { limit: 10, offset: 0 })).await.expect("listed");
    assert_eq!((total, parked[0].kind.as_str(), parked[0].error.as_str(), parked[0].attempts), (1, "broken", "not this one", 12));
    house.db.write(|tx| super::retry_reaction(tx, 7, "broken")).await.expect("sent again");
    house.outbox(vec![note("broken")], vec![]).settle().await.expect("settled");
    assert_eq!(house.seen("broken").await, (300, 300));
    assert_eq!(outbox.depth().await.expect("counted"), NOTHING);
}

#[tokio::test]
async fn a_listener_that_panics_takes_nothing_with_it() {
    let house = House::new().await;
    house.happen(3).await;
    let rude = listener("rude", |tx, event| {
        tx.execute("insert into seen values ('rude', ?1)", [event.id])?;
        assert_ne!(event.id, 2, "on purpose");
        Ok(())
    });
    let outbox = house.outbox(vec![rude, note("a")], vec![]);
    outbox.settle().await.expect("settled");
    assert_eq!((house.seen("a").await, house.seen("rude").await), ((3, 3), (2, 2)));
}

#[tokio::test]
async fn a_reaction_that_failed_is_done_once_when_it_can_be() {
    let house = House::new().await;
    house.happen(1).await;
    let n_tries = Arc::new(AtomicU32::new(0));
    let tries = n_tries.clone();
    let moody = listener("moody", move |tx, event| {
        tx.execute("insert into seen values ('moody', ?1)", [event.id])?;
        // The first attempt is made twice: in the batch, then alone.
        if tries.fetch_add(1, Ordering::SeqCst) < 2 { Err(Error::internal("not yet")) } else { Ok(()) }
    });
    let outbox = house.outbox(vec![moody], vec![]);
    outbox.settle().await.expect("settled");
    assert_eq!(house.seen("moody").await, (0, 0));
    house.clock.advance(Duration::from_secs(2));
    outbox.settle().await.expect("settled");
    assert_eq!((house.seen("moody").await, outbox.depth().await.expect("counted")), ((1, 1), NOTHING));
}

#[tokio::test]
async fn a_job_runs_until_it_is_done() {
    let house = House::new().await;
    let stubborn = handler(|job| match job.attempt {
        1 => Outcome::Again { after: Duration::from_secs(5), error: "busy".into() },
        _ => Outcome::Done,
    });
    let outbox = house.outbox(vec![], vec![("push", stubborn)]);
    house.enqueue("push", "k").await;
    house.enqueue("push", "k").await;
    outbox.settle().await.expect("settled");
    assert_eq!(outbox.depth().await.expect("counted"), Depth { jobs: 1, ..NOTHING });
    house.clock.advance(Duration::from_secs(5));
    outbox.settle().await.expect("settled");
    assert_eq!(outbox.depth().await.expect("counted"), NOTHING);
}

#[tokio::test]
async fn jobs_that_give_up_panic_or_have_no_handler_are_parked_and_can_be_retried() {
    let house = House::new().await;
    let handlers =
        || vec![("gives_up", handler(|_| Outcome::Park { error: "refused".into() })), ("panics", handler(|_| panic!("on purpose")))];
    let outbox = house.outbox(vec![], handlers());
    for kind in ["gives_up", "panics", "unknown"] {
        house.enqueue(kind, "k").await;
    }
    for _ in 0..6 {
        outbox.settle().await.expect("settled");
        house.clock.advance(Duration::from_secs(600));
    }
    assert_eq!(outbox.depth().await.expect("counted"), Depth { parked: 3, ..NOTHING });
    let (parked, _) = house.db.read(|conn| list_parked(conn, Page { limit: 10, offset: 0 })).await.expect("listed");
    for job in parked {
        house.db.write(move |tx| retry_job(tx, job.id)).await.expect("sent again");
    }
    let done = |kind| (kind, handler(|_| Outcome::Done));
    house.outbox(vec![], vec![done("gives_up"), done("panics"), done("unknown")]).settle().await.expect("settled");
    assert_eq!(outbox.depth().await.expect("counted"), NOTHING);
}

#[tokio::test]
async fn a_job_whose_holder_died_is_run_again_when_its_lease_is_over() {
    let house = House::new().await;
    house.enqueue("push", "k").await;
    // The former process took the job and died.
    let taken = house.db.write(|tx| jobs::claim(tx, "push", "", 1, Duration::from_secs(60))).await.expect("claimed");
    assert_eq!(taken.len(), 1);
    let outbox = house.outbox(vec![], vec![("push", handler(|job| if job.attempt == 2 { Outcome::Done } else { panic!("attempt") }))]);
    outbox.settle().await.expect("settled");
    assert_eq!(outbox.depth().await.expect("counted"), Depth { jobs: 1, ..NOTHING });
    house.clock.advance(Duration::from_secs(60));
    outbox.settle().await.expect("settled");
    assert_eq!(outbox.depth().await.expect("counted"), NOTHING);
}

#[tokio::test]
async fn two_jobs_of_a_lane_run_at_once_and_a_stuck_lane_holds_up_no_other() {
    let house = House::new().await;
    house
        .db
        .write(|tx| {
            for n in 0..200 {
                let (key, lane) = (n.to_string(), if n % 2 == 0 { "stuck" } else { "quick" });
                enqueue_in_lane(tx, &NewJob { kind: "push", key: &key, body: &(), due_at: tx.now }, lane)?;
            }
            Ok(())
        })
        .await
        .expect("enqueued");
    let (open, gate) = tokio::sync::watch::channel(false);
    let (stuck, quick) = (tokio::sync::watch::channel(0).0, tokio::sync::watch::channel(0).0);
    let run: Handler = Arc::new({
        let (stuck, quick) = (stuck.clone(), quick.clone());
        move |job: Job| {
            let (mut gate, stuck, quick) = (gate.clone(), stuck.clone(), quick.clone());
            Box::pin(async move {
                if job.lane == "stuck" {
                    stuck.send_modify(|n| *n += 1);
                    gate.wait_for(|open| *open).await.expect("the test holds the gate");
                } else {
                    quick.send_modify(|n| *n += 1);
                }
                Outcome::Done
            })
        }
    });
    let outbox = house.outbox(vec![], vec![("push", run)]);
    let stop = CancellationToken::new();
    let running = tokio::spawn({
        let (outbox, stop) = (outbox.clone(), stop.clone());
        async move { outbox.run(stop).await }
    });
    quick.subscribe().wait_for(|n| *n == 100).await.expect("all of the quick lane ran");
    assert_eq!(*stuck.borrow(), 2, "two of the stuck lane run");
    open.send_replace(true);
    stuck.subscribe().wait_for(|n| *n == 100).await.expect("all of the stuck lane ran");
    stop.cancel();
    running.await.expect("stopped");
    assert_eq!(outbox.depth().await.expect("counted"), NOTHING);
}

#[tokio::test]
async fn the_oldest_work_is_the_one_that_is_due_for_longest() {
    let house = House::new().await;
    let outbox = house.outbox(vec![], vec![("push", handler(|_| Outcome::Again { after: Duration::from_secs(60), error: "busy".into() }))]);
    let oldest = async || outbox.oldest_due(house.clock.now()).await.expect("asked");
    assert_eq!(oldest().await, None);
    house.enqueue("push", "k").await;
    house.clock.advance(Duration::from_secs(7));
    assert_eq!(oldest().await, Some(house.clock.now().minus(Duration::from_secs(7))));
    outbox.settle().await.expect("settled");
    assert_eq!(oldest().await, None, "what waits for a later moment is not late");
    house.happen(1).await;
    house.clock.advance(Duration::from_secs(70));
    assert_eq!(oldest().await, Some(house.clock.now().minus(Duration::from_secs(70))));
}

#[tokio::test]
async fn a_running_outbox_is_woken_by_commits_and_stops_when_told() {
    let house = House::new().await;
    let (told, mut heard) = tokio::sync::mpsc::channel(10);
    let push = Arc::new(move |job: Job| {
        let told = told.clone();
        let sent: std::pin::Pin<Box<dyn Future<Output = Outcome> + Send>> = Box::pin(async move {
            told.send(job.key).await.expect("the test listens");
            Outcome::Done
        });
        sent
    });
    let enqueues =
        listener("enqueues", |tx, event| enqueue(tx, &NewJob { kind: "push", key: &event.id.to_string(), body: &(), due_at: tx.now }));
    let outbox = house.outbox(vec![enqueues], vec![("push", push)]);
    let stop = CancellationToken::new();
    let running = tokio::spawn({
        let (outbox, stop) = (outbox.clone(), stop.clone());
        async move { outbox.run(stop).await }
    });
    for expected in ["1", "2"] {
        house.happen(1).await;
        assert_eq!(heard.recv().await.as_deref(), Some(expected));
    }
    outbox.settle().await.expect("settled beside the running one");
    stop.cancel();
    running.await.expect("stopped");
    assert_eq!(outbox.depth().await.expect("counted"), NOTHING);
}

#[tokio::test]
async fn old_facts_go_when_everyone_has_heard_them() {
    let house = House::new().await;
    house.happen(2).await;
    let broken = listener("broken", |_, event| if event.id == 2 { Err(Error::internal("never")) } else { Ok(()) });
    let outbox = house.outbox(vec![broken], vec![]);
    outbox.settle().await.expect("settled");
    house.clock.advance(Duration::from_secs(8 * 24 * 3600));
    outbox.settle().await.expect("settled");
    let left: i64 = house.db.read(|conn| Ok(conn.query_row("select count(*) from events", [], |row| row.get(0))?)).await.expect("counted");
    assert_eq!(left, 1);
}

#[tokio::test]
async fn a_clock_that_is_set_makes_no_pause_longer_or_shorter_and_moves_no_time_of_day() {
    for by in [-365 * 86_400_000_i64, -3_600_000, 3_600_000, 365 * 86_400_000] {
        let house = House::new().await;
        house.clock.set(Millis(1_800_000_000_000));
        let runs = Arc::new(AtomicU32::new(0));
        let counted = runs.clone();
        let outbox = house.outbox(
            vec![listener("fails", |_, _| Err(Error::internal("not yet")))],
            vec![
                (
                    "push",
                    handler(move |_| {
                        counted.fetch_add(1, Ordering::SeqCst);
                        Outcome::Again { after: Duration::from_secs(30), error: "not yet".to_owned() }
                    }),
                ),
                ("at nine", handler(|_| Outcome::Done)),
            ],
        );
        let at = house.clock.now().plus(Duration::from_secs(7_200));
        house.enqueue("push", "a").await;
        house
            .db
            .write(move |tx| enqueue_at_time(tx, &NewJob { kind: "at nine", key: "k", body: &(), due_at: at }))
            .await
            .expect("enqueued");
        house.happen(1).await;
        outbox.settle().await.expect("settled");
        assert_eq!(runs.load(Ordering::SeqCst), 1);

        house.clock.set(Millis(house.clock.now().0 + by));
        // A job that is made under the new time is due at once, whichever way the clock was set.
        house.enqueue("push", "b").await;
        outbox.settle().await.expect("settled");
        assert_eq!(runs.load(Ordering::SeqCst), 2, "{by}: only the new one ran, the other still has its pause");
        house.clock.advance(Duration::from_secs(29));
        outbox.settle().await.expect("settled");
        assert_eq!(runs.load(Ordering::SeqCst), 2, "{by}: not early");
        house.clock.advance(Duration::from_secs(1));
        outbox.settle().await.expect("settled");
        assert_eq!(runs.load(Ordering::SeqCst), 4, "{by}: not late");
        let reactions = house
            .db
            .read(|conn| Ok(conn.query_row("select attempts from reactions", [], |row| row.get::<_, i64>(0))?))
            .await
            .expect("counted");
        assert!(reactions >= 2, "{by}: a listener's repeat is not stuck either");
        let waits = house
            .db
            .read(|conn| Ok(conn.query_row("select count(*) from jobs where kind = 'at nine'", [], |row| row.get::<_, i64>(0))?))
            .await
            .expect("counted");
        assert_eq!(waits, i64::from(by < 7_200_000), "{by}: a time of day comes when the clock says so");
    }
}
