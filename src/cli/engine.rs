//! `cxbox engine`: the live-media process. `serve` starts it; with `--control` or `--unit` it stands alone.

use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;
use tracing::warn;

use crate::base::secret::Secret;
use crate::base::{Clock, Context, Error, Random, Result};
use crate::contract::log::LogLine;
use crate::engine::link::{Control, logs};
use crate::engine::providers::choose::Chooser;
use crate::engine::run::{Engine, EngineOptions, Listen};
use crate::engine::sip::TlsDoor;
use crate::engine::speech::{SpeechSettings, SpeechWorkers};
use crate::platform::config::{self, BAD_CONFIG, Config, Flags, process_environment};
use crate::platform::data_dir::DataDir;
use crate::platform::net::{Outbound, OutboundOptions};
use crate::platform::secrets::Secrets;
use crate::platform::telemetry;
use crate::platform::tls;

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
    /// Address for SIP over TLS, such as `0.0.0.0:5061`; without it TLS is not taken.
    #[arg(long, value_name = "ADDRESS")]
    sip_tls: Option<SocketAddr>,
    /// UDP ports for audio, first and last.
    #[arg(long, value_name = "FIRST-LAST")]
    rtp_ports: Option<String>,
    /// Root URL of a control plane on another host; without it, the socket in the data folder is used.
    #[arg(long, value_name = "URL")]
    control: Option<String>,
    /// File with the CA that signed the certificate of that control plane.
    #[arg(long, value_name = "FILE", requires = "control")]
    ca: Option<PathBuf>,
    /// Address for the control plane's orders over TLS, such as `0.0.0.0:7443`; without it they come over the socket in the data folder only.
    #[arg(long, value_name = "ADDRESS", requires_all = ["cert", "key"])]
    listen: Option<SocketAddr>,
    /// File with the certificate for `--listen` (see `cxbox tls issue`).
    #[arg(long, value_name = "FILE", requires = "listen")]
    cert: Option<PathBuf>,
    /// File with its key.
    #[arg(long, value_name = "FILE", requires = "listen")]
    key: Option<PathBuf>,
    /// Runs as a unit of its own: stays when the control plane is gone.
    #[arg(long)]
    unit: bool,
}

/// Runs until SIGTERM or SIGINT, or until it is left alone.
pub(super) fn run(args: Args) -> Result<ExitCode> {
    let flags = Flags::default().set("engine.sip", "--sip", args.sip).set("engine.sip_tls", "--sip-tls", args.sip_tls).set(
        "engine.rtp_ports",
        "--rtp-ports",
        args.rtp_ports.clone(),
    );
    let data = DataDir::open(&args.data_dir)?;
    let config = Config::load(args.config.as_deref(), Some(&data), &flags)?;
    let logged = telemetry::start_tapped(&config.log, Clock::system())?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().context("cannot start the runtime")?;
    runtime.block_on(serve(args, data, config, logged))?;
    Ok(ExitCode::SUCCESS)
}

async fn serve(args: Args, data: DataDir, config: Config, logged: mpsc::Receiver<LogLine>) -> Result<()> {
    let (clock, random) = (Clock::system(), Random::system());
    let secret = secret(&data, args.control.is_some(), &random)?;
    let is_supervised = args.control.is_none() && !args.unit;
    let control = control(args.control.as_deref(), args.ca, &data, secret)?;
    let forwarded = logs::forward(control.clone(), clock.clone(), logged);
    let program = std::env::current_exe().context("cannot find this program")?;
    let workers = SpeechWorkers::new(SpeechSettings::new(program), clock.clone());
    if let Err(error) = workers.warm() {
        warn!("Speech does not work: {}", error.message);
    }
    let outbound = Outbound::new(OutboundOptions::allowing(config.outbound.allow_cidrs.clone())?)?;
    let chooser = Chooser::new(workers.clone(), outbound.clone(), clock.clone()).with_lookup(Arc::new(control.clone()));
    let ports = config.engine.rtp_ports;
    let sip_tls = tls_door(&config.engine, &data, &clock)?;
    let engine = Engine::start(EngineOptions {
        data,
        sip: config.engine.sip,
        sip_tls,
        rtp_ports: ports.first..=ports.last,
        advertise: advertise(&config.engine.advertise_address)?,
        max_calls: config.engine.max_concurrent_calls as usize,
        drain: Duration::from_secs(config.server.drain_seconds.into()),
        control,
        listen: listen(args.listen, args.cert.as_deref(), args.key.as_deref())?,
        is_supervised,
        providers: Arc::new(chooser),
        outbound,
        speech_ready: Arc::new(move || !workers.ids().is_empty()),
        clock,
        random,
    })
    .await?;
    let _forwarding = AbortOnDropHandle::new(tokio::spawn(forwarded));
    let stop = CancellationToken::new();
    tokio::spawn(stop_on_signal(stop.clone()));
    engine.run(stop).await
}

/// The internal secret. An engine elsewhere must be given the control plane's: one of its own would be refused there.
fn secret(data: &DataDir, is_elsewhere: bool, random: &Random) -> Result<Secret> {
    let environment = process_environment();
    if is_elsewhere && !data.core_secret().exists() && !environment.iter().any(|(name, _)| name == "CXBCORE_SECRET") {
        let path = data.core_secret();
        return Err(Error::invalid(format!(
            "with --control the engine needs the control plane's secret: set CXBCORE_SECRET, or copy its secrets/cxbcore_secret to {}",
            path.display()
        ))
        .code(BAD_CONFIG));
    }
    Ok(Secrets::open(data, &environment, random)?.core)
}

fn listen(address: Option<SocketAddr>, cert: Option<&Path>, key: Option<&Path>) -> Result<Option<Listen>> {
    let (Some(address), Some(cert), Some(key)) = (address, cert, key) else { return Ok(None) };
    Ok(Some(Listen { address, tls: tls::open_files(cert, key)? }))
}

fn control(url: Option<&str>, ca: Option<PathBuf>, data: &DataDir, secret: Secret) -> Result<Control> {
    match url {
        Some(url) => Control::remote(url, ca, secret),
        None => Ok(Control::local(data.control_socket(), secret)),
    }
}

/// Where SIP over TLS is taken. Without files of its own it shows a certificate of the local CA, made anew at each start.
fn tls_door(engine: &config::Engine, data: &DataDir, clock: &Clock) -> Result<Option<TlsDoor>> {
    if engine.sip_tls.is_empty() {
        return Ok(None);
    }
    let wrong = |text: &'static str| Error::invalid(text).code(BAD_CONFIG);
    let bind: SocketAddr =
        engine.sip_tls.parse().map_err(|_| wrong("engine.sip_tls must be an address with a port, such as 0.0.0.0:5061"))?;
    if bind.port() == 0 {
        return Err(wrong("engine.sip_tls needs a port"));
    }
    let (certificate, key) = match (engine.sip_tls_cert.as_str(), engine.sip_tls_key.as_str()) {
        ("", "") => tls::issue_for(data, bind, clock)?,
        ("", _) | (_, "") => return Err(wrong("engine.sip_tls_cert and engine.sip_tls_key belong together: set both or neither")),
        (certificate, key) => (certificate.into(), key.into()),
    };
    // Says at the start what is wrong with the files; the SIP stack would say it at the first call.
    tls::open_files(&certificate, &key)?;
    let read = |path: &Path| std::fs::read(path).context(format!("cannot read {}", path.display()));
    Ok(Some(TlsDoor { bind, certificate: read(&certificate)?, key: read(&key)? }))
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
