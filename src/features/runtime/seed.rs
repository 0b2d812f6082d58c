//! What a new box comes with: the demo bot, a number that says the box is not set up yet, and the catch-all that leads there.

use include_dir::{Dir, include_dir};

use super::service::Runtime;
use crate::base::id::{BotId, NumberId};
use crate::base::{Error, Result};
use crate::features::bots::BotBody;
use crate::features::numbers::NumberBody;
use crate::platform::db::{Tx, from_json};

static SEED: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/assets/seed");

/// The bot of outbound calls that name none, until a setting says otherwise.
const DEMO_BOT: &str = "bot_0000000000000001";
const RECEPTION_BOT: &str = "bot_0000000000000002";
const RECEPTION_NUMBER: &str = "num_0000000000000001";

impl Runtime {
    /// Fills a new box. Does nothing on one that ever had a bot, so that what an operator removed stays away.
    pub async fn seed(&self) -> Result<()> {
        let runtime = self.clone();
        self.inner.db.write(move |tx| runtime.seed_in(tx)).await
    }

    fn seed_in(&self, tx: &Tx<'_>) -> Result<()> {
        let setup = &self.inner;
        setup.inbound_routes.seed(tx)?;
        setup.settings.seed_default_bot(tx, &BotId::from(DEMO_BOT))?;
        if !setup.bots.is_empty(tx)? {
            return Ok(());
        }
        setup.bots.seed(tx, &BotId::from(DEMO_BOT), from_json::<BotBody>(text("demo-bot.json")?)?)?;
        setup.bots.seed(tx, &BotId::from(RECEPTION_BOT), from_json::<BotBody>(text("reception-bot.json")?)?)?;
        let number = from_json::<NumberBody>(text("reception-number.json")?)?;
        setup.numbers.insert(tx, &NumberId::from(RECEPTION_NUMBER), NumberBody { bot_id: Some(RECEPTION_BOT.into()), ..number })
    }
}

fn text(name: &'static str) -> Result<&'static str> {
    SEED.get_file(name).and_then(|file| file.contents_utf8()).ok_or_else(|| Error::internal(format!("the program lacks its seed {name}")))
}
