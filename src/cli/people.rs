//! The people of a data folder: through its database when nobody serves it, over its control socket when somebody does.

use serde::Deserialize;
use serde_json::{Value, json};

use super::folder::{Folder, Served};
use crate::base::page::Page;
use crate::base::secret::Secret;
use crate::base::{Clock, Error, Random, Result};
use crate::features::auth::{NewUser, UserChange, UserFilter, UserView, Users};
use crate::platform::access::Actor;
use crate::platform::data_dir::{DataDir, Lock};
use crate::platform::db::Db;
use crate::platform::net::Request;

/// People per page.
const PAGE: u32 = 500;

/// Where the people are.
pub(super) enum People {
    /// In the database, which this process holds the lock for.
    Here { users: Users, _lock: Lock },
    /// Behind the appliance that serves the folder.
    There(Served),
}

#[derive(Deserialize)]
struct Listed {
    data: Vec<UserView>,
    total: u64,
}

impl People {
    /// Opens the database of a folder that nobody serves, or finds the appliance that does.
    pub(super) async fn open(data: &DataDir) -> Result<Self> {
        Ok(match Folder::open(data).await? {
            Folder::Ours(lock) => {
                let db = Db::open(&data.main_db(), &data.backups(), Clock::system())?;
                Self::Here { users: Users::new(db, Random::system()), _lock: lock }
            }
            Folder::Served(served) => Self::There(served),
        })
    }

    pub(super) async fn add(&self, new: NewUser) -> Result<UserView> {
        match self {
            Self::Here { users, .. } => users.create(&Actor::local("command line"), new).await,
            Self::There(served) => {
                let body = json!({ "name": new.name, "email": new.email, "password": new.password.expose(), "role": new.role });
                served.ask(Request::post("/api/v1/users").json(&body)).await
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
            Self::There(served) => {
                let request = Request::get(format!("/api/v1/users?limit={PAGE}&offset={offset}"));
                let listed: Listed = served.ask(Ok(request)).await?;
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
            Self::There(served) => {
                let body = json!({ "is_active": change.is_active });
                served.ask(Request::new(http::Method::PUT, format!("/api/v1/users/{}", user.id)).json(&body)).await
            }
        }
    }

    pub(super) async fn set_password(&self, user: &UserView, password: Secret) -> Result<()> {
        match self {
            Self::Here { users, .. } => users.set_password(&Actor::local("command line"), user.id.clone(), password).await,
            Self::There(served) => {
                let body = json!({ "new_password": password.expose() });
                let path = format!("/api/v1/users/{}/reset-password", user.id);
                served.ask::<Value>(Request::post(path).json(&body)).await.map(|_| ())
            }
        }
    }
}
