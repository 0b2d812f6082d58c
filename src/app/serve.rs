//! The life of the control plane's process: lock, bind, build, serve, drain.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::{TcpListener, UnixListener};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;
use tracing::info;

use super::control::App;
use super::engine::{EngineToKeep, own_program};
use super::setup::Setup;
use crate::base::secret::Secret;
use crate::base::{Clock, Context, Error, Random, Result};
use crate::platform::access::Entrance;
use crate::platform::config::{BAD_CONFIG, Config, TlsMode, process_environment};
use crate::platform::data_dir::DataDir;
use crate::platform::http::{Http, Limits, Socket};
use crate::platform::process;
use crate::platform::secrets::Secrets;
use crate::platform::telemetry;
use crate::platform::tls::{self, LocalTls};

/// Runs the control plane until SIGTERM or SIGINT, then drains it.
pub async fn serve(data: DataDir, config: Config) -> Result<()> {
    let _lock = data.try_lock()?.ok_or_else(|| Error::conflict(format!("another cxbox works in {}", data.root().display())))?;
    let random = Random::system();
    let secrets = Secrets::open(&data, &process_environment(), &random)?;
    let listener = TcpListener::bind(config.server.http).await.context(format!("cannot listen on {}", config.server.http))?;
    let bound = listener.local_addr().context("cannot read the address that listens")?;
    let control = bind_control(&data)?;
    let clock = Clock::system();
    let drain = Duration::from_secs(config.server.drain_seconds.into());
    let limits = Limits {
        connections: config.server.max_connections,
        connections_per_ip: config.server.max_connections_per_ip,
        ..Limits::default()
    };
    let console = bind_own(config.console.bind, "console.bind").await?;
    let tls = open_tls(&data, &config, bound, &clock)?;
    let base_url = config.server.base_url(bound);
    let people_url = config.console.bind.map_or_else(|| base_url.clone(), |at| format!("{}://{at}", config.server.scheme()));
    let tenant = config.server.tenant(bound);
    let engine = EngineToKeep::of(&config, &data)?;
    let counted = telemetry::start_counting()?;
    let counting = AbortOnDropHandle::new(tokio::spawn(telemetry::keep_counting(counted.clone())));
    let metrics = bind_own(config.metrics.bind, "metrics.bind").await?;
    let program = own_program()?;
    let app = App::build(Setup { data, config, clock, random, secrets, base_url: base_url.clone(), tenant, program })?;
    let app = app.with_counted(counted);
    let setup_token = app.auth().begin_setup().await?;
    app.seed().await?;
    let http = Http::new(app.router(), limits);
    listen(&http, listener, console, tls.as_ref());
    http.listen(Socket::Control(control));
    let figures = give_figures(&app, metrics);
    let stop = CancellationToken::new();
    let outbox = tokio::spawn({
        let (outbox, stop) = (app.outbox.clone(), stop.clone());
        async move { outbox.run(stop).await }
    });
    let supervisor = engine.map(|engine| engine.keep(app.fleet()));
    info!("Listening on {base_url}");
    greet(&people_url, setup_token.as_ref(), tls.as_ref().map(|tls| tls.ca_fingerprint.as_str()));
    process::say_ready(&format!("Listening on {base_url}"));
    let watchdog = AbortOnDropHandle::new(tokio::spawn(process::feed_watchdog()));
    wait_for_end().await?;
    info!("Draining");
    process::say_stopping();
    drop(watchdog);
    http.end_streams();
    if let Some(supervisor) = supervisor {
        // The control plane still answers meanwhile: the engine brings the results of its last calls.
        supervisor.drain(drain).await?;
    }
    http.drain(drain).await;
    figures.drain(drain).await;
    drop(counting);
    stop.cancel();
    outbox.await.context("the outbox ended badly")?;
    Ok(())
}

/// The certificate of the API's address and the console's; none with `--tls off`, which only loopback addresses may use without being told so twice.
fn open_tls(data: &DataDir, config: &Config, bound: SocketAddr, clock: &Clock) -> Result<Option<LocalTls>> {
    let places: Vec<SocketAddr> = [bound].into_iter().chain(config.console.bind).collect();
    if config.server.tls == TlsMode::Off {
        if let Some(open) = places.iter().find(|at| !at.ip().is_loopback() && !config.server.allow_plain_http) {
            return Err(Error::invalid(format!(
                "server.tls = off on {open}, which other machines reach: use --tls local, a loopback address, or server.allow_plain_http = true"
            ))
            .code(BAD_CONFIG));
        }
        return Ok(None);
    }
    let tenant = config.server.tenant(bound);
    tls::open_local(data, &places, Some(tenant.trim_matches(['[', ']'])), clock).map(Some)
}

/// Lets everybody in at the API's address; where people have an address of their own, only programs.
fn listen(http: &Http, api: TcpListener, people: Option<TcpListener>, tls: Option<&LocalTls>) {
    let socket = |listener| match tls {
        Some(tls) => Socket::Tls(listener, tls.config.clone()),
        None => Socket::Tcp(listener),
    };
    let entrance = if people.is_some() { Entrance::Programs } else { Entrance::All };
    http.listen_for(entrance, socket(api));
    if let Some(people) = people {
        http.listen_for(Entrance::All, socket(people));
    }
}

/// Gives the figures at the listener of their own; without one this serves nothing.
fn give_figures(app: &App, listener: Option<TcpListener>) -> Http {
    let figures = Http::new(app.figures_router(), Limits::default());
    if let Some(listener) = listener {
        figures.listen(Socket::Tcp(listener));
    }
    figures
}

/// A listener beside the API's, if the configuration wants it.
async fn bind_own(bind: Option<SocketAddr>, key: &str) -> Result<Option<TcpListener>> {
    let Some(bind) = bind else { return Ok(None) };
    TcpListener::bind(bind).await.context(format!("cannot listen on {bind} ({key})")).map(Some)
}

/// A socket file that was left by a killed process is replaced; the lock says that nobody listens on it.
fn bind_control(data: &DataDir) -> Result<UnixListener> {
    use std::os::unix::fs::PermissionsExt as _;
    let path = data.control_socket();
    if path.exists() {
        std::fs::remove_file(&path).context("cannot remove the old control socket")?;
    }
    let listener = UnixListener::bind(&path).context("cannot listen on the control socket")?;
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).context("cannot protect the control socket")?;
    Ok(listener)
}

/// Tells the person at the terminal where to go. The token never reaches a journal.
#[expect(clippy::print_stderr, reason = "the operator's terminal, not the log")]
fn greet(base_url: &str, setup_token: Option<&Secret>, ca_fingerprint: Option<&str>) {
    use std::io::IsTerminal as _;
    if !std::io::stderr().is_terminal() {
        return;
    }
    eprintln!("cxbox is at {base_url}");
    if let Some(fingerprint) = ca_fingerprint {
        eprintln!("Its certificate comes from the local CA with the SHA-256 fingerprint {fingerprint}");
    }
    if let Some(token) = setup_token {
        eprintln!("Make the first admin there with the setup token {}", token.expose());
    }
}

async fn wait_for_end() -> Result<()> {
    let mut term = signal(SignalKind::terminate()).context("cannot wait for SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("cannot wait for SIGINT")?;
    tokio::select! {
        _ = term.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}
