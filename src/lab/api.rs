//! The lab's way to an appliance of its own: its public HTTP API, as any client would use it.

use std::time::Duration;

use http::Method;
use serde_json::{Value, json};

use crate::base::page::percent_encode;
use crate::base::{Clock, Context, Error, Random, Result};
use crate::platform::net::{Answer, Outbound, OutboundOptions, Request};

/// The largest recording that is fetched.
const MOST_BYTES: usize = 64 * 1024 * 1024;
/// Stands between the parts of a form; no page of the manual has it.
const BOUNDARY: &str = "cxbox-demo-form-7d1b";
/// How often a condition is looked at again.
const PAUSE: Duration = Duration::from_millis(100);

/// A client of one appliance, signed in as its first admin.
#[derive(Clone)]
pub(super) struct Api {
    outbound: Outbound,
    base: String,
    bearer: Option<String>,
    clock: Clock,
}

impl Api {
    pub(super) fn new(base: String, clock: Clock) -> Result<Self> {
        let options = OutboundOptions::allowing(["127.0.0.0/8"])?;
        Ok(Self { outbound: Outbound::new(options)?, base, bearer: None, clock })
    }

    /// Makes the first admin with the setup token and signs in as them.
    pub(super) async fn sign_in(&mut self, setup_token: &str, random: &Random) -> Result<()> {
        let password = random.url_safe::<18>();
        let admin = json!({ "token": setup_token, "name": "demo", "email": "demo@localhost.localdomain", "password": password });
        self.post("/api/v1/setup", &admin).await?;
        let form = format!("grant_type=password&client_id=codeb-admin&username=demo&password={}&scope=openid", percent_encode(&password));
        let request = Request::post(self.url("/oidc.ashx/token")).bytes("application/x-www-form-urlencoded", form);
        let token = self.json(request).await?;
        self.bearer = token["access_token"].as_str().map(str::to_owned);
        Ok(())
    }

    pub(super) async fn get(&self, path: &str) -> Result<Value> {
        self.json(self.request(Method::GET, path)).await
    }

    pub(super) async fn post(&self, path: &str, body: &Value) -> Result<Value> {
        self.json(self.request(Method::POST, path).json(body)?).await
    }

    pub(super) async fn put(&self, path: &str, body: &Value) -> Result<Value> {
        self.json(self.request(Method::PUT, path).json(body)?).await
    }

    /// Uploads a file in a form.
    pub(super) async fn upload(&self, path: &str, name: &str, bytes: &[u8]) -> Result<Value> {
        let mut body = format!("--{BOUNDARY}\r\ncontent-disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\r\n").into_bytes();
        body.extend_from_slice(bytes);
        body.extend_from_slice(format!("\r\n--{BOUNDARY}--\r\n").as_bytes());
        self.json(self.request(Method::POST, path).bytes(&format!("multipart/form-data; boundary={BOUNDARY}"), body)).await
    }

    /// Whether the appliance says it is ready.
    pub(super) async fn is_ready(&self) -> bool {
        matches!(self.outbound.operator(Request::get(self.url("/readyz"))).await, Ok(answer) if answer.status == 200)
    }

    /// Fetches a public recording link: no bearer, the token is the secret.
    pub(super) async fn recording(&self, url: &str) -> Result<Vec<u8>> {
        let answer = self.outbound.operator(Request::get(url)).await.context("cannot fetch the recording")?;
        if answer.status != 200 {
            return Err(Error::upstream(format!("the recording link answered {}", answer.status)));
        }
        Ok(answer.bytes(MOST_BYTES).await.context("cannot read the recording")?.to_vec())
    }

    /// The stream of live events.
    pub(super) async fn live(&self) -> Result<Answer> {
        self.outbound.operator(self.request(Method::GET, "/api/v1/events/stream")).await.context("cannot open the live events")
    }

    /// The URL of a path on the appliance.
    pub(super) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// Looks again until there is an answer, for at most `limit`; then fails and says what was waited for.
    pub(super) async fn wait_for<T, F: Future<Output = Result<Option<T>>>>(
        &self,
        what: &str,
        limit: Duration,
        mut look: impl FnMut() -> F,
    ) -> Result<T> {
        let until = self.clock.ticks().plus(limit);
        loop {
            if let Some(found) = look().await? {
                return Ok(found);
            }
            if self.clock.ticks() >= until {
                return Err(Error::upstream(format!("waited {} s for {what}", limit.as_secs())));
            }
            self.clock.sleep(PAUSE).await;
        }
    }

    fn request(&self, method: Method, path: &str) -> Request {
        let request = Request::new(method, self.url(path));
        match &self.bearer {
            Some(token) => request.header("authorization", &format!("Bearer {token}")),
            None => request,
        }
    }

    async fn json(&self, request: Request) -> Result<Value> {
        let answer = self.outbound.operator(request).await.context("the appliance does not answer")?;
        let (status, ok) = (answer.status, answer.is_success());
        let bytes = answer.bytes(MOST_BYTES).await.context("the appliance broke off")?;
        if !ok {
            return Err(Error::upstream(format!("the appliance answered {status}: {}", String::from_utf8_lossy(&bytes))));
        }
        if bytes.is_empty() { Ok(Value::Null) } else { serde_json::from_slice(&bytes).context("the appliance answered no JSON") }
    }
}
