//! The audio side of a leg: RTP in and out, playback, what the caller says and types, the recording. It knows no SIP.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;

use crate::base::Result;

/// One packet's worth of sound: 20 ms of mono samples at the leg's rate. A plain struct, never serialised.
#[derive(Debug, Clone)]
pub struct Frame {
    /// 8000 or 16000.
    pub rate: u32,
    /// 160 or 320 samples.
    pub samples: Vec<i16>,
}

/// Sound to be played, mono.
#[derive(Debug, Clone)]
pub struct Clip {
    /// Samples per second; resampled to the leg's rate when it starts.
    pub rate: u32,
    /// The samples.
    pub samples: Arc<[i16]>,
}

/// Names one clip in the events about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ClipId(pub u64);

/// What the media thread reports to the call's task. Bounded; a full queue drops level reports first, never keys or ends.
#[derive(Debug, Clone)]
pub enum MediaEvent {
    /// The first packet of a clip left; sent once per clip.
    ClipStarted(ClipId),
    /// A clip was played to its end.
    ClipDone(ClipId),
    /// A key, by RFC 4733 (INFO keys come by the SIP leg).
    Key(char),
    /// 20 ms of what the caller says; only while listening is on.
    Heard(Frame),
    /// No packet from the far end for this many seconds (reported at 10 and every 10 after).
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
    /// Interarrival jitter (RFC 3550), milliseconds.
    pub jitter_ms: f64,
    /// Codec name, such as `PCMU`.
    pub codec: String,
}

/// The media of one leg, as the call's task sees it. Made by the media engine together with our SDP offer or answer.
pub trait Media: Send + Sync {
    /// Where we receive RTP.
    fn local(&self) -> SocketAddr;
    /// Queues a clip behind those that wait.
    fn play(&self, id: ClipId, clip: Clip);
    /// Stops at once and forgets what waits. Says how many milliseconds of the current clip were played.
    fn stop(&self) -> impl Future<Output = u32> + Send;
    /// Stops at once but keeps the place, for [`Media::resume`].
    fn pause(&self);
    /// Goes on where [`Media::pause`] stopped.
    fn resume(&self);
    /// Whether [`MediaEvent::Heard`] is wanted. Off at the start; voice detection costs only while it is on.
    fn listen(&self, on: bool);
    /// Sends keys by RFC 4733.
    fn send_keys(&self, keys: &str);
    /// Starts (or goes on with) the stereo recording: left the caller, right the bot.
    fn record(&self, on: bool);
    /// Ends the session: flushes the recording and frees the ports.
    fn close(&self) -> impl Future<Output = Result<MediaStats>> + Send;
}
