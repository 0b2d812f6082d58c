//! The life of the control plane's process: lock, bind, build, serve, drain.

use std::time::Duration;

use tokio::net::{TcpListener, UnixListener};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tracing::info;

use super::compose::{App, Setup};
use crate::base::secret::Secret;
use crate::base::{Clock, Context, Error, Random, Result};
use crate::platform::config::{Config, process_environment};
use crate::platform::data_dir::DataDir;
use crate::platform::http::{Http, Socket};
use crate::platform::secrets::Secrets;

/// Runs the control plane until SIGTERM or SIGINT, then drains it.
pub async fn serve(data: DataDir, config: Config) -> Result<()> {
    let _lock = data.try_lock()?.ok_or_else(|| Error::conflict(format!("another cxbox works in {}", data.root().display())))?;
    let random = Random::system();
    let secrets = Secrets::open(&data, &process_environment(), &random)?;
    let listener = TcpListener::bind(config.server.http).await.context(format!("cannot listen on {}", config.server.http))?;
    let bound = listener.local_addr().context("cannot read the address that listens")?;
    let control = bind_control(&data)?;
    let drain = Duration::from_secs(config.server.drain_seconds.into());
    let base_url = config.server.base_url(bound);
    let tenant = config.server.tenant(bound);
    let app = App::build(Setup { data, config, clock: Clock::system(), random, secrets, base_url: base_url.clone(), tenant })?;
    let setup_token = app.auth().begin_setup().await?;
    let http = Http::new(app.router());
    http.listen(Socket::Tcp(listener));
    http.listen(Socket::Control(control));
    let stop = CancellationToken::new();
    let outbox = tokio::spawn({
        let (outbox, stop) = (app.outbox.clone(), stop.clone());
        async move { outbox.run(stop).await }
    });
    info!("Listening on {base_url}");
    greet(&base_url, setup_token.as_ref());
    wait_for_end().await?;
    http.drain(drain).await;
    stop.cancel();
    outbox.await.context("the outbox ended badly")?;
    Ok(())
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
fn greet(base_url: &str, setup_token: Option<&Secret>) {
    use std::io::IsTerminal as _;
    if !std::io::stderr().is_terminal() {
        return;
    }
    eprintln!("cxbox is at {base_url}");
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
