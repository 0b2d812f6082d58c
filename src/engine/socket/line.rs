//! Carries one call between a WebSocket and its media session: messages there, plain RTP on loopback here.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use audio_codec::pcmu::{PcmuDecoder, PcmuEncoder};
use audio_codec::{Decoder as _, Encoder as _};
use tokio::net::UdpSocket;
use tokio::sync::mpsc;
use tokio::time::{MissedTickBehavior, interval};
use tracing::info;

use super::inflow::{Inflow, PIECE};
use super::message::{self, Event, Start};
use super::{BROKEN_DATA, CANNOT_ACCEPT, Came, NORMAL, Opening, Sent, Wire};
use crate::base::{Context as _, Error, Result};
use crate::engine::sip::{Leg, LegControl, LegEnd, LegEvent, Soon};

/// Events that may wait for the call's task; more make the line wait.
const EVENTS: usize = 8;
/// Wishes that may wait; a line that is slower than that has ended.
const WISHES: usize = 8;
/// The time of a piece.
const BEAT: Duration = Duration::from_millis(20);
/// Bytes of an RTP header.
const HEADER: usize = 12;
/// The payload byte of silence in µ-law.
const SILENCE: u8 = 0xff;
/// Pieces of silence after which nothing of the bot's can wait at the far end any more.
const HEARD_WITHIN: u32 = 25;
/// Largest packet of the media session that is read.
const DATAGRAM: usize = 2048;

/// The keys of a call, for the far end.
pub struct Names {
    /// The CodeB key.
    pub call_id: String,
    /// The CXB key.
    pub session_id: String,
}

/// Our end towards the media session.
pub struct Inside(UdpSocket);

impl Inside {
    /// A socket on loopback.
    pub async fn open() -> Result<Self> {
        Ok(Self(UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.context("cannot open a line to the media session")?))
    }

    /// The far end's sound as an offer of plain RTP.
    pub fn offer(&self) -> Result<Vec<u8>> {
        let port = self.0.local_addr().context("cannot open a line to the media session")?.port();
        let head = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n";
        Ok(format!("{head}m=audio {port} RTP/AVP 0\r\na=rtcp:{port}\r\na=sendrecv\r\n").into_bytes())
    }
}

impl Opening {
    /// The line of a call whose media is ready at `media`. The far end is told the keys of its call.
    pub fn connect(self, inside: Inside, media: SocketAddr, names: &Names) -> Leg {
        let (sender, events) = mpsc::channel(EVENTS);
        let (wish, wishes) = mpsc::channel(WISHES);
        let line = Line {
            wire: self.wire,
            inside: inside.0,
            media,
            inflow: Inflow::default(),
            encoder: PcmuEncoder::new(),
            decoder: PcmuDecoder::new(),
            number: 0,
            silent_for: HEARD_WITHIN,
            is_handed_on: false,
            is_answered: false,
            start: self.start,
            events: sender,
        };
        let answer = message::answer(line.start.stream_id.as_deref(), &names.call_id, &names.session_id);
        // It ends with its leg, or with the far end.
        tokio::spawn(line.carry(answer, wishes));
        Leg { sip_call_id: format!("socket-{}", names.session_id), events, control: Arc::new(Control { wish }) }
    }
}

/// What is asked of the far end.
enum Wish {
    HangUp,
    FallSilent,
    HandOn(String),
}

struct Line {
    wire: Wire,
    inside: UdpSocket,
    media: SocketAddr,
    inflow: Inflow,
    encoder: PcmuEncoder,
    decoder: PcmuDecoder,
    /// Of the next packet to the media session.
    number: u32,
    /// Pieces since the bot was last heard.
    silent_for: u32,
    is_handed_on: bool,
    is_answered: bool,
    start: Start,
    events: mpsc::Sender<LegEvent>,
}

impl Line {
    /// Runs until one side hangs up. Whoever holds the leg hangs up by a wish, or by dropping it.
    async fn carry(mut self, answer: String, mut wishes: mpsc::Receiver<Wish>) {
        self.wire.say(Sent::Text(answer)).await;
        if self.start.is_answered {
            self.answered().await;
        }
        let mut beat = interval(BEAT);
        beat.set_missed_tick_behavior(MissedTickBehavior::Burst);
        let mut packet = [0; DATAGRAM];
        let end = loop {
            let went = tokio::select! {
                came = self.wire.from.recv() => self.came(came).await,
                read = self.inside.recv_from(&mut packet) => {
                    if let Ok((n, source)) = read && source == self.media {
                        self.media_sent(&packet[..n]);
                    }
                    None
                }
                wish = wishes.recv() => self.wish(wish.unwrap_or(Wish::HangUp)).await,
                _ = beat.tick() => {
                    self.pass_on().await;
                    None
                }
            };
            if let Some(end) = went {
                break end;
            }
        };
        // The call may have ended before its line.
        let _ = self.events.send(LegEvent::Ended { how: end }).await;
    }

    async fn answered(&mut self) {
        if !self.is_answered {
            self.is_answered = true;
            let _ = self.events.send(LegEvent::Answered { sdp: Vec::new() }).await;
        }
    }

    /// Something came from the far end, or it is gone.
    async fn came(&mut self, came: Option<Came>) -> Option<LegEnd> {
        let text = match came {
            None => return Some(if self.is_handed_on { LegEnd::Local } else { LegEnd::Remote }),
            Some(Came::Text(text)) => text,
            Some(Came::Bytes) => return Some(self.broken(CANNOT_ACCEPT, "not_text", "messages are JSON in text frames").await),
        };
        match message::read(&text) {
            Ok(Event::Media(samples)) => {
                if !self.inflow.push(&samples) {
                    self.tell(message::error("too_fast", "sound comes much faster than it is spoken; some of it was left out"));
                }
            }
            Ok(Event::Answer) => self.answered().await,
            Ok(Event::Key(key)) => {
                let (content_type, body) = ("application/dtmf-relay".to_owned(), format!("Signal={key}").into_bytes());
                let _ = self.events.send(LegEvent::Info { content_type, body }).await;
            }
            Ok(Event::HangUp) => {
                self.wire.say(Sent::Close(NORMAL, String::new())).await;
                return Some(LegEnd::Remote);
            }
            Ok(Event::Connected) => {}
            Ok(Event::Start(_)) => self.tell(message::error("started", "the call has started already")),
            Ok(Event::Unknown(name)) => self.tell(message::error("unknown_event", &format!("there is no event {name}"))),
            Err(sentence) => return Some(self.broken(BROKEN_DATA, "bad_message", &sentence).await),
        }
        None
    }

    /// A message that cannot be read ends the call: nobody knows what else is wrong.
    async fn broken(&self, code: u16, word: &str, sentence: &str) -> LegEnd {
        info!("A call over a WebSocket is given up: {sentence}");
        self.wire.refuse(code, word, sentence).await;
        LegEnd::Failed { why: sentence.to_owned() }
    }

    async fn wish(&mut self, wish: Wish) -> Option<LegEnd> {
        let stream_id = self.start.stream_id.as_deref();
        match wish {
            Wish::FallSilent if self.silent_for < HEARD_WITHIN => {
                self.silent_for = HEARD_WITHIN;
                self.wire.say(Sent::Text(message::stop(self.start.stream_id.as_deref()))).await;
            }
            Wish::FallSilent => {}
            Wish::HandOn(target) => {
                self.wire.say(Sent::Text(message::transfer(stream_id, &target))).await;
                self.is_handed_on = true;
                let _ = self.events.send(LegEvent::ReferProgress { code: 200 }).await;
            }
            Wish::HangUp => {
                if !self.is_handed_on {
                    self.wire.say(Sent::Text(message::hang_up(stream_id))).await;
                }
                self.wire.say(Sent::Close(NORMAL, String::new())).await;
                return Some(LegEnd::Local);
            }
        }
        None
    }

    /// Passes the next 20 ms on to the media session.
    async fn pass_on(&mut self) {
        let piece = self.inflow.next();
        let mut packet = [0; HEADER + PIECE];
        packet[0] = 0x80;
        packet[2..4].copy_from_slice(&self.number.to_be_bytes()[2..]);
        packet[4..8].copy_from_slice(&self.number.wrapping_mul(PIECE as u32).to_be_bytes());
        packet[11] = 1;
        self.number = self.number.wrapping_add(1);
        if self.encoder.encode_into(&piece, &mut packet[HEADER..]).is_ok() {
            // A packet that cannot be passed on now is lost, like any other.
            drop(self.inside.send_to(&packet, self.media).await);
        }
    }

    /// A packet of the bot's goes to the far end; one that it is too slow for is lost.
    fn media_sent(&mut self, packet: &[u8]) {
        let Some(payload) = packet.get(HEADER..).filter(|payload| payload.len() == PIECE && packet[1] & 0x7f == 0) else { return };
        let is_silent = payload.iter().all(|byte| *byte == SILENCE);
        self.silent_for = if is_silent { self.silent_for.saturating_add(1) } else { 0 };
        let mut samples = [0; PIECE];
        if self.decoder.decode_into(payload, &mut samples).is_ok() {
            self.tell(message::media(self.start.stream_id.as_deref(), &samples));
        }
    }

    /// Says something that may get lost when the far end does not read.
    fn tell(&self, text: String) {
        let _ = self.wire.to.try_send(Sent::Text(text));
    }
}

/// What can be asked of the far end of a WebSocket.
struct Control {
    wish: mpsc::Sender<Wish>,
}

impl Control {
    /// A line that has ended, or is about to, has nothing to wish for.
    fn wish(&self, wish: Wish) -> Soon<'_, Result<()>> {
        let _ = self.wish.try_send(wish);
        Box::pin(async { Ok(()) })
    }

    fn not_here<T: Send + 'static>(what: &'static str) -> Soon<'static, Result<T>> {
        Box::pin(async move { Err(Error::conflict(what)) })
    }
}

impl LegControl for Control {
    fn ring(&self) -> Soon<'_, Result<()>> {
        Box::pin(async { Ok(()) })
    }

    fn answer(&self, _sdp: Vec<u8>) -> Soon<'_, Result<()>> {
        Self::not_here("a WebSocket was answered already")
    }

    fn reject(&self, _code: u16, _reason: Option<String>) -> Soon<'_, Result<()>> {
        self.hang_up()
    }

    fn hang_up(&self) -> Soon<'_, Result<()>> {
        self.wish(Wish::HangUp)
    }

    fn refer(&self, target: String) -> Soon<'_, Result<()>> {
        self.wish(Wish::HandOn(target))
    }

    fn reinvite(&self, _offer: Vec<u8>) -> Soon<'_, Result<Vec<u8>>> {
        Self::not_here("a call over a WebSocket is not changed while it runs")
    }

    fn info(&self, _content_type: &'static str, _body: Vec<u8>) -> Soon<'_, Result<()>> {
        Self::not_here("a WebSocket takes keys as sound only")
    }

    fn fall_silent(&self) {
        let _ = self.wish.try_send(Wish::FallSilent);
    }

    fn method(&self) -> &'static str {
        "websocket_reverse_transfer"
    }
}
