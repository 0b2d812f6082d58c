//! A box whose processes are units of systemd. The `systemctl` here is a script on PATH: it starts and ends real processes, counts how often
//! a unit was started, and refuses one that died too often until `reset-failed`, as the real one does.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;

use serde_json::{Value, json};

use super::support::release::{NEWER_AND_BROKEN, release, said, script};
use super::support::{Appliance, Http, Setup, binary, until};

/// Units by name, one file each below `$STATE`: `NAME.pid`, `NAME.n` (starts since `reset-failed`).
const SYSTEMCTL: &str = r#"
echo "$*" >>"$STATE/asked"
verb=$1; shift
pid() { cat "$STATE/$1.pid" 2>/dev/null || echo 0; }
alive() { p=$(pid "$1"); [ "$p" != 0 ] && kill -0 "$p" 2>/dev/null && [ "$(cut -d' ' -f3 "/proc/$p/stat")" != Z ]; }
begin() {
    case $1 in
    cxbox.service) set -- "$1" serve --engine external ;;
    *) set -- "$1" engine --unit ;;
    esac
    unit=$1; shift
    setsid "$BINARY" "$@" --data-dir "$DATA" >>"$STATE/log" 2>&1 </dev/null &
    echo $! >"$STATE/$unit.pid"
}
case $verb in
show)
    for last; do :; done
    case "$*" in
    *MainPID*) if alive "$last"; then pid "$last"; else echo 0; fi ;;
    *) echo LoadState=loaded; cat "$STATE/$last.state" 2>/dev/null || echo ActiveState=active ;;
    esac ;;
stop)
    for unit; do alive "$unit" && kill -TERM "$(pid "$unit")"; done
    for unit; do while alive "$unit"; do sleep 0.1; done; done ;;
reset-failed)
    for unit; do rm -f "$STATE/$unit.n"; done ;;
start)
    for unit; do
        n=$(cat "$STATE/$unit.n" 2>/dev/null || echo 0)
        # A program that dies at once is started again until the limit is reached.
        [ "$n" -lt 3 ] || { echo "Start request repeated too quickly." >&2; exit 1; }
        begin "$unit"
        if [ "$("$BINARY" --version)" = "cxbox 9.9.9" ]; then echo 3 >"$STATE/$unit.n"; else echo $((n + 1)) >"$STATE/$unit.n"; fi
    done ;;
esac
"#;

/// The units, their `systemctl` and their installed program.
struct Units {
    folder: tempfile::TempDir,
    setup: Setup,
}

impl Units {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::copy(binary(), folder.path().join("cxbox")).unwrap();
        std::fs::create_dir(folder.path().join("bin")).unwrap();
        std::fs::create_dir(folder.path().join("state")).unwrap();
        script(&folder.path().join("bin"), "systemctl", SYSTEMCTL);
        Self { folder, setup: Setup::new() }
    }

    fn installed(&self) -> PathBuf {
        self.folder.path().join("cxbox")
    }

    fn data(&self) -> &Path {
        self.setup.data.path()
    }

    /// A command that finds our `systemctl` first.
    fn command(&self, program: &Path) -> Command {
        let mut path = self.folder.path().join("bin").into_os_string();
        path.push(":");
        path.push(std::env::var_os("PATH").unwrap_or_default());
        let mut command =
            Command::new(if program == Path::new("systemctl") { self.folder.path().join("bin/systemctl") } else { program.into() });
        command
            .env("PATH", path)
            .env("STATE", self.folder.path().join("state"))
            .env("BINARY", self.installed())
            .env("DATA", self.data())
            .env("CXBOX_SERVER__HTTP", self.setup.http.to_string())
            .env("CXBOX_SERVER__TLS", "off")
            .env("CXBOX_ENGINE__SIP", self.setup.sip.to_string())
            .env("CXBOX_ENGINE__RTP_PORTS", &self.setup.rtp_ports)
            .env("CXBOX_ENGINE__MAX_CONCURRENT_CALLS", "20");
        command
    }

    fn systemctl(&self, arguments: &[&str]) {
        let output = self.command(Path::new("systemctl")).args(arguments).output().unwrap();
        assert!(output.status.success(), "{}", said(&output));
    }

    /// The process of a unit.
    fn pid(&self, unit: &str) -> u32 {
        let text = std::fs::read_to_string(self.folder.path().join(format!("state/{unit}.pid"))).unwrap_or_default();
        text.trim().parse().unwrap_or(0)
    }

    fn asked(&self) -> Vec<String> {
        let path = self.folder.path().join("state/asked");
        let text = std::fs::read_to_string(&path).unwrap_or_default();
        std::fs::write(path, "").unwrap();
        text.lines().filter(|line| !line.starts_with("show")).map(str::to_owned).collect()
    }

    async fn ready(&self) -> Http {
        let http = Http::new(format!("http://{}", self.setup.http));
        until("both units are ready", Duration::from_secs(60), || async {
            http.get("/readyz").await.ok().filter(|reply| reply.status == 200)
        })
        .await;
        http
    }

    async fn upgrade(&self, file: &Path, within: &str) -> Output {
        let mut command = self.command(&self.installed());
        command.args(["upgrade", "--within", within, "--file"]).arg(file).arg("--data-dir").arg(self.data());
        tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap()
    }

    fn doctor(&self) -> Value {
        let output = self.command(&self.installed()).args(["doctor", "--json", "--data-dir"]).arg(self.data()).output().unwrap();
        serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", said(&output)))
    }
}

impl Drop for Units {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("{}", std::fs::read_to_string(self.folder.path().join("state/log")).unwrap_or_default());
        }
        for unit in ["cxbox.service", "cxbox-engine.service"] {
            if self.pid(unit) > 0 {
                Appliance::signal(self.pid(unit), "-KILL");
            }
        }
    }
}

const BOTH: &str = "cxbox-engine.service cxbox.service";

#[tokio::test]
async fn an_upgrade_stops_and_starts_the_units_and_takes_the_former_program_back_when_the_new_one_dies() {
    let units = Units::new();
    units.systemctl(&["start", "cxbox-engine.service", "cxbox.service"]);
    let http = units.ready().await;
    let secret = std::fs::read_to_string(units.data().join("secrets/cxbcore_secret")).unwrap();
    let engine = http.with("X-CXBCore-Secret", secret.trim());
    let result = json!({ "session_id": "sess_kept", "disconnected_by": "customer" });
    engine.post_ok("/api/v1/call-results", &result, 200).await;
    units.asked();

    let before = (units.pid("cxbox.service"), units.pid("cxbox-engine.service"));
    let done = units.upgrade(&release(units.folder.path(), "good", &binary()), "60").await;
    assert!(done.status.success() && said(&done).contains("serves."), "{}", said(&done));
    assert_eq!(units.asked(), [format!("stop {BOTH}"), format!("reset-failed {BOTH}"), format!("start {BOTH}")]);
    let after = (units.pid("cxbox.service"), units.pid("cxbox-engine.service"));
    assert!(after.0 != before.0 && after.1 != before.1, "both are new: {before:?} {after:?}");
    units.ready().await;

    let bad = release(units.folder.path(), "bad", &script(units.folder.path(), "new.sh", NEWER_AND_BROKEN));
    let failed = units.upgrade(&bad, "2").await;
    assert!(!failed.status.success() && said(&failed).contains("the former program and its data are back"), "{}", said(&failed));
    let order = [format!("stop {BOTH}"), format!("reset-failed {BOTH}"), format!("start {BOTH}")];
    assert_eq!(units.asked(), [order.clone(), order].concat(), "the way back is taken although the new program used up its starts");
    units.ready().await;
    assert_eq!(std::fs::metadata(units.installed()).unwrap().len(), std::fs::metadata(binary()).unwrap().len());
    let sql = "select count(*) from calls where session_id = 'sess_kept'";
    let count = |conn: &cxbox::platform::db::Conn| Ok(conn.query_row(sql, [], |row| row.get::<_, u32>(0))?);
    assert_eq!(cxbox::platform::db::read_file(&units.data().join("main.db"), count).unwrap(), 1);
}

#[tokio::test]
async fn the_doctor_looks_at_the_units_and_says_when_the_owner_of_the_folder_is_silent() {
    let units = Units::new();
    let of = |found: &Value, name: &str| -> Vec<Value> {
        found["findings"].as_array().unwrap().iter().filter(|finding| finding["name"] == name).cloned().collect()
    };
    units.systemctl(&["start", "cxbox-engine.service", "cxbox.service"]);
    units.ready().await;
    let found = units.doctor();
    assert_eq!(of(&found, "unit").len(), 2, "{found:#}");
    assert!(of(&found, "unit").iter().all(|finding| finding["verdict"] == "ok"), "{found:#}");
    std::fs::write(units.folder.path().join("state/cxbox.service.state"), "ActiveState=active\nUnitFileState=disabled\n").unwrap();
    let found = units.doctor();
    assert!(of(&found, "unit").iter().any(|finding| finding["fix"] == "systemctl enable cxbox.service"), "{found:#}");

    let config = units.data().join("config.toml");
    std::fs::write(&config, "[server]\nhtpp = \"x\"\n").unwrap();
    let found = units.doctor();
    let bad = of(&found, "config");
    assert!(bad[0]["verdict"] == "broken" && bad[0]["message"].as_str().unwrap().contains("did you mean server.http?"), "{found:#}");
    assert!(bad[0]["fix"].as_str().unwrap().starts_with("cxbox config check"), "{found:#}");
    std::fs::remove_file(config).unwrap();

    Appliance::signal(units.pid("cxbox.service"), "-STOP");
    let found = units.doctor();
    let silent = of(&found, "service");
    assert!(silent[0]["verdict"] == "broken" && silent[0]["fix"] == "systemctl restart cxbox", "{found:#}");
    Appliance::signal(units.pid("cxbox.service"), "-CONT");
}
