//! Forgets again whom a database that came back still knows: an older one, put in place by a restore or by hand, or one that a crash left in
//! the middle of an erasure.

use std::collections::HashMap;

use tracing::info;

use super::entry::Entry;
use super::erasures_store;
use super::ledger;
use super::model::{ErasureView, end_of};
use super::service::Privacy;
use crate::base::id::ErasureId;
use crate::base::{Error, Result};
use crate::features::permit::DoNotCallChoice;
use crate::features::{calls, outbound};
use crate::platform::access::Actor;
use crate::platform::db::Conn;

impl Privacy {
    /// Repeats each erasure of the ledger that the database does not know, and adds to the ledger those that it lacks. Call it before
    /// anybody is served. Says what was removed; a repeat removes nothing.
    pub async fn forget_again(&self) -> Result<Vec<ErasureView>> {
        let known = self.setup.db.read(erasures_store::entries).await?;
        let (path, rows) = (self.setup.ledger.clone(), known.clone());
        let all = blocking(move || ledger::add(&path, &rows).and_then(|_| ledger::read(&path))).await?;
        let missing: Vec<Entry> = all.into_iter().filter(|entry| known.iter().all(|known| known.id != entry.id)).collect();
        if missing.is_empty() {
            return Ok(Vec::new());
        }
        let (privacy, wanted) = (self.clone(), missing.clone());
        let numbers = self.setup.db.read_all(move |conn| privacy.numbers_of(conn, &wanted)).await?;
        let mut done = Vec::with_capacity(missing.len());
        for entry in missing {
            done.push(self.once_more(entry, &numbers).await?);
        }
        info!("Forgot {} people again whom the database still knew or may have known", done.len());
        Ok(done)
    }

    async fn once_more(&self, entry: Entry, numbers: &HashMap<String, String>) -> Result<ErasureView> {
        let actor = Actor::local("ledger of erasures");
        match numbers.get(&entry.person) {
            Some(phone) => {
                self.take_back(&actor, phone).await?;
                let (found, orders) = self.find(phone).await?;
                self.carry_out(&actor, phone, entry, found, orders).await
            }
            None => self.note_nothing(&actor, entry).await,
        }
    }

    /// The numbers that stand behind marks, as far as the database knows them.
    fn numbers_of(&self, conn: &Conn, wanted: &[Entry]) -> Result<HashMap<String, String>> {
        let mut found = HashMap::new();
        let mut look = |text: &str| {
            let parts = text.split(|c: char| !c.is_ascii_alphanumeric());
            for candidate in std::iter::once(text).chain(parts).filter(|candidate| !candidate.is_empty()) {
                let mark = self.mark(candidate);
                if wanted.iter().any(|entry| entry.person == mark) {
                    found.entry(mark).or_insert_with(|| as_number(candidate));
                }
            }
        };
        calls::each_number(conn, &mut look)?;
        outbound::each_number(conn, &mut look)?;
        self.setup.permit.each_number(conn, &mut look)?;
        Ok(found)
    }
}

/// How a number stands in lists and orders: `+` and digits; what is none stays as it is.
fn as_number(text: &str) -> String {
    let letters: String = text.chars().filter(char::is_ascii_alphanumeric).collect();
    let digits = letters.strip_prefix("00").unwrap_or(&letters);
    if digits.bytes().all(|byte| byte.is_ascii_digit()) { format!("+{digits}") } else { text.to_owned() }
}

impl Entry {
    /// The line of an erasure that begins now.
    pub(super) fn begun(privacy: &Privacy, actor: &Actor, phone: &str, do_not_call: DoNotCallChoice) -> Self {
        Self {
            id: ErasureId::new(&privacy.setup.random),
            at: privacy.setup.clock.now(),
            person: privacy.mark(phone),
            phone_end: end_of(phone),
            requested_by: actor.name.clone(),
            do_not_call,
        }
    }
}

/// Runs what waits for the disk on a thread of its own.
pub(super) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(|cause| Error::internal("writing the ledger of erasures panicked").caused_by(cause))?
}

#[cfg(test)]
mod tests {
    use super::as_number;

    #[test]
    fn a_number_is_looked_for_as_lists_have_it() {
        for text in ["+15551234567", "0015551234567", "15551234567", "+1 (555) 123-4567"] {
            assert_eq!(as_number(text), "+15551234567", "{text}");
        }
        assert_eq!(as_number("reception"), "reception");
    }
}
