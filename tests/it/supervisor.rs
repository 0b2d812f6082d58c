//! The built-in engine is kept running: started, started again, adopted, replaced, drained. The engine is a stand-in of a few lines.

use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use cxbox::base::seal::Sealer;
use cxbox::base::secret::Secret;
use cxbox::base::{Clock, Random};
use cxbox::features::fleet::{Fleet, FleetSetup, Kept, Supervisor, SupervisorSetup};
use cxbox::features::settings::{Settings, SettingsSetup};
use cxbox::platform::config::Config;
use cxbox::platform::data_dir::DataDir;
use cxbox::platform::db::Db;
use cxbox::platform::net::{Outbound, OutboundOptions};
use tempfile::TempDir;

/// Longest time any step may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

struct Stage {
    _folder: TempDir,
    data: DataDir,
    fleet: Fleet,
    program: PathBuf,
}

/// Settings as they are by default.
fn settings(data: &DataDir) -> Settings {
    let db = Db::open(&data.main_db(), &data.backups(), Clock::system()).unwrap();
    let sealer = Arc::new(Sealer::new(&[7; 32], Random::system()).unwrap());
    Settings::new(SettingsSetup { db, sealer, keys: Config::defaults().unwrap().live, checks: Vec::new() }).unwrap()
}

impl Stage {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data = DataDir::open(folder.path().join("d")).unwrap();
        let program = folder.path().join("engine");
        let script = format!("#!/bin/sh\nexec python3 {}/tests/it/support/fake_engine.py \"$@\"\n", env!("CARGO_MANIFEST_DIR"));
        std::fs::write(&program, script).unwrap();
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
        let net = Outbound::new(OutboundOptions::allowing(Vec::<String>::new()).unwrap()).unwrap();
        let fleet = Fleet::new(FleetSetup {
            engine_socket: data.engine_socket(),
            secret: Secret::new("a secret of this test"),
            net,
            random: Random::system(),
            settings: settings(&data),
            clock: Clock::system(),
        });
        Self { _folder: folder, data, fleet, program }
    }

    fn keep(&self, sip: &str, contract: &str) -> Supervisor {
        Supervisor::start(SupervisorSetup {
            program: self.program.clone(),
            data: self.data.clone(),
            sip: sip.to_owned(),
            rtp_ports: "30000-30999".to_owned(),
            environment: vec![("FAKE_CONTRACT_VERSION".to_owned(), contract.to_owned())],
            fleet: self.fleet.clone(),
            clock: Clock::system(),
        })
    }

    /// The process of an engine that answers and is not `other`.
    async fn engine_but(&self, other: Option<u32>) -> u32 {
        let found = async {
            loop {
                let pid = self.fleet.local_health().await.ok().and_then(|health| health.pid);
                if let Some(pid) = pid.filter(|pid| Some(*pid) != other) {
                    return pid;
                }
                Clock::system().sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(PATIENCE, found).await.expect("an engine that answers")
    }

    async fn gone(&self) {
        let gone = async {
            while self.fleet.local_health().await.is_ok() {
                Clock::system().sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(PATIENCE, gone).await.expect("no engine any more");
    }
}

fn kill(pid: u32) {
    let pid = rustix::process::Pid::from_raw(i32::try_from(pid).unwrap()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
}

#[tokio::test]
async fn a_crashed_engine_is_started_again_and_drained_at_the_end() {
    let the = Stage::new();
    let supervisor = the.keep("127.0.0.1:5060", "1");
    let first = the.engine_but(None).await;
    kill(first);
    the.engine_but(Some(first)).await;
    supervisor.drain(Duration::from_secs(5)).await.unwrap();
    the.gone().await;
}

#[tokio::test]
async fn a_running_engine_is_adopted_and_one_of_another_contract_or_place_is_replaced() {
    let the = Stage::new();
    let supervisor = the.keep("127.0.0.1:5060", "1");
    let first = the.engine_but(None).await;
    assert_eq!(supervisor.kept().await, Some(Kept::Started));
    supervisor.leave().await;
    assert_eq!(the.engine_but(None).await, first, "it outlives its supervisor");
    let supervisor = the.keep("127.0.0.1:5060", "1");
    assert_eq!(supervisor.kept().await, Some(Kept::Adopted));
    assert_eq!(the.engine_but(None).await, first);
    supervisor.leave().await;
    let supervisor = the.keep("127.0.0.1:5070", "2");
    let second = the.engine_but(Some(first)).await;
    supervisor.leave().await;
    let supervisor = the.keep("127.0.0.1:5070", "1");
    let third = the.engine_but(Some(second)).await;
    supervisor.drain(Duration::from_secs(5)).await.unwrap();
    the.gone().await;
    assert_ne!(third, first);
}

#[tokio::test]
async fn an_adopted_engine_that_dies_is_started_again() {
    let the = Stage::new();
    let supervisor = the.keep("127.0.0.1:5060", "1");
    let first = the.engine_but(None).await;
    supervisor.leave().await;
    let supervisor = the.keep("127.0.0.1:5060", "1");
    assert_eq!(supervisor.kept().await, Some(Kept::Adopted));
    kill(first);
    the.engine_but(Some(first)).await;
    supervisor.drain(Duration::from_secs(5)).await.unwrap();
    the.gone().await;
}
