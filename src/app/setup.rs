//! What the whole control plane is built from.

use crate::base::{Clock, Random};
use crate::platform::config::Config;
use crate::platform::data_dir::DataDir;
use crate::platform::secrets::Secrets;
use std::path::PathBuf;

/// What the control plane is built from. Tests pass their own clock and randomness.
pub struct Setup {
    /// The data folder.
    pub data: DataDir,
    /// The configuration.
    pub config: Config,
    /// Time.
    pub clock: Clock,
    /// Randomness.
    pub random: Random,
    /// Secrets of the box.
    pub secrets: Secrets,
    /// The URL under which callers reach this box, without a slash at its end.
    pub base_url: String,
    /// The tenant: host of that URL.
    pub tenant: String,
    /// This program's own file: children of it read documents.
    pub program: PathBuf,
}
