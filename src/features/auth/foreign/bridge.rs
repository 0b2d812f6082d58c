//! The `openidconnect` crate's requests over this program's own client for endpoints that the operator set.

use std::time::Duration;

use openidconnect::{HttpRequest, HttpResponse};

use crate::platform::net::{Failure, NetError, Outbound, Request};

/// Most bytes of an answer.
const MOST: usize = 1024 * 1024;
/// How long an answer may take.
const WITHIN: Duration = Duration::from_secs(10);

/// Sends one request. Redirects are answers like any other.
pub(super) async fn send(net: Outbound, request: HttpRequest) -> Result<HttpResponse, NetError> {
    let (head, body) = request.into_parts();
    let mut ask = Request::new(head.method, head.uri.to_string()).within(WITHIN);
    let mut kind = "application/octet-stream".to_owned();
    for (name, value) in &head.headers {
        let text = value.to_str().map_err(|_| NetError::new(Failure::BadUrl, "a header is no text"))?;
        match name.as_str() {
            "content-type" => text.clone_into(&mut kind),
            name => ask = ask.header(name, text),
        }
    }
    if !body.is_empty() {
        ask = ask.bytes(&kind, body);
    }
    let answer = net.operator(ask).await?;
    let mut response = http::Response::builder().status(answer.status);
    if let Some(kind) = answer.headers.get(http::header::CONTENT_TYPE) {
        response = response.header(http::header::CONTENT_TYPE, kind);
    }
    let body = answer.bytes(MOST).await?;
    response.body(body.to_vec()).map_err(|error| NetError::new(Failure::Broken, "the answer cannot be read").caused_by(error))
}
