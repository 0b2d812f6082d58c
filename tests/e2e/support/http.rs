//! A small HTTP client for the tests: JSON in and out, over plain TCP or TLS.

use std::path::Path;

use bytes::Bytes;
use cxbox::platform::net::{self, Outbound, OutboundOptions};
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;

/// Talks to one server, always with the same headers.
#[derive(Clone)]
pub struct Http {
    client: Client<HttpConnector, Full<Bytes>>,
    secure: Option<Outbound>,
    base: String,
    headers: Vec<(String, String)>,
}

/// What came back.
#[derive(Debug, Clone)]
pub struct Reply {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub bytes: Bytes,
}

impl Http {
    pub fn new(base: impl Into<String>) -> Self {
        Self { client: Client::builder(TokioExecutor::new()).build_http(), secure: None, base: base.into(), headers: Vec::new() }
    }

    /// A server whose certificate this CA has signed.
    pub fn secure(base: impl Into<String>, ca: &Path) -> Self {
        let options = OutboundOptions { extra_ca: Some(ca.to_owned()), ..OutboundOptions::allowing(["127.0.0.0/8"]).unwrap() };
        Self { secure: Some(Outbound::new(options).unwrap()), ..Self::new(base) }
    }

    /// The same server with one more header on every request.
    pub fn with(&self, name: &str, value: impl Into<String>) -> Self {
        let mut more = self.clone();
        more.headers.push((name.to_owned(), value.into()));
        more
    }

    /// The value of a header that goes with every request; empty if there is none.
    pub fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }

    /// Sends bytes. `Err` when no answer came (the server was killed).
    pub async fn send(&self, method: Method, path: &str, content_type: &str, body: impl Into<Bytes>) -> Result<Reply, String> {
        if let Some(secure) = &self.secure {
            return self.send_secure(secure, method, path, content_type, body.into()).await;
        }
        let mut request = Request::builder().method(method).uri(format!("{}{path}", self.base)).header("content-type", content_type);
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let response = self.client.request(request.body(Full::new(body.into())).unwrap()).await.map_err(|e| e.to_string())?;
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.map_err(|e| e.to_string())?.to_bytes();
        Ok(Reply { status: parts.status, headers: parts.headers, bytes })
    }

    async fn send_secure(&self, secure: &Outbound, method: Method, path: &str, content_type: &str, body: Bytes) -> Result<Reply, String> {
        let mut request = net::Request::new(method, format!("{}{path}", self.base)).bytes(content_type, body);
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let mut answer = secure.operator(request).await.map_err(|e| e.to_string())?;
        let (bytes, _) = answer.first(16 << 20).await.map_err(|e| e.to_string())?;
        Ok(Reply { status: StatusCode::from_u16(answer.status).unwrap(), headers: HeaderMap::new(), bytes })
    }

    pub async fn get(&self, path: &str) -> Result<Reply, String> {
        self.send(Method::GET, path, "application/json", Bytes::new()).await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Result<Reply, String> {
        self.send(Method::POST, path, "application/json", body.to_string()).await
    }

    /// Posts and expects one status; the JSON of the answer.
    pub async fn post_ok(&self, path: &str, body: &Value, status: u16) -> Value {
        let reply = self.post(path, body).await.unwrap();
        assert_eq!(reply.status, status, "POST {path}: {}", reply.text());
        reply.json()
    }

    /// Gets and expects 200; the JSON of the answer.
    pub async fn get_ok(&self, path: &str) -> Value {
        let reply = self.get(path).await.unwrap();
        assert_eq!(reply.status, 200, "GET {path}: {}", reply.text());
        reply.json()
    }
}

impl Reply {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap_or_else(|_| panic!("not JSON: {}", self.text()))
    }
}
