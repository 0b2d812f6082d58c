//! Ports nobody uses, and waiting for a condition instead of for a while.

use std::future::Future;
use std::net::{TcpListener, UdpSocket};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// Ports below the kernel's ephemeral range, so that no outgoing connection takes one between choosing and listening.
const PORTS: std::ops::Range<u32> = 20_000..32_000;
/// Ports for RTP ranges.
const RANGES: std::ops::Range<u32> = 10_000..20_000;

/// Each test process begins elsewhere and never offers the same port twice in a row.
static NEXT: AtomicU32 = AtomicU32::new(0);

fn next(ports: &std::ops::Range<u32>, step: u32) -> u16 {
    let n = NEXT.fetch_add(1, Ordering::Relaxed).wrapping_add(std::process::id().wrapping_mul(131));
    let places = (ports.end - ports.start) / step;
    u16::try_from(ports.start + n % places * step).unwrap()
}

/// A port that is free for both TCP and UDP on 127.0.0.1.
pub fn free_port() -> u16 {
    loop {
        let port = next(&PORTS, 1);
        if TcpListener::bind(("127.0.0.1", port)).is_ok() && UdpSocket::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

/// The first port of a range of `n` (at most 200) free UDP ports; it is even.
pub fn free_range(n: u16) -> u16 {
    loop {
        let start = next(&RANGES, 200);
        let all: Vec<_> = (start..start + n).map(|port| UdpSocket::bind(("127.0.0.1", port))).collect();
        if all.iter().all(Result::is_ok) {
            return start;
        }
    }
}

/// Asks again until the answer is `Some`, for at most `limit`; panics with `what` after that.
pub async fn until<T, F: Future<Output = Option<T>>>(what: &str, limit: Duration, mut ask: impl FnMut() -> F) -> T {
    let mut pause = tokio::time::interval(Duration::from_millis(25));
    let asked = tokio::time::timeout(limit, async {
        loop {
            pause.tick().await;
            if let Some(answer) = ask().await {
                return answer;
            }
        }
    });
    asked.await.unwrap_or_else(|_| panic!("waited {limit:?} for: {what}"))
}
