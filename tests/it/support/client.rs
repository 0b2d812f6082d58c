//! A caller over real HTTP, and what came back.

use std::net::SocketAddr;

use bytes::Bytes;
use http::{HeaderMap, Method};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper_util::client::legacy::Client as Hyper;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;

/// Someone who sends requests: nobody, a person or the engine.
#[derive(Clone)]
pub struct Client {
    address: SocketAddr,
    headers: Vec<(String, String)>,
    hyper: Hyper<HttpConnector, Full<Bytes>>,
}

impl Client {
    pub fn new(address: SocketAddr) -> Self {
        Self { address, headers: Vec::new(), hyper: Hyper::builder(TokioExecutor::new()).build_http() }
    }

    /// The same caller with one more header.
    pub fn with_header(&self, name: &str, value: &str) -> Self {
        let mut with = self.clone();
        with.headers.push((name.to_owned(), value.to_owned()));
        with
    }

    pub fn with_bearer(&self, token: &str) -> Self {
        self.with_header("authorization", &format!("Bearer {token}"))
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, "", Bytes::new()).await
    }

    pub async fn head(&self, path: &str) -> Answer {
        self.send(Method::HEAD, path, "", Bytes::new()).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(Method::POST, path, "application/json", body.to_string().into()).await
    }

    pub async fn put(&self, path: &str, body: Value) -> Answer {
        self.send(Method::PUT, path, "application/json", body.to_string().into()).await
    }

    pub async fn patch(&self, path: &str, body: Value) -> Answer {
        self.send(Method::PATCH, path, "application/json", body.to_string().into()).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        self.send(Method::DELETE, path, "", Bytes::new()).await
    }

    /// Sends a form, `name=value&…` already encoded.
    pub async fn form(&self, path: &str, form: &str) -> Answer {
        self.send(Method::POST, path, "application/x-www-form-urlencoded", form.to_owned().into()).await
    }

    /// Sends any bytes; an empty content type sends none.
    pub async fn send(&self, method: Method, path: &str, content_type: &str, body: Bytes) -> Answer {
        let sentence = format!("{method} {path}");
        let (parts, body) = self.ask(method, path, content_type, body).await.into_parts();
        let bytes = body.collect().await.expect(&sentence).to_bytes();
        Answer { sentence, status: parts.status.as_u16(), headers: parts.headers, bytes }
    }

    /// The status of a request with an empty JSON object, without waiting for the answer's body, which may be an endless stream.
    pub async fn status(&self, method: &Method, path: &str) -> u16 {
        self.ask(method.clone(), path, "application/json", Bytes::from_static(b"{}")).await.status().as_u16()
    }

    async fn ask(&self, method: Method, path: &str, content_type: &str, body: Bytes) -> http::Response<Incoming> {
        let sentence = format!("{method} {path}");
        let mut request = http::Request::builder().method(method).uri(format!("http://{}{path}", self.address));
        if !content_type.is_empty() {
            request = request.header("content-type", content_type);
        }
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        self.hyper.request(request.body(Full::new(body)).unwrap()).await.expect(&sentence)
    }
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    sentence: String,
    pub status: u16,
    pub headers: HeaderMap,
    pub bytes: Bytes,
}

impl Answer {
    /// The JSON body (null if there is none) of an answer that must have this status.
    #[track_caller]
    pub fn expect(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}: {}", self.sentence, self.text());
        if self.bytes.is_empty() { Value::Null } else { serde_json::from_slice(&self.bytes).unwrap_or(Value::Null) }
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}
