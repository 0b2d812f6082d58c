//! Stored prompts: `prompts/<slug>.txt` in the data folder. Read anew for every attempt, so that an edit holds from the next call on.

use std::path::{Path, PathBuf};

use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use crate::base::{Context, Error, Millis, Result};
use crate::platform::access::Actor;
use crate::platform::audit;
use crate::platform::data_dir::write_whole;
use crate::platform::db::Db;

/// Longest prompt, in bytes.
const LONGEST: usize = 100_000;
const LONGEST_SLUG: usize = 64;
/// What a new box comes with.
const REMINDER: (&str, &str) = ("reminder", include_str!("../../../assets/seed/reminder.txt"));

/// The stored prompts. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Prompts {
    folder: PathBuf,
}

/// A prompt in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(super) struct PromptItem {
    /// Its name; `systemPrompt` of a call may be this.
    pub(super) slug: String,
    /// Its length.
    pub(super) bytes: u64,
    /// When it was last written.
    #[schema(value_type = String, format = DateTime)]
    pub(super) updated_at: Millis,
}

/// A prompt.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct Prompt {
    #[serde(flatten)]
    item: PromptItem,
    /// What it says.
    text: String,
}

/// Whether a text is the name of a prompt: small letters, digits and hyphens, so that no path can be made of it.
pub(super) fn is_slug(text: &str) -> bool {
    let is_word = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    (1..=LONGEST_SLUG).contains(&text.len()) && text.bytes().all(|b| is_word(b) || b == b'-') && text.bytes().next().is_some_and(is_word)
}

impl Prompts {
    /// The prompts in a folder.
    pub(super) fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// What a call's prompt says: the stored prompt of that name, if there is one; else the text itself.
    pub(super) fn resolve(&self, text: &str) -> String {
        let stored = is_slug(text).then(|| self.read(text).ok()).flatten();
        stored.map_or_else(|| text.to_owned(), |prompt| prompt.text)
    }

    /// Writes what a new box comes with. A prompt that is there stays.
    pub(super) fn seed(&self) -> Result<()> {
        let (slug, text) = REMINDER;
        let path = self.path(slug);
        if path.exists() { Ok(()) } else { write_whole(&path, text.as_bytes()) }
    }

    /// All prompts, by name. Files that are none are left out.
    pub(super) fn list(&self) -> Result<Vec<PromptItem>> {
        let mut found = Vec::new();
        for entry in std::fs::read_dir(&self.folder).context("cannot read the prompts")? {
            let name = entry.context("cannot read the prompts")?.file_name();
            let slug = name.to_str().and_then(|name| name.strip_suffix(".txt")).filter(|slug| is_slug(slug));
            found.extend(slug.and_then(|slug| item(&self.folder, slug)));
        }
        found.sort_by(|a, b| a.slug.cmp(&b.slug));
        Ok(found)
    }

    /// One prompt, or "not found". A link to somewhere else is no prompt.
    pub(super) fn read(&self, slug: &str) -> Result<Prompt> {
        let item = is_slug(slug).then(|| item(&self.folder, slug)).flatten().ok_or_else(|| missing(slug))?;
        let text = std::fs::read_to_string(self.path(slug)).context(format!("cannot read the prompt {slug}"))?;
        Ok(Prompt { item, text })
    }

    /// Writes a prompt, new or not. Holds from the next call on.
    pub(super) async fn write(&self, db: &Db, actor: &Actor, slug: String, text: String) -> Result<Prompt> {
        let refused = |field: &str, sentence: &'static str| Err(Error::invalid(format!("{field} {sentence}")).field(field, sentence));
        if !is_slug(&slug) {
            return refused("slug", "may have small letters, digits and hyphens, at most 64, and does not begin with a hyphen");
        }
        if text.trim().is_empty() {
            return refused("text", "is required");
        }
        if text.len() > LONGEST {
            return refused("text", "is too long");
        }
        let (path, n_bytes) = (self.path(&slug), text.len());
        off_the_loop(move || write_whole(&path, text.as_bytes())).await?;
        let (actor, target) = (actor.clone(), slug.clone());
        db.write(move |tx| audit::append(tx, &actor, "prompt.write", &target, &json!({ "bytes": n_bytes }))).await?;
        self.read(&slug)
    }

    /// Removes a prompt. Calls that name it have its name as their prompt from then on.
    pub(super) async fn delete(&self, db: &Db, actor: &Actor, slug: String) -> Result<()> {
        self.read(&slug)?;
        let path = self.path(&slug);
        off_the_loop(move || std::fs::remove_file(&path).context("cannot remove the prompt")).await?;
        let actor = actor.clone();
        db.write(move |tx| audit::append(tx, &actor, "prompt.delete", &slug, &json!({}))).await
    }

    fn path(&self, slug: &str) -> PathBuf {
        self.folder.join(format!("{slug}.txt"))
    }
}

/// Waits for the disk without holding up other requests.
async fn off_the_loop<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(|cause| Error::internal("work on a prompt panicked").caused_by(cause))?
}

fn missing(slug: &str) -> Error {
    let shown: String = slug.chars().filter(|c| !c.is_control()).take(LONGEST_SLUG).collect();
    Error::not_found(format!("no prompt {shown}"))
}

fn item(folder: &Path, slug: &str) -> Option<PromptItem> {
    let meta = std::fs::symlink_metadata(folder.join(format!("{slug}.txt"))).ok().filter(std::fs::Metadata::is_file)?;
    let written = meta.modified().ok().and_then(|at| at.duration_since(std::time::UNIX_EPOCH).ok()).unwrap_or_default();
    Some(PromptItem { slug: slug.to_owned(), bytes: meta.len(), updated_at: Millis(0).plus(written) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_path_is_the_name_of_a_prompt() {
        for good in ["reminder", "a", "second-call-2", &"x".repeat(64)] {
            assert!(is_slug(good), "{good}");
        }
        for bad in ["", "-a", "../secrets/master", "a/b", "a.b", "Reminder", "a b", "ä", "a\0", &"x".repeat(65)] {
            assert!(!is_slug(bad), "{bad}");
        }
    }

    #[test]
    fn a_link_to_a_secret_is_no_prompt() {
        let folder = tempfile::tempdir().expect("a folder");
        let prompts = Prompts::new(folder.path().to_owned());
        std::fs::write(folder.path().join("secret"), "s3cret").expect("written");
        std::os::unix::fs::symlink(folder.path().join("secret"), folder.path().join("leak.txt")).expect("linked");
        prompts.seed().expect("seeded");
        assert_eq!(prompts.resolve("leak"), "leak");
        assert!(prompts.resolve("reminder").len() > 100);
        assert_eq!(prompts.resolve("Call them."), "Call them.");
        assert_eq!(prompts.list().expect("a list").len(), 1);
    }
}
