//! Ports that nobody takes between choosing and listening.

use std::net::{TcpListener, UdpSocket};
use std::sync::atomic::{AtomicU32, Ordering};

/// Below the kernel's ephemeral range, so that no outgoing connection gets one, and away from the ranges of the tests' RTP.
const FIRST: u32 = 16_000;
const N_PORTS: u32 = 4_000;

/// Each test process begins elsewhere.
static NEXT: AtomicU32 = AtomicU32::new(0);

/// An even port of 127.0.0.1 that is free for TCP and UDP, as is the one after it; no other test of this process is given them.
pub fn free_port() -> u16 {
    loop {
        let n = NEXT.fetch_add(2, Ordering::Relaxed).wrapping_add(std::process::id().wrapping_mul(262));
        let port = u16::try_from(FIRST + n % N_PORTS).unwrap() & !1;
        let pair = [port, port + 1];
        if TcpListener::bind(("127.0.0.1", port)).is_ok() && pair.iter().all(|port| UdpSocket::bind(("127.0.0.1", *port)).is_ok()) {
            return port;
        }
    }
}
