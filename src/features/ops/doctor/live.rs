//! The box while it serves: its parts, its work, its backups. What it depends on elsewhere stands in `peers.rs`.

use std::sync::Arc;

use super::super::readiness::Readiness;
use super::model::{Diagnosis, Finding};
use crate::base::{Clock, Context as _, Random, Result};
use crate::features::backups::Backups;
use crate::features::bots::Bots;
use crate::features::carriers::Carriers;
use crate::features::fleet::Fleet;
use crate::features::recordings::Recordings;
use crate::features::settings::Settings;
use crate::platform::config::Config;
use crate::platform::data_dir::DataDir;
use crate::platform::net::Outbound;
use crate::platform::outbox::Outbox;

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
    /// Whose models have to answer.
    pub bots: Bots,
    /// The trunks.
    pub carriers: Carriers,
    /// The engines.
    pub fleet: Fleet,
}

/// Looks a serving box over. Cheap to clone.
#[derive(Clone)]
pub struct Doctor(pub(super) Arc<DoctorSetup>);

impl Doctor {
    /// Over the parts it looks at.
    pub fn new(setup: DoctorSetup) -> Self {
        Self(Arc::new(setup))
    }

    /// Everything, right now.
    pub async fn look(&self) -> Result<Diagnosis> {
        let setup = self.0.clone();
        let at_rest = tokio::task::spawn_blocking(move || super::at_rest(&setup.data, &setup.config, &setup.clock));
        let (at_rest, parts, outbox, backup, peers) = tokio::join!(at_rest, self.parts(), self.outbox(), self.backup(), self.peers());
        let mut findings = at_rest.context("the doctor panicked")?;
        findings.extend(parts);
        findings.extend([outbox, backup]);
        findings.extend(peers);
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
            return Finding::watch("backup", "no backups are scheduled", super::change_settings("backup", r#"{"schedule":"03:00"}"#));
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
}
