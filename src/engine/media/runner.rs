//! What media sessions run on: the media thread, the recorder, and the codecs they may use.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::mpsc;

use crate::base::{Random, Result};

use super::codec::Codec;
use super::command::{Command, Inbox};
use super::negotiate::Agreed;
use super::pacing::Histogram;
use super::ports::Sockets;
use super::recorder::Recorder;
use super::stream::{Stream, StreamSetup};
use super::{MediaEvent, thread};

/// The threads of all sessions. Cheap to clone; they end when the last handle and the last session are gone.
#[derive(Clone)]
pub(super) struct Runner {
    inner: Arc<Inner>,
}

struct Inner {
    codecs: Vec<Codec>,
    inbox: Inbox,
    recorder: Recorder,
    pacing: Arc<Histogram>,
    random: Random,
    next: AtomicU64,
}

impl Runner {
    /// Starts the media thread and the recorder.
    pub(super) fn start(realtime: bool, codecs: Vec<Codec>, random: Random) -> Result<Self> {
        let (inbox, recorder) = (thread::start(realtime)?, Recorder::start()?);
        let inner = Inner { codecs, inbox, recorder, pacing: Arc::new(Histogram::new()), random, next: AtomicU64::new(1) };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Codecs to take, the one to offer first at the front.
    pub(super) fn codecs(&self) -> &[Codec] {
        &self.inner.codecs
    }

    /// Where orders to streams go.
    pub(super) fn inbox(&self) -> Inbox {
        self.inner.inbox.clone()
    }

    /// The recorder.
    pub(super) fn recorder(&self) -> Recorder {
        self.inner.recorder.clone()
    }

    /// How regularly packets of all sessions left.
    pub(super) fn pacing(&self) -> &Histogram {
        &self.inner.pacing
    }

    /// Hands a stream to the thread and names it.
    pub(super) fn add(&self, sockets: Sockets, agreed: Agreed, events: mpsc::Sender<MediaEvent>) -> Result<u64> {
        let id = self.inner.next.fetch_add(1, Ordering::Relaxed);
        let seed = self.inner.random.bytes();
        let setup = StreamSetup { id, sockets, agreed, events, pacing: self.inner.pacing.clone(), seed };
        self.inner.inbox.send(Command::Add(Box::new(Stream::new(setup)?)))?;
        Ok(id)
    }
}
