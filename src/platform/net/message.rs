//! What is sent and what comes back, the same for Unix sockets, guarded and operator targets.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context as Poll, Poll as Polled};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Body, Frame, Incoming};
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::Instant;
use tokio_util::io::ReaderStream;
use tokio_util::task::AbortOnDropHandle;

use super::failure::{Failure, NetError};
use super::pace::Pace;
use crate::base::{Context, Result};

/// A body on its way out.
pub(super) type OutBody = BoxBody<Bytes, std::io::Error>;

/// A request to be sent. `target` is a URL, or a path for a Unix socket.
pub struct Request {
    pub(super) method: Method,
    pub(super) target: String,
    headers: Vec<(String, String)>,
    body: OutBody,
    /// The body, where it can be sent once more.
    bytes: Option<Bytes>,
    pub(super) head_within: Duration,
    pub(super) lane: Option<String>,
    pub(super) is_kept: bool,
}

impl Request {
    /// A request without a body. The answer's head must arrive within ten seconds unless [`Request::within`] says otherwise.
    pub fn new(method: Method, target: impl Into<String>) -> Self {
        let body = Full::default().map_err(|never| match never {}).boxed();
        let (bytes, head_within) = (Some(Bytes::new()), Duration::from_secs(10));
        Self { method, target: target.into(), headers: Vec::new(), body, bytes, head_within, lane: None, is_kept: false }
    }

    /// A GET.
    pub fn get(target: impl Into<String>) -> Self {
        Self::new(Method::GET, target)
    }

    /// A POST.
    pub fn post(target: impl Into<String>) -> Self {
        Self::new(Method::POST, target)
    }

    /// A PUT.
    pub fn put(target: impl Into<String>) -> Self {
        Self::new(Method::PUT, target)
    }

    /// A DELETE.
    pub fn delete(target: impl Into<String>) -> Self {
        Self::new(Method::DELETE, target)
    }

    /// Adds a header. One that HTTP does not allow makes the sending fail.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Sends a value as JSON.
    pub fn json<T: Serialize + ?Sized>(self, value: &T) -> Result<Self> {
        let bytes = serde_json::to_vec(value).context("cannot write a request as JSON")?;
        Ok(self.bytes("application/json", bytes))
    }

    /// Sends these bytes.
    #[must_use]
    pub fn bytes(self, content_type: &str, bytes: impl Into<Bytes>) -> Self {
        self.body(bytes).header("content-type", content_type)
    }

    /// Sends these bytes and says nothing about their kind.
    #[must_use]
    pub fn body(mut self, bytes: impl Into<Bytes>) -> Self {
        let bytes = bytes.into();
        self.body = Full::new(bytes.clone()).map_err(|never| match never {}).boxed();
        self.bytes = Some(bytes);
        self
    }

    /// Sends an operator request over a connection that is left open for the next one to the same host. The peer may get it twice when
    /// it closes that connection meanwhile.
    #[must_use]
    pub fn kept(mut self) -> Self {
        self.is_kept = true;
        self
    }

    /// The same request once more; `None` if its body can be read only once.
    pub(super) fn again(&self) -> Option<Self> {
        let mut again = Self::new(self.method.clone(), self.target.clone()).body(self.bytes.clone()?).within(self.head_within);
        again.headers.clone_from(&self.headers);
        (again.lane, again.is_kept) = (self.lane.clone(), self.is_kept);
        Some(again)
    }

    /// Counts a guarded request against the two connections of this name instead of those of the host: who has many correspondents at
    /// one host keeps them apart.
    #[must_use]
    pub fn lane(mut self, name: &str) -> Self {
        self.lane = Some(name.to_owned());
        self
    }

    /// Sends a file as it is read, `length` bytes of it.
    #[must_use]
    pub fn file(mut self, content_type: &str, file: tokio::fs::File, length: u64) -> Self {
        let frames = futures_util::StreamExt::map(ReaderStream::with_capacity(file, 64 * 1024), |part| part.map(Frame::data));
        self.body = BodyExt::boxed(StreamBody::new(frames));
        self.bytes = None;
        self.header("content-type", content_type).header("content-length", &length.to_string())
    }

    /// How long the answer's head may take, counted from the moment the connection is asked for.
    #[must_use]
    pub fn within(mut self, duration: Duration) -> Self {
        self.head_within = duration;
        self
    }

    /// The request as hyper sends it. `host` becomes the `Host` header.
    pub(super) fn into_http(self, path: &str, host: &str) -> Result<http::Request<OutBody>, NetError> {
        let headers = self.head(host)?;
        let mut request = http::Request::builder().method(self.method).uri(path).body(self.body).map_err(|_| wrong("a path"))?;
        *request.headers_mut() = headers;
        Ok(request)
    }

    /// Its headers, with the host before them.
    pub(super) fn head(&self, host: &str) -> Result<HeaderMap, NetError> {
        let mut headers = HeaderMap::new();
        headers.insert(http::header::HOST, HeaderValue::from_str(host).map_err(|_| wrong("a host"))?);
        for (name, value) in &self.headers {
            let name: HeaderName = name.parse().map_err(|_| wrong("a header name"))?;
            headers.insert(name, HeaderValue::from_str(value).map_err(|_| wrong("a header value"))?);
        }
        Ok(headers)
    }
}

fn wrong(what: &str) -> NetError {
    NetError::new(Failure::BadUrl, format!("the request has {what} that HTTP does not allow"))
}

/// An answer: head read, body still on its way. Dropping it closes the connection, unless that is kept and the body was read to its end.
pub struct Answer {
    /// Status code.
    pub status: u16,
    /// Headers.
    pub headers: HeaderMap,
    body: Incoming,
    upgrade: OnUpgrade,
    limit: Option<Limit>,
    mover: Mover,
    /// Taken until the answer is dropped.
    _places: Vec<OwnedSemaphorePermit>,
}

/// How long and how large an untrusted answer may get.
struct Limit {
    until: Instant,
    bytes_left: usize,
}

/// A connection that is moved on by whoever polls this, to its end. `Sync`, as answers are shared.
pub(super) type Connection = Pin<Box<dyn Future<Output = ()> + Send + Sync>>;

/// Who moves the connection of an answer on.
pub(super) enum Mover {
    /// A task, until the last one that holds it lets go.
    Task { _connection: Arc<AbortOnDropHandle<()>> },
    /// Whoever takes the answer, as fast as they take it; no connection is left once it has ended.
    Taker { connection: Option<Connection>, pace: Pace },
}

impl Answer {
    pub(super) fn new(mut response: http::Response<Incoming>, mover: Mover, places: Vec<OwnedSemaphorePermit>) -> Self {
        let upgrade = hyper::upgrade::on(&mut response);
        let (head, body) = response.into_parts();
        Self { status: head.status.as_u16(), headers: head.headers, body, upgrade, limit: None, mover, _places: places }
    }

    /// Ends the answer with a failure at `until`, or after `most` bytes.
    pub(super) fn limited(mut self, until: Instant, most: usize) -> Self {
        self.limit = Some(Limit { until, bytes_left: most });
        self
    }

    /// The bare connection, once the peer has switched to another protocol (status 101).
    pub async fn upgraded(mut self) -> Result<TokioIo<Upgraded>, NetError> {
        let failed = |error| NetError::new(Failure::Broken, "the peer did not switch protocols").caused_by(error);
        let switched = std::future::poll_fn(|cx| {
            self.move_on(cx);
            Pin::new(&mut self.upgrade).poll(cx)
        });
        Ok(TokioIo::new(switched.await.map_err(failed)?))
    }

    /// Whether the status is 2xx.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// A header as text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The next part of the body; `None` at its end.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, NetError> {
        let Some(until) = self.limit.as_ref().map(|limit| limit.until) else { return self.next_data().await };
        let late = |_| NetError::new(Failure::Timeout, "the answer did not end in time");
        let data = tokio::time::timeout_at(until, self.next_data()).await.map_err(late)??;
        let n_bytes = data.as_ref().map_or(0, Bytes::len);
        let Some(limit) = &mut self.limit else { return Ok(data) };
        limit.bytes_left =
            limit.bytes_left.checked_sub(n_bytes).ok_or_else(|| NetError::new(Failure::TooLarge, "the answer is too large"))?;
        Ok(data)
    }

    /// The whole body, if it has at most `most` bytes. Reads no further than that.
    pub async fn bytes(mut self, most: usize) -> Result<Bytes, NetError> {
        let (bytes, whole) = self.first(most).await?;
        if whole { Ok(bytes) } else { Err(NetError::new(Failure::TooLarge, "the answer is too large")) }
    }

    /// The first `most` bytes of the body, and whether that was all of it.
    pub async fn first(&mut self, most: usize) -> Result<(Bytes, bool), NetError> {
        let mut all = BytesMut::new();
        while let Some(part) = self.chunk().await? {
            let room = most - all.len();
            all.extend_from_slice(&part[..part.len().min(room)]);
            if part.len() > room {
                return Ok((all.freeze(), false));
            }
        }
        Ok((all.freeze(), true))
    }

    /// The body as JSON, if it has at most `most` bytes.
    pub async fn json<T: DeserializeOwned>(self, most: usize) -> Result<T, NetError> {
        let bytes = self.bytes(most).await?;
        serde_json::from_slice(&bytes)
            .map_err(|error| NetError::new(Failure::Broken, "the answer is not the JSON that was expected").caused_by(error))
    }

    async fn next_data(&mut self) -> Result<Option<Bytes>, NetError> {
        while let Some(frame) = std::future::poll_fn(|cx| self.poll_next(cx)).await {
            let frame = frame.map_err(|error| NetError::new(Failure::Broken, "the answer broke off").caused_by(error))?;
            if let Ok(data) = frame.into_data() {
                return Ok(Some(data));
            }
        }
        Ok(None)
    }

    /// The next frame. The connection is moved on only when nothing of it is here yet, so that little waits in memory.
    fn poll_next(&mut self, cx: &mut Poll<'_>) -> Polled<Option<Result<Frame<Bytes>, hyper::Error>>> {
        if let Mover::Taker { pace, .. } = &mut self.mover {
            pace.is_asked(Instant::now());
        }
        let mut frame = Pin::new(&mut self.body).poll_frame(cx);
        if frame.is_pending() && self.move_on(cx) {
            frame = Pin::new(&mut self.body).poll_frame(cx);
        }
        if let (Polled::Ready(Some(Ok(frame))), Mover::Taker { pace, .. }) = (&frame, &mut self.mover) {
            pace.hands_on(frame.data_ref().map_or(0, Bytes::len), Instant::now());
        }
        frame
    }

    /// Moves the connection on, if that is for whoever takes the answer to do.
    fn move_on(&mut self, cx: &mut Poll<'_>) -> bool {
        let Mover::Taker { connection, .. } = &mut self.mover else { return false };
        if connection.as_mut().is_some_and(|connection| connection.as_mut().poll(cx).is_ready()) {
            *connection = None;
        }
        true
    }
}

/// The body as hyper hands it on, for a handler that passes an answer through.
impl Body for Answer {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Poll<'_>) -> Polled<Option<Result<Frame<Bytes>, hyper::Error>>> {
        self.poll_next(cx)
    }
}
