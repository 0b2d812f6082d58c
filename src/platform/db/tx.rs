//! What a store function gets: `&Conn` to read, `&Tx` to write.

use std::cell::Cell;
use std::ops::Deref;

use crate::base::Millis;

/// A connection to read from.
pub type Conn = rusqlite::Connection;

/// A unit of work: one use case inside the writer's group. It reads like a [`Conn`] and carries one `now` for all rows it writes.
pub struct Tx<'a> {
    conn: &'a Conn,
    /// The moment of this unit of work.
    pub now: Millis,
    wakes_outbox: Cell<bool>,
}

impl<'a> Tx<'a> {
    pub(super) fn new(conn: &'a Conn, now: Millis) -> Self {
        Self { conn, now, wakes_outbox: Cell::new(false) }
    }

    /// Says that facts or jobs were written, so that the outbox is woken after the commit.
    pub fn wake_outbox(&self) {
        self.wakes_outbox.set(true);
    }

    pub(super) fn wants_wake(&self) -> bool {
        self.wakes_outbox.get()
    }
}

impl Deref for Tx<'_> {
    type Target = Conn;

    fn deref(&self) -> &Conn {
        self.conn
    }
}
