//! A bad network between two ends: packets get lost, come twice, late and out of order.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use cxbox::base::Random;
use tokio::net::UdpSocket;
use tokio::task::JoinHandle;
use tokio::time::Instant;

/// How bad it is.
#[derive(Debug, Clone, Copy)]
pub struct Faults {
    /// Packets of a hundred that get lost.
    pub lost_percent: u64,
    /// Packets of a hundred that come twice.
    pub doubled_percent: u64,
    /// Each packet is late by up to so much, which also changes their order.
    pub late_ms: u64,
}

/// Both directions of a flow of UDP packets. Ends when it is dropped.
pub struct Relay {
    /// Where the first end sends to, and where packets come from for it.
    pub for_first: SocketAddr,
    /// The same for the second end.
    pub for_second: SocketAddr,
    tasks: [JoinHandle<()>; 2],
    sockets: [Arc<UdpSocket>; 2],
    faults: Faults,
}

impl Relay {
    /// Takes its ports; nothing is passed on before [`Relay::join`].
    pub async fn bind(faults: Faults) -> Self {
        let socket = async || Arc::new(UdpSocket::bind("127.0.0.1:0").await.unwrap());
        let sockets = [socket().await, socket().await];
        let address = |n: usize| sockets[n].local_addr().unwrap();
        let idle = || tokio::spawn(std::future::ready(()));
        Self { for_first: address(0), for_second: address(1), tasks: [idle(), idle()], sockets: sockets.clone(), faults }
    }

    /// Passes on between these two.
    pub fn join(&mut self, first: SocketAddr, second: SocketAddr) {
        let [one, other] = self.sockets.clone();
        let faults = self.faults;
        self.tasks = [
            tokio::spawn(pass(one.clone(), other.clone(), second, faults, Random::seeded(7))),
            tokio::spawn(pass(other, one, first, faults, Random::seeded(8))),
        ];
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

/// What comes in on one socket leaves by the other one.
async fn pass(from: Arc<UdpSocket>, by: Arc<UdpSocket>, to: SocketAddr, faults: Faults, random: Random) {
    let mut waiting: BinaryHeap<Reverse<(Instant, u64, Vec<u8>)>> = BinaryHeap::new();
    let mut buffer = [0; 2048];
    for n in 0.. {
        let next = waiting.peek().map_or_else(|| Instant::now() + Duration::from_secs(3600), |Reverse((due, ..))| *due);
        tokio::select! {
            received = from.recv_from(&mut buffer) => {
                let Ok((length, _)) = received else { continue };
                let copies = if random.below(100) < faults.lost_percent { 0 } else { 1 + u64::from(random.below(100) < faults.doubled_percent) };
                for _ in 0..copies {
                    let late = Duration::from_millis(random.below(faults.late_ms + 1));
                    waiting.push(Reverse((Instant::now() + late, n, buffer[..length].to_vec())));
                }
            }
            () = tokio::time::sleep_until(next) => {
                if let Some(Reverse((_, _, packet))) = waiting.pop() {
                    // A far end that is gone hears nothing.
                    let _ = by.send_to(&packet, to).await;
                }
            }
        }
    }
}

/// A session description with another address for the sound.
pub fn redirected(sdp: &[u8], port: u16) -> Vec<u8> {
    let text = String::from_utf8(sdp.to_vec()).unwrap();
    let line = |line: &str| match line.strip_prefix("m=audio ") {
        Some(rest) => format!("m=audio {port} {}\r\n", rest.split_once(' ').unwrap().1),
        None => format!("{line}\r\n"),
    };
    text.lines().map(line).collect::<String>().into_bytes()
}
