//! Figures for Prometheus: what is measured anew at each scrape, and what the process has counted since its start.

use std::time::Duration;

use metrics::{gauge, with_local_recorder};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};

use crate::base::Clock;
use crate::contract::fleet::FleetHealth;
use crate::features::backups::Backups;
use crate::features::fleet::Fleet;
use crate::features::permit::Permit;
use crate::platform::data_dir::DataDir;
use crate::platform::outbox::{Depth, Outbox};
use crate::platform::space::{Disk, Space};
use crate::platform::tls;

/// What the figures are read from.
#[derive(Clone)]
pub struct FiguresSetup {
    /// Time.
    pub clock: Clock,
    /// The data folder.
    pub data: DataDir,
    /// Its disk.
    pub disk: Disk,
    /// The engines.
    pub fleet: Fleet,
    /// Facts and jobs.
    pub outbox: Outbox,
    /// Backups.
    pub backups: Backups,
    /// The gate of outbound calls.
    pub permit: Permit,
    /// Whether the API's address speaks TLS with the certificate in the data folder.
    pub has_tls: bool,
    /// Whether a listener of its own gives the figures; the API's address then does not.
    pub has_listener: bool,
}

/// Reads the figures. Cheap to clone.
#[derive(Clone)]
pub struct Figures {
    setup: FiguresSetup,
    counted: Option<PrometheusHandle>,
}

/// What one scrape found; what could not be read is left out.
struct Found {
    disk: Option<Space>,
    wal_bytes: u64,
    outbox: Option<Depth>,
    oldest: Option<Duration>,
    engine: Option<FleetHealth>,
    /// Seconds until the certificate ends; negative after that.
    certificate_s: Option<f64>,
    backup: Option<Duration>,
    /// Minutes and money of this day's outbound calls.
    outbound: Option<(u32, f64)>,
}

impl Figures {
    /// Over the parts that are measured.
    pub fn new(setup: FiguresSetup) -> Self {
        Self { setup, counted: None }
    }

    /// Also gives what the process has counted since its start.
    #[must_use]
    pub fn with_counted(self, counted: PrometheusHandle) -> Self {
        Self { counted: Some(counted), ..self }
    }

    /// Whether a listener of its own gives the figures.
    pub(super) fn has_listener(&self) -> bool {
        self.setup.has_listener
    }

    /// All figures in Prometheus' text format.
    pub async fn render(&self) -> String {
        let FiguresSetup { clock, data, disk, fleet, outbox, backups, permit, has_tls, .. } = &self.setup;
        let now = clock.now();
        let wal = data.root().join("main.db-wal");
        let oldest = outbox.oldest_due(now).await.ok();
        let found = Found {
            disk: disk.space().ok(),
            wal_bytes: std::fs::metadata(wal).map_or(0, |file| file.len()),
            outbox: outbox.depth().await.ok(),
            oldest: oldest.map(|at| at.map_or(Duration::ZERO, |at| now.since(at))),
            engine: fleet.local_health().await.ok(),
            certificate_s: has_tls.then(|| tls::leaf_ends_at(data)).flatten().map(|ends| (ends.0 - now.0) as f64 / 1000.0),
            backup: backups.newest().await.ok().flatten().map(|backup| now.since(backup.started_at)),
            outbound: permit.used_today().await.ok(),
        };
        let counted = self.counted.as_ref().map(PrometheusHandle::render).unwrap_or_default();
        written(&found) + &counted
    }
}

fn written(found: &Found) -> String {
    let recorder = PrometheusBuilder::new().build_recorder();
    with_local_recorder(&recorder, || {
        gauge!("cxbox_build_info", "version" => env!("CARGO_PKG_VERSION")).set(1.0);
        gauge!("cxbox_db_wal_bytes").set(found.wal_bytes as f64);
        if let Some(disk) = found.disk {
            gauge!("cxbox_disk_free_bytes").set(disk.free as f64);
            gauge!("cxbox_disk_size_bytes").set(disk.total as f64);
        }
        if let Some(depth) = found.outbox {
            gauge!("cxbox_outbox_waiting_total", "what" => "facts").set(depth.facts as f64);
            gauge!("cxbox_outbox_waiting_total", "what" => "reactions").set(depth.reactions as f64);
            gauge!("cxbox_outbox_waiting_total", "what" => "jobs").set(depth.jobs as f64);
            gauge!("cxbox_outbox_parked_total").set(depth.parked as f64);
        }
        for (name, seconds) in [
            ("cxbox_outbox_oldest_seconds", found.oldest.map(|age| age.as_secs_f64())),
            ("cxbox_cert_expiry_seconds", found.certificate_s),
            ("cxbox_backup_age_seconds", found.backup.map(|age| age.as_secs_f64())),
        ] {
            if let Some(seconds) = seconds {
                gauge!(name).set(seconds);
            }
        }
        if let Some((minutes, spent)) = found.outbound {
            gauge!("cxbox_outbound_minutes_today").set(f64::from(minutes));
            gauge!("cxbox_outbound_spent_today").set(spent);
        }
        write_engine(found.engine.as_ref());
    });
    recorder.handle().render()
}

fn write_engine(engine: Option<&FleetHealth>) {
    gauge!("cxbox_engine_up").set(if engine.is_some() { 1.0 } else { 0.0 });
    let Some(engine) = engine else { return };
    gauge!("cxbox_calls_active").set(f64::from(engine.fleet_calls));
    gauge!("cxbox_calls_capacity").set(f64::from(engine.fleet_max));
    gauge!("cxbox_engine_spooled_results").set(f64::from(engine.spooled));
}
