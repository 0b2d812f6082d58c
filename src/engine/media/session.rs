//! The media of one leg, as the call's task sees it: a handle that sends orders to the media thread.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{mpsc, oneshot};

use crate::base::{Error, Result};

use super::bridge::Bridge;
use super::codec::{self, Codec};
use super::command::{Command, Inbox};
use super::negotiate::{self, Agreed};
use super::order::Order;
use super::ports::Sockets;
use super::recorder::Recorder;
use super::runner::Runner;
use super::sdes::{Crypto, Encryption};
use super::sdp::{Description, Direction, Local};
use super::{Clip, ClipId, EVENTS, Listen, MediaEvent, MediaStats};

/// A session whose offer is out and whose answer is not yet in. Dropping it frees the ports.
pub struct PendingSession {
    pub(super) runner: Runner,
    pub(super) sockets: Sockets,
    pub(super) local: Local,
    pub(super) encryption: Encryption,
}

impl PendingSession {
    /// Where we will receive RTP.
    pub fn local(&self) -> SocketAddr {
        self.sockets.local
    }

    /// Starts the media with the far end's answer. `Invalid` (`no_common_codec`) when it took none of our codecs.
    /// A second answer, such as a 200 that differs from the 183 before, goes to [`MediaSession::accept`].
    pub fn complete(self, remote_sdp: &[u8]) -> Result<(MediaSession, mpsc::Receiver<MediaEvent>)> {
        let agreed = negotiate::agree(&Description::parse(remote_sdp)?, self.runner.codecs(), &self.local.crypto, None)?;
        match (self.encryption, agreed.srtp) {
            (Encryption::Never, Some(_)) => {
                return Err(Error::invalid("the far end encrypts sound, which was not offered").code("no_common_codec"));
            }
            (Encryption::Always, None) => return Err(Error::invalid("the far end does not encrypt sound (SRTP)").code("no_common_codec")),
            _ => {}
        }
        MediaSession::start(&self.runner, self.sockets, self.local, agreed)
    }
}

/// The media of one leg. Cheap to clone; when the last one is dropped the session ends without statistics.
#[derive(Clone)]
pub struct MediaSession {
    inner: Arc<Inner>,
}

struct Inner {
    id: u64,
    inbox: Inbox,
    recorder: Recorder,
    codecs: Arc<[Codec]>,
    bound: SocketAddr,
    events: mpsc::Sender<MediaEvent>,
    said: Mutex<Said>,
    is_recording: AtomicBool,
    is_paused: AtomicBool,
}

/// What both sides said last.
struct Said {
    local: Local,
    agreed: Agreed,
}

impl Said {
    /// What another description agrees on. Sound that was encrypted stays so.
    fn agree(&self, theirs: &Description, codecs: &[Codec]) -> Result<Agreed> {
        let agreed = negotiate::agree(theirs, codecs, &self.local.crypto, Some(self.agreed.codec))?;
        if agreed.srtp.is_some() != self.agreed.srtp.is_some() {
            return Err(Error::invalid("encryption of sound cannot change within a call").code("no_common_codec"));
        }
        Ok(agreed)
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        let (nobody, _) = oneshot::channel();
        // When the thread is gone, so is the stream.
        drop(self.inbox.send(Command::To(self.id, Order::Close(nobody))));
    }
}

impl MediaSession {
    pub(super) fn start(runner: &Runner, sockets: Sockets, mut local: Local, agreed: Agreed) -> Result<(Self, mpsc::Receiver<MediaEvent>)> {
        // Offers within the call go on with the profile and the key of its beginning.
        local.profile = agreed.profile;
        if let Some(keys) = agreed.srtp {
            Crypto::prefer(&mut local.crypto, keys.ours.suite);
        }
        let (events, receiver) = mpsc::channel(EVENTS);
        let bound = sockets.local;
        let id = runner.add(sockets, agreed, events.clone())?;
        let inner = Inner {
            id,
            inbox: runner.inbox(),
            recorder: runner.recorder(),
            codecs: runner.codecs().into(),
            bound,
            events,
            said: Mutex::new(Said { local, agreed }),
            is_recording: AtomicBool::new(false),
            is_paused: AtomicBool::new(false),
        };
        Ok((Self { inner: Arc::new(inner) }, receiver))
    }

    /// Where we receive RTP.
    pub fn local(&self) -> SocketAddr {
        self.inner.bound
    }

    /// The codec in use.
    pub fn codec(&self) -> Codec {
        self.said().agreed.codec
    }

    /// Where the far end said it receives RTP.
    pub fn remote(&self) -> Option<IpAddr> {
        self.said().agreed.remote.map(|remote| remote.ip())
    }

    /// Whether the far end put us on hold: it does not listen at present.
    pub fn is_held(&self) -> bool {
        !self.said().agreed.direction.sends()
    }

    /// Queues a clip behind those that wait. A paused session stays paused.
    pub fn play(&self, id: ClipId, clip: &Clip) {
        let rate = self.codec().rate();
        let samples = if clip.rate == rate { clip.samples.clone() } else { codec::resample(&clip.samples, clip.rate, rate).into() };
        self.order(Order::Play(id, samples));
    }

    /// Stops at once, forgets what waits and ends a pause. Says how many milliseconds of the current clip were played.
    pub async fn stop(&self) -> u32 {
        let (reply, played) = oneshot::channel();
        self.order(Order::Stop(reply));
        played.await.unwrap_or(0)
    }

    /// Stops at once but keeps the place, for [`MediaSession::resume`].
    pub fn pause(&self) {
        self.order(Order::Pause(true));
    }

    /// Goes on where [`MediaSession::pause`] stopped.
    pub fn resume(&self) {
        self.order(Order::Pause(false));
    }

    /// Joins two sessions: each says what the other hears, instead of clips. Keys are not carried over; they come as [`MediaEvent::Key`].
    pub fn connect(&self, other: &Self) {
        let (one, another) = Bridge::pair();
        self.order(Order::Bridge(one));
        other.order(Order::Bridge(another));
    }

    /// What is wanted as [`MediaEvent::Heard`]. Nothing at the start; voice detection costs only while something is.
    pub fn listen(&self, wanted: Listen) {
        self.order(Order::Listen(wanted));
    }

    /// Sends keys (`0`–`9`, `*`, `#`, `A`–`D`) by RFC 4733, 160 ms each. Others are skipped.
    /// Does nothing when the far end does not take them; see [`MediaSession::takes_keys`].
    pub fn send_keys(&self, keys: &str) {
        self.order(Order::Keys(keys.to_owned()));
    }

    /// Whether the far end takes keys by RFC 4733.
    pub fn takes_keys(&self) -> bool {
        self.said().agreed.keys.is_some()
    }

    /// Starts the stereo recording (left the caller, right the bot) into this file: µ-law at 8 kHz, or 16-bit at 16 kHz
    /// when the codec is G.722 or Opus. The folder must exist. A failure comes as [`MediaEvent::RecordingFailed`]. Repeats are ignored.
    pub fn start_recording(&self, file: PathBuf) {
        if self.inner.is_recording.swap(true, Ordering::Relaxed) {
            return;
        }
        let mut tap = self.inner.recorder.tap(self.inner.id, file, self.codec(), self.inner.events.clone());
        tap.pause(self.inner.is_paused.load(Ordering::Relaxed));
        self.order(Order::Record(tap));
    }

    /// Leaves out what is said from now on, or goes on recording. A pause holds for a recording that begins later, too.
    pub fn pause_recording(&self, pause: bool) {
        self.inner.is_paused.store(pause, Ordering::Relaxed);
        self.order(Order::PauseRecording(pause));
    }

    /// Answers an offer of the far end within the call (hold, unhold, new address). Empty means that they want ours.
    /// `Invalid` leaves everything as it was (SIP: 488).
    pub fn renegotiate(&self, remote_sdp: &[u8]) -> Result<Vec<u8>> {
        if remote_sdp.is_empty() {
            return Ok(self.offer(false));
        }
        let theirs = Description::parse(remote_sdp)?;
        let mut said = self.said();
        let agreed = said.agree(&theirs, &self.inner.codecs)?;
        said.local.version += 1;
        said.agreed = agreed;
        let answer = negotiate::answer(&theirs, &agreed, &said.local);
        drop(said);
        self.inner.inbox.send(Command::To(self.inner.id, Order::Agree(agreed)))?;
        Ok(answer)
    }

    /// A new offer of ours within the call; `hold` asks the far end to be silent. Its answer goes to [`MediaSession::accept`].
    pub fn offer(&self, hold: bool) -> Vec<u8> {
        let mut said = self.said();
        said.local.version += 1;
        said.local.direction = if hold { Direction::SendOnly } else { Direction::Both };
        (said.local.head() + &said.local.audio()).into_bytes()
    }

    /// Takes the far end's answer to our offer. `Invalid` leaves everything as it was.
    pub fn accept(&self, remote_sdp: &[u8]) -> Result<()> {
        let theirs = Description::parse(remote_sdp)?;
        let mut said = self.said();
        let agreed = said.agree(&theirs, &self.inner.codecs)?;
        said.agreed = agreed;
        drop(said);
        self.inner.inbox.send(Command::To(self.inner.id, Order::Agree(agreed)))
    }

    /// Ends the session: flushes the recording (the file is complete when this returns) and frees the ports.
    /// `Unavailable` when it has ended before.
    pub async fn close(&self) -> Result<MediaStats> {
        let (reply, stats) = oneshot::channel();
        self.inner.inbox.send(Command::To(self.inner.id, Order::Close(reply)))?;
        let stats = stats.await.map_err(|_| Error::unavailable("the media session has ended"))?;
        self.inner.recorder.flushed(self.inner.id).await;
        Ok(stats)
    }

    pub(super) fn order(&self, order: Order) {
        if let Err(error) = self.inner.inbox.send(Command::To(self.inner.id, order)) {
            tracing::error!(media.session = self.inner.id, %error, "An order to the media thread was lost");
        }
    }

    fn said(&self) -> MutexGuard<'_, Said> {
        self.inner.said.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
