//! The audio side of a leg: RTP in and out, playback, what the caller says and types, the recording. It knows no SIP.
//!
//! One thread paces all sessions ([`MediaEngine`]); a call's task holds a [`MediaSession`] and reads its [`MediaEvent`]s.

use std::sync::Arc;

mod bridge;
mod clock;
mod codec;
mod comfort;
mod command;
mod conceal;
#[cfg(test)]
mod correlation;
mod dtmf;
mod edges;
mod engine;
mod heard;
mod jitter;
mod latch;
mod negotiate;
mod ogg;
mod opus;
mod order;
mod pacing;
mod player;
mod ports;
mod pour;
mod quality;
mod recorder;
mod rtcp;
mod rtp;
mod runner;
mod sdes;
mod sdp;
mod session;
mod stream;
mod thread;
mod vad;
mod wav;

pub use codec::Codec;
pub use engine::{Answer, MediaEngine, MediaOptions};
pub use pacing::Pacing;
pub use pour::Pour;
pub use sdes::Encryption;
pub use session::{MediaSession, PendingSession};
pub use vad::{Hearing, Listener, Speech, Utterance};

/// Events that may wait for a call's task.
const EVENTS: usize = 256;

/// Sound as it came: one or more pieces of 20 ms, mono, at the leg's rate. A plain struct, never serialised.
#[derive(Debug, Clone)]
pub struct Frame {
    /// 8000 or 16000.
    pub rate: u32,
    /// 160 or 320 samples a piece.
    pub samples: Vec<i16>,
}

impl Frame {
    /// Its pieces of 20 ms, in order.
    pub fn pieces(&self) -> impl Iterator<Item = &[i16]> {
        self.samples.chunks((self.rate as usize / 50).max(1))
    }
}

/// What of the far end is reported as [`MediaEvent::Heard`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Listen {
    /// Nothing.
    Off,
    /// Every 20 ms on their own.
    All,
    /// Everything, in order, but silence comes 200 ms at a time. What is loud comes at once.
    ForVoice,
}

/// Sound to be played, mono.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clip {
    /// Samples per second; resampled to the leg's rate when it is queued.
    pub rate: u32,
    /// The samples.
    pub samples: Arc<[i16]>,
}

/// Names one clip in the events about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ClipId(pub u64);

/// What the media thread reports to the call's task. Bounded; a full queue drops [`MediaEvent::Heard`] first, never keys or ends.
#[derive(Debug, Clone)]
pub enum MediaEvent {
    /// The first packet of a clip left; sent once per clip.
    ClipStarted(ClipId),
    /// A clip was played to its end. Not sent for clips that were stopped.
    ClipDone(ClipId),
    /// A key, by RFC 4733 (INFO keys come by the SIP leg). Reported when it is first seen, not when it is released.
    Key(char),
    /// What the caller says, while it is listened to ([`Listen`]). Without packets it is silence, so that time goes on.
    Heard(Frame),
    /// No packet from the far end for this many seconds (reported at 10 and every 10 after; not while on hold).
    Silent(u32),
    /// The recorder could not write; the call goes on without it.
    RecordingFailed(String),
}

/// What a finished media session knows of itself; goes into the result.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct MediaStats {
    /// Packets sent.
    pub n_sent: u64,
    /// Packets received.
    pub n_received: u64,
    /// Packets that never came.
    pub n_lost: u64,
    /// Packets that came too late.
    pub n_late: u64,
    /// Packets dropped because they came from a stranger.
    pub n_foreign: u64,
    /// Interarrival jitter (RFC 3550), milliseconds. Packets are read every 20 ms, so small jitter reads as zero.
    pub jitter_ms: f64,
    /// How long packets wait before they are heard, at the end: it adapts to the network.
    pub jitter_buffer_ms: u32,
    /// Time to the far end and back by RTCP, if it answered.
    pub round_trip_ms: Option<f64>,
    /// How well the far end was heard, from 1 (bad) to 4.5 (excellent), estimated from loss and delay. `None` when too little was heard.
    pub mos: Option<f64>,
    /// Packets of ours that the far end missed, by its last report (RTCP).
    pub far_lost: Option<u64>,
    /// Jitter of our packets at the far end, by its last report.
    pub far_jitter_ms: Option<f64>,
    /// How well we were heard, estimated from what the far end reported.
    pub far_mos: Option<f64>,
    /// Time between two packets of ours.
    pub pacing: Pacing,
    /// Codec name, such as `PCMU`.
    pub codec: String,
    /// Whether the sound was encrypted (SRTP).
    pub is_encrypted: bool,
}
