//! SQLite's errors in the program's words: constraints become sentences at the query, a full disk says so.

use rusqlite::ErrorCode;

use crate::base::{Error, Kind, Result};

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        let kind = match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Kind::DiskFull,
            Some(ErrorCode::OperationInterrupted) => {
                let sentence = "this takes too long: ask for less, such as a shorter time or a smaller page";
                return Self::unavailable(sentence).code("query_too_slow").retry_after(5).caused_by(error);
            }
            _ => Kind::Internal,
        };
        let message = if kind == Kind::DiskFull { "the disk is full" } else { "the database refused" };
        Self::new(kind, message).caused_by(error)
    }
}

/// Turns a violated constraint into a sentence for the caller.
pub trait OnConstraint<T> {
    /// `columns` as SQLite names them, such as `numbers.number` or `inbound_routes.did, inbound_routes.from_number`.
    fn on_unique(self, columns: &str, error: impl FnOnce() -> Error) -> Result<T>;

    /// Whether this constraint is what failed.
    fn violates(&self, columns: &str) -> bool;
}

impl<T> OnConstraint<T> for rusqlite::Result<T> {
    fn on_unique(self, columns: &str, error: impl FnOnce() -> Error) -> Result<T> {
        let is_this = self.violates(columns);
        self.map_err(|cause| if is_this { error() } else { cause.into() })
    }

    fn violates(&self, columns: &str) -> bool {
        let Err(rusqlite::Error::SqliteFailure(failure, Some(text))) = self else { return false };
        let named = text.strip_prefix("UNIQUE constraint failed: ").filter(|_| failure.code == ErrorCode::ConstraintViolation);
        named.is_some_and(|named| named == columns || named.strip_prefix("index ").is_some_and(|index| index.trim_matches('\'') == columns))
    }
}
