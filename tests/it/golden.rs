//! Databases of earlier programs: the schema of every step, lived in, is opened by this program, and what was in it is still there and shown.
//!
//! A database of a step is made of the migrations up to it, each followed by the rows that a box had by then (`golden_rows.rs`); so each
//! later migration runs over rows, as it does where somebody upgrades.

use std::path::{Path, PathBuf};

use cxbox::base::{Clock, Kind};
use cxbox::platform::access::Role;
use cxbox::platform::data_dir::DataDir;
use cxbox::platform::db::{Conn, Db, edit_file, inspect, newest_schema, read_file};
use rusqlite::Connection;
use tempfile::TempDir;

use super::golden_rows::{ROWS, SHOWN};
use crate::support::TestApp;

/// The migrations in order: the four digits of their name, and their text.
fn migrations() -> Vec<(String, String)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src/platform/db/migrations");
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let number = |path: &Path| path.file_name().unwrap().to_string_lossy()[..4].to_owned();
    files.into_iter().map(|path| (number(&path), std::fs::read_to_string(path).unwrap())).collect()
}

/// A folder with a database as the program of the n-th step left it.
#[expect(clippy::disallowed_methods, reason = "a program of before has no Db")]
fn lived_in(n: usize) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let data = DataDir::open(folder.path()).unwrap();
    let conn = Connection::open(data.main_db()).unwrap();
    conn.pragma_update(None, "journal_mode", "wal").unwrap();
    for (number, sql) in &migrations()[..n] {
        conn.execute_batch(sql).unwrap_or_else(|error| panic!("migration {number}: {error}"));
        for (_, rows) in ROWS.iter().filter(|(since, _)| since == number) {
            conn.execute_batch(rows).unwrap_or_else(|error| panic!("rows of {number}: {error}"));
        }
    }
    conn.pragma_update(None, "user_version", n as i64).unwrap();
    folder
}

fn schema(path: &Path) -> Vec<String> {
    let all = |conn: &Conn| {
        let mut statement = conn.prepare("select type || ' ' || name || ' ' || coalesce(sql, '') from sqlite_schema order by 1")?;
        let rows = statement.query_map([], |row| row.get(0))?;
        Ok(rows.collect::<Result<Vec<String>, _>>()?)
    };
    read_file(path, all).unwrap()
}

#[tokio::test]
async fn a_database_of_every_earlier_step_is_opened_with_everything_in_it() {
    let steps = migrations();
    assert_eq!(steps.len(), newest_schema().unwrap() as usize);
    for (n, (step, _)) in steps.iter().enumerate().map(|(n, step)| (n + 1, step)) {
        let mut app = TestApp::start_on(lived_in(n)).await;
        // A receiver, a CRM and a mail server of that time are not there.
        app.may_leave_work();
        app.settle().await;
        let owner = app.user(Role::SuperAdmin);
        for (_, path, text) in SHOWN.iter().filter(|(since, ..)| *since <= step.as_str()) {
            let answer = owner.get(path).await;
            assert!(answer.status == 200 && answer.text().contains(text), "step {step}, {path}: {} {}", answer.status, answer.text());
        }
        let copies = std::fs::read_dir(app.data.backups()).unwrap().count();
        assert_eq!(copies, usize::from(n < steps.len()), "step {step}: a copy is made before a database is changed");
        app.stop().await;
        let found = inspect(&app.data.main_db(), true).unwrap();
        assert_eq!((found.schema, found.faults), (newest_schema().unwrap(), vec![]), "step {step}");
    }
}

#[tokio::test]
async fn however_old_a_database_was_it_becomes_the_same_as_a_new_one() {
    let new = TestApp::start().await;
    let expected = schema(&new.data.main_db());
    for n in 1..=migrations().len() {
        let folder = lived_in(n);
        let data = DataDir::open(folder.path()).unwrap();
        drop(Db::open(&data.main_db(), &data.backups(), Clock::system()).unwrap());
        assert_eq!(schema(&data.main_db()), expected, "step {n}");
    }
}

#[tokio::test]
async fn a_database_of_a_newer_program_is_refused_and_left_as_it_is() {
    let newest = newest_schema().unwrap();
    let folder = lived_in(newest as usize);
    let data = DataDir::open(folder.path()).unwrap();
    edit_file(&data.main_db(), |conn| Ok(conn.pragma_update(None, "user_version", newest + 1)?)).unwrap();
    let refused = Db::open(&data.main_db(), &data.backups(), Clock::system()).err().expect("refused");
    assert_eq!(refused.kind(), Kind::Unavailable);
    for words in [format!("has schema {}", newest + 1), format!("knows {newest}"), "cxbox upgrade".into(), "cxbox restore".into()] {
        assert!(refused.message().contains(&words), "{refused}");
    }
    let found = inspect(&data.main_db(), true).unwrap();
    assert_eq!((found.schema, found.faults.len()), (newest + 1, 0));
    assert_eq!(std::fs::read_dir(data.backups()).unwrap().count(), 0, "nothing was done to it");
}
