//! `cxbox engine`: the live-media process. `serve` starts it; with `--control` or `--unit` it stands alone.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tracing::warn;

use crate::base::secret::Secret;
use crate::base::{Clock, Context, Error, Random, Result};
use crate::engine::link::Control;
use crate::engine::providers::choose::Chooser;
use crate::engine::run::{Engine, EngineOptions};
use crate::engine::speech::{SpeechSettings, SpeechWorkers};
use crate::platform::config::{Config, Flags, process_environment};
use crate::platform::data_dir::DataDir;
use crate::platform::net::{Outbound, OutboundOptions};
use crate::platform::secrets::Secrets;
use crate::platform::telemetry;

/// Flags of `cxbox engine`. What is not given comes from the configuration.
#[derive(clap::Args)]
pub(super) struct Args {
    /// The data folder; its spool holds results until they are taken.
    #[arg(long, env = "CXBOX_DATA_DIR", default_value = "/var/lib/cxbox")]
    data_dir: PathBuf,
    /// Configuration file; `config.toml` in the data folder if absent.
    #[arg(long)]
    config: Option<PathBuf>,
    /// Address for SIP over UDP and TCP.
    #[arg(long)]
    sip: Option<SocketAddr>,
    /// UDP ports for audio, first and last.
    #[arg(long, value_name = "FIRST-LAST")]
    rtp_ports: Option<String>,
    /// Root URL of a control plane on another host; without it, the socket in the data folder is used.
    #[arg(long, value_name = "URL")]
    control: Option<String>,
    /// File with the CA that signed the certificate of that control plane.
    #[arg(long, value_name = "FILE", requires = "control")]
    ca: Option<PathBuf>,
    /// Runs as a unit of its own: stays when the control plane is gone.
    #[arg(long)]
    unit: bool,
}

/// Runs until SIGTERM or SIGINT, or until it is left alone.
pub(super) fn run(args: Args) -> Result<ExitCode> {
    let flags = Flags::default().set("engine.sip", "--sip", args.sip).set("engine.rtp_ports", "--rtp-ports", args.rtp_ports.clone());
    let data = DataDir::open(&args.data_dir)?;
    let config = Config::load(args.config.as_deref(), Some(&data), &flags)?;
    telemetry::start(&config.log)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().context("cannot start the runtime")?;
    runtime.block_on(serve(args, data, config))?;
    Ok(ExitCode::SUCCESS)
}

async fn serve(args: Args, data: DataDir, config: Config) -> Result<()> {
    let (clock, random) = (Clock::system(), Random::system());
    let secret = Secrets::open(&data, &process_environment(), &random)?.core;
    let is_supervised = args.control.is_none() && !args.unit;
    let control = control(args.control.as_deref(), args.ca, &data, secret)?;
    let program = std::env::current_exe().context("cannot find this program")?;
    let workers = SpeechWorkers::new(SpeechSettings::new(program), clock.clone());
    if let Err(error) = workers.warm() {
        warn!("Speech does not work: {}", error.message);
    }
    let outbound = Outbound::new(OutboundOptions::allowing(config.outbound.allow_cidrs.clone())?)?;
    let chooser = Chooser::new(workers.clone(), outbound, clock.clone());
    let ports = config.engine.rtp_ports;
    let engine = Engine::start(EngineOptions {
        data,
        sip: config.engine.sip,
        rtp_ports: ports.first..=ports.last,
        advertise: advertise(&config.engine.advertise_address)?,
        max_calls: config.engine.max_concurrent_calls as usize,
        drain: Duration::from_secs(config.server.drain_seconds.into()),
        control,
        is_supervised,
        providers: Arc::new(chooser),
        speech_ready: Arc::new(move || !workers.ids().is_empty()),
        clock,
        random,
    })
    .await?;
    let stop = CancellationToken::new();
    tokio::spawn(stop_on_signal(stop.clone()));
    engine.run(stop).await
}

fn control(url: Option<&str>, ca: Option<PathBuf>, data: &DataDir, secret: Secret) -> Result<Control> {
    match url {
        Some(url) => Control::remote(url, ca, secret),
        None => Ok(Control::local(data.control_socket(), secret)),
    }
}

fn advertise(text: &str) -> Result<Option<IpAddr>> {
    if text.is_empty() {
        return Ok(None);
    }
    text.parse().map(Some).map_err(|_| Error::invalid("engine.advertise_address must be an IP address"))
}

async fn stop_on_signal(stop: CancellationToken) {
    let (Ok(mut term), Ok(mut int)) = (signal(SignalKind::terminate()), signal(SignalKind::interrupt())) else {
        return warn!("Signals cannot be received: the engine ends by `drain` only");
    };
    tokio::select! {
        _ = term.recv() => {}
        _ = int.recv() => {}
    }
    stop.cancel();
}
