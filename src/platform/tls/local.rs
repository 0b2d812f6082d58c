//! The files of the local CA and its leaf.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
};

use crate::base::{Clock, Context, Millis, Result};
use crate::platform::data_dir::{DataDir, write_whole};

/// Life of the CA.
const CA_LIFE: Duration = Duration::from_secs(3650 * 24 * 3600);
/// Life of a leaf; browsers refuse more than 397 days.
const LEAF_LIFE: Duration = Duration::from_secs(397 * 24 * 3600);
/// A leaf with less life than this is renewed.
const RENEW_BEFORE: Duration = Duration::from_secs(30 * 24 * 3600);
/// Certificates begin a little earlier, for clients whose clocks are behind.
const BACKDATE: Duration = Duration::from_secs(3600);

/// Certificates and key as PEM.
pub(super) struct Files {
    pub(super) ca: String,
    pub(super) leaf: String,
    pub(super) key: String,
}

/// Reads the files and makes what is missing, ending or lacks a name.
pub(super) fn open(data: &DataDir, names: &[String], clock: &Clock) -> Result<Files> {
    let folder = data.tls();
    let [leaf_path, key_path, about_path] = ["leaf.pem", "leaf_key.pem", "leaf.txt"].map(|name| folder.join(name));
    let now = clock.now();
    let (ca_path, ca_key_path) = open_ca(data, now)?;
    let ca = read(&ca_path)?;
    let about = std::fs::read_to_string(&about_path).unwrap_or_default();
    if !(is_good(&about, &ca, names, now) && leaf_path.exists() && key_path.exists()) {
        let until = Millis(now.plus(LEAF_LIFE).minus(BACKDATE).0);
        let (certificate, key) = make_leaf(&ca, &read(&ca_key_path)?, names, now, until)?;
        write_whole(&key_path, key.as_bytes())?;
        write_whole(&leaf_path, certificate.as_bytes())?;
        write_whole(&about_path, describe(&ca, names, until).as_bytes())?;
    }
    Ok(Files { ca, leaf: read(&leaf_path)?, key: read(&key_path)? })
}

/// The files of the CA and of its key, made if they are missing.
pub(super) fn open_ca(data: &DataDir, now: Millis) -> Result<(PathBuf, PathBuf)> {
    let [ca_path, ca_key_path] = ["ca.pem", "ca_key.pem"].map(|name| data.tls().join(name));
    if !(ca_path.exists() && ca_key_path.exists()) {
        let (certificate, key) = make_ca(now)?;
        write_whole(&ca_key_path, key.as_bytes())?;
        write_whole(&ca_path, certificate.as_bytes())?;
    }
    Ok((ca_path, ca_key_path))
}

/// A certificate of the CA for another machine: certificates, key and CA as files of the folder.
pub(super) fn issue(data: &DataDir, names: &[String], into: &Path, now: Millis) -> Result<()> {
    let (ca_path, ca_key_path) = open_ca(data, now)?;
    let ca = read(&ca_path)?;
    let (certificate, key) = make_leaf(&ca, &read(&ca_key_path)?, names, now, Millis(now.plus(LEAF_LIFE).minus(BACKDATE).0))?;
    std::fs::create_dir_all(into).context(format!("cannot make the folder {}", into.display()))?;
    for (name, text) in [("key.pem", &key), ("cert.pem", &certificate), ("ca.pem", &ca)] {
        write_whole(&into.join(name), text.as_bytes())?;
    }
    Ok(())
}

fn read(path: &Path) -> Result<String> {
    std::fs::read_to_string(path).context(format!("cannot read {}", path.display()))
}

/// What a leaf was made for: its end, its CA and its names. Kept beside it, so that no certificate has to be parsed.
fn describe(ca: &str, names: &[String], until: Millis) -> String {
    format!("{until}\n{}\n{}\n", crate::base::secret::sha256_hex(ca), names.join("\n"))
}

/// When the leaf ends, as it was noted beside it.
pub(super) fn leaf_ends_at(data: &DataDir) -> Option<Millis> {
    std::fs::read_to_string(data.tls().join("leaf.txt")).ok()?.lines().next().and_then(Millis::parse)
}

fn is_good(about: &str, ca: &str, names: &[String], now: Millis) -> bool {
    let Some(until) = about.lines().next().and_then(Millis::parse) else { return false };
    until.minus(RENEW_BEFORE) > now && about == describe(ca, names, until)
}

fn make_ca(now: Millis) -> Result<(String, String)> {
    let failed = "cannot make the local CA";
    let mut params = CertificateParams::new(Vec::new()).context(failed)?;
    params.distinguished_name = name("cxbox local CA");
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    set_life(&mut params, now, now.plus(CA_LIFE));
    let key = KeyPair::generate().context(failed)?;
    let certificate = params.self_signed(&key).context(failed)?;
    Ok((certificate.pem(), key.serialize_pem()))
}

fn make_leaf(ca: &str, ca_key: &str, names: &[String], now: Millis, until: Millis) -> Result<(String, String)> {
    let failed = "cannot make the certificate of this box";
    let mut params = CertificateParams::new(names.to_vec()).context(failed)?;
    params.distinguished_name = name("cxbox");
    params.use_authority_key_identifier_extension = true;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    set_life(&mut params, now, until);
    let issuer = Issuer::from_ca_cert_pem(ca, KeyPair::from_pem(ca_key).context(failed)?).context(failed)?;
    let key = KeyPair::generate().context(failed)?;
    let certificate = params.signed_by(&key, &issuer).context(failed)?;
    Ok((format!("{}{ca}", certificate.pem()), key.serialize_pem()))
}

fn name(common: &str) -> DistinguishedName {
    let mut name = DistinguishedName::new();
    name.push(DnType::CommonName, common);
    name
}

fn set_life(params: &mut CertificateParams, from: Millis, until: Millis) {
    let epoch = rcgen::date_time_ymd(1970, 1, 1);
    params.not_before = epoch + from.minus(BACKDATE).since(Millis(0));
    params.not_after = epoch + until.since(Millis(0));
}
