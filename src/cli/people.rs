//! The people of a data folder: through its database when nobody serves it, over its control socket when somebody does.

use std::time::Duration;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::base::page::Page;
use crate::base::secret::Secret;
use crate::base::{Clock, Context, Error, Kind, Random, Result};
use crate::contract::LOCAL_HEADER;
use crate::features::auth::{NewUser, UserChange, UserFilter, UserView, Users};
use crate::platform::access::Actor;
use crate::platform::config::process_environment;
use crate::platform::data_dir::{DataDir, Lock};
use crate::platform::db::Db;
use crate::platform::net::{Failure, Request, unix};

/// How long a starting appliance is waited for.
const PATIENCE: Duration = Duration::from_secs(15);
/// Pause between two looks.
const PAUSE: Duration = Duration::from_millis(100);
/// Largest answer that is read.
const MOST: usize = 4 * 1024 * 1024;
/// People per page.
const PAGE: u32 = 500;

/// Where the people are.
pub(super) enum People {
    /// In the database, which this process holds the lock for.
    Here { users: Users, _lock: Lock },
    /// Behind the appliance that serves the folder.
    There { data: DataDir, secret: Secret },
}

#[derive(Deserialize)]
struct Listed {
    data: Vec<UserView>,
    total: u64,
}

impl People {
    /// Takes the folder's lock, or finds the appliance that holds it. One that is just starting or ending is waited for.
    pub(super) async fn open(data: &DataDir) -> Result<Self> {
        let clock = Clock::system();
        let began = clock.monotonic();
        loop {
            if let Some(lock) = data.try_lock()? {
                let db = Db::open(&data.main_db(), &data.backups(), clock.clone())?;
                return Ok(Self::Here { users: Users::new(db, Random::system()), _lock: lock });
            }
            match unix::request(&data.control_socket(), Request::get("/healthz")).await {
                Ok(_) => {
                    return Ok(Self::There { data: data.clone(), secret: core_secret(data)? });
                }
                Err(error) if clock.monotonic().duration_since(began) > PATIENCE => {
                    return Err(Error::unavailable("a process holds this data folder but does not answer").caused_by(error));
                }
                Err(_) => clock.sleep(PAUSE).await,
            }
        }
    }

    pub(super) async fn add(&self, new: NewUser) -> Result<UserView> {
        match self {
            Self::Here { users, .. } => users.create(&Actor::local("command line"), new).await,
            Self::There { .. } => {
                let body = json!({ "name": new.name, "email": new.email, "password": new.password.expose(), "role": new.role });
                self.ask(Request::post("/api/v1/users").json(&body)).await
            }
        }
    }

    pub(super) async fn list(&self) -> Result<Vec<UserView>> {
        let mut people = Vec::new();
        loop {
            let offset = u32::try_from(people.len()).unwrap_or(u32::MAX);
            let (page, total) = self.page(offset).await?;
            let is_last = page.is_empty();
            people.extend(page);
            if is_last || people.len() as u64 >= total {
                return Ok(people);
            }
        }
    }

    async fn page(&self, offset: u32) -> Result<(Vec<UserView>, u64)> {
        match self {
            Self::Here { users, .. } => users.list(UserFilter::default(), Page { limit: PAGE, offset }).await,
            Self::There { .. } => {
                let request = Request::get(format!("/api/v1/users?limit={PAGE}&offset={offset}"));
                let listed: Listed = self.ask(Ok(request)).await?;
                Ok((listed.data, listed.total))
            }
        }
    }

    /// The person with this name or address, whatever its case.
    pub(super) async fn find(&self, who: &str) -> Result<UserView> {
        let wanted = who.trim().to_lowercase();
        let people = self.list().await?;
        let found =
            people.iter().find(|user| user.email == wanted).or_else(|| people.iter().find(|user| user.name.to_lowercase() == wanted));
        found.cloned().ok_or_else(|| Error::not_found(format!("nobody here is called {who}")))
    }

    pub(super) async fn update(&self, user: &UserView, change: UserChange) -> Result<UserView> {
        match self {
            Self::Here { users, .. } => users.update(&Actor::local("command line"), user.id.clone(), change).await,
            Self::There { .. } => {
                let body = json!({ "is_active": change.is_active });
                self.ask(Request::new(http::Method::PUT, format!("/api/v1/users/{}", user.id)).json(&body)).await
            }
        }
    }

    pub(super) async fn set_password(&self, user: &UserView, password: Secret) -> Result<()> {
        match self {
            Self::Here { users, .. } => users.set_password(&Actor::local("command line"), user.id.clone(), password).await,
            Self::There { .. } => {
                let body = json!({ "new_password": password.expose() });
                let path = format!("/api/v1/users/{}/reset-password", user.id);
                self.ask::<Value>(Request::post(path).json(&body)).await.map(|_| ())
            }
        }
    }

    /// Sends a request over the control socket as the owner of the folder; a refusal comes back as the sentence it carries.
    async fn ask<T: DeserializeOwned>(&self, request: Result<Request>) -> Result<T> {
        let Self::There { data, secret } = self else { return Err(Error::internal("nobody serves this folder")) };
        let request = request?.header(LOCAL_HEADER, secret.expose());
        let answer = unix::request(&data.control_socket(), request).await.map_err(unreachable)?;
        let (status, is_success) = (answer.status, answer.is_success());
        let bytes = answer.bytes(MOST).await.map_err(unreachable)?;
        if is_success {
            let text: &[u8] = if bytes.is_empty() { b"null" } else { &bytes };
            return serde_json::from_slice(text).context("the appliance gave an answer that cannot be read");
        }
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

fn unreachable(error: crate::platform::net::NetError) -> Error {
    let sentence = if error.class == Failure::Timeout { "the appliance did not answer in time" } else { "the appliance cannot be reached" };
    Error::unavailable(sentence).caused_by(error)
}
