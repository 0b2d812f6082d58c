//! Where a call stands in a list, as it is read from the rows of one.

use rusqlite::Row;

/// Where a call stands in a list: by the first number, then by the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    /// Bits of the duration, which order like it; 0 in lists in order of time.
    pub(super) duration: u64,
    pub(super) created_at: i64,
    pub(super) id: i64,
}

impl Key {
    /// Reads duration, moment and id.
    pub(super) fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self { duration: row.get::<_, f64>(0)?.max(0.0).to_bits(), created_at: row.get(1)?, id: row.get(2)? })
    }

    /// Moment and id.
    pub(super) fn place(self) -> (i64, i64) {
        (self.created_at, self.id)
    }

    /// The same call in a list in order of time.
    pub(super) fn by_time(self) -> Self {
        Self { duration: 0, ..self }
    }
}
