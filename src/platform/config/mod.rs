//! The configuration: embedded defaults, then a file, then the environment, then flags; each value knows where it came from.

mod console;
mod engine;
mod entry;
mod foreign_sign_in;
mod layers;
mod live;
mod log;
mod metrics;
mod numbers;
mod outbound;
mod phones;
mod server;
mod values;

use std::path::{Path, PathBuf};

use serde::Deserialize;

pub use console::Console;
pub use engine::{Engine, EngineMode};
pub use entry::{Entry, Origin};
pub use foreign_sign_in::{ForeignSignIn, NewPeople};
pub use layers::{BAD_CONFIG, Flags, Layers};
pub use live::{LiveKey, is_secret};
pub use log::{Log, LogFormat};
pub use metrics::Metrics;
pub use numbers::Numbers;
pub use outbound::Outbound;
pub use phones::Phones;
pub use server::{Server, TlsMode};
pub use values::PortRange;

use crate::base::Result;
use crate::platform::data_dir::DataDir;

/// The defaults, with the comments that explain them.
pub const DEFAULTS: &str = include_str!("../../../assets/config/default.toml");

/// All settings of the program. A feature is given its section, never the whole.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// API and console.
    pub server: Server,
    /// From where people may come in.
    pub console: Console,
    /// Live media.
    pub engine: Engine,
    /// Calls and requests that leave the box.
    pub outbound: Outbound,
    /// Virtual numbers.
    pub numbers: Numbers,
    /// Telephones of people.
    pub phones: Phones,
    /// Another identity provider.
    pub foreign_sign_in: ForeignSignIn,
    /// Figures.
    pub metrics: Metrics,
    /// Logs.
    pub log: Log,
    /// Keys that an operator may change while the box runs: settings (`features/settings`).
    #[serde(skip)]
    pub live: Vec<LiveKey>,
    /// What an engine started by this process has to be told, as its environment.
    #[serde(skip)]
    pub of_engine: Vec<(String, String)>,
    /// The file it was read from, if there was one.
    #[serde(skip)]
    pub file: Option<PathBuf>,
}

impl Config {
    /// Reads all layers. `file` must exist when it is named; without it, `config.toml` of the data folder is read if it is there.
    pub fn load(file: Option<&Path>, data: Option<&DataDir>, flags: &Flags) -> Result<Self> {
        let fallback = data.map(|data| data.root().join("config.toml")).filter(|path| path.exists());
        let file = file.or(fallback.as_deref());
        let config = Layers::read(file, &process_environment(), flags)?.config()?;
        Ok(Self { file: file.map(Path::to_owned), ..config })
    }

    /// The defaults alone.
    pub fn defaults() -> Result<Self> {
        Layers::read(None, &[], &Flags::default())?.config()
    }
}

/// The environment of this process, as texts.
pub fn process_environment() -> Vec<(String, String)> {
    std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?))).collect()
}
