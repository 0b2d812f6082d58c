//! Ports that nobody takes between a stop and a start again.

use std::net::TcpListener;
use std::sync::atomic::{AtomicU32, Ordering};

/// Below the kernel's ephemeral range, so that no outgoing connection gets one.
const FIRST: u32 = 13_000;
const N_PORTS: u32 = 3_000;

/// Each test process begins elsewhere.
static NEXT: AtomicU32 = AtomicU32::new(0);

/// A free TCP port of 127.0.0.1 that no other test of this process is given.
pub fn free_port() -> u16 {
    loop {
        let n = NEXT.fetch_add(1, Ordering::Relaxed).wrapping_add(std::process::id().wrapping_mul(131));
        let port = u16::try_from(FIRST + n % N_PORTS).unwrap();
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}
