//! The registrar's desk: registrations, nonces and failures behind one lock, with the time they need.

use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::watch;

use crate::base::{Clock, Millis, Random};
use crate::contract::phone::Registration;

use super::super::registrar::{Bindings, Failures, Habits, Nonces, Standing};

/// Who is registered, and who may try.
pub(super) struct Desk {
    clock: Clock,
    started: Instant,
    books: Mutex<Books>,
    published: watch::Sender<Arc<[Registration]>>,
}

struct Books {
    bindings: Bindings,
    failures: Failures,
    habits: Habits,
    nonces: Nonces,
}

impl Desk {
    /// A desk at which nobody is registered.
    pub(super) fn new(clock: Clock, random: Random) -> Self {
        let books =
            Books { bindings: Bindings::default(), failures: Failures::default(), habits: Habits::default(), nonces: Nonces::new(random) };
        let (published, _) = watch::channel(Arc::default());
        Self { started: clock.monotonic(), clock, books: Mutex::new(books), published }
    }

    /// The time of day.
    pub(super) fn now(&self) -> Millis {
        self.clock.now()
    }

    /// Changes registrations and tells whoever watches them.
    pub(super) fn change(&self, change: impl FnOnce(&mut Bindings, Millis)) {
        let now = self.now();
        let mut books = self.books();
        change(&mut books.bindings, now);
        let all = books.bindings.all(now).into();
        drop(books);
        self.published.send_replace(all);
    }

    /// The telephones of an account.
    pub(super) fn of(&self, aor: &str) -> Vec<Registration> {
        self.books().bindings.of(aor, self.now())
    }

    /// All registrations; told of every change.
    pub(super) fn watch(&self) -> watch::Receiver<Arc<[Registration]>> {
        self.published.subscribe()
    }

    /// Takes registrations over that an earlier engine had.
    pub(super) fn adopt(&self, registrations: Vec<Registration>) {
        self.change(|bindings, now| registrations.into_iter().for_each(|known| bindings.put(known, now)));
    }

    /// Forgets the telephones of an account.
    pub(super) fn sign_out(&self, aor: &str) {
        self.change(|bindings, _| bindings.remove_all(aor));
    }

    /// Whether a telephone registered from this very address.
    pub(super) fn is_registered_at(&self, source: SocketAddr) -> bool {
        self.books().bindings.is_at(source, self.now())
    }

    /// Whether a telephone registered from this machine.
    pub(super) fn is_registered_on(&self, source: IpAddr) -> bool {
        self.books().bindings.is_on(source, self.now())
    }

    /// A nonce for this address.
    pub(super) fn nonce(&self, source: IpAddr) -> String {
        self.books().nonces.make(source, self.elapsed())
    }

    /// Whether a telephone is to be asked by MD5 alone. `is_first`: it has sent no proof at all.
    pub(super) fn is_asked_by_md5(&self, source: SocketAddr, is_first: bool) -> bool {
        let mut books = self.books();
        if is_first { books.habits.ask(source) } else { books.habits.is_old(source) }
    }

    /// How a nonce stands; a good one is used up. Whoever answers has understood the challenge.
    pub(super) fn spend(&self, nonce: &str, source: SocketAddr) -> Standing {
        let mut books = self.books();
        books.habits.answered(source);
        books.nonces.spend(nonce, source.ip(), self.elapsed())
    }

    /// Counts a wrong proof.
    pub(super) fn failed(&self, source: IpAddr) {
        self.books().failures.count(source, self.elapsed());
    }

    /// Whether this address guessed too often. A telephone that is registered from the very address is heard all the same.
    pub(super) fn is_banned(&self, source: SocketAddr) -> bool {
        let books = self.books();
        books.failures.is_banned(source.ip(), self.elapsed()) && !books.bindings.is_at(source, self.now())
    }

    fn elapsed(&self) -> Duration {
        self.clock.monotonic().saturating_duration_since(self.started)
    }

    fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
