//! What the doctor says of a folder that nobody serves: for each thing that an operator can get wrong a finding and a command.

use std::net::{TcpListener, UdpSocket};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::Duration;

use cxbox::base::{Clock, Millis};
use cxbox::features::ops::doctor::{self, Verdict};
use cxbox::platform::config::{Config, Flags, Layers};
use cxbox::platform::data_dir::DataDir;
use cxbox::platform::tls;

use crate::support::{TestApp, free_port};

const NOW: Millis = Millis(1_780_315_200_000);

/// A folder of a box that has served and serves no more.
struct Place {
    app: TestApp,
    env: Vec<(String, String)>,
    now: Millis,
}

impl Place {
    async fn lived_in() -> Self {
        let mut app = TestApp::start().await;
        app.stop().await;
        std::fs::set_permissions(app.folder(), std::fs::Permissions::from_mode(0o700)).unwrap();
        // The key that tests share is a copy.
        std::fs::set_permissions(app.data.oidc_key(), std::fs::Permissions::from_mode(0o600)).unwrap();
        let bind = |at: String| ("CXBOX_SERVER__HTTP".to_owned(), at);
        let env = vec![
            ("CXBOX_SERVER__TLS".to_owned(), "off".to_owned()),
            ("CXBOX_SERVER__LOW_SPACE_MB".to_owned(), "1".to_owned()),
            ("CXBOX_SERVER__LOW_SPACE_PERCENT".to_owned(), "0".to_owned()),
            bind(format!("127.0.0.1:{}", free_port())),
            ("CXBOX_ENGINE__SIP".to_owned(), format!("127.0.0.1:{}", free_port())),
            ("CXBOX_ENGINE__RTP_PORTS".to_owned(), "61000-61199".to_owned()),
        ];
        // The file of the database was written now, by the machine's clock.
        let now = Clock::system().now().plus(Duration::from_secs(1));
        Self { app, env, now: now.max(NOW) }
    }

    fn data(&self) -> &DataDir {
        &self.app.data
    }

    fn set(&mut self, name: &str, value: &str) {
        self.env.push((name.to_owned(), value.to_owned()));
    }

    fn config(&self) -> Config {
        Layers::read(None, &self.env, &Flags::default()).unwrap().config().unwrap()
    }

    /// The worst finding of a name.
    fn find(&self, name: &str) -> (Verdict, String, String) {
        let found = doctor::offline(self.data(), &self.config(), &Clock::manual(self.now));
        let finding = found.findings.iter().find(|finding| finding.name == name);
        let finding = finding.unwrap_or_else(|| panic!("no finding {name}: {found:#?}"));
        assert_eq!(finding.fix.is_some(), finding.verdict != Verdict::Ok, "{finding:?}");
        (finding.verdict, finding.message.clone(), finding.fix.clone().unwrap_or_default())
    }

    #[track_caller]
    fn is(&self, name: &str, verdict: Verdict, fix: &str) {
        let (found, message, mends) = self.find(name);
        assert_eq!(found, verdict, "{name}: {message}");
        assert!(mends.contains(fix), "{name}: {mends}");
    }
}

#[tokio::test]
async fn a_folder_that_is_well_has_nothing_broken() {
    let place = Place::lived_in().await;
    let found = doctor::offline(place.data(), &place.config(), &Clock::manual(place.now));
    let ill: Vec<_> = found.findings.iter().filter(|finding| finding.verdict == Verdict::Broken).collect();
    assert!(ill.is_empty(), "{ill:#?}");
    place.is("service", Verdict::Watch, "systemctl start cxbox");
    for name in ["config", "file_modes", "owner", "database", "wal", "secrets", "spool", "clock", "port_http", "port_sip", "port_rtp"] {
        place.is(name, Verdict::Ok, "");
    }
}

#[tokio::test]
async fn rights_owners_and_secrets() {
    let place = Place::lived_in().await;
    let root = place.app.folder().canonicalize().unwrap();
    let mode = |path: &Path, mode| std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    mode(&root, 0o755);
    place.is("file_modes", Verdict::Broken, &format!("chmod 700 {}", root.display()));
    mode(&root, 0o700);
    let secret = place.data().jwt_secret();
    mode(&secret, 0o644);
    place.is("file_modes", Verdict::Broken, &format!("chmod 600 {}", secret.display()));
    mode(&secret, 0o600);
    place.is("file_modes", Verdict::Ok, "");
    if rustix::process::getuid().is_root() {
        std::os::unix::fs::chown(place.data().main_db(), Some(12345), None).unwrap();
        place.is("owner", Verdict::Broken, &format!("chown -R --reference={0} {0}", root.display()));
        // What SQLite opened meanwhile belongs to the owner of its database.
        for entry in std::fs::read_dir(&root).unwrap() {
            std::os::unix::fs::chown(entry.unwrap().path(), Some(0), None).unwrap();
        }
    }
    place.is("owner", Verdict::Ok, "");
    let kept = std::fs::read(&secret).unwrap();
    std::fs::write(&secret, "changeme").unwrap();
    place.is("secrets", Verdict::Broken, &format!("rm {}", secret.display()));
    std::fs::write(&secret, kept).unwrap();
    std::fs::remove_file(place.data().master_key()).unwrap();
    place.is("secrets", Verdict::Broken, "cxbox restore BACKUP");
}

#[tokio::test]
async fn a_database_that_is_newer_damaged_or_full_of_log() {
    let place = Place::lived_in().await;
    let path = place.data().main_db();
    let set = |version: u32| {
        let change = move |conn: &cxbox::platform::db::Conn| Ok(conn.pragma_update(None, "user_version", version)?);
        cxbox::platform::db::edit_file(&path, change).unwrap();
    };
    let known = cxbox::platform::db::newest_schema().unwrap();
    set(known + 1);
    place.is("database", Verdict::Broken, "cxbox upgrade --file TARBALL");
    set(known);
    place.is("database", Verdict::Ok, "");
    let log = std::fs::File::options().create(true).append(true).open(place.app.folder().join("main.db-wal")).unwrap();
    log.set_len(300 * 1024 * 1024).unwrap();
    place.is("wal", Verdict::Watch, "systemctl restart cxbox");
    std::fs::remove_file(place.app.folder().join("main.db-wal")).unwrap();
    let mut bytes = std::fs::read(&path).unwrap();
    let n = bytes.len();
    bytes[n / 2..].fill(0xA5);
    std::fs::write(&path, &bytes).unwrap();
    place.is("database", Verdict::Broken, "cxbox restore BACKUP");
    std::fs::write(&path, "this is no database at all").unwrap();
    place.is("database", Verdict::Broken, "cxbox restore BACKUP");
}

#[tokio::test]
async fn disk_clock_certificate_and_results_that_were_turned_away() {
    let mut place = Place::lived_in().await;
    std::fs::create_dir_all(place.data().spool().join("parked")).unwrap();
    std::fs::write(place.data().spool().join("parked/s.json"), "{}").unwrap();
    place.is("spool", Verdict::Watch, "ls -l ");
    let now = place.now;
    place.now = Millis(1_000_000_000_000);
    place.is("clock", Verdict::Broken, "timedatectl set-ntp true");
    place.now = now.minus(Duration::from_secs(3600));
    place.is("clock", Verdict::Broken, "timedatectl set-ntp true");
    place.now = now;
    place.set("CXBOX_SERVER__LOW_SPACE_MB", "1000000000");
    place.is("disk", Verdict::Broken, "du -xh");

    place.set("CXBOX_SERVER__TLS", "local");
    place.is("certificate", Verdict::Broken, "systemctl restart cxbox");
    tls::open_local(place.data(), &["127.0.0.1:8443".parse().unwrap()], None, &Clock::manual(now)).unwrap();
    place.is("certificate", Verdict::Ok, "");
    let days: u64 = place.find("certificate").1.split_whitespace().find_map(|word| word.parse().ok()).unwrap();
    place.now = now.plus(Duration::from_secs((days - 3) * 86_400));
    place.is("certificate", Verdict::Watch, "systemctl restart cxbox");
    place.now = now.plus(Duration::from_secs((days + 1) * 86_400));
    place.is("certificate", Verdict::Broken, "systemctl restart cxbox");
    place.set("CXBOX_SERVER__TLS", "off");
    place.set("CXBOX_SERVER__HTTP", "0.0.0.0:8443");
    place.is("certificate", Verdict::Watch, "cxbox serve --tls local");
}

#[tokio::test]
async fn ports_that_others_hold_and_addresses_that_lead_nowhere() {
    let mut place = Place::lived_in().await;
    let http = TcpListener::bind("127.0.0.1:0").unwrap();
    place.set("CXBOX_SERVER__HTTP", &http.local_addr().unwrap().to_string());
    let (verdict, message, fix) = place.find("port_http");
    assert!(verdict == Verdict::Broken && message.contains(&format!("(process {})", std::process::id())), "{message}");
    assert!(fix.starts_with("kill ") || fix.starts_with("systemctl disable --now "), "{fix}");
    let sip = UdpSocket::bind("127.0.0.1:0").unwrap();
    place.set("CXBOX_ENGINE__SIP", &sip.local_addr().unwrap().to_string());
    assert!(place.find("port_sip").1.contains("(UDP) is held by"));
    place.set("CXBOX_ENGINE__RTP_PORTS", &format!("{0}-{0}", sip.local_addr().unwrap().port()));
    place.is("port_rtp", Verdict::Broken, "");
    place.is("rtp_ports", Verdict::Watch, "grep -e rtp_ports");
    drop((http, sip));
    place.is("port_http", Verdict::Ok, "");
    place.set("CXBOX_ENGINE__SIP", "0.0.0.0:5060");
    for (address, verdict) in
        [("127.0.0.1", Verdict::Broken), ("0.0.0.0", Verdict::Broken), ("pbx", Verdict::Broken), ("192.0.2.1", Verdict::Ok)]
    {
        place.set("CXBOX_ENGINE__ADVERTISE_ADDRESS", address);
        assert_eq!(place.find("advertise_address").0, verdict, "{address}");
    }
}
