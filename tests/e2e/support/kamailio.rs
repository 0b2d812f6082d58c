//! Kamailio as a carrier: registrar and proxy over UDP, TCP and TLS, with digest, Record-Route and the numbers behind it.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use super::ports::{free_port, until};

/// The user name at the carrier.
pub const USER: &str = "trunk1";
/// Its password.
pub const PASSWORD: &str = "s3cret-trunk";

/// A running Kamailio, ended by its own pid.
pub struct Kamailio {
    child: Child,
    folder: tempfile::TempDir,
    /// Its port for UDP and TCP.
    pub port: u16,
    /// Its port for TLS.
    pub tls_port: u16,
    numbers_at: u16,
    algorithm: &'static str,
}

impl Kamailio {
    /// Starts one that challenges with this hash function; numbers that begin with a plus are at `numbers_at` on 127.0.0.1.
    pub async fn start(algorithm: &'static str, numbers_at: u16) -> Self {
        Self::start_at(free_port(), free_port(), algorithm, numbers_at).await
    }

    async fn start_at(port: u16, tls_port: u16, algorithm: &'static str, numbers_at: u16) -> Self {
        let folder = tempfile::tempdir().unwrap();
        certificates(folder.path());
        let here = folder.path().display().to_string();
        let config = include_str!("../../fixtures/kamailio.cfg")
            .replace("PORT_TLS", &tls_port.to_string())
            .replace("PORT_NUMBERS", &numbers_at.to_string())
            .replace("PORT", &port.to_string())
            .replace("ALGORITHM", algorithm)
            .replace("PASSWORD", PASSWORD)
            .replace("FOLDER", &here);
        let file = folder.path().join("kamailio.cfg");
        std::fs::write(&file, config).unwrap();
        let log = std::fs::File::create(folder.path().join("log")).unwrap();
        let child = Command::new("kamailio")
            .arg("-f")
            .arg(&file)
            .args(["-DD", "-E", "-w", &here, "-Y", &here])
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap_or_else(|error| panic!("kamailio is missing (tests/run installs it): {error}"));
        let started = Self { child, folder, port, tls_port, numbers_at, algorithm };
        until("kamailio listens", Duration::from_secs(20), || async {
            let open = [port, tls_port].into_iter().all(|port| std::net::TcpStream::connect(("127.0.0.1", port)).is_ok());
            open.then_some(())
        })
        .await;
        started
    }

    /// The authority that has signed its certificate, as PEM.
    pub fn ca_pem(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("ca.pem")).unwrap()
    }

    /// Ends it and gives back what is needed to start it again in its place.
    pub fn stop(self) -> Stopped {
        Stopped { port: self.port, tls_port: self.tls_port, algorithm: self.algorithm, numbers_at: self.numbers_at }
    }
}

/// A Kamailio that was stopped.
pub struct Stopped {
    port: u16,
    tls_port: u16,
    algorithm: &'static str,
    numbers_at: u16,
}

impl Stopped {
    pub async fn start(self) -> Kamailio {
        Kamailio::start_at(self.port, self.tls_port, self.algorithm, self.numbers_at).await
    }
}

impl Drop for Kamailio {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("--- log of kamailio\n{}", std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default());
        }
        // Its workers end with their parent.
        let _ = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status();
        let _ = self.child.wait();
    }
}

/// A CA and a certificate for 127.0.0.1 that it has signed.
fn certificates(folder: &Path) {
    let file = |name: &str| folder.join(name).display().to_string();
    std::fs::write(folder.join("names"), "subjectAltName=IP:127.0.0.1\nbasicConstraints=CA:FALSE\n").unwrap();
    let key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
    let openssl = |args: &[&str]| {
        let output = Command::new("openssl").args(args).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    };
    let (ca, ca_key, cert, request) = (file("ca.pem"), file("ca.key"), file("cert.pem"), file("request.pem"));
    let own = ["req", "-x509", "-days", "2", "-subj", "/CN=Carrier CA", "-addext", "basicConstraints=critical,CA:TRUE"];
    openssl(&[&own[..], &key[..], &["-keyout", &ca_key, "-out", &ca]].concat());
    openssl(&[&["req", "-subj", "/CN=127.0.0.1"], &key[..], &["-keyout", &file("key.pem"), "-out", &request]].concat());
    let sign = ["x509", "-req", "-days", "2", "-CAcreateserial", "-in", &request, "-CA", &ca, "-CAkey", &ca_key];
    openssl(&[&sign[..], &["-extfile", &file("names"), "-out", &cert]].concat());
}
