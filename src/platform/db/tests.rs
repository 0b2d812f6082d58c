//! What the writer and the readers promise.

use std::sync::mpsc;

use super::{CopyKind, Db};
use crate::base::{Clock, Error, Kind, Millis, Result};

struct House {
    folder: tempfile::TempDir,
    db: Db,
}

impl House {
    async fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let db = Db::open(&folder.path().join("main.db"), folder.path(), Clock::manual(Millis(1))).expect("a database");
        db.write(|tx| Ok(tx.execute_batch("create table t (x integer primary key, fill blob)")?)).await.expect("a table");
        Self { folder, db }
    }

    async fn add(&self, x: i64) -> Result<()> {
        self.db.write(move |tx| Ok(tx.execute("insert into t (x) values (?1)", [x]).map(drop)?)).await
    }

    async fn count(&self) -> i64 {
        self.db.read(|conn| Ok(conn.query_row("select count(*) from t", [], |row| row.get(0))?)).await.expect("counted")
    }
}

/// Holds the writer until the sender is dropped, so that what is sent meanwhile becomes one group.
async fn held(db: &Db) -> mpsc::Sender<()> {
    let (release, wait) = mpsc::channel::<()>();
    let (began, begun) = tokio::sync::oneshot::channel();
    let db = db.clone();
    tokio::spawn(async move {
        db.write(move |_| {
            let _ = began.send(());
            let _ = wait.recv();
            Ok(())
        })
        .await
    });
    begun.await.expect("the writer began");
    release
}

#[tokio::test]
async fn those_who_wait_share_a_commit_and_one_failure_is_nobody_elses() {
    let house = House::new().await;
    let release = held(&house.db).await;
    let db = &house.db;
    let all = async {
        tokio::join!(
            house.add(1),
            db.write(|tx| {
                tx.execute("insert into t (x) values (2)", [])?;
                Err::<(), _>(Error::conflict("changed my mind"))
            }),
            db.write(|tx| -> Result<()> {
                tx.execute("insert into t (x) values (3)", [])?;
                panic!("on purpose")
            }),
            house.add(4),
            async { drop(release) },
        )
    };
    let (first, refused, panicked, last, ()) = all.await;
    first.expect("kept");
    last.expect("kept");
    assert_eq!((refused.expect_err("refused").kind(), panicked.expect_err("panicked").kind()), (Kind::Conflict, Kind::Internal));
    let kept: Vec<i64> = db
        .read(|conn| Ok(conn.prepare("select x from t order by x")?.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?))
        .await
        .expect("read");
    assert_eq!(kept, [1, 4]);
}

#[tokio::test]
async fn a_commit_that_fails_is_a_failure_for_all_of_its_group_and_the_writer_goes_on() {
    let house = House::new().await;
    let release = held(&house.db).await;
    let spoiler = house.db.write(|tx| {
        tx.pragma_update(None, "defer_foreign_keys", true)?;
        tx.execute("insert into reactions (event_id, subscriber, due_at) values (999, 'nobody', 0)", [])?;
        Ok(())
    });
    let (spoiler, innocent, ()) = tokio::join!(spoiler, house.add(1), async { drop(release) });
    assert!(spoiler.is_err() && innocent.is_err());
    house.add(2).await.expect("the next one is kept");
    assert_eq!(house.count().await, 1);
}

#[tokio::test]
async fn a_full_disk_says_so_and_the_writer_recovers() {
    let house = House::new().await;
    let limit = |pages: i64| {
        house.db.write(move |tx| Ok(tx.pragma_update_and_check(None, "max_page_count", pages, |row| row.get::<_, i64>(0)).map(drop)?))
    };
    let pages: i64 = house.db.read(|conn| Ok(conn.pragma_query_value(None, "page_count", |row| row.get(0))?)).await.expect("read");
    limit(pages + 2).await.expect("limited");
    let full = house.db.write(|tx| Ok(tx.execute("insert into t (fill) values (zeroblob(1000000))", []).map(drop)?)).await;
    assert_eq!(full.expect_err("full").kind(), Kind::DiskFull);
    limit(1_000_000).await.expect("room again");
    house.add(1).await.expect("kept");
    assert_eq!(house.count().await, 1);
}

#[tokio::test]
async fn readers_see_whole_commits_only_and_cannot_write() {
    let house = House::new().await;
    house.add(1).await.expect("kept");
    let (release, wait) = mpsc::channel::<()>();
    let (began, begun) = tokio::sync::oneshot::channel();
    let db = house.db.clone();
    let writing = tokio::spawn(async move {
        db.write(move |tx| {
            tx.execute("insert into t (x) values (2)", [])?;
            let _ = began.send(());
            let _ = wait.recv();
            Ok(())
        })
        .await
    });
    begun.await.expect("the writer began");
    assert_eq!(house.count().await, 1);
    drop(release);
    writing.await.expect("joined").expect("kept");
    assert_eq!(house.count().await, 2);
    let write = house.db.read(|conn| Ok(conn.execute("insert into t (x) values (9)", []).map(drop)?)).await;
    assert!(write.is_err());
    let panicked = house.db.read(|_| -> Result<()> { panic!("on purpose") }).await;
    assert!(panicked.is_err());
    assert_eq!(house.count().await, 2);
}

#[tokio::test]
async fn the_log_file_stays_bounded_under_writes() {
    let house = House::new().await;
    for _ in 0..60 {
        house.db.write(|tx| Ok(tx.execute("insert into t (fill) values (zeroblob(2000000))", []).map(drop)?)).await.expect("kept");
    }
    let wal = std::fs::metadata(house.folder.path().join("main.db-wal")).expect("a log file").len();
    assert!(wal < 80 * 1024 * 1024, "{wal} bytes");
}

#[tokio::test]
async fn a_backup_is_a_whole_database_while_writers_go_on() {
    let house = House::new().await;
    for x in 0..50 {
        house.add(x).await.expect("kept");
    }
    let copy = house.folder.path().join("copy.db");
    let more = async {
        for x in 100..150 {
            house.add(x).await.expect("kept");
        }
    };
    let (made, ()) = tokio::join!(house.db.backup(&copy, CopyKind::Pages), more);
    made.expect("made");
    let opened = Db::open(&copy, house.folder.path(), Clock::manual(Millis(1))).expect("a database");
    let n: i64 = opened.read(|conn| Ok(conn.query_row("select count(*) from t", [], |row| row.get(0))?)).await.expect("counted");
    assert!((50..=100).contains(&n), "{n}");
    assert!(house.db.backup(&house.folder.path().join("no/such/folder.db"), CopyKind::Compact).await.is_err());
}
