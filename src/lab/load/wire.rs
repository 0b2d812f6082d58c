//! RTP of all calls of a load over one socket: one thread sends every 20 ms, one takes the time of every packet that comes.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use rustix::thread::ClockId;
use rustix::time::Timespec;

use super::acts::{Acts, Found};
use crate::base::{Context as _, Result};

const MILLISECOND: u64 = 1_000_000;
/// Between two packets of one call.
const FRAME: u64 = 20 * MILLISECOND;

/// What was measured on one call.
#[derive(Debug, Clone, Default)]
pub(super) struct Heard {
    /// Answer to the first packet with sound in it.
    pub(super) first_audio_ms: Option<f64>,
    /// Packets that came.
    pub(super) n_received: u64,
    /// Packets that were sent by the far end, by their numbers.
    pub(super) n_expected: u64,
    /// Interarrival jitter (RFC 3550).
    pub(super) jitter_ms: f64,
    /// Time between two packets, milliseconds.
    pub(super) gaps_ms: Vec<f32>,
    /// What came of what the caller did.
    pub(super) found: Found,
}

struct Stream {
    answered_at: u64,
    send_at: u64,
    n_sent: u16,
    last: Option<Last>,
    first_seq: u16,
    n_wraps: u64,
    caller: Option<Box<dyn Acts>>,
    heard: Heard,
}

#[derive(Clone, Copy)]
struct Last {
    at: u64,
    seq: u16,
    timestamp: u32,
}

struct Shared {
    socket: UdpSocket,
    streams: Mutex<HashMap<SocketAddr, Stream>>,
    done: Mutex<Vec<Heard>>,
    is_over: AtomicBool,
}

/// The wire of one load.
pub(super) struct Wire {
    shared: Arc<Shared>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

impl Wire {
    /// Opens the socket and starts the two threads.
    pub(super) fn start(bind: IpAddr) -> Result<Self> {
        let socket = UdpSocket::bind((bind, 0)).context("cannot open a socket for RTP")?;
        socket.set_read_timeout(Some(Duration::from_millis(100))).context("cannot set up the RTP socket")?;
        let shared = Arc::new(Shared { socket, streams: Mutex::default(), done: Mutex::default(), is_over: AtomicBool::new(false) });
        let (sender, receiver) = (shared.clone(), shared.clone());
        let start = |name: &str, run: Box<dyn FnOnce() + Send>| std::thread::Builder::new().name(name.into()).spawn(run);
        let threads = vec![
            start("load-send", Box::new(move || sender.send_all())).context("cannot start a thread")?,
            start("load-hear", Box::new(move || receiver.hear_all())).context("cannot start a thread")?,
        ];
        Ok(Self { shared, threads: Mutex::new(threads) })
    }

    /// Our SDP: all calls send to the same port and are told apart by where they send from.
    pub(super) fn offer(&self) -> Vec<u8> {
        let Ok(local) = self.shared.socket.local_addr() else { return Vec::new() };
        let (ip, port) = (local.ip(), local.port());
        let family = if ip.is_ipv4() { "IP4" } else { "IP6" };
        format!(
            "v=0\r\no=load 1 1 IN {family} {ip}\r\ns=-\r\nc=IN {family} {ip}\r\nt=0 0\r\nm=audio {port} RTP/AVP 0 101\r\n\
             a=rtpmap:0 PCMU/8000\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-16\r\na=ptime:20\r\na=sendrecv\r\n"
        )
        .into_bytes()
    }

    /// The call with this far end is answered.
    pub(super) fn add(&self, remote: SocketAddr, caller: Option<Box<dyn Acts>>) {
        let at = now();
        let stream =
            Stream { answered_at: at, send_at: at, n_sent: 0, last: None, first_seq: 0, n_wraps: 0, caller, heard: Heard::default() };
        lock(&self.shared.streams).insert(remote, stream);
    }

    /// The call with this far end is over.
    pub(super) fn remove(&self, remote: SocketAddr) {
        if let Some(Stream { caller, heard, .. }) = lock(&self.shared.streams).remove(&remote) {
            let found = caller.map(|caller| caller.finish()).unwrap_or_default();
            lock(&self.shared.done).push(Heard { found, ..heard });
        }
    }

    /// Ends the threads and gives what was measured, call by call.
    pub(super) fn stop(&self) -> Vec<Heard> {
        self.shared.is_over.store(true, Ordering::Relaxed);
        for thread in lock(&self.threads).drain(..) {
            // A thread that panicked has nothing to give.
            let _ = thread.join();
        }
        std::mem::take(&mut lock(&self.shared.done))
    }
}

impl Shared {
    fn send_all(&self) {
        let mut deadline = now();
        while !self.is_over.load(Ordering::Relaxed) {
            deadline += MILLISECOND;
            sleep_until(deadline);
            let at = now();
            for (remote, stream) in lock(&self.streams).iter_mut().filter(|(_, s)| s.send_at <= at) {
                stream.send_at = (stream.send_at + FRAME).max(at.saturating_sub(FRAME));
                // A packet that the kernel refuses is one that is lost.
                let mut bytes = packet(stream.n_sent, remote.port());
                if let Some(words) = stream.caller.as_mut().and_then(|caller| caller.speak(at)) {
                    bytes[12..].copy_from_slice(words);
                }
                let _ = self.socket.send_to(&bytes, remote);
                stream.n_sent = stream.n_sent.wrapping_add(1);
            }
        }
    }

    fn hear_all(&self) {
        let mut buffer = [0; 1500];
        while !self.is_over.load(Ordering::Relaxed) {
            let Ok((n, remote)) = self.socket.recv_from(&mut buffer) else { continue };
            let at = now();
            if let Some(stream) = lock(&self.streams).get_mut(&remote) {
                stream.hear(&buffer[..n], at);
            }
        }
    }
}

impl Stream {
    fn hear(&mut self, packet: &[u8], at: u64) {
        let [first, kind, s0, s1, t0, t1, t2, t3, _, _, _, _, payload @ ..] = packet else { return };
        if first >> 6 != 2 || kind & 0x7f != 0 {
            return;
        }
        let (seq, timestamp) = (u16::from_be_bytes([*s0, *s1]), u32::from_be_bytes([*t0, *t1, *t2, *t3]));
        let heard = &mut self.heard;
        heard.n_received += 1;
        match self.last {
            None => self.first_seq = seq,
            Some(last) => {
                let gap = at.saturating_sub(last.at);
                heard.gaps_ms.push(gap as f32 / MILLISECOND as f32);
                let apart = f64::from(timestamp.wrapping_sub(last.timestamp).cast_signed()) / 8.0;
                let moved = (gap as f64 / MILLISECOND as f64 - apart).abs();
                heard.jitter_ms += (moved - heard.jitter_ms) / 16.0;
                self.n_wraps += u64::from(seq < last.seq && last.seq - seq > 0x8000);
            }
        }
        self.last = Some(Last { at, seq, timestamp });
        heard.n_expected = (self.n_wraps * 0x1_0000 + u64::from(seq) + 1).saturating_sub(u64::from(self.first_seq)).max(heard.n_expected);
        if let Some(caller) = &mut self.caller {
            caller.hear(is_loud(payload), at);
        }
        if heard.first_audio_ms.is_none() && is_loud(payload) {
            heard.first_audio_ms = Some(at.saturating_sub(self.answered_at) as f64 / MILLISECOND as f64);
        }
    }
}

/// Whether there is sound in this µ-law payload.
pub(super) fn is_loud(payload: &[u8]) -> bool {
    payload.iter().filter(|byte| !**byte & 0x7f > 0x30).count() > 20
}

/// One packet of ours: the soft noise (-49 dB) of a line on which somebody listens. A voice would interrupt the bot, and then its own
/// pace would not be what is measured.
fn packet(n: u16, ssrc: u16) -> [u8; 172] {
    let mut packet = [0xff; 172];
    packet[0] = 0x80;
    packet[1] = 0;
    packet[2..4].copy_from_slice(&n.to_be_bytes());
    packet[4..8].copy_from_slice(&(u32::from(n) * 160).to_be_bytes());
    packet[8..12].copy_from_slice(&u32::from(ssrc).to_be_bytes());
    let mut noise = u32::from(n) << 16 | u32::from(ssrc) | 1;
    for byte in &mut packet[12..] {
        // Xorshift by Marsaglia (2003); the sign bit and the four lowest bits of a µ-law byte.
        noise ^= noise << 13;
        noise ^= noise >> 17;
        noise ^= noise << 5;
        *byte = 0x70 | (noise & 0x8f) as u8;
    }
    packet
}

/// Where the far end takes RTP, by its SDP.
pub(super) fn remote(sdp: &[u8]) -> Option<SocketAddr> {
    let text = std::str::from_utf8(sdp).ok()?;
    let ip = text.lines().find_map(|line| line.strip_prefix("c=IN IP")?.split_whitespace().nth(1)?.parse().ok())?;
    let port = text.lines().find_map(|line| line.strip_prefix("m=audio ")?.split_whitespace().next()?.parse().ok())?;
    Some(SocketAddr::new(ip, port))
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Nanoseconds of the monotonic clock.
fn now() -> u64 {
    let time = rustix::time::clock_gettime(ClockId::Monotonic);
    u64::try_from(time.tv_sec).unwrap_or(0) * 1_000_000_000 + u64::try_from(time.tv_nsec).unwrap_or(0)
}

fn sleep_until(deadline: u64) {
    let tv_sec = i64::try_from(deadline / 1_000_000_000).unwrap_or(i64::MAX);
    let until = Timespec { tv_sec, tv_nsec: i64::try_from(deadline % 1_000_000_000).unwrap_or(0) };
    // Interrupted by a signal: the turn comes a little early.
    let _ = rustix::thread::clock_nanosleep_absolute(ClockId::Monotonic, &until);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loss_and_the_first_sound_are_measured_from_the_packets() {
        let mut stream =
            Stream { answered_at: 0, send_at: 0, n_sent: 0, last: None, first_seq: 0, n_wraps: 0, caller: None, heard: Heard::default() };
        for (n, loud) in [(u16::MAX, false), (0, false), (2, true), (3, true)] {
            let mut bytes = packet(n, 7);
            bytes[4..8].copy_from_slice(&(u32::from(n.wrapping_add(1)) * 160).to_be_bytes());
            bytes[12..].fill(if loud { 0x80 } else { 0xff });
            stream.hear(&bytes, u64::from(n.wrapping_add(1)) * FRAME);
        }
        let heard = stream.heard;
        assert_eq!((heard.n_received, heard.n_expected), (4, 5));
        assert_eq!((heard.first_audio_ms, heard.gaps_ms.len()), (Some(60.0), 3));
        assert!(heard.jitter_ms < 0.01);
    }

    #[test]
    fn the_far_end_is_read_from_its_sdp() {
        assert_eq!(remote(b"v=0\r\nc=IN IP4 127.0.0.1\r\nm=audio 30000 RTP/AVP 0\r\n"), "127.0.0.1:30000".parse().ok());
        assert_eq!(remote(b"nothing"), None);
    }
}
