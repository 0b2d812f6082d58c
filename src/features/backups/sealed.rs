//! What of a box must not lie open in a backup: configuration, secrets and certificates, sealed with the master key; and the master key itself,
//! sealed with a key made of a passphrase.

use std::path::Path;

use argon2::{Algorithm, Argon2, Params, Version};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::{Deserialize, Serialize};

use crate::base::seal::Sealer;
use crate::base::secret::Secret;
use crate::base::{Context, Error, Random, Result};
use crate::platform::data_dir::{DataDir, write_whole};

/// The member with the sealed files.
pub(super) const SEALED: &str = "sealed.json";
/// The member with the master key.
pub(super) const MASTER: &str = "master.key.sealed";
/// What the sealed files are bound to.
const OWNER: &str = "backup.files";
/// What the master key is bound to.
const MASTER_OWNER: &str = "backup.master_key";
/// Shortest passphrase.
pub(super) const LEAST_PASSPHRASE: usize = 12;
/// Cost of a guess: 64 MiB, three rounds.
const COST: (u32, u32, u32) = (64 * 1024, 3, 1);
/// Files of the folder of secrets that do not go along: the master key, and the way in of a box without people.
const LEFT_OUT: &[&str] = &["master.key", "setup_token"];
/// Folders whose files are sealed.
const FOLDERS: &[&str] = &["secrets", "tls"];

/// One sealed file, before it is sealed.
#[derive(Debug, Serialize, Deserialize)]
struct Small {
    path: String,
    bytes: String,
}

/// The master key under a passphrase.
#[derive(Debug, Serialize, Deserialize)]
struct MasterBox {
    salt: String,
    memory_kib: u32,
    rounds: u32,
    lanes: u32,
    sealed: String,
}

/// Seals configuration, secrets and certificates of a data folder with its master key. `config` is the configuration file, wherever it is.
pub(super) fn seal_files(data: &DataDir, config: Option<&Path>, sealer: &Sealer) -> Result<String> {
    let mut all = Vec::new();
    let mut add = |path: String, from: &Path| -> Result<()> {
        let bytes = std::fs::read(from).context(format!("cannot read {}", from.display()))?;
        all.push(Small { path, bytes: BASE64_STANDARD.encode(bytes) });
        Ok(())
    };
    let own = data.root().join("config.toml");
    if own.exists() {
        add("config.toml".to_owned(), &own)?;
    }
    if let Some(config) = config.filter(|path| path.exists() && **path != own) {
        add("config.from-elsewhere.toml".to_owned(), config)?;
    }
    for folder in FOLDERS {
        let listed = std::fs::read_dir(data.root().join(folder)).context(format!("cannot list {folder}"))?;
        let mut entries = listed.collect::<Result<Vec<_>, _>>().context(format!("cannot list {folder}"))?;
        entries.sort_by_key(std::fs::DirEntry::file_name);
        for entry in entries {
            let name = entry.file_name().to_string_lossy().into_owned();
            if entry.path().is_file() && !name.starts_with('.') && !LEFT_OUT.contains(&name.as_str()) {
                add(format!("{folder}/{name}"), &entry.path())?;
            }
        }
    }
    sealer.seal(OWNER, &serde_json::to_string(&all).context("cannot write the sealed files")?)
}

/// Opens the sealed files into a folder. Fails when the key is another box's.
pub(super) fn open_files(sealed: &str, sealer: &Sealer, into: Option<&Path>) -> Result<()> {
    let text = sealer.open(OWNER, sealed).map_err(|cause| {
        Error::invalid("the backup belongs to another master key: give that one with --master-key-file").caused_by(cause)
    })?;
    let all: Vec<Small> = serde_json::from_str(&text).context("the sealed files cannot be read")?;
    use std::os::unix::fs::DirBuilderExt as _;
    let Some(into) = into else { return Ok(()) };
    for small in all {
        let is_plain = small.path.split('/').all(|part| !part.is_empty() && !part.starts_with('.'));
        if !is_plain || small.path.starts_with('/') {
            return Err(Error::invalid("the backup is damaged: a sealed file leaves the folder"));
        }
        let path = into.join(&small.path);
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path.parent().unwrap_or(into)).context("cannot make a folder")?;
        write_whole(&path, &BASE64_STANDARD.decode(&small.bytes).context("the sealed files cannot be read")?)?;
    }
    Ok(())
}

/// Seals the master key under a passphrase.
pub(super) fn seal_master(master: &[u8; 32], passphrase: &Secret, random: &Random) -> Result<String> {
    check_passphrase(passphrase)?;
    let salt = random.bytes::<16>();
    let sealer = Sealer::new(&derived(passphrase, &salt, COST)?, random.clone())?;
    let sealed = sealer.seal(MASTER_OWNER, &hex::encode(master))?;
    let (memory_kib, rounds, lanes) = COST;
    serde_json::to_string(&MasterBox { salt: hex::encode(salt), memory_kib, rounds, lanes, sealed }).context("cannot write the master key")
}

/// Opens the master key with its passphrase.
pub(super) fn open_master(text: &str, passphrase: &Secret, random: &Random) -> Result<[u8; 32]> {
    let broken = || Error::invalid("the backup's master key cannot be read");
    let sealed: MasterBox = serde_json::from_str(text).map_err(|cause| broken().caused_by(cause))?;
    let salt = hex::decode(&sealed.salt).map_err(|cause| broken().caused_by(cause))?;
    if sealed.memory_kib > 1024 * 1024 || sealed.rounds > 64 || sealed.lanes > 16 {
        return Err(broken());
    }
    let sealer = Sealer::new(&derived(passphrase, &salt, (sealed.memory_kib, sealed.rounds, sealed.lanes))?, random.clone())?;
    let opened = sealer.open(MASTER_OWNER, &sealed.sealed).map_err(|_| Error::invalid("this is not the passphrase of the backup"))?;
    hex::decode(opened).ok().and_then(|bytes| bytes.try_into().ok()).ok_or_else(broken)
}

/// Refuses a passphrase that is guessed too fast.
pub(super) fn check_passphrase(passphrase: &Secret) -> Result<()> {
    if passphrase.expose().chars().count() < LEAST_PASSPHRASE || passphrase.expose().len() > 1024 {
        let sentence = "must have 12 to 1024 characters";
        return Err(Error::invalid(format!("passphrase: {sentence}")).field("passphrase", sentence));
    }
    Ok(())
}

fn derived(passphrase: &Secret, salt: &[u8], (memory, rounds, lanes): (u32, u32, u32)) -> Result<[u8; 32]> {
    let refused = |cause: argon2::Error| Error::internal("argon2 refuses").caused_by(cause.to_string());
    let params = Params::new(memory, rounds, lanes, Some(32)).map_err(refused)?;
    let mut key = [0; 32];
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    argon2.hash_password_into(passphrase.expose().as_bytes(), salt, &mut key).map_err(refused)?;
    Ok(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_master_key_opens_with_its_passphrase_alone() {
        let random = Random::seeded(1);
        let text = seal_master(&[9; 32], &Secret::new("a long passphrase"), &random).expect("sealed");
        assert!(!text.contains(&hex::encode([9; 32])));
        assert_eq!(open_master(&text, &Secret::new("a long passphrase"), &random).expect("opened"), [9; 32]);
        assert!(open_master(&text, &Secret::new("another passphrase"), &random).is_err());
        assert!(open_master("{}", &Secret::new("a long passphrase"), &random).is_err());
        assert!(seal_master(&[9; 32], &Secret::new("short"), &random).is_err());
    }

    #[test]
    fn secrets_come_back_and_the_master_key_stays_out() {
        let folder = tempfile::tempdir().expect("a folder");
        let data = DataDir::open(folder.path().join("data")).expect("a data folder");
        for (name, text) in
            [("secrets/jwt_secret", "canary-jwt"), ("secrets/master.key", "canary-master"), ("config.toml", "canary-config")]
        {
            std::fs::write(data.root().join(name), text).expect("written");
        }
        let sealer = Sealer::new(&[1; 32], Random::seeded(1)).expect("a sealer");
        let sealed = seal_files(&data, None, &sealer).expect("sealed");
        assert!(!sealed.contains("canary"));
        let out = folder.path().join("out");
        open_files(&sealed, &sealer, Some(&out)).expect("opened");
        assert_eq!(std::fs::read_to_string(out.join("secrets/jwt_secret")).expect("there"), "canary-jwt");
        assert_eq!(std::fs::read_to_string(out.join("config.toml")).expect("there"), "canary-config");
        assert!(!out.join("secrets/master.key").exists());
        let other = Sealer::new(&[2; 32], Random::seeded(1)).expect("a sealer");
        assert!(open_files(&sealed, &other, None).expect_err("refused").message().contains("--master-key-file"));
    }
}
