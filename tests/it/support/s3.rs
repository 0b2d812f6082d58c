//! An S3 server of somebody else (moto), and a line to it that breaks when the test says so.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use cxbox::base::Clock;
use http::Method;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::client::{Answer, Client};
use super::ports::free_port;

/// The server; it ends with the test.
pub struct S3Server {
    child: Child,
    pub port: u16,
}

impl S3Server {
    /// Starts it with one bucket, `recordings`.
    pub async fn start() -> Self {
        let cache = std::env::var_os("XDG_CACHE_HOME")
            .map(PathBuf::from)
            .unwrap_or_else(|| PathBuf::from(std::env::var_os("HOME").unwrap()).join(".cache"));
        let python = cache.join("cxbox/venv/bin/python");
        assert!(python.exists(), "{} is missing: `tests/run peers` installs it", python.display());
        let port = free_port();
        let mut command = Command::new(python);
        command.args(["-m", "moto.server", "-H", "127.0.0.1", "-p", &port.to_string()]).env("MOTO_S3_CUSTOM_ENDPOINTS", "");
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let server = Self { child, port };
        let clock = Clock::system();
        for _ in 0..600 {
            if TcpStream::connect(("127.0.0.1", port)).await.is_ok() {
                server.client().send(Method::PUT, "/recordings", "", bytes::Bytes::new()).await.expect(200);
                return server;
            }
            clock.sleep(Duration::from_millis(50)).await;
        }
        panic!("the S3 server does not come up");
    }

    fn client(&self) -> Client {
        // Whoever is signed in may do everything here; the signature is not looked at.
        let anybody = "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0";
        Client::new(([127, 0, 0, 1], self.port).into()).with_header("authorization", anybody)
    }

    /// An object, asked for at the server itself.
    pub async fn object(&self, key: &str) -> Answer {
        self.client().get(&format!("/recordings/{key}")).await
    }

    /// Removes an object behind the back of the box.
    pub async fn remove(&self, key: &str) {
        self.client().delete(&format!("/recordings/{key}")).await;
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_raw(i32::try_from(self.child.id()).unwrap()).unwrap(), signal).unwrap();
    }

    /// From now on it takes connections and answers nothing.
    pub fn freeze(&self) {
        self.signal(Signal::STOP);
    }

    /// It answers again.
    pub fn thaw(&self) {
        self.signal(Signal::CONT);
    }

    /// What the section `storage` of the settings has to say.
    pub fn settings(&self) -> Value {
        settings(self.port)
    }
}

/// The settings for a server or a line at this port.
pub fn settings(port: u16) -> Value {
    json!({ "endpoint": format!("127.0.0.1:{port}"), "access_key": "a-key", "secret_key": "a-secret-key-of-some-length", "bucket": "recordings" })
}

impl Drop for S3Server {
    fn drop(&mut self) {
        self.thaw();
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A line to the server that carries so many bytes and then breaks, with everything on it.
#[derive(Clone)]
pub struct Line {
    pub port: u16,
    left: Arc<AtomicI64>,
    sent: Arc<AtomicU64>,
}

impl Line {
    /// A line that carries `bytes` towards the server.
    pub async fn to(server: &S3Server, bytes: i64) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let line = Self { port, left: Arc::new(AtomicI64::new(bytes)), sent: Arc::default() };
        let (carried, target) = (line.clone(), server.port);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let carried = carried.clone();
                tokio::spawn(async move { carried.carry(client, target).await });
            }
        });
        line
    }

    async fn carry(&self, mut client: TcpStream, target: u16) {
        if self.left.load(Ordering::SeqCst) <= 0 {
            return;
        }
        let mut server = TcpStream::connect(("127.0.0.1", target)).await.unwrap();
        let (mut up, mut down) = (vec![0; 64 * 1024], vec![0; 64 * 1024]);
        loop {
            tokio::select! {
                n = client.read(&mut up) => {
                    let Ok(n @ 1..) = n else { return };
                    let left = self.left.fetch_sub(n as i64, Ordering::SeqCst) - n as i64;
                    self.sent.fetch_add(n as u64, Ordering::SeqCst);
                    if left <= 0 || server.write_all(&up[..n]).await.is_err() { return }
                }
                n = server.read(&mut down) => {
                    let Ok(n @ 1..) = n else { return };
                    if client.write_all(&down[..n]).await.is_err() { return }
                }
            }
        }
    }

    /// Lets it carry as much as comes, and begins to count anew.
    pub fn mend(&self) {
        self.left.store(i64::MAX / 2, Ordering::SeqCst);
        self.sent.store(0, Ordering::SeqCst);
    }

    /// Bytes that went towards the server since the start or the last mending.
    pub fn sent(&self) -> u64 {
        self.sent.load(Ordering::SeqCst)
    }
}
