//! `cxbox config`: what the settings are and where they come from.

use std::path::PathBuf;
use std::process::ExitCode;

use crate::base::Result;
use crate::features::settings;
use crate::platform::config::{Flags, Layers, is_secret, process_environment};

/// The subcommands.
#[derive(clap::Subcommand)]
pub(super) enum Command {
    /// Check the configuration and say what is wrong with it.
    Check(Place),
    /// Print every setting.
    Show {
        #[command(flatten)]
        place: Place,
        /// Also print where each value comes from.
        #[arg(long)]
        origin: bool,
    },
}

/// Which configuration.
#[derive(clap::Args)]
pub(super) struct Place {
    /// Configuration file; `config.toml` in the data folder if absent.
    #[arg(long)]
    config: Option<PathBuf>,
    /// The data folder.
    #[arg(long, env = "CXBOX_DATA_DIR", default_value = "/var/lib/cxbox")]
    data_dir: PathBuf,
}

impl Place {
    fn layers(&self) -> Result<Layers> {
        let fallback = Some(self.data_dir.join("config.toml")).filter(|path| path.exists());
        let layers = Layers::read(self.config.as_deref().or(fallback.as_deref()), &process_environment(), &Flags::default())?;
        settings::check_config(&layers.config()?.live)?;
        Ok(layers)
    }
}

/// Runs a subcommand.
#[expect(clippy::print_stdout, reason = "the answer to the user's question")]
pub(super) fn run(command: Command) -> Result<ExitCode> {
    match command {
        Command::Check(place) => {
            place.layers()?;
            println!("The configuration is fine.");
        }
        Command::Show { place, origin } => {
            for (key, entry) in place.layers()?.entries() {
                let comment = if origin { format!("  # {}", entry.origin) } else { String::new() };
                let is_hidden = is_secret(key) && entry.value.as_str() != Some("");
                let value = if is_hidden { "\"••••••••\"".to_owned() } else { entry.value.to_string() };
                println!("{key} = {value}{comment}");
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}
