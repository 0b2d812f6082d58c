//! Writes all recordings from one thread, so that a slow disk never touches the pace of the packets.

use std::collections::HashMap;
use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};

use tokio::sync::{mpsc, oneshot};

use crate::base::{Context as _, Result};

use super::MediaEvent;
use super::codec::{Codec, PACKET_BYTES};
use super::ogg::OggFile;
use super::wav::{Format, HEAD};

/// Pieces that may wait for the disk, for all calls together. When full, a piece is kept and grows until [`MOST_PIECE`].
const QUEUE: usize = 2048;
/// A piece goes to the writer when it holds this much: a second of µ-law. More pieces would cost more wake-ups than work.
const PIECE: usize = 16_000;
/// Bytes of 20 ms of both sides at the highest rate.
const FRAME: usize = 320 * 4;
/// What a piece may grow to while the disk does not keep up; then the recording is given up.
const MOST_PIECE: usize = 640_000;
/// Bytes after which the head is brought up to date. With the piece that waits, a `kill -9` costs two seconds at most.
const HEAD_EVERY: u32 = 16_000;

/// Seconds of sound after which a file is synced: what a power cut may cost besides the piece that waits. The files begin at different
/// times, so their syncs are spread by themselves.
const SYNC_EVERY_S: u32 = 5;

enum Job {
    Open { id: u64, file: PathBuf, format: Format, events: mpsc::Sender<MediaEvent> },
    Write { id: u64, bytes: Vec<u8> },
    Close { id: u64 },
    Flushed { id: u64, reply: oneshot::Sender<()> },
}

/// The writer of all recordings. Cheap to clone; its thread ends with the last clone and tap.
#[derive(Clone)]
pub(super) struct Recorder(SyncSender<Job>);

impl Recorder {
    /// Starts the thread.
    pub(super) fn start() -> Result<Self> {
        let (sender, jobs) = sync_channel(QUEUE);
        std::thread::Builder::new().name("recorder".into()).spawn(move || run(&jobs)).context("cannot start the recorder")?;
        Ok(Self(sender))
    }

    /// A tap for one session. The file is made when the writer gets to it.
    pub(super) fn tap(&self, id: u64, file: PathBuf, codec: Codec, events: mpsc::Sender<MediaEvent>) -> Tap {
        let format = if codec.rate() == 16_000 { Format::Pcm16k } else { Format::MuLaw8k };
        let lost = self.0.try_send(Job::Open { id, file, format, events: events.clone() }).is_err();
        let tap =
            Tap { id, format, jobs: self.0.clone(), piece: Vec::with_capacity(PIECE + FRAME), is_paused: false, is_given_up: lost, events };
        if lost {
            tap.report("the recorder does not keep up");
        }
        tap
    }

    /// Waits until everything of this session is in its file.
    pub(super) async fn flushed(&self, id: u64) {
        let (reply, done) = oneshot::channel();
        let jobs = self.0.clone();
        // The queue may be full; waiting for it must not hold up other calls.
        let sent = tokio::task::spawn_blocking(move || jobs.send(Job::Flushed { id, reply }).is_ok()).await;
        if sent.unwrap_or(false) {
            drop(done.await);
        }
    }
}

/// Collects the sound of one session on the media thread. Dropping it completes the file.
pub(super) struct Tap {
    id: u64,
    format: Format,
    jobs: SyncSender<Job>,
    piece: Vec<u8>,
    is_paused: bool,
    is_given_up: bool,
    events: mpsc::Sender<MediaEvent>,
}

impl Tap {
    /// 20 ms of both sides at the session's rate.
    pub(super) fn push(&mut self, caller: &[i16], bot: &[i16]) {
        if self.is_paused || self.is_given_up {
            return;
        }
        let n_pairs = self.format.rate() as usize / 50;
        let pair = |i: usize| match (self.format, caller.len()) {
            (Format::MuLaw8k, 320) => (halved(caller, i), halved(bot, i)),
            (Format::Pcm16k, 160) => (caller[i / 2], bot[i / 2]),
            _ => (caller[i], bot[i]),
        };
        let mut frame = [0; FRAME];
        let n = n_pairs * usize::from(self.format.pair_bytes());
        match self.format {
            Format::MuLaw8k => {
                for (i, two) in frame[..n].chunks_exact_mut(2).enumerate() {
                    let (left, right) = pair(i);
                    two.copy_from_slice(&[mu_law(left), mu_law(right)]);
                }
            }
            Format::Pcm16k => {
                for (i, four) in frame[..n].chunks_exact_mut(4).enumerate() {
                    let (left, right) = pair(i);
                    four[..2].copy_from_slice(&left.to_le_bytes());
                    four[2..].copy_from_slice(&right.to_le_bytes());
                }
            }
        }
        self.piece.extend_from_slice(&frame[..n]);
        if self.piece.len() >= PIECE {
            self.send();
        }
    }

    /// Whether the file holds µ-law: then payloads of that codec go into it as they are.
    pub(super) fn is_mu_law(&self) -> bool {
        self.format == Format::MuLaw8k
    }

    /// 20 ms of both sides as µ-law; for a file that holds that.
    pub(super) fn push_mu_law(&mut self, caller: &[u8; PACKET_BYTES], bot: &[u8; PACKET_BYTES]) {
        if self.is_paused || self.is_given_up {
            return;
        }
        self.piece.extend(caller.iter().zip(bot).flat_map(|(left, right)| [*left, *right]));
        if self.piece.len() >= PIECE {
            self.send();
        }
    }

    /// Leaves out what comes, or goes on.
    pub(super) fn pause(&mut self, pause: bool) {
        self.is_paused = pause;
    }

    fn send(&mut self) {
        let bytes = std::mem::replace(&mut self.piece, Vec::with_capacity(PIECE + FRAME));
        if let Err(TrySendError::Full(Job::Write { bytes, .. })) = self.jobs.try_send(Job::Write { id: self.id, bytes }) {
            self.piece = bytes;
            if self.piece.len() > MOST_PIECE {
                self.is_given_up = true;
                self.report("the disk does not keep up with the recording");
            }
        }
    }

    fn report(&self, why: &str) {
        drop(self.events.try_send(MediaEvent::RecordingFailed(why.to_owned())));
    }
}

impl Drop for Tap {
    fn drop(&mut self) {
        if !self.piece.is_empty() {
            self.send();
        }
        drop(self.jobs.try_send(Job::Close { id: self.id }));
    }
}

fn halved(samples: &[i16], i: usize) -> i16 {
    i16::midpoint(samples[2 * i], samples[2 * i + 1])
}

/// µ-law of one sample (ITU-T G.711), the inverted bits included.
pub(super) fn mu_law(sample: i16) -> u8 {
    let sign = if sample < 0 { 0x80u8 } else { 0 };
    let magnitude = (i32::from(sample).abs().min(32_635) + 0x84) as u16;
    let exponent = 8 - u8::try_from(magnitude.leading_zeros()).unwrap_or(8);
    let mantissa = u8::try_from(magnitude >> (exponent + 3) & 0x0f).unwrap_or(0);
    !(sign | exponent << 4 | mantissa)
}

/// A file that is being written.
enum Writing {
    /// Its name ends in `.ogg`.
    Ogg(Box<OggFile>),
    Wave(WaveFile),
}

impl Writing {
    fn open(path: &Path, format: Format) -> std::io::Result<Self> {
        if path.extension().is_some_and(|ending| ending == "ogg") {
            return Ok(Self::Ogg(Box::new(OggFile::create(path, format)?)));
        }
        Ok(Self::Wave(WaveFile::create(path, format)?))
    }

    /// Takes sound as the tap of this format gives it.
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        match self {
            Self::Ogg(file) => file.write(bytes),
            Self::Wave(file) => file.write(bytes),
        }
    }

    /// What was written so far stays playable.
    fn give_up(&mut self) -> std::io::Result<()> {
        match self {
            // Whole pages stand for themselves.
            Self::Ogg(_) => Ok(()),
            // The head has its room already.
            Self::Wave(file) => file.write_head(),
        }
    }

    /// All of it is on disk when this returns.
    fn complete(&mut self) -> std::io::Result<()> {
        match self {
            Self::Ogg(file) => file.complete(),
            Self::Wave(file) => file.complete(),
        }
    }
}

/// A WAV file that is being written.
struct WaveFile {
    file: File,
    format: Format,
    n_bytes: u32,
    head_says: u32,
    synced: u32,
}

impl WaveFile {
    fn create(path: &Path, format: Format) -> std::io::Result<Self> {
        let file = File::create(path)?;
        file.write_all_at(&format.head(0), 0)?;
        Ok(Self { file, format, n_bytes: 0, head_says: 0, synced: 0 })
    }

    fn write(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.file.write_all_at(bytes, HEAD as u64 + u64::from(self.n_bytes))?;
        self.n_bytes = self.n_bytes.saturating_add(u32::try_from(bytes.len()).unwrap_or(u32::MAX));
        if self.n_bytes - self.head_says >= HEAD_EVERY {
            self.write_head()?;
        }
        let rate = self.format.rate() * u32::from(self.format.pair_bytes());
        if self.n_bytes - self.synced >= SYNC_EVERY_S * rate { self.sync() } else { Ok(()) }
    }

    fn sync(&mut self) -> std::io::Result<()> {
        self.synced = self.n_bytes;
        self.file.sync_data()
    }

    fn complete(&mut self) -> std::io::Result<()> {
        self.write_head()?;
        self.sync()
    }

    fn write_head(&mut self) -> std::io::Result<()> {
        self.head_says = self.n_bytes;
        self.file.write_all_at(&self.format.head(self.n_bytes), 0)
    }
}

fn run(jobs: &Receiver<Job>) {
    let mut files: HashMap<u64, (Writing, mpsc::Sender<MediaEvent>)> = HashMap::new();
    while let Ok(job) = jobs.recv() {
        match job {
            Job::Open { id, file, format, events } => match Writing::open(&file, format) {
                Ok(writing) => drop(files.insert(id, (writing, events))),
                Err(error) => fail(id, &events, &error),
            },
            Job::Write { id, bytes } => {
                if let Some(Err(error)) = files.get_mut(&id).map(|(writing, _)| writing.write(&bytes))
                    && let Some((mut writing, events)) = files.remove(&id)
                {
                    drop(writing.give_up());
                    fail(id, &events, &error);
                }
            }
            Job::Close { id } => {
                if let Some((mut writing, events)) = files.remove(&id)
                    && let Err(error) = writing.complete()
                {
                    fail(id, &events, &error);
                }
            }
            Job::Flushed { id, reply } => {
                // The stream closes its tap before it answers, so nothing can follow.
                drop(files.remove(&id).map(|(mut writing, _)| writing.complete()));
                let _ = reply.send(());
            }
        }
    }
}

fn fail(id: u64, events: &mpsc::Sender<MediaEvent>, error: &std::io::Error) {
    tracing::error!(media.session = id, %error, "A recording could not be written");
    drop(events.try_send(MediaEvent::RecordingFailed(error.to_string())));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mu_law_is_what_the_codec_says() {
        use audio_codec::Encoder as _;
        let samples: Vec<i16> = (i16::MIN..=i16::MAX).step_by(7).collect();
        let mut expected = vec![0; samples.len()];
        audio_codec::pcmu::PcmuEncoder::new().encode_into(&samples, &mut expected).unwrap();
        let ours: Vec<u8> = samples.iter().map(|sample| mu_law(*sample)).collect();
        assert_eq!(ours, expected);
    }

    #[tokio::test]
    async fn both_sides_land_in_the_file_and_the_head_is_true_before_it_is_closed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.wav");
        let recorder = Recorder::start().unwrap();
        let (events, _receiver) = mpsc::channel(4);
        let mut tap = recorder.tap(1, path.clone(), Codec::Pcmu, events);
        (0..60).for_each(|_| tap.push(&[1000; 160], &[0; 160]));
        let (reply, done) = oneshot::channel();
        recorder.0.send(Job::Flushed { id: 99, reply }).unwrap();
        done.await.unwrap();
        let unclosed = std::fs::read(&path).unwrap();
        assert!(u32::from_le_bytes(unclosed[54..58].try_into().unwrap()) >= HEAD_EVERY, "playable after a kill -9");
        drop(tap);
        recorder.flushed(1).await;
        let whole = std::fs::read(&path).unwrap();
        assert_eq!(whole.len(), HEAD + 60 * 320);
        assert_eq!(whole[54..58], (60u32 * 320).to_le_bytes());
        assert_eq!(whole[HEAD..HEAD + 2], [mu_law(1000), mu_law(0)]);
    }

    #[tokio::test]
    async fn a_file_that_cannot_be_made_is_reported() {
        let recorder = Recorder::start().unwrap();
        let (events, mut receiver) = mpsc::channel(4);
        let _tap = recorder.tap(1, "/nowhere/at/all.wav".into(), Codec::Pcmu, events);
        assert!(matches!(receiver.recv().await, Some(MediaEvent::RecordingFailed(_))));
    }

    #[tokio::test]
    async fn a_change_of_rate_in_the_middle_keeps_the_time() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.wav");
        let recorder = Recorder::start().unwrap();
        let (events, _receiver) = mpsc::channel(4);
        let mut tap = recorder.tap(1, path.clone(), Codec::G722, events);
        tap.push(&[5; 320], &[6; 320]);
        tap.push(&[5; 160], &[6; 160]);
        drop(tap);
        recorder.flushed(1).await;
        assert_eq!(std::fs::read(&path).unwrap().len(), HEAD + 2 * 320 * 4);
    }
}
