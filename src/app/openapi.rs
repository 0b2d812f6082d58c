//! The description of all routes as text, made without a running box.

use crate::base::secret::Secret;
use crate::base::{Clock, Context, Random, Result};
use crate::platform::config::Config;
use crate::platform::data_dir::DataDir;
use crate::platform::secrets::Secrets;

use super::control::App;
use super::setup::Setup;

/// OpenAPI 3.1 as pretty JSON with a line feed at its end. Builds the control plane over a folder that is removed again.
pub fn openapi_text() -> Result<String> {
    let random = Random::system();
    let folder = std::env::temp_dir().join(format!("cxbox-openapi-{}", random.hex::<8>()));
    let text = describe(&folder, random);
    // The folder lies among temporary files; what cannot be removed does no harm there.
    let _ = std::fs::remove_dir_all(&folder);
    text
}

fn describe(folder: &std::path::Path, random: Random) -> Result<String> {
    let secrets = Secrets { core: Secret::default(), jwt: Secret::default(), master: random.bytes() };
    let app = App::build(Setup {
        data: DataDir::open(folder)?,
        config: Config::defaults()?,
        clock: Clock::system(),
        random,
        secrets,
        base_url: "https://localhost:8443".to_owned(),
        tenant: "localhost".to_owned(),
        program: std::path::PathBuf::new(),
    })?;
    app.openapi().to_pretty_json().map(|text| format!("{text}\n")).context("cannot write the description")
}
