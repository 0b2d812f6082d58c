//! Secrets of the box: made at the first start (0600 each), taken over by the environment or a systemd credential where given.

use std::path::Path;

use crate::base::{Context, Error, Random, Result, secret::Secret};
use crate::platform::config::BAD_CONFIG;
use crate::platform::data_dir::{DataDir, write_whole};

/// Fewest bytes of a secret that is given from outside.
const LEAST: usize = 32;
/// Words that stand in examples and never in a secret.
const PLACEHOLDERS: &[&str] = &["changeme", "change-me", "change_me", "placeholder", "example", "your-secret", "your_secret", "<", "xxxx"];

/// The secrets that the control plane works with.
#[derive(Debug, Clone)]
pub struct Secrets {
    /// The internal secret of engine and control plane.
    pub core: Secret,
    /// Signs the tokens of `/api/v1/auth/login`.
    pub jwt: Secret,
    /// Seals stored credentials.
    pub master: [u8; 32],
}

impl Secrets {
    /// Reads the secrets and makes those that are missing. `environment` may hold `CXBCORE_SECRET`, `JWT_SECRET` and
    /// `CREDENTIALS_DIRECTORY`; a weak value there is refused with a sentence that says how to mend it.
    pub fn open(data: &DataDir, environment: &[(String, String)], random: &Random) -> Result<Self> {
        let variable = |name: &str| environment.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str());
        // The units of a box start side by side: the first one makes the secrets, the other reads them.
        let core_secret = data.core_secret();
        let folder = std::fs::File::open(core_secret.parent().unwrap_or(&core_secret)).context("cannot open the folder of the secrets")?;
        folder.lock().context("cannot lock the folder of the secrets")?;
        Ok(Self {
            core: text_secret("CXBCORE_SECRET", variable("CXBCORE_SECRET"), &core_secret, random)?,
            jwt: text_secret("JWT_SECRET", variable("JWT_SECRET"), &data.jwt_secret(), random)?,
            master: master_key(variable("CREDENTIALS_DIRECTORY").map(Path::new), &data.master_key(), random)?,
        })
    }
}

fn text_secret(name: &str, given: Option<&str>, path: &Path, random: &Random) -> Result<Secret> {
    let mend = || format!("set a random one, for example from: openssl rand -hex 32; or unset {name} and let cxbox make one");
    if let Some(text) = given {
        return weakness(text).map_or_else(|| Ok(Secret::new(text)), |why| Err(refused(format!("{name} {why}: {}", mend()))));
    }
    let secret = read_or_make(path, || random.hex::<32>())?;
    match weakness(secret.expose()) {
        Some(why) => Err(refused(format!("{} {why}: delete the file and cxbox makes a new one", path.display()))),
        None => Ok(secret),
    }
}

/// Why a text is no secret, if it is none.
fn weakness(text: &str) -> Option<String> {
    let lower = text.to_lowercase();
    let same = text.bytes().all(|byte| Some(byte) == text.bytes().next());
    if text.trim().is_empty() {
        Some("is empty".to_owned())
    } else if PLACEHOLDERS.iter().any(|word| lower.contains(word)) || (same && text.len() >= LEAST) {
        Some("is a placeholder".to_owned())
    } else if text.len() < LEAST {
        Some(format!("has {} bytes, fewer than {LEAST}", text.len()))
    } else {
        None
    }
}

fn master_key(credentials: Option<&Path>, path: &Path, random: &Random) -> Result<[u8; 32]> {
    let credential = credentials.map(|folder| folder.join("master.key")).filter(|file| file.exists());
    let path = credential.as_deref().unwrap_or(path);
    if !path.exists() {
        let key = random.bytes::<32>();
        write_whole(path, &key)?;
        return Ok(key);
    }
    let bytes = std::fs::read(path).context("cannot read the master key")?;
    let text = String::from_utf8_lossy(&bytes);
    let from_hex = hex::decode(text.trim()).ok();
    from_hex
        .and_then(|decoded| decoded.try_into().ok())
        .or_else(|| bytes.try_into().ok())
        .ok_or_else(|| refused(format!("{} must hold 32 bytes or 64 hexadecimal digits", path.display())))
}

fn read_or_make(path: &Path, make: impl FnOnce() -> String) -> Result<Secret> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Secret::new(text.trim())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let text = make();
            write_whole(path, text.as_bytes())?;
            Ok(Secret::new(text))
        }
        Err(error) => Err(error).context(format!("cannot read {}", path.display())),
    }
}

fn refused(sentence: String) -> Error {
    Error::invalid(sentence).code(BAD_CONFIG)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(environment: &[(&str, &str)]) -> Result<Secrets> {
        let folder = tempfile::tempdir().expect("a folder");
        let data = DataDir::open(folder.path()).expect("a data folder");
        let environment: Vec<_> = environment.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        Secrets::open(&data, &environment, &Random::system())
    }

    #[test]
    fn weak_secrets_from_outside_are_refused_with_a_way_to_mend_them() {
        for weak in ["", "   ", "short", "changeme-changeme-changeme-changeme", "00000000000000000000000000000000"] {
            for name in ["JWT_SECRET", "CXBCORE_SECRET"] {
                let error = open(&[(name, weak)]).expect_err("refused");
                assert_eq!(error.stable_code(), BAD_CONFIG, "{weak:?}");
                assert!(error.message().contains("openssl rand"), "{error}");
                assert!(weak.trim().is_empty() || !error.message().contains(weak), "the secret is not repeated");
            }
        }
        let strong = "0123456789abcdef0123456789abcdee";
        assert_eq!(open(&[("JWT_SECRET", strong)]).expect("taken").jwt.expose(), strong);
    }

    #[test]
    fn two_that_start_side_by_side_have_the_same_secrets() {
        for _ in 0..20 {
            let folder = tempfile::tempdir().expect("a folder");
            let data = DataDir::open(folder.path()).expect("a data folder");
            let open = || Secrets::open(&data, &[], &Random::system()).expect("open");
            let all: Vec<Secrets> = std::thread::scope(|scope| {
                let threads: Vec<_> = (0..4).map(|_| scope.spawn(open)).collect();
                threads.into_iter().map(|thread| thread.join().expect("no panic")).collect()
            });
            let first = &all[0];
            assert!(all.iter().all(|one| one.core.expose() == first.core.expose() && one.jwt.expose() == first.jwt.expose()));
            assert!(all.iter().all(|one| one.master == first.master));
        }
    }

    #[test]
    fn secrets_are_made_once_and_kept_private() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().expect("a folder");
        let data = DataDir::open(folder.path()).expect("a data folder");
        let first = Secrets::open(&data, &[], &Random::system()).expect("made");
        let second = Secrets::open(&data, &[], &Random::system()).expect("read");
        assert_eq!(first.core.expose(), second.core.expose());
        assert_eq!(first.master, second.master);
        for path in [data.core_secret(), data.jwt_secret(), data.master_key()] {
            let mode = std::fs::metadata(path).expect("there").permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
    }
}
