//! The handle of settings: the document in force, changes to it, their history.

use std::sync::Arc;

use serde_json::{Value, json};
use tokio::sync::watch;
use tracing::error;

use super::change::change;
use super::check::{check, check_config};
use super::doc::SettingsDoc;
use super::layers::{Base, Stored, Values};
use super::section::Section;
use super::store::{self, StoredChange};
use super::view::{ChangeView, masked, section_view};
use crate::base::Result;
use crate::base::id::BotId;
use crate::base::page::Page;
use crate::base::seal::Sealer;
use crate::platform::access::Actor;
use crate::platform::audit;
use crate::platform::config::{LiveKey, is_secret};
use crate::platform::db::{Conn, Db, Tx};

/// What another slice wants to hold for a key; its refusal names the key as its field.
type Rule = Arc<dyn Fn(&Conn, &SettingsDoc) -> Result<()> + Send + Sync>;

/// A rule of another slice, asked when a key changes.
#[derive(Clone)]
pub struct Check {
    /// The key, such as `default_bot_id`.
    pub key: &'static str,
    /// Its section.
    pub section: Section,
    /// The rule.
    pub rule: Rule,
}

/// What settings are built from.
pub struct SettingsSetup {
    /// The database.
    pub db: Db,
    /// Keeps secrets.
    pub sealer: Arc<Sealer>,
    /// What the configuration says about settings.
    pub keys: Vec<LiveKey>,
    /// Rules of other slices.
    pub checks: Vec<Check>,
}

/// The settings. Cheap to clone.
#[derive(Clone)]
pub struct Settings {
    inner: Arc<Inner>,
}

struct Inner {
    db: Db,
    sealer: Arc<Sealer>,
    base: Base,
    checks: Vec<Check>,
    live: watch::Sender<Arc<SettingsDoc>>,
}

impl Settings {
    /// Settings as the configuration has them; what is stored holds after [`Settings::load`].
    pub fn new(setup: SettingsSetup) -> Result<Self> {
        check_config(&setup.keys)?;
        let base = Base::new(setup.keys);
        let (live, _) = watch::channel(Arc::new(base.doc(&Stored::new(), 0)?));
        Ok(Self { inner: Arc::new(Inner { db: setup.db, sealer: setup.sealer, base, checks: setup.checks, live }) })
    }

    /// Takes what is stored into force. A stored value that this program cannot use is logged and the configuration holds in its place.
    pub async fn load(&self) -> Result<()> {
        let settings = self.clone();
        let (stored, revision) = self.inner.db.read(move |conn| Ok((settings.stored(conn)?, store::revision(conn)?))).await?;
        match self.inner.base.doc(&stored, revision).and_then(|doc| check(&doc).map(|()| doc)) {
            Ok(doc) => self.publish(doc),
            Err(failure) => error!("The stored settings cannot be used, the configuration holds: {failure}"),
        }
        Ok(())
    }

    /// The document in force. Never waits.
    pub fn current(&self) -> Arc<SettingsDoc> {
        self.inner.live.borrow().clone()
    }

    /// Changes with every change of the document, for whoever holds state made from it.
    pub fn changes(&self) -> watch::Receiver<Arc<SettingsDoc>> {
        self.inner.live.subscribe()
    }

    /// The bot of outbound calls that name none, on a box that never had a setting for them. An operator's choice stays.
    pub fn seed_default_bot(&self, tx: &Tx<'_>, bot: &BotId) -> Result<()> {
        if store::all(tx)?.iter().any(|(section, _)| section == Section::Outbound.word()) {
            return Ok(());
        }
        let value = |text: &str| Values::from_iter([("default_bot_id".to_owned(), json!(text))]);
        let actor = Actor::system();
        store::save(tx, Section::Outbound, &value(bot.as_str()), &actor.name)?;
        store::note(tx, Section::Outbound, &actor, &value(""), &value(bot.as_str())).map(drop)
    }

    /// All sections as a reader sees them.
    pub(super) async fn all(&self) -> Result<Value> {
        let settings = self.clone();
        let stored = self.inner.db.read(move |conn| settings.stored(conn)).await?;
        let view = |section: Section| (section.word().to_owned(), section_view(&self.inner.base, section, &stored));
        Ok(Value::Object(Section::ALL.into_iter().map(view).collect()))
    }

    /// One section as a reader sees it.
    pub(super) async fn section(&self, section: Section) -> Result<Value> {
        let settings = self.clone();
        let stored = self.inner.db.read(move |conn| settings.stored(conn)).await?;
        Ok(section_view(&self.inner.base, section, &stored))
    }

    /// Changes keys of a section; absent keys stay as they are, null takes one back to its default. In force when this answers.
    pub(super) async fn change(&self, actor: &Actor, section: Section, body: Values) -> Result<Value> {
        let (settings, actor) = (self.clone(), actor.clone());
        let (doc, view) = self.inner.db.write(move |tx| settings.change_in(tx, &actor, section, body)).await?;
        if let Some(doc) = doc {
            self.publish(doc);
        }
        Ok(view)
    }

    fn change_in(&self, tx: &Tx<'_>, actor: &Actor, section: Section, body: Values) -> Result<(Option<SettingsDoc>, Value)> {
        let base = &self.inner.base;
        let mut stored = self.stored(tx)?;
        let change = change(base, section, &stored, body)?;
        if change.set.is_empty() {
            return Ok((None, section_view(base, section, &stored)));
        }
        let before = base.effective(section, &stored);
        let mut row = sealed_row(tx, section)?;
        let open = stored.entry(section).or_default();
        for (name, value) in &change.set {
            match value {
                Some(value) => {
                    open.insert(name.clone(), value.clone());
                    row.insert(name.clone(), self.sealed(section, name, value)?);
                }
                None => {
                    open.shift_remove(name);
                    row.shift_remove(name);
                }
            }
        }
        let mut doc = base.doc(&stored, 0)?;
        check(&doc)?;
        let touched = |name: &str| change.set.iter().any(|(changed, _)| changed == name);
        for check in self.inner.checks.iter().filter(|check| check.section == section && touched(check.key)) {
            (check.rule)(tx, &doc)?;
        }
        let after = base.effective(section, &stored);
        let part = |values: &Values| -> Result<Values> {
            let kept = values.iter().filter(|(name, _)| touched(name));
            kept.map(|(name, value)| Ok((name.clone(), self.sealed(section, name, value)?))).collect()
        };
        store::save(tx, section, &row, &actor.name)?;
        doc.revision = store::note(tx, section, actor, &part(&before)?, &part(&after)?)?;
        let names: Vec<&String> = change.set.iter().map(|(name, _)| name).collect();
        audit::append(tx, actor, "settings.update", section.word(), &json!({ "keys": names }))?;
        Ok((Some(doc), section_view(base, section, &stored)))
    }

    /// One page of changes, newest first, and how many there are. No section means all.
    pub(super) async fn history(&self, section: Option<Section>, page: Page) -> Result<(Vec<ChangeView>, u64)> {
        let (changes, total) = self.inner.db.read(move |conn| store::history(conn, section, page)).await?;
        Ok((changes.into_iter().map(|change| self.change_view(change)).collect(), total))
    }

    fn change_view(&self, change: StoredChange) -> ChangeView {
        let StoredChange { id, at, section, actor_id, actor, before, after } = change;
        let shown = |values: Values| match Section::parse(&section) {
            Ok(section) => masked(section, self.opened(section, values)),
            // A section of a newer program: nothing says which of its keys are secret.
            Err(_) => Values::new(),
        };
        ChangeView { id, at, actor_id, actor, before: shown(before), after: shown(after), section }
    }

    /// What operators set, secrets open. Keys and sections that this program does not know are left out.
    fn stored(&self, conn: &Conn) -> Result<Stored> {
        let rows = store::all(conn)?.into_iter();
        Ok(rows.filter_map(|(word, values)| Section::parse(&word).ok().map(|section| (section, self.opened(section, values)))).collect())
    }

    fn opened(&self, section: Section, mut values: Values) -> Values {
        for (name, value) in &mut values {
            let key = format!("{}.{name}", section.word());
            if let Value::String(text) = value
                && is_secret(&key)
                && !text.is_empty()
            {
                *text = self.inner.sealer.open(&owner(&key), text).unwrap_or_else(|failure| {
                    error!("The secret {key} cannot be opened and counts as not set: {failure}");
                    String::new()
                });
            }
        }
        values
    }

    fn sealed(&self, section: Section, name: &str, value: &Value) -> Result<Value> {
        let key = format!("{}.{name}", section.word());
        match value {
            Value::String(text) if is_secret(&key) && !text.is_empty() => self.inner.sealer.seal(&owner(&key), text).map(Value::String),
            value => Ok(value.clone()),
        }
    }

    /// A document replaces only an older one: of two changes at once the later one stays.
    fn publish(&self, doc: SettingsDoc) {
        self.inner.live.send_if_modified(|live| {
            let is_newer = doc.revision > live.revision;
            if is_newer {
                *live = Arc::new(doc);
            }
            is_newer
        });
    }
}

/// The row of a section as it is stored.
fn sealed_row(conn: &Conn, section: Section) -> Result<Values> {
    Ok(store::all(conn)?.into_iter().find(|(word, _)| word == section.word()).map(|(_, values)| values).unwrap_or_default())
}

/// What a sealed secret is bound to.
fn owner(key: &str) -> String {
    format!("settings.{key}")
}
