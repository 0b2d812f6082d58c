//! The real program on its own ports and in its own folder; ended by its own pid when the test ends.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use serde_json::json;

use super::http::Http;
use super::ports::{free_port, free_range, until};

/// The program under test.
pub fn binary() -> PathBuf {
    std::env::var_os("CXBOX_BIN").map_or_else(|| PathBuf::from(env!("CARGO_BIN_EXE_cxbox")), PathBuf::from)
}

/// Where and with what the program is started; kept over restarts.
pub struct Setup {
    pub data: tempfile::TempDir,
    pub http: SocketAddr,
    pub sip: SocketAddr,
    pub rtp_ports: String,
    pub env: Vec<(String, String)>,
    pub args: Vec<String>,
    /// The data folder is a disk of this many megabytes, mounted for the program alone.
    pub disk_mb: Option<u32>,
    /// The program, when it is not the one under test itself.
    pub program: Option<PathBuf>,
    /// The API speaks TLS, with a certificate of the box's own CA.
    pub tls: bool,
}

impl Setup {
    pub fn new() -> Self {
        let rtp = free_range(100);
        Self {
            data: tempfile::tempdir().unwrap(),
            http: ([127, 0, 0, 1], free_port()).into(),
            sip: ([127, 0, 0, 1], free_port()).into(),
            rtp_ports: format!("{rtp}-{}", rtp + 99),
            env: vec![("CXBOX_OUTBOUND__ALLOW_CIDRS".into(), "127.0.0.0/8".into()), ("CXBOX_OUTBOUND__WINDOW".into(), "off".into())],
            args: Vec::new(),
            disk_mb: None,
            program: None,
            tls: false,
        }
    }

    /// Runs a copy of the program.
    pub fn running(mut self, program: &Path) -> Self {
        self.program = Some(program.to_owned());
        self
    }

    /// Gives the program a small disk of its own: its data folder is a tmpfs in its own mount namespace.
    pub fn on_a_disk_of(mut self, mb: u32) -> Self {
        self.disk_mb = Some(mb);
        self
    }

    /// One more environment variable.
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.env.push((name.into(), value.into()));
        self
    }

    /// `cxbox serve` with this setup, not yet started.
    pub fn command(&self) -> Command {
        let mut command = self.program();
        command
            .args(["serve", "--tls", if self.tls { "local" } else { "off" }, "--data-dir"])
            .arg(self.data.path())
            .args(["--http", &self.http.to_string(), "--sip", &self.sip.to_string(), "--rtp-ports", &self.rtp_ports])
            .args(&self.args)
            .envs(self.env.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null());
        command
    }

    /// The program itself; with a small disk, behind the mount of that disk. Both keep the process id.
    fn program(&self) -> Command {
        let Some(mb) = self.disk_mb else { return Command::new(self.program.clone().unwrap_or_else(binary)) };
        let mut command = Command::new("unshare");
        if !rustix::process::getuid().is_root() {
            command.arg("--map-root-user");
        }
        let mount = "mount -t tmpfs -o \"size=$0m,mode=700\" cxbox-test \"$1\" && shift && exec \"$@\"";
        command.args(["--mount", "sh", "-c", mount, &mb.to_string()]).arg(self.data.path()).arg(binary());
        command
    }

    /// Starts the program and waits until it is ready.
    pub async fn start(self) -> Appliance {
        let appliance = self.launch();
        appliance.ready().await;
        appliance
    }

    /// Starts the program.
    pub fn launch(self) -> Appliance {
        let log = std::fs::OpenOptions::new().create(true).append(true).open(self.data.path().join("test.log")).unwrap();
        let serve = self.command().stdout(log.try_clone().unwrap()).stderr(log).spawn().unwrap();
        Appliance { setup: self, serve }
    }
}

/// A running appliance.
pub struct Appliance {
    pub setup: Setup,
    serve: Child,
}

impl Appliance {
    pub async fn start() -> Self {
        Setup::new().start().await
    }

    pub fn data(&self) -> &Path {
        self.setup.data.path()
    }

    /// The data folder as the program sees it, also when it lies on a disk of its own.
    pub fn inside(&self) -> PathBuf {
        if self.setup.disk_mb.is_none() {
            return self.data().to_owned();
        }
        let root = PathBuf::from(format!("/proc/{}/root", self.serve.id()));
        root.join(self.data().strip_prefix("/").unwrap())
    }

    pub fn http(&self) -> Http {
        if self.setup.tls {
            return Http::secure(format!("https://{}", self.setup.http), &self.inside().join("tls/ca.pem"));
        }
        Http::new(format!("http://{}", self.setup.http))
    }

    /// The caller with the internal secret.
    pub fn engine(&self) -> Http {
        let secret = std::fs::read_to_string(self.inside().join("secrets/cxbcore_secret")).unwrap();
        self.http().with("X-CXBCore-Secret", secret.trim())
    }

    /// A signed-in super_admin, made by the command line.
    pub async fn super_admin(&self) -> Http {
        let mut add = Command::new(binary())
            .args(["user", "add", "root", "--email", "root@example.com", "--role", "super_admin", "--password-stdin", "--data-dir"])
            .arg(self.data())
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        std::io::Write::write_all(&mut add.stdin.take().unwrap(), b"correct horse battery").unwrap();
        assert!(add.wait().unwrap().success(), "user add failed");
        self.super_admin_again().await
    }

    /// A signed-in super_admin, made over HTTP with the setup token.
    pub async fn first_admin(&self) -> Http {
        let token = std::fs::read_to_string(self.inside().join("secrets/setup_token")).unwrap();
        let body = json!({ "token": token.trim(), "name": "root", "email": "root@example.com", "password": "correct horse battery" });
        self.http().post_ok("/api/v1/setup", &body, 201).await;
        self.super_admin_again().await
    }

    /// The super_admin that [`Appliance::super_admin`] made, signed in anew.
    pub async fn super_admin_again(&self) -> Http {
        let form = "grant_type=password&client_id=codeb-admin&username=root&password=correct+horse+battery&scope=openid";
        let reply = self.http().send(http::Method::POST, "/oidc.ashx/token", "application/x-www-form-urlencoded", form).await.unwrap();
        assert_eq!(reply.status, 200, "{}", reply.text());
        let token = reply.json()["access_token"].as_str().unwrap().to_owned();
        self.http().with("authorization", format!("Bearer {token}"))
    }

    pub async fn ready(&self) {
        until("the CA is there", Duration::from_secs(60), || async {
            (!self.setup.tls || self.inside().join("tls/ca.pem").exists()).then_some(())
        })
        .await;
        let http = self.http();
        until("/readyz is 200", Duration::from_secs(60), || async { http.get("/readyz").await.ok().filter(|r| r.status == 200) }).await;
    }

    pub fn pid(&self) -> u32 {
        self.serve.id()
    }

    /// Pid of the engine that belongs to this data folder, if one runs.
    pub async fn engine_pid(&self) -> Option<u32> {
        let fleet = self.engine_processes();
        fleet.first().copied()
    }

    /// All processes of this program that name this data folder, except `serve` itself.
    pub fn engine_processes(&self) -> Vec<u32> {
        let folder = self.data().canonicalize().unwrap();
        let mut found = Vec::new();
        for entry in std::fs::read_dir("/proc").unwrap().flatten() {
            let Ok(pid) = entry.file_name().to_string_lossy().parse::<u32>() else { continue };
            let line = std::fs::read_to_string(entry.path().join("cmdline")).unwrap_or_default();
            let args: Vec<&str> = line.split('\0').collect();
            let ours = args.iter().any(|arg| Path::new(arg) == folder || Path::new(arg) == self.data());
            if ours && args.get(1) == Some(&"engine") {
                found.push(pid);
            }
        }
        found
    }

    /// Sends a signal to a process by its pid.
    pub fn signal(pid: u32, signal: &str) {
        let _ = Command::new("kill").args([signal, &pid.to_string()]).stderr(Stdio::null()).status();
    }

    /// Kills `serve` without warning and gives back the setup, for a restart in the same folder.
    pub fn kill(mut self) -> Setup {
        let _ = self.serve.kill();
        let _ = self.serve.wait();
        let empty = Setup {
            data: tempfile::tempdir().unwrap(),
            http: self.setup.http,
            sip: self.setup.sip,
            rtp_ports: String::new(),
            env: vec![],
            args: vec![],
            disk_mb: None,
            program: None,
            tls: false,
        };
        std::mem::replace(&mut self.setup, empty)
    }

    /// SIGTERM, then waits for the end.
    pub async fn terminate(&mut self) -> ExitStatus {
        Self::signal(self.serve.id(), "-TERM");
        let serve = &mut self.serve;
        let mut status = None;
        until("serve ends after SIGTERM", Duration::from_secs(60), || {
            status = serve.try_wait().unwrap();
            let ended = status.is_some();
            async move { ended.then_some(()) }
        })
        .await;
        status.unwrap()
    }

    /// What the program has logged so far.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.data().join("test.log")).unwrap_or_default()
    }
}

impl Drop for Appliance {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let log = self.log();
            let tail: Vec<&str> = log.lines().rev().take(60).collect();
            eprintln!("--- last lines of the log\n{}", tail.into_iter().rev().collect::<Vec<_>>().join("\n"));
        }
        let _ = self.serve.kill();
        let _ = self.serve.wait();
        for pid in self.engine_processes() {
            Self::signal(pid, "-KILL");
        }
    }
}
