//! How `serve` has its engine started: which program, which arguments, which settings.

use std::path::PathBuf;

use crate::base::{Clock, Context, Result};
use crate::features::fleet::{Fleet, Supervisor, SupervisorSetup};
use crate::platform::config::{Config, EngineMode};
use crate::platform::data_dir::DataDir;

/// This program's file, to start children of it. After an upgrade the file of a running program may be gone; the running one can still be
/// started again.
pub(super) fn own_program() -> Result<PathBuf> {
    let program = std::env::current_exe().context("cannot find this program's own file")?;
    Ok(if program.exists() { program } else { PathBuf::from("/proc/self/exe") })
}

/// The built-in engine, before it is kept running.
pub(super) struct EngineToKeep {
    program: PathBuf,
    data: DataDir,
    sip: String,
    rtp_ports: String,
    environment: Vec<(String, String)>,
}

impl EngineToKeep {
    /// The engine of this configuration; none when it runs as a unit of its own.
    pub(super) fn of(config: &Config, data: &DataDir) -> Result<Option<Self>> {
        if config.engine.mode == EngineMode::External {
            return Ok(None);
        }
        let program = own_program()?;
        Ok(Some(Self {
            program,
            data: data.clone(),
            sip: config.engine.sip.to_string(),
            rtp_ports: config.engine.rtp_ports.to_string(),
            environment: config.of_engine.clone(),
        }))
    }

    /// Starts keeping it.
    pub(super) fn keep(self, fleet: &Fleet) -> Supervisor {
        let Self { program, data, sip, rtp_ports, environment } = self;
        Supervisor::start(SupervisorSetup { program, data, sip, rtp_ports, environment, fleet: fleet.clone(), clock: Clock::system() })
    }
}
