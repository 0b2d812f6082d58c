//! Figures for Prometheus, read anew at each scrape. Only clients on this machine get them.

use metrics::{gauge, with_local_recorder};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};

use crate::contract::fleet::FleetHealth;
use crate::features::fleet::Fleet;
use crate::platform::data_dir::DataDir;
use crate::platform::outbox::{Depth, Outbox};
use crate::platform::space::{Disk, Space};

/// Reads the figures. Cheap to clone.
#[derive(Clone)]
pub struct Figures {
    data: DataDir,
    disk: Disk,
    fleet: Fleet,
    outbox: Outbox,
    counted: Option<PrometheusHandle>,
}

/// What one scrape found; what could not be read is left out.
struct Found {
    disk: Option<Space>,
    wal_bytes: u64,
    outbox: Option<Depth>,
    engine: Option<FleetHealth>,
}

impl Figures {
    /// Over the parts that are measured.
    pub fn new(data: DataDir, disk: Disk, fleet: Fleet, outbox: Outbox) -> Self {
        Self { data, disk, fleet, outbox, counted: None }
    }

    /// Also gives what the process has counted since its start.
    #[must_use]
    pub fn with_counted(self, counted: PrometheusHandle) -> Self {
        Self { counted: Some(counted), ..self }
    }

    /// All figures in Prometheus' text format.
    pub async fn render(&self) -> String {
        let wal = self.data.root().join("main.db-wal");
        let found = Found {
            disk: self.disk.space().ok(),
            wal_bytes: std::fs::metadata(wal).map_or(0, |file| file.len()),
            outbox: self.outbox.depth().await.ok(),
            engine: self.fleet.local_health().await.ok(),
        };
        let counted = self.counted.as_ref().map(PrometheusHandle::render).unwrap_or_default();
        written(&found) + &counted
    }
}

fn written(found: &Found) -> String {
    let recorder = PrometheusBuilder::new().build_recorder();
    with_local_recorder(&recorder, || {
        gauge!("cxbox_db_wal_bytes").set(found.wal_bytes as f64);
        gauge!("cxbox_engine_up").set(if found.engine.is_some() { 1.0 } else { 0.0 });
        if let Some(disk) = found.disk {
            gauge!("cxbox_disk_free_bytes").set(disk.free as f64);
        }
        if let Some(depth) = found.outbox {
            gauge!("cxbox_outbox_waiting_total", "what" => "facts").set(depth.facts as f64);
            gauge!("cxbox_outbox_waiting_total", "what" => "reactions").set(depth.reactions as f64);
            gauge!("cxbox_outbox_waiting_total", "what" => "jobs").set(depth.jobs as f64);
            gauge!("cxbox_outbox_parked_total").set(depth.parked as f64);
        }
        if let Some(engine) = &found.engine {
            gauge!("cxbox_calls_active").set(f64::from(engine.fleet_calls));
            gauge!("cxbox_calls_capacity").set(f64::from(engine.fleet_max));
        }
    });
    recorder.handle().render()
}
