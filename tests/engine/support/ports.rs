//! Ports that nobody takes between choosing and listening.

use std::net::{TcpListener, UdpSocket};
use std::sync::atomic::{AtomicU32, Ordering};

/// Below the kernel's ephemeral range, so that no outgoing connection gets one, and away from the ranges of the tests' RTP.
const FIRST: u32 = 16_000;
const N_PORTS: u32 = 4_000;

/// Each test process begins elsewhere.
static NEXT: AtomicU32 = AtomicU32::new(0);

/// An even port of 127.0.0.1 that is free for TCP and UDP, as are the three after it (SIPp takes four for media); no other test of
/// this process is given them.
pub fn free_port() -> u16 {
    loop {
        let n = NEXT.fetch_add(4, Ordering::Relaxed).wrapping_add(std::process::id().wrapping_mul(524));
        let port = u16::try_from(FIRST + n % N_PORTS).unwrap() & !3;
        let is_free = |port| UdpSocket::bind(("127.0.0.1", port)).is_ok() && TcpListener::bind(("127.0.0.1", port)).is_ok();
        if (port..port + 4).all(is_free) {
            return port;
        }
    }
}
