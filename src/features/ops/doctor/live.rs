//! The box while it serves: its parts, its backups, and the peers it depends on.

use std::sync::Arc;
use std::time::Duration;

use super::super::readiness::Readiness;
use super::model::{Diagnosis, Finding};
use crate::base::{Clock, Context as _, Error, Random, Result};
use crate::features::backups::Backups;
use crate::features::recordings::Recordings;
use crate::features::settings::Settings;
use crate::platform::config::Config;
use crate::platform::data_dir::DataDir;
use crate::platform::net::Outbound;
use crate::platform::objects::S3;
use crate::platform::outbox::Outbox;

/// How long a peer may take.
const WITHIN: Duration = Duration::from_secs(5);

/// What the doctor looks at.
pub struct DoctorSetup {
    /// The data folder.
    pub data: DataDir,
    /// The configuration.
    pub config: Config,
    /// Time.
    pub clock: Clock,
    /// Randomness, for the name of a probe.
    pub random: Random,
    /// The parts of the box.
    pub readiness: Readiness,
    /// Facts and jobs.
    pub outbox: Outbox,
    /// Backups.
    pub backups: Backups,
    /// Knows the object store.
    pub recordings: Recordings,
    /// The settings.
    pub settings: Settings,
    /// The client for peers.
    pub net: Outbound,
}

/// Looks a serving box over. Cheap to clone.
#[derive(Clone)]
pub struct Doctor(Arc<DoctorSetup>);

impl Doctor {
    /// Over the parts it looks at.
    pub fn new(setup: DoctorSetup) -> Self {
        Self(Arc::new(setup))
    }

    /// Everything, right now.
    pub async fn look(&self) -> Result<Diagnosis> {
        let setup = self.0.clone();
        let at_rest = tokio::task::spawn_blocking(move || super::at_rest(&setup.data, &setup.config, &setup.clock));
        let (at_rest, parts, outbox, backup, store, mail) =
            tokio::join!(at_rest, self.parts(), self.outbox(), self.backup(), self.object_store(), self.mail_server());
        let mut findings = at_rest.context("the doctor panicked")?;
        findings.extend(parts);
        findings.extend([outbox, backup, store, mail]);
        Ok(Diagnosis::of(findings))
    }

    async fn parts(&self) -> Vec<Finding> {
        let report = self.0.readiness.report().await;
        let finding = |check: super::super::readiness::Check| match (check.ok, check.name) {
            (true, name) => Finding::ok(&format!("ready_{name}"), "it works"),
            (false, "engine" | "sip") => Finding::broken(&format!("ready_{}", check.name), check.reason, "systemctl restart cxbox-engine"),
            (false, name) => Finding::broken(&format!("ready_{name}"), check.reason, "systemctl restart cxbox"),
        };
        report.checks.into_iter().map(finding).collect()
    }

    async fn outbox(&self) -> Finding {
        match self.0.outbox.depth().await {
            Ok(depth) if depth.parked > 0 => Finding::watch(
                "outbox",
                format!("{} pieces of work were given up and wait for somebody", depth.parked),
                "curl -H 'Authorization: Bearer TOKEN' BASE/api/v1/webhooks  # or the page Webhooks of the console",
            ),
            Ok(depth) => Finding::ok("outbox", format!("{} jobs wait, none was given up", depth.jobs)),
            Err(error) => Finding::broken("outbox", error.message().to_owned(), "systemctl restart cxbox"),
        }
    }

    async fn backup(&self) -> Finding {
        let data = self.0.data.root().display();
        let make = format!("cxbox backup --verify --data-dir {data}");
        let Some(period) = self.0.settings.current().backup.schedule.period() else {
            return Finding::watch(
                "backup",
                "no backups are scheduled",
                "set schedule in the section backup of the settings, such as 03:00",
            );
        };
        let now = self.0.clock.now();
        match self.0.backups.health().await {
            Err(error) => Finding::broken("backup", error.message().to_owned(), make),
            Ok(health) if health.last_failed => Finding::broken("backup", "the last backup could not be made", make),
            Ok(health) => match (health.newest, health.counts_since) {
                (Some(newest), _) if newest.verify_error.is_some() => {
                    Finding::broken("backup", format!("{} is damaged", newest.name), make)
                }
                (Some(newest), _) if now.since(newest.started_at) > period * 2 => {
                    Finding::broken("backup", format!("the newest backup is from {}", newest.started_at), make)
                }
                (Some(newest), _) => Finding::ok("backup", format!("the newest backup is from {}", newest.started_at)),
                (None, Some(since)) if now.since(since) > period * 2 => Finding::broken("backup", "there is no backup", make),
                (None, _) => Finding::ok("backup", "the first backup is still to come"),
            },
        }
    }

    async fn object_store(&self) -> Finding {
        let s3 = match self.0.recordings.s3() {
            Ok(Some(s3)) => s3,
            Ok(None) => return Finding::ok("object_store", "recordings lie on local disk alone"),
            Err(error) => return Finding::broken("object_store", error.message().to_owned(), show_settings("storage")),
        };
        let probed = tokio::time::timeout(WITHIN, probe(&s3, &format!("doctor/{}", self.0.random.hex::<6>()))).await;
        match probed.unwrap_or_else(|_| Err(Error::unavailable("the object store does not answer"))) {
            Ok(()) => Finding::ok("object_store", format!("{} takes and gives objects, also in part", s3.location())),
            Err(error) => Finding::broken("object_store", format!("{}: {}", s3.location(), error.message()), show_settings("storage")),
        }
    }

    async fn mail_server(&self) -> Finding {
        let settings = self.0.settings.current();
        if !settings.mail.is_on() {
            return Finding::ok("mail_server", "no mail is sent");
        }
        let (host, port) = (&settings.mail.host, settings.mail.port);
        match self.0.net.reaches(host, port).await {
            Ok(()) => Finding::ok("mail_server", format!("{host}:{port} takes connections")),
            Err(error) => Finding::broken("mail_server", format!("{host}:{port}: {error}"), show_settings("mail")),
        }
    }
}

fn show_settings(section: &str) -> String {
    format!("curl -H 'Authorization: Bearer TOKEN' BASE/api/v1/settings/{section}  # or the page Settings of the console")
}

/// Puts a small object, reads a part of it back and removes it.
async fn probe(s3: &S3, key: &str) -> Result<()> {
    s3.put(key, b"0123456789").await?;
    let answer = s3.read(key, Some((2, 4))).await?.ok_or_else(|| Error::unavailable("what was put is not there"))?;
    let is_part = answer.status == 206;
    let bytes = answer.bytes(64).await?;
    s3.delete(key).await?;
    if is_part && bytes.as_ref() == b"234" { Ok(()) } else { Err(Error::unavailable("ranges are not answered as they should be")) }
}
