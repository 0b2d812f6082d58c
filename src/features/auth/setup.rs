//! The setup token: whoever can read it from the data folder or the terminal makes the first admin, once.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::base::secret::Secret;
use crate::base::{Clock, Context, Error, Millis, Random, Result};
use crate::platform::data_dir::write_whole;

/// How long a token holds after the start that made it.
const LIFE: Duration = Duration::from_secs(24 * 3600);

/// Keeps the token of this start.
pub(super) struct Setup {
    file: PathBuf,
    clock: Clock,
    random: Random,
    token: Mutex<Option<(Secret, Millis)>>,
}

impl Setup {
    pub(super) fn new(file: PathBuf, clock: Clock, random: Random) -> Self {
        Self { file, clock, random, token: Mutex::new(None) }
    }

    /// Makes a new token for a box without people, and writes it to its file (0600). Otherwise removes what an earlier start left.
    pub(super) fn begin(&self, is_wanted: bool) -> Result<Option<Secret>> {
        if !is_wanted {
            self.end();
            return Ok(None);
        }
        let token = Secret::new(self.random.url_safe::<24>());
        write_whole(&self.file, token.expose().as_bytes()).context("cannot write the setup token")?;
        *self.lock() = Some((token.clone(), self.clock.now()));
        Ok(Some(token))
    }

    /// Refuses a token that is not the one of this start, or too old.
    pub(super) fn check(&self, given: &str) -> Result<()> {
        match &*self.lock() {
            Some((token, _)) if !token.matches(given) => Err(Error::forbidden("this is not the setup token")),
            Some((_, made_at)) if self.clock.now().since(*made_at) >= LIFE => {
                Err(Error::forbidden("the setup token has expired: restart the appliance for a new one"))
            }
            Some(_) => Ok(()),
            None => Err(Error::gone("this box is set up already")),
        }
    }

    /// The token is of no use any more. A file that cannot be removed does no harm: the box answers 410.
    pub(super) fn end(&self) {
        *self.lock() = None;
        let _ = std::fs::remove_file(&self.file);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<(Secret, Millis)>> {
        self.token.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;
    use crate::base::Kind;

    #[test]
    fn a_token_holds_for_a_day_and_each_start_makes_another() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("setup_token");
        let clock = Clock::manual(Millis(0));
        let setup = Setup::new(file.clone(), clock.clone(), Random::system());
        let token = setup.begin(true).unwrap().unwrap();
        assert_eq!(std::fs::read_to_string(&file).unwrap(), token.expose());
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(setup.check(token.expose()).is_ok());
        assert_eq!(setup.check("another").unwrap_err().kind(), Kind::Forbidden);
        clock.advance(LIFE);
        assert_eq!(setup.check(token.expose()).unwrap_err().kind(), Kind::Forbidden);
        let next = setup.begin(true).unwrap().unwrap();
        assert!(setup.check(next.expose()).is_ok() && setup.check(token.expose()).is_err());
        setup.end();
        assert_eq!(setup.check(next.expose()).unwrap_err().kind(), Kind::Gone);
        assert!(!file.exists());
    }
}
