//! An appliance of the lab's own: the same program in a temporary folder on free ports, ended and removed with whoever started it.

use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::process::{Child, Command};

use super::api::Api;
use crate::base::{Clock, Context, Error, Random, Result};

/// How long the appliance may take to become ready.
const READY_WITHIN: Duration = Duration::from_secs(30);
/// How long it may take to end.
const ENDED_WITHIN: Duration = Duration::from_secs(30);
/// UDP ports of a few calls.
const RTP_PORTS: u16 = 40;

/// What an appliance of the lab is like.
#[derive(Debug, Clone)]
pub(super) struct WorldOptions {
    /// Calls it takes at once.
    pub(super) calls: u16,
    /// UDP ports for their sound.
    pub(super) rtp_ports: u16,
}

impl Default for WorldOptions {
    fn default() -> Self {
        Self { calls: 20, rtp_ports: RTP_PORTS }
    }
}

/// A running appliance.
pub(super) struct World {
    folder: PathBuf,
    serve: Child,
    /// Where it takes SIP.
    pub(super) sip: SocketAddr,
    /// Its API.
    pub(super) api: Api,
}

impl World {
    /// Starts `cxbox serve` and waits until it is ready.
    pub(super) async fn start(options: WorldOptions, clock: Clock, random: &Random) -> Result<Self> {
        let folder = std::env::temp_dir().join(format!("cxbox-lab-{}", random.hex::<6>()));
        std::fs::create_dir(&folder).context("cannot make the appliance's folder")?;
        let http = free_address(random)?;
        let sip = free_address(random)?;
        let serve = spawn(&options, &folder, http, sip)?;
        let api = Api::new(format!("http://{http}"), clock)?;
        let mut world = Self { folder, serve, sip, api };
        world.until_ready().await?;
        Ok(world)
    }

    async fn until_ready(&mut self) -> Result<()> {
        let api = self.api.clone();
        let log = self.log();
        let serve = &mut self.serve;
        api.wait_for("the appliance to become ready", READY_WITHIN, || {
            let ended = serve.try_wait();
            let (api, log) = (&api, &log);
            async move {
                match ended {
                    Ok(Some(status)) => Err(Error::upstream(format!("the appliance ended with {status}; its log is {}", log.display()))),
                    _ => Ok(api.is_ready().await.then_some(())),
                }
            }
        })
        .await
    }

    /// The one-time token of the first admin.
    pub(super) fn setup_token(&self) -> Result<String> {
        let token = std::fs::read_to_string(self.folder.join("secrets/setup_token")).context("cannot read the setup token")?;
        Ok(token.trim().to_owned())
    }

    /// Ports for the sound of a telephone, away from the appliance's.
    pub(super) fn phone_ports(&self) -> Result<RangeInclusive<u16>> {
        free_range(40_000, RTP_PORTS)
    }

    /// The process id of its engine, which is a child of it.
    pub(super) fn engine_pid(&self) -> Option<u32> {
        let parent = self.serve.id()?;
        let all = std::fs::read_dir("/proc").ok()?.flatten().filter_map(|entry| entry.file_name().to_string_lossy().parse::<u32>().ok());
        let read = |pid: &u32, name: &str| std::fs::read_to_string(format!("/proc/{pid}/{name}")).unwrap_or_default();
        let is_child = |pid: &u32| {
            // The name of the program stands in brackets and may hold anything; the parent is the second field behind it.
            let stat = read(pid, "stat");
            stat.rsplit(')').next().and_then(|rest| rest.split_whitespace().nth(1)?.parse::<u32>().ok()) == Some(parent)
        };
        all.into_iter().find(|pid| is_child(pid) && read(pid, "cmdline").split('\0').nth(1) == Some("engine"))
    }

    /// What the appliance logs.
    pub(super) fn log(&self) -> PathBuf {
        self.folder.join("lab.log")
    }

    /// Ends both processes gracefully and removes the folder.
    pub(super) async fn end(mut self) -> Result<()> {
        if let Some(pid) = self.serve.id().and_then(|pid| i32::try_from(pid).ok()).and_then(rustix::process::Pid::from_raw) {
            rustix::process::kill_process(pid, rustix::process::Signal::TERM).context("cannot end the appliance")?;
        }
        let status = tokio::time::timeout(ENDED_WITHIN, self.serve.wait())
            .await
            .map_err(|_| Error::internal("the appliance did not end"))?
            .context("cannot wait for the appliance")?;
        if !status.success() {
            return Err(Error::internal(format!("the appliance ended with {status}; its log is {}", self.log().display())));
        }
        std::fs::remove_dir_all(&self.folder).context("cannot remove the appliance's folder")
    }
}

fn spawn(options: &WorldOptions, folder: &Path, http: SocketAddr, sip: SocketAddr) -> Result<Child> {
    let program = std::env::current_exe().context("cannot find this program")?;
    let log = std::fs::File::create(folder.join("lab.log")).context("cannot make the appliance's log")?;
    let rtp = free_range(30_000, options.rtp_ports)?;
    let rtp = format!("{}-{}", rtp.start(), rtp.end());
    Command::new(program)
        .args(["serve", "--tls", "off", "--data-dir"])
        .arg(folder)
        .args(["--http", &http.to_string(), "--sip", &sip.to_string(), "--rtp-ports", &rtp])
        .env("CXBOX_OUTBOUND__ALLOW_CIDRS", "127.0.0.0/8")
        .env("CXBOX_OUTBOUND__WINDOW", "off")
        .env("CXBOX_ENGINE__MAX_CONCURRENT_CALLS", options.calls.to_string())
        .stdin(Stdio::null())
        .stdout(log.try_clone().context("cannot make the appliance's log")?)
        .stderr(log)
        .kill_on_drop(true)
        .spawn()
        .context("cannot start the appliance")
}

/// An address of 127.0.0.1 that is free for TCP and UDP; below the kernel's ephemeral ports, so that no connection takes it meanwhile.
fn free_address(random: &Random) -> Result<SocketAddr> {
    for _ in 0..1_000 {
        let port = 10_000 + u16::try_from(random.below(20_000)).unwrap_or_default();
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        if TcpListener::bind(address).is_ok() && UdpSocket::bind(address).is_ok() {
            return Ok(address);
        }
    }
    Err(Error::internal("no port is free for both TCP and UDP"))
}

/// The first range of free UDP ports from `first` on; it begins even.
fn free_range(first: u16, n: u16) -> Result<RangeInclusive<u16>> {
    for first in (first..60_000).step_by(usize::from(n)) {
        let sockets: Vec<_> = (first..first.saturating_add(n)).map(|port| UdpSocket::bind(("127.0.0.1", port))).collect();
        if sockets.iter().all(|socket| socket.is_ok()) {
            return Ok(first..=first + n - 1);
        }
    }
    Err(Error::internal("no range of UDP ports is free"))
}
