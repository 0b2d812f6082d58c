//! Calls as a file: CSV for spreadsheets, JSON lines for programs. Written while they are read, a few calls at a time.

mod csv;
mod routes;
mod stream;

pub(super) use routes::routes;
