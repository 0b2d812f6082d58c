//! Ports nobody uses, and waiting for a condition instead of for a while.

use std::future::Future;
use std::net::{TcpListener, UdpSocket};
use std::time::Duration;

/// A port that is free for both TCP and UDP on 127.0.0.1 right now.
pub fn free_port() -> u16 {
    loop {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        if UdpSocket::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

/// The first port of a range of `n` free UDP ports that starts even, away from the ephemeral ports.
pub fn free_range(n: u16) -> u16 {
    let mut start = 10_000 + 200 * (free_port() % 80);
    loop {
        let all: Vec<_> = (start..start + n).map(|port| UdpSocket::bind(("127.0.0.1", port))).collect();
        if all.iter().all(Result::is_ok) {
            return start;
        }
        start = 10_000 + (start - 10_000 + 200) % 20_000;
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
