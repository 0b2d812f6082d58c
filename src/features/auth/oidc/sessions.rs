//! Browsers that somebody signed in with: a cookie that names a row. It ends after 90 minutes without use, and after twelve hours.

use std::time::Duration;

use super::asked::Asked;
use super::sessions_store::{self as store, Row};
use crate::base::secret::sha256_hex;
use crate::base::{Clock, Millis, Random, Result};
use crate::features::auth::users::{User, store as users};
use crate::platform::db::Db;

/// Ends after this long without use.
const IDLE: Duration = Duration::from_secs(90 * 60);
/// Ends after this long, however much it is used.
const LONGEST: Duration = Duration::from_secs(12 * 3600);
/// A use is written at most this often.
const SEEN_WRITTEN_EVERY: Duration = Duration::from_secs(60);

/// The signed-in browsers. Cheap to clone.
#[derive(Clone)]
pub(in crate::features::auth) struct Sessions {
    db: Db,
    clock: Clock,
    random: Random,
    is_secure: bool,
}

impl Row {
    fn holds(&self, now: Millis) -> bool {
        now.since(self.seen_at) < IDLE && now.since(self.signed_in_at) < LONGEST
    }
}

/// A browser whose person may still sign in.
pub(super) struct Session {
    pub(super) user: User,
    pub(super) signed_in_at: Millis,
}

impl Sessions {
    pub(in crate::features::auth) fn new(db: Db, clock: Clock, random: Random, base_url: &str) -> Self {
        Self { db, clock, random, is_secure: base_url.starts_with("https://") }
    }

    /// Notes that somebody signed in; the `Set-Cookie` that makes the browser remember.
    pub(super) async fn begin(&self, user: &User, now: Millis) -> Result<String> {
        let text = self.random.url_safe::<32>();
        let hash = sha256_hex(&text);
        let row = Row { user_id: user.id.clone(), epoch: user.token_epoch, signed_in_at: now, seen_at: now };
        let write = self.db.write(move |tx| {
            store::purge(tx, tx.now.minus(LONGEST))?;
            store::insert(tx, &hash, &row)
        });
        write.await?;
        Ok(self.set_cookie(self.cookie_name(), &text, LONGEST))
    }

    /// Who is signed in with this browser.
    pub(super) async fn of(&self, asked: &Asked) -> Result<Option<Session>> {
        let Some(text) = asked.cookie(self.cookie_name()) else { return Ok(None) };
        let (hash, now) = (sha256_hex(text), self.clock.now());
        let wanted = hash.clone();
        let found = self.db.read(move |conn| {
            let Some(row) = store::find(conn, &wanted)?.filter(|row| row.holds(now)) else { return Ok(None) };
            let user = users::find(conn, &row.user_id)?.filter(|user| user.is_active && user.token_epoch == row.epoch);
            Ok(user.map(|user| (row, user)))
        });
        let Some((row, user)) = found.await? else { return Ok(None) };
        if now.since(row.seen_at) >= SEEN_WRITTEN_EVERY {
            self.db.write(move |tx| store::set_seen(tx, &hash)).await?;
        }
        Ok(Some(Session { user, signed_in_at: row.signed_in_at }))
    }

    /// Signs the browser out; the `Set-Cookie` that makes it forget.
    pub(super) async fn end(&self, asked: &Asked) -> Result<String> {
        if let Some(text) = asked.cookie(self.cookie_name()) {
            let hash = sha256_hex(text);
            self.db.write(move |tx| store::delete(tx, &hash)).await?;
        }
        Ok(self.set_cookie(self.cookie_name(), "", Duration::ZERO))
    }

    /// The browser's own random text, which ties a sign-in page to the browser it was shown in; and the `Set-Cookie` for a new one.
    pub(super) fn binding(&self, asked: &Asked) -> (String, Option<String>) {
        if let Some(text) = asked.cookie(self.binding_name()).filter(|text| text.len() == 32) {
            return (text.to_owned(), None);
        }
        let text = self.random.url_safe::<24>();
        let cookie = self.set_cookie(self.binding_name(), &text, LONGEST);
        (text, Some(cookie))
    }

    /// That text, if the browser has one.
    pub(in crate::features::auth) fn known_binding<'a>(&self, asked: &'a Asked) -> Option<&'a str> {
        asked.cookie(self.binding_name())
    }

    fn cookie_name(&self) -> &'static str {
        if self.is_secure { "__Host-cxbox" } else { "cxbox" }
    }

    fn binding_name(&self) -> &'static str {
        if self.is_secure { "__Host-cxbox-page" } else { "cxbox-page" }
    }

    fn set_cookie(&self, name: &str, text: &str, life: Duration) -> String {
        let secure = if self.is_secure { "; Secure" } else { "" };
        format!("{name}={text}; Path=/; HttpOnly; SameSite=Lax; Max-Age={}{secure}", life.as_secs())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::id::UserId;

    #[test]
    fn a_session_ends_when_idle_and_after_half_a_day() {
        let row = |seen: u64, signed_in: u64| Row {
            user_id: UserId::from("usr_1"),
            epoch: 0,
            signed_in_at: Millis(1_000_000_000).minus(Duration::from_secs(signed_in)),
            seen_at: Millis(1_000_000_000).minus(Duration::from_secs(seen)),
        };
        let table = [(0, 0, true), (5399, 5399, true), (5400, 5400, false), (0, 43_199, true), (0, 43_200, false)];
        for (seen, signed_in, expected) in table {
            assert_eq!(row(seen, signed_in).holds(Millis(1_000_000_000)), expected, "{seen} {signed_in}");
        }
    }
}
