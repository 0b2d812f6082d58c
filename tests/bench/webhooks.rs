//! Measures webhook deliveries: events to 50 healthy receivers beside one that never answers.
//!
//! `cargo run --release --example webhook-load -- 22 30` ends 22 calls a second for 30 seconds at a fresh appliance on this machine
//! (`CXBOX_BIN`, else the release build), which makes 1,100 healthy deliveries a second, and prints how many arrived, how late after their
//! event, and what processor time `serve` took. It fails below 1,000 a second or above 2 s for the 99th percentile.

#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a measuring tool")]

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use cxbox::base::{Clock, Millis};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// Receivers that answer.
const HEALTHY: usize = 50;
/// Seconds at the beginning that are not measured.
const WARM_UP: usize = 3;

/// Milliseconds after their event at which deliveries arrived.
type Delays = Arc<Mutex<Vec<i64>>>;

/// The measured appliance; ended with the program.
struct Appliance {
    serve: Child,
    base: String,
    data: tempfile::TempDir,
}

impl Appliance {
    async fn start(binary: &Path) -> Self {
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let data = tempfile::tempdir().unwrap();
        let log = std::fs::File::create(data.path().join("log")).unwrap();
        let serve = Command::new(binary)
            .args(["serve", "--tls", "off", "--engine", "external", "--http", &format!("127.0.0.1:{port}"), "--data-dir"])
            .arg(data.path())
            .env("CXBOX_OUTBOUND__ALLOW_CIDRS", "127.0.0.0/8")
            .env("CXBOX_LOG__LEVEL", "warn")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        let started = Self { serve, base: format!("http://127.0.0.1:{port}"), data };
        let mut tick = tokio::time::interval(Duration::from_millis(50));
        while TcpStream::connect(("127.0.0.1", port)).await.is_err() {
            tick.tick().await;
        }
        started
    }

    /// Seconds of processor time so far.
    fn cpu_s(&self) -> f64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.serve.id())).unwrap();
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
        (fields[11].parse::<f64>().unwrap() + fields[12].parse::<f64>().unwrap()) / 100.0
    }

    fn token(&self, binary: &Path) {
        let mut add = Command::new(binary)
            .args(["user", "add", "root", "--email", "root@example.com", "--role", "super_admin", "--password-stdin", "--data-dir"])
            .arg(self.data.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        add.stdin.take().unwrap().write_all(b"correct horse battery").unwrap();
        assert!(add.wait().unwrap().success());
    }
}

impl Drop for Appliance {
    fn drop(&mut self) {
        let _ = self.serve.kill();
        let _ = self.serve.wait();
    }
}

/// Sends one request; gives the JSON of its answer, which must be a success.
async fn send(url: &str, header: (&str, &str), content_type: &str, body: String) -> Value {
    let client = Client::builder(TokioExecutor::new()).build_http::<Full<Bytes>>();
    let request = http::Request::post(url).header(header.0, header.1).header("content-type", content_type);
    let answer = client.request(request.body(Full::new(body.into())).unwrap()).await.unwrap();
    let status = answer.status();
    let bytes = answer.into_body().collect().await.unwrap().to_bytes();
    assert!(status.is_success(), "{url}: {status} {}", String::from_utf8_lossy(&bytes));
    serde_json::from_slice(&bytes).unwrap_or_default()
}

async fn subscribe(base: &str, token: &str, port: u16) {
    let body = json!({ "url": format!("http://127.0.0.1:{port}/hook"), "events": ["call.ended"] }).to_string();
    send(&format!("{base}/api/v1/webhooks"), ("authorization", &format!("Bearer {token}")), "application/json", body).await;
}

/// A receiver that takes everything and notes how late it is. Gives its port.
async fn healthy(delays: Delays) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(take(stream, delays.clone()));
        }
    });
    port
}

/// Reads one request to its end, answers, closes.
async fn take(mut stream: TcpStream, delays: Delays) {
    let (mut request, mut part) = (Vec::new(), [0; 4096]);
    let body_at = loop {
        match stream.read(&mut part).await {
            Ok(n) if n > 0 => request.extend_from_slice(&part[..n]),
            _ => return,
        }
        let Some(head_ends) = request.windows(4).position(|window| window == b"\r\n\r\n") else { continue };
        let head = String::from_utf8_lossy(&request[..head_ends]).to_lowercase();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse::<usize>().ok()).unwrap();
        if request.len() >= head_ends + 4 + length {
            break head_ends + 4;
        }
    };
    let at: Value = serde_json::from_slice(&request[body_at..]).unwrap();
    let at = Millis::parse(at["ts"].as_str().unwrap()).unwrap();
    delays.lock().unwrap().push(Clock::system().now().0 - at.0);
    let _ = stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await;
}

/// A receiver that takes connections and never answers. Gives its port.
async fn hanging() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        let mut held = Vec::new();
        while let Ok((stream, _)) = listener.accept().await {
            held.push(stream);
        }
    });
    port
}

/// Ends so many calls a second for so long, one after the other, each with a key of its own.
async fn end_calls(base: &str, secret: &str, name: &str, per_second: usize, seconds: usize) {
    let client = Client::builder(TokioExecutor::new()).build_http::<Full<Bytes>>();
    let mut tick = tokio::time::interval(Duration::from_secs_f64(1.0 / per_second as f64));
    for n in 0..per_second * seconds {
        tick.tick().await;
        let body = json!({ "session_id": format!("{name}-{n}"), "disconnected_by": "customer", "call_duration_seconds": 12.5 }).to_string();
        let request = http::Request::post(format!("{base}/api/v1/call-results"))
            .header("X-CXBCore-Secret", secret)
            .header("content-type", "application/json")
            .body(Full::new(body.into()))
            .unwrap();
        let answer = client.request(request).await.unwrap();
        assert!(answer.status().is_success(), "a result was refused: {}", answer.status());
        answer.into_body().collect().await.unwrap();
    }
}

fn percentile(sorted: &[i64], part: f64) -> i64 {
    sorted[((sorted.len() - 1) as f64 * part) as usize]
}

#[tokio::main]
async fn main() -> ExitCode {
    let args: Vec<usize> = std::env::args().skip(1).map(|text| text.parse().unwrap()).collect();
    let (per_second, seconds) = (args.first().copied().unwrap_or(22), args.get(1).copied().unwrap_or(30));
    let binary = std::env::var_os("CXBOX_BIN")
        .map_or_else(|| std::env::current_exe().unwrap().parent().unwrap().parent().unwrap().join("cxbox"), PathBuf::from);
    let appliance = Appliance::start(&binary).await;
    appliance.token(&binary);
    let form = "grant_type=password&client_id=codeb-admin&username=root&password=correct+horse+battery&scope=openid".to_owned();
    let signed_in =
        send(&format!("{}/oidc.ashx/token", appliance.base), ("accept", "*/*"), "application/x-www-form-urlencoded", form).await;
    let token = signed_in["access_token"].as_str().unwrap().to_owned();
    let delays = Delays::default();
    subscribe(&appliance.base, &token, hanging().await).await;
    for _ in 0..HEALTHY {
        subscribe(&appliance.base, &token, healthy(delays.clone()).await).await;
    }
    let secret = std::fs::read_to_string(appliance.data.path().join("secrets/cxbcore_secret")).unwrap();
    end_calls(&appliance.base, secret.trim(), "warm", per_second, WARM_UP).await;
    let (n_before, cpu_before, began) = (delays.lock().unwrap().len(), appliance.cpu_s(), Clock::system().monotonic());
    end_calls(&appliance.base, secret.trim(), "measured", per_second, seconds).await;
    let took = Clock::system().monotonic().duration_since(began).as_secs_f64();
    let (n_after, cpu) = (delays.lock().unwrap().len(), appliance.cpu_s() - cpu_before);
    // What is on its way yet belongs to the latest events.
    let n_all = HEALTHY * per_second * (WARM_UP + seconds);
    let mut tick = tokio::time::interval(Duration::from_millis(50));
    for _ in 0..200 {
        tick.tick().await;
        if delays.lock().unwrap().len() >= n_all {
            break;
        }
    }
    let all = delays.lock().unwrap().clone();
    let mut measured = all[n_before..].to_vec();
    measured.sort_unstable();
    let (rate, p50, p99) = ((n_after - n_before) as f64 / took, percentile(&measured, 0.5), percentile(&measured, 0.99));
    println!(
        "RESULT rate={rate:.0} p50_ms={p50} p99_ms={p99} max_ms={} arrived={}/{n_all} serve_cpu={:.0}% of one core",
        measured.last().unwrap(),
        all.len(),
        100.0 * cpu / took,
    );
    if rate >= 1000.0 && p99 <= 2000 && all.len() == n_all { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
