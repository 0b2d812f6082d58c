//! A data folder from the command line: ours to work in when nobody serves it, else spoken to over its control socket.

use std::time::Duration;

use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::base::secret::Secret;
use crate::base::{Clock, Context, Error, Kind, Result};
use crate::contract::LOCAL_HEADER;
use crate::platform::config::process_environment;
use crate::platform::data_dir::{DataDir, Lock};
use crate::platform::net::{Answer, Failure, NetError, Request, unix};

/// How long a starting appliance is waited for.
const PATIENCE: Duration = Duration::from_secs(15);
/// Pause between two looks.
const PAUSE: Duration = Duration::from_millis(100);
/// Largest answer that is read.
const MOST: usize = 16 * 1024 * 1024;

/// Who works in the folder.
pub(super) enum Folder {
    /// We do, as long as we hold the lock.
    Ours(Lock),
    /// An appliance that serves it.
    Served(Served),
}

/// An appliance that serves the folder.
pub(super) struct Served {
    data: DataDir,
    secret: Secret,
}

impl Folder {
    /// Takes the folder's lock, or finds the appliance that holds it. One that is just starting or ending is waited for.
    pub(super) async fn open(data: &DataDir) -> Result<Self> {
        let clock = Clock::system();
        let began = clock.monotonic();
        loop {
            if let Some(lock) = data.try_lock()? {
                return Ok(Self::Ours(lock));
            }
            match unix::request(&data.control_socket(), Request::get("/healthz")).await {
                Ok(_) => return Ok(Self::Served(Served { data: data.clone(), secret: core_secret(data)? })),
                Err(error) if clock.monotonic().duration_since(began) > PATIENCE => {
                    return Err(Error::unavailable("a process holds this data folder but does not answer").caused_by(error));
                }
                Err(_) => clock.sleep(PAUSE).await,
            }
        }
    }
}

impl Served {
    /// The appliance that serves this folder, whether it answers or not.
    pub(super) fn of(data: DataDir) -> Result<Self> {
        let secret = core_secret(&data)?;
        Ok(Self { data, secret })
    }

    /// Sends a request as the owner of the folder and reads the answer; a refusal comes back as the sentence it carries.
    pub(super) async fn ask<T: DeserializeOwned>(&self, request: Result<Request>) -> Result<T> {
        let bytes = self.send(request?).await?.bytes(MOST).await.map_err(unreachable)?;
        let text: &[u8] = if bytes.is_empty() { b"null" } else { &bytes };
        serde_json::from_slice(text).context("the appliance gave an answer that cannot be read")
    }

    /// Sends a request as the owner of the folder. Gives an answer that is no refusal, its body still on its way.
    pub(super) async fn send(&self, request: Request) -> Result<Answer> {
        let request = request.header(LOCAL_HEADER, self.secret.expose());
        let answer = unix::request(&self.data.control_socket(), request).await.map_err(unreachable)?;
        if answer.is_success() {
            return Ok(answer);
        }
        let status = answer.status;
        let bytes = answer.bytes(MOST).await.map_err(unreachable)?;
        let body: Value = serde_json::from_slice(&bytes).unwrap_or_default();
        let sentence = body["error_description"].as_str().map_or_else(|| format!("the appliance answered {status}"), str::to_owned);
        Err(Error::new(if status == 404 { Kind::NotFound } else { Kind::Conflict }, sentence))
    }
}

/// The internal secret as the appliance has it: from the environment, else from its file.
fn core_secret(data: &DataDir) -> Result<Secret> {
    if let Some((_, text)) = process_environment().into_iter().find(|(name, _)| name == "CXBCORE_SECRET") {
        return Ok(Secret::new(text.trim()));
    }
    let file = data.core_secret();
    let text =
        std::fs::read_to_string(&file).context(format!("cannot read {}: set CXBCORE_SECRET as the appliance has it", file.display()))?;
    Ok(Secret::new(text.trim()))
}

pub(super) fn unreachable(error: NetError) -> Error {
    let sentence = if error.class == Failure::Timeout { "the appliance did not answer in time" } else { "the appliance cannot be reached" };
    Error::unavailable(sentence).caused_by(error)
}
