//! What the command line does with the control plane's parts while nobody serves the folder. The caller holds its lock.

use super::control::App;
use super::setup::Setup;
use crate::base::{Clock, Context, Random, Result};
use crate::features::privacy::{EraseOrder, ErasureView};
use crate::platform::access::Actor;
use crate::platform::config::{Config, process_environment};
use crate::platform::data_dir::DataDir;
use crate::platform::secrets::Secrets;

/// Erases a person.
pub async fn erase(data: DataDir, config: Config, order: EraseOrder) -> Result<ErasureView> {
    let app = build(data, config)?;
    app.seed().await?;
    // Calls that wait to be listed are found as well; nothing else has to be done first.
    app.privacy().erase(&Actor::local("command line"), order).await
}

/// Has a database that came back forget again whom the box has forgotten.
pub async fn forget_again(data: DataDir, config: Config) -> Result<Vec<ErasureView>> {
    let app = build(data, config)?;
    app.privacy().forget_again().await
}

fn build(data: DataDir, config: Config) -> Result<App> {
    let random = Random::system();
    let secrets = Secrets::open(&data, &process_environment(), &random)?;
    let address = config.server.http;
    App::build(Setup {
        data,
        base_url: config.server.base_url(address),
        tenant: config.server.tenant(address),
        config,
        clock: Clock::system(),
        random,
        secrets,
        program: std::env::current_exe().context("cannot find this program")?,
    })
}
