//! Bots that come from other bots: clones, and bots as files.

use serde_json::{Value, json};

use super::body::{BotBody, BotStatus};
use super::check::check;
use super::service::Bots;
use super::view::{BotFile, BotView, ImportedBot};
use super::{secrets, store};
use crate::base::id::BotId;
use crate::base::{Error, Result};
use crate::platform::access::Actor;

/// What a file of a bot says it is.
const FORMAT: &str = "cxbox-bot";
/// The format of such files that this program writes and reads.
const FORMAT_VERSION: u32 = 1;

impl Bots {
    /// Makes another bot that says the same, credentials included. It is a draft until it is switched on.
    pub async fn copy(&self, actor: &Actor, id: BotId, name: Option<String>) -> Result<BotView> {
        let (bots, actor) = (self.clone(), actor.clone());
        let copy_id = BotId::new(&self.random);
        self.db
            .write(move |tx| {
                let original = store::get(tx, &id)?;
                let opened = bots.opened(&id, &original.body)?;
                let name = name.unwrap_or_else(|| format!("{} (copy)", opened.name));
                let body = BotBody { name, status: BotStatus::Draft, ..opened };
                check(&body)?;
                let origin = json!({ "bot_id": id, "version": original.version });
                bots.insert(tx, &copy_id, body, &actor, "bot.clone", &origin)
            })
            .await
    }

    /// The published version as a file without credentials.
    pub async fn export(&self, id: BotId) -> Result<BotFile> {
        let bots = self.clone();
        self.db
            .read(move |conn| {
                let bot = store::get(conn, &id)?;
                let mut body = bots.opened(&id, &bot.body)?;
                let left_out = secrets::strip(&mut body);
                Ok(BotFile { format: FORMAT.to_owned(), format_version: FORMAT_VERSION, version: Some(bot.version), left_out, bot: body })
            })
            .await
    }

    /// Makes a bot of a file. It is a draft until its credentials are there and it is switched on.
    pub async fn import(&self, actor: &Actor, file: BotFile) -> Result<ImportedBot> {
        let field = |name: &'static str, sentence: &'static str| Error::invalid(format!("{name}: {sentence}")).field(name, sentence);
        if file.format != FORMAT {
            return Err(field("format", "must be cxbox-bot: this is not the file of a bot"));
        }
        if file.format_version != FORMAT_VERSION {
            return Err(field("format_version", "must be 1: this file was written by another version of the program"));
        }
        let body = BotBody { status: BotStatus::Draft, ..file.bot };
        check(&body).map_err(|error| within_bot(&error))?;
        let mut missing = secrets::empty(&body);
        let still_missing = |path: &String| !missing.contains(path) && !secrets::has(&body, path);
        let also: Vec<_> = file.left_out.iter().filter(|path| still_missing(path)).cloned().collect();
        missing.extend(also);
        let (bots, actor, id) = (self.clone(), actor.clone(), BotId::new(&self.random));
        let bot = self.db.write(move |tx| bots.insert(tx, &id, body, &actor, "bot.import", &Value::from("file"))).await?;
        Ok(ImportedBot { bot, missing })
    }
}

/// A refusal whose fields lie in the `bot` of a file.
fn within_bot(error: &Error) -> Error {
    let inside = Error::invalid(format!("bot.{}", error.message()));
    error.fields().iter().fold(inside, |inside, field| inside.field(format!("bot.{}", field.field), field.message.clone()))
}
