//! The layers themselves: what was set where, and sentences for what cannot be.

use std::collections::BTreeMap;
use std::path::Path;

use toml::{Table, Value};

use super::entry::{Entry, Origin};
use super::live::live_key;
use super::{Config, DEFAULTS};
use crate::base::{Context, Error, Result};

/// Code of an error that says the configuration is at fault; the program ends with exit code 78.
pub const BAD_CONFIG: &str = "bad_config";

/// Values given on the command line.
#[derive(Debug, Default)]
pub struct Flags(Vec<(&'static str, &'static str, String)>);

impl Flags {
    /// Sets a key such as `server.http` if the flag was given.
    #[must_use]
    pub fn set(mut self, key: &'static str, flag: &'static str, value: Option<impl ToString>) -> Self {
        if let Some(value) = value {
            self.0.push((key, flag, value.to_string()));
        }
        self
    }
}

/// All settings by key, such as `server.http`.
#[derive(Debug)]
pub struct Layers {
    entries: BTreeMap<String, Entry>,
}

impl Layers {
    /// Reads the layers in order. `environment` is passed in, so that nothing here depends on the process.
    pub fn read(file: Option<&Path>, environment: &[(String, String)], flags: &Flags) -> Result<Self> {
        let mut layers = Self { entries: BTreeMap::new() };
        let defaults: Table = DEFAULTS.parse().context("the embedded configuration is broken")?;
        for (key, value) in flatten(defaults) {
            layers.entries.insert(key, Entry { value, origin: Origin::Default });
        }
        if let Some(path) = file {
            layers.add_file(path)?;
        }
        for (name, text) in environment {
            let Some((section, key)) = name.strip_prefix("CXBOX_").and_then(|rest| rest.split_once("__")) else { continue };
            let key = format!("{}.{}", section.to_lowercase(), key.to_lowercase());
            layers.set_text(&key, text, Origin::Environment(name.clone()))?;
        }
        for (key, flag, text) in &flags.0 {
            layers.set_text(key, text, Origin::Flag(flag))?;
        }
        Ok(layers)
    }

    /// All settings in the order of their keys.
    pub fn entries(&self) -> impl Iterator<Item = (&str, &Entry)> {
        self.entries.iter().map(|(key, entry)| (key.as_str(), entry))
    }

    /// The typed configuration. A bad value is named with its key and where it was set.
    pub fn config(&self) -> Result<Config> {
        let mut table = Table::new();
        let mut live = Vec::new();
        for (key, entry) in &self.entries {
            if let Some(key) = live_key(key, entry)? {
                live.push(key);
                continue;
            }
            if let Some((section, name)) = key.split_once('.')
                && let Value::Table(section) = table.entry(section).or_insert_with(|| Value::Table(Table::new()))
            {
                section.insert(name.to_owned(), entry.value.clone());
            }
        }
        let config: Result<Config> = serde_path_to_error::deserialize(Value::Table(table)).map_err(|error| {
            let path = error.path().to_string();
            let key = path.split('[').next().unwrap_or_default();
            let origin = self.entries.get(key).map_or(&Origin::Default, |entry| &entry.origin);
            let sentence = error.into_inner().message().to_owned();
            refused(format!("{key} ({origin}): {sentence}"))
        });
        Ok(Config { live, of_engine: self.of_engine(), ..config? })
    }

    /// What an engine has to be told that is started by a process with this configuration, as its environment.
    fn of_engine(&self) -> Vec<(String, String)> {
        let concerns = |key: &str| {
            key.starts_with("engine.") || key.starts_with("log.") || matches!(key, "outbound.allow_cidrs" | "server.drain_seconds")
        };
        let all = self.entries.iter().filter(|(key, _)| concerns(key));
        all.map(|(key, entry)| (format!("CXBOX_{}", key.to_uppercase().replace('.', "__")), as_text(&entry.value))).collect()
    }

    fn add_file(&mut self, path: &Path) -> Result<()> {
        let shown = path.display();
        let text = std::fs::read_to_string(path).map_err(|error| refused(format!("cannot read {shown}: {error}")))?;
        let table: Table = text.parse().map_err(|error: toml::de::Error| refused(format!("{shown} is not TOML: {}", error.message())))?;
        for (key, value) in flatten(table) {
            let origin = Origin::File(path.to_owned());
            self.check_known(&key, &origin)?;
            self.entries.insert(key, Entry { value, origin });
        }
        Ok(())
    }

    /// Sets a value that came as text; the default's type says how to read it.
    fn set_text(&mut self, key: &str, text: &str, origin: Origin) -> Result<()> {
        self.check_known(key, &origin)?;
        let Some(entry) = self.entries.get_mut(key) else { return Ok(()) };
        let value = read_as(&entry.value, text).ok_or_else(|| refused(format!("{key} ({origin}): must be {}", kind_word(&entry.value))))?;
        *entry = Entry { value, origin };
        Ok(())
    }

    fn check_known(&self, key: &str, origin: &Origin) -> Result<()> {
        if self.entries.contains_key(key) {
            return Ok(());
        }
        let nearest = self
            .entries
            .keys()
            .map(|known| (strsim::damerau_levenshtein(known, key), known))
            .min()
            .filter(|(distance, _)| *distance <= key.len() / 2)
            .map_or_else(String::new, |(_, known)| format!("; did you mean {known}?"));
        Err(refused(format!("{origin}: there is no setting {key}{nearest}")))
    }
}

fn refused(sentence: String) -> Error {
    Error::invalid(sentence).code(BAD_CONFIG)
}

/// `section.key` and value of each setting. A table below a section stays one value.
fn flatten(table: Table) -> Vec<(String, Value)> {
    let mut flat = Vec::new();
    for (section, value) in table {
        match value {
            Value::Table(values) => flat.extend(values.into_iter().map(|(key, value)| (format!("{section}.{key}"), value))),
            value => flat.push((section, value)),
        }
    }
    flat
}

fn read_as(like: &Value, text: &str) -> Option<Value> {
    match like {
        Value::Integer(_) => text.trim().parse().ok().map(Value::Integer),
        Value::Float(_) => text.trim().parse().ok().map(Value::Float),
        Value::Boolean(_) => text.trim().parse().ok().map(Value::Boolean),
        Value::Array(_) => {
            let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
            Some(Value::Array(parts.map(|part| Value::String(part.to_owned())).collect()))
        }
        _ => Some(Value::String(text.to_owned())),
    }
}

/// The other way round.
fn as_text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(parts) => parts.iter().map(as_text).collect::<Vec<_>>().join(","),
        value => value.to_string(),
    }
}

fn kind_word(like: &Value) -> &'static str {
    match like {
        Value::Integer(_) => "a whole number",
        Value::Float(_) => "a number",
        Value::Boolean(_) => "true or false",
        _ => "a text",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(file: &str, environment: &[(&str, &str)], flags: &Flags) -> Result<Config> {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("config.toml");
        std::fs::write(&path, file).expect("written");
        let environment: Vec<_> = environment.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        Layers::read(Some(&path), &environment, flags)?.config()
    }

    #[test]
    fn a_flag_beats_the_environment_which_beats_the_file_which_beats_the_default() {
        let file = "[engine]\nmax_concurrent_calls = 7\nsip = \"127.0.0.1:1\"\n[log]\nlevel = \"warn\"";
        let environment =
            [("CXBOX_ENGINE__SIP", "127.0.0.1:2"), ("CXBOX_ENGINE__RTP_PORTS", "1-2"), ("CXBOX_OUTBOUND__ALLOW_CIDRS", "a, b")];
        let flags = Flags::default().set("engine.rtp_ports", "--rtp-ports", Some("3-4"));
        let config = read(file, &environment, &flags).expect("a configuration");
        assert_eq!((config.engine.max_concurrent_calls, config.log.level.as_str()), (7, "warn"));
        assert_eq!((config.engine.sip.port(), config.engine.rtp_ports.to_string()), (2, "3-4".to_owned()));
        assert_eq!((config.server.drain_seconds, config.outbound.allow_cidrs), (15, vec!["a".to_owned(), "b".to_owned()]));
    }

    #[test]
    fn an_engine_that_is_told_the_settings_by_its_environment_has_the_same() {
        let file = "[engine]\nmax_concurrent_calls = 7\nadvertise_address = \"192.0.2.1\"\n[log]\nlevel = \"warn\"\nformat = \"json\"\n\
            [server]\ndrain_seconds = 3\n[outbound]\nallow_cidrs = [\"10.0.0.0/8\", \"127.0.0.0/8\"]";
        let first = read(file, &[], &Flags::default()).expect("a configuration");
        assert!(first.of_engine.iter().all(|(name, _)| !name.contains("SECRET")));
        let told = Layers::read(None, &first.of_engine, &Flags::default()).expect("read").config().expect("a configuration");
        assert_eq!(told.of_engine, first.of_engine);
        assert_eq!((told.engine.max_concurrent_calls, told.server.drain_seconds, told.outbound.allow_cidrs.len()), (7, 3, 2));
    }

    #[test]
    fn what_cannot_be_is_refused_with_key_and_source() {
        for (file, environment, expected) in [
            ("[server]\nhtpp = \"x\"", vec![], "there is no setting server.htpp; did you mean server.http?"),
            ("[server]\nhttp = \"x\"", vec![], "config.toml): "),
            ("[server", vec![], "is not TOML"),
            ("", vec![("CXBOX_SERVER__TLS", "maybe")], "server.tls (environment CXBOX_SERVER__TLS): unknown variant `maybe`"),
            (
                "",
                vec![("CXBOX_SERVER__DRAIN_SECONDS", "soon")],
                "server.drain_seconds (environment CXBOX_SERVER__DRAIN_SECONDS): must be a whole number",
            ),
            ("", vec![("CXBOX_ENGINE__RTP_PORTS", "9-1")], "must be two ports such as 20000-20999"),
        ] {
            let error = read(file, &environment, &Flags::default()).expect_err(expected);
            assert!(error.message().contains(expected), "{} does not say {expected}", error.message());
            assert_eq!(error.stable_code(), BAD_CONFIG);
        }
    }
}
