//! Whether the box can do its work: database, disk, engine, SIP.

use std::time::Duration;

use serde::Serialize;
use utoipa::ToSchema;

use crate::contract::fleet::FleetHealth;
use crate::features::fleet::Fleet;
use crate::platform::db::Db;
use crate::platform::space::Disk;

/// Longest wait for one part of the box.
const WITHIN: Duration = Duration::from_secs(2);

/// One part of the box.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Check {
    /// `database`, `disk`, `engine` or `sip`.
    pub name: &'static str,
    /// Whether it works.
    pub ok: bool,
    /// Why it does not; empty if it does.
    pub reason: String,
}

/// All parts of the box.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Report {
    /// `ready` or `not_ready`.
    pub status: &'static str,
    /// What does not work, in sentences.
    pub reasons: Vec<String>,
    /// Every part.
    pub checks: Vec<Check>,
}

/// Looks at the parts of the box anew each time it is asked. Cheap to clone.
#[derive(Clone)]
pub struct Readiness {
    db: Db,
    disk: Disk,
    fleet: Fleet,
}

impl Readiness {
    /// Over the parts it looks at.
    pub fn new(db: Db, disk: Disk, fleet: Fleet) -> Self {
        Self { db, disk, fleet }
    }

    /// The state of every part, right now.
    pub async fn report(&self) -> Report {
        let (database, engine) = tokio::join!(self.database(), self.engine());
        let [engine, sip] = of_engine(engine);
        summary(vec![check("database", database), check("disk", self.room()), check("engine", engine), check("sip", sip)])
    }

    /// A group of the writer and a query must come through.
    async fn database(&self) -> Result<(), String> {
        let both = async {
            self.db.read(|_| Ok(())).await?;
            self.db.write(|_| Ok(())).await
        };
        match tokio::time::timeout(WITHIN, both).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(format!("the database does not work: {}", error.message())),
            Err(_) => Err("the database does not answer".to_owned()),
        }
    }

    fn room(&self) -> Result<(), String> {
        self.disk.check().map_err(|error| error.message().to_owned())
    }

    async fn engine(&self) -> Result<FleetHealth, String> {
        match tokio::time::timeout(WITHIN, self.fleet.local_health()).await {
            Ok(Ok(health)) => Ok(health),
            _ => Err("the engine does not answer".to_owned()),
        }
    }
}

/// What an engine's own report says about the engine and about SIP.
fn of_engine(health: Result<FleetHealth, String>) -> [Result<(), String>; 2] {
    match health {
        Err(reason) => [Err(reason), Err("SIP is not bound: there is no engine".to_owned())],
        Ok(health) => {
            let engine = if health.status == "ok" { Ok(()) } else { Err(format!("the engine is {}", health.status)) };
            [engine, health.sip.map(|_| ()).ok_or_else(|| "SIP is not bound".to_owned())]
        }
    }
}

fn check(name: &'static str, outcome: Result<(), String>) -> Check {
    Check { name, ok: outcome.is_ok(), reason: outcome.err().unwrap_or_default() }
}

fn summary(checks: Vec<Check>) -> Report {
    let reasons: Vec<_> = checks.iter().filter(|check| !check.ok).map(|check| check.reason.clone()).collect();
    Report { status: if reasons.is_empty() { "ready" } else { "not_ready" }, reasons, checks }
}
