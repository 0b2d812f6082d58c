//! Certificates of the box's own address: a local CA made once, and a leaf that is renewed before it ends.

mod local;
mod roots;

use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

pub use roots::public_roots_pem;

use crate::base::{Clock, Context, Millis, Result};
use crate::platform::data_dir::DataDir;

const BROKEN: &str = "a certificate or key file cannot be read";

/// What the API's address speaks TLS with.
pub struct LocalTls {
    /// For the listener.
    pub config: Arc<rustls::ServerConfig>,
    /// SHA-256 of the CA's certificate, as browsers show it.
    pub ca_fingerprint: String,
}

/// Opens the certificates in `D/tls`, makes what is missing and renews a leaf that is about to end or lacks one of the names. One certificate
/// is for all the addresses.
pub fn open_local(data: &DataDir, bound: &[SocketAddr], public_host: Option<&str>, clock: &Clock) -> Result<LocalTls> {
    let files = local::open(data, &names(bound, public_host), clock)?;
    let ca = CertificateDer::from_pem_slice(files.ca.as_bytes()).context(BROKEN)?;
    Ok(LocalTls { config: server(files.leaf.as_bytes(), files.key.as_bytes())?, ca_fingerprint: fingerprint(&ca) })
}

/// What a listener speaks TLS with, from PEM files: the certificate with those that signed it, and its key.
pub fn open_files(certificates: &Path, key: &Path) -> Result<Arc<rustls::ServerConfig>> {
    let read = |path: &Path| std::fs::read(path).context(format!("cannot read {}", path.display()));
    server(&read(certificates)?, &read(key)?)
}

/// The file of the local CA in `D/tls`, made if it is missing: what the box trusts when it talks to its engines on other machines.
pub fn ca_file(data: &DataDir, clock: &Clock) -> Result<PathBuf> {
    Ok(local::open_ca(data, clock.now())?.0)
}

/// Makes a certificate that the local CA has signed, for an engine on another machine: `cert.pem`, `key.pem` and `ca.pem` in a folder.
pub fn issue(data: &DataDir, names: &[String], into: &Path, clock: &Clock) -> Result<()> {
    local::issue(data, names, into, clock.now())
}

/// A certificate of the local CA for a listener of this machine, in `D/tls/sip`: the files of the certificate and of its key.
pub fn issue_for(data: &DataDir, bound: SocketAddr, clock: &Clock) -> Result<(PathBuf, PathBuf)> {
    let folder = data.tls().join("sip");
    local::issue(data, &names(&[bound], None), &folder, clock.now())?;
    Ok((folder.join("cert.pem"), folder.join("key.pem")))
}

fn server(certificates: &[u8], key: &[u8]) -> Result<Arc<rustls::ServerConfig>> {
    let chain: Vec<_> = CertificateDer::pem_slice_iter(certificates).collect::<Result<_, _>>().context(BROKEN)?;
    let key = PrivateKeyDer::from_pem_slice(key).context(BROKEN)?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .context("TLS cannot be set up")?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .context("the certificate does not fit its key")?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

/// SHA-256 of the local CA in `D/tls`, as browsers show it.
///
/// # Errors
/// When the folder holds no CA yet: it is made at the first start with TLS.
pub fn stored_fingerprint(data: &DataDir) -> Result<String> {
    let path = data.tls().join("ca.pem");
    let pem = std::fs::read(&path).context(format!("cannot read {}; it is made at the first start with TLS", path.display()))?;
    Ok(fingerprint(&CertificateDer::from_pem_slice(&pem).context("the CA in the tls folder cannot be read")?))
}

/// When the certificate in `D/tls` ends. `None` when there is none.
pub fn leaf_ends_at(data: &DataDir) -> Option<Millis> {
    local::leaf_ends_at(data)
}

/// Everything a client on this network may call the box.
fn names(bound: &[SocketAddr], public_host: Option<&str>) -> Vec<String> {
    let mut names = vec!["localhost".to_owned(), "127.0.0.1".to_owned(), "::1".to_owned()];
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default().trim().to_owned();
    names.extend([host].into_iter().filter(|host| !host.is_empty()));
    names.extend(public_host.map(str::to_owned));
    for address in bound {
        let reached = if address.ip().is_unspecified() { own_address() } else { Some(address.ip()) };
        names.extend(reached.map(|ip| ip.to_string()));
    }
    names.sort();
    names.dedup();
    names
}

/// The address this machine would use towards other networks. Connecting a UDP socket sends nothing.
fn own_address() -> Option<IpAddr> {
    let socket = std::net::UdpSocket::bind("0.0.0.0:0").ok()?;
    socket.connect("192.0.2.1:9").ok()?;
    socket.local_addr().ok().map(|address| address.ip())
}

fn fingerprint(certificate: &CertificateDer<'_>) -> String {
    let digest = ring::digest::digest(&ring::digest::SHA256, certificate);
    digest.as_ref().iter().map(|byte| format!("{byte:02X}")).collect::<Vec<_>>().join(":")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn the_ca_stays_and_the_leaf_is_renewed_before_it_ends_or_when_a_name_is_new() {
        let folder = tempfile::tempdir().expect("a folder");
        let data = DataDir::open(folder.path()).expect("a data folder");
        let clock = Clock::manual(Millis(1_780_315_200_000));
        let bound = "192.0.2.7:8443".parse().expect("an address");
        let open = |host: Option<&str>| open_local(&data, &[bound], host, &clock).expect("opened").ca_fingerprint;
        let leaf = || std::fs::read_to_string(data.tls().join("leaf.pem")).expect("a leaf");
        let (ca, first) = (open(None), leaf());
        assert_eq!(ca.len(), 95);
        let left = leaf_ends_at(&data).expect("an end").since(clock.now());
        assert!(left > Duration::from_secs(390 * 24 * 3600) && left <= Duration::from_secs(397 * 24 * 3600), "{left:?}");
        assert_eq!((open(None), leaf()), (ca.clone(), first.clone()), "a second start changes nothing");
        clock.advance(Duration::from_secs(370 * 24 * 3600));
        assert_eq!(open(None), ca);
        let renewed = leaf();
        assert_ne!(renewed, first);
        open(Some("box.example"));
        assert_ne!(leaf(), renewed);
    }
}
