//! A backup of a data folder that nobody serves, for the command line. Blocking.

use std::path::{Path, PathBuf};

use super::make::{Making, make};
use super::model::name_at;
use super::restore::belong_like;
use crate::base::secret::Secret;
use crate::base::{Error, Millis, Random, Result};
use crate::platform::data_dir::DataDir;

/// What is wanted.
pub struct Offline {
    /// The data folder; the caller holds its lock.
    pub data: DataDir,
    /// The configuration file, wherever it is.
    pub config: Option<PathBuf>,
    /// The master key.
    pub master: [u8; 32],
    /// Writes the database anew.
    pub compact: bool,
    /// Puts the sound of local recordings in it.
    pub with_recordings: bool,
    /// Puts the master key in it, under this.
    pub passphrase: Option<Secret>,
}

/// Makes the file: at `to`, or in the folder `to` under the name of its moment. Says where it is. A file that is there is not written over.
pub fn make_offline(wanted: Offline, to: &Path, at: Millis, random: &Random) -> Result<PathBuf> {
    let to = if to.is_dir() { to.join(name_at(at)) } else { to.to_owned() };
    if to.exists() {
        return Err(Error::conflict(format!("{} is there already", to.display())));
    }
    let Offline { data, config, master, compact, with_recordings, passphrase } = wanted;
    let making = Making { data, config, master, random: random.clone(), at, is_compact: compact, with_recordings, passphrase };
    make(&making, &to)?;
    if to.starts_with(making.data.root()) {
        belong_like(&to, making.data.root())?;
    }
    Ok(to)
}
