//! `cxbox serve`: the control plane, and the engine it watches.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use crate::app;
use crate::base::{Context, Result};
use crate::platform::config::{Config, Flags};
use crate::platform::data_dir::DataDir;
use crate::platform::{memory, telemetry};

/// Flags of `cxbox serve`. What is not given comes from the configuration.
#[derive(clap::Args)]
pub(super) struct Args {
    /// The folder that holds everything the appliance keeps.
    #[arg(long, env = "CXBOX_DATA_DIR", default_value = "/var/lib/cxbox")]
    data_dir: PathBuf,
    /// Configuration file; `config.toml` in the data folder if absent.
    #[arg(long)]
    config: Option<PathBuf>,
    /// Address of the API and console.
    #[arg(long)]
    http: Option<SocketAddr>,
    /// `local`: certificate of a local CA. `off`: plain HTTP.
    #[arg(long)]
    tls: Option<String>,
    /// Address for SIP over UDP and TCP.
    #[arg(long)]
    sip: Option<SocketAddr>,
    /// Address for SIP over TLS, such as `0.0.0.0:5061`; without it TLS is not taken.
    #[arg(long, value_name = "ADDRESS")]
    sip_tls: Option<SocketAddr>,
    /// UDP ports for audio, first and last.
    #[arg(long, value_name = "FIRST-LAST")]
    rtp_ports: Option<String>,
    /// `supervised`: serve starts the engine. `external`: it is its own unit.
    #[arg(long)]
    engine: Option<String>,
    /// `json` or `pretty`.
    #[arg(long)]
    log_format: Option<String>,
}

/// Runs until SIGTERM or SIGINT.
pub(super) fn run(args: Args) -> Result<ExitCode> {
    let flags = Flags::default()
        .set("server.http", "--http", args.http)
        .set("server.tls", "--tls", args.tls)
        .set("engine.sip", "--sip", args.sip)
        .set("engine.sip_tls", "--sip-tls", args.sip_tls)
        .set("engine.rtp_ports", "--rtp-ports", args.rtp_ports)
        .set("engine.mode", "--engine", args.engine)
        .set("log.format", "--log-format", args.log_format);
    let data = DataDir::open(args.data_dir)?;
    let config = Config::load(args.config.as_deref(), Some(&data), &flags)?;
    telemetry::start(&config.log)?;
    memory::settle();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().context("cannot start the runtime")?;
    runtime.block_on(app::serve(data, config))?;
    Ok(ExitCode::SUCCESS)
}
