//! `cxbox user`: people from the command line, before the first start and while the appliance runs.

use std::io::Read as _;
use std::path::PathBuf;
use std::process::ExitCode;

use super::people::People;
use crate::base::secret::Secret;
use crate::base::{Context, Error, Result};
use crate::features::auth::{NewUser, UserChange};
use crate::platform::access::Role;
use crate::platform::data_dir::DataDir;

/// Arguments of `cxbox user`.
#[derive(clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    /// Add a person.
    Add {
        /// Name to sign in with.
        name: String,
        /// E-mail address; also good to sign in with.
        #[arg(long)]
        email: String,
        /// agent, supervisor, admin or super_admin.
        #[arg(long)]
        role: Role,
        #[command(flatten)]
        password: Password,
        #[command(flatten)]
        place: Place,
    },
    /// Show all people.
    List {
        #[command(flatten)]
        place: Place,
    },
    /// Set another password; every token made before is refused from then on.
    Passwd {
        /// Name or e-mail address.
        who: String,
        #[command(flatten)]
        password: Password,
        #[command(flatten)]
        place: Place,
    },
    /// Switch a person off: their tokens and `ak_` keys are refused from the next request on.
    Deactivate {
        /// Name or e-mail address.
        who: String,
        #[command(flatten)]
        place: Place,
    },
    /// Let a person sign in again.
    Activate {
        /// Name or e-mail address.
        who: String,
        #[command(flatten)]
        place: Place,
    },
}

#[derive(clap::Args)]
struct Password {
    /// Read the password from standard input, up to the end; one line break at its end is dropped.
    #[arg(long, required = true)]
    password_stdin: bool,
}

#[derive(clap::Args)]
struct Place {
    /// The folder that holds everything the appliance keeps.
    #[arg(long, env = "CXBOX_DATA_DIR", default_value = "/var/lib/cxbox")]
    data_dir: PathBuf,
}

/// Runs one command and says what it did.
pub(super) fn run(args: Args) -> Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("cannot start the runtime")?;
    for line in runtime.block_on(act(args.command))? {
        say(&line);
    }
    Ok(ExitCode::SUCCESS)
}

async fn act(command: Command) -> Result<Vec<String>> {
    match command {
        Command::Add { name, email, role, password, place } => {
            let new = NewUser::plain(name, email, password.read()?, role);
            let user = place.open().await?.add(new).await?;
            Ok(vec![format!("Added {} <{}> as {} ({})", user.name, user.email, user.role.as_str(), user.id)])
        }
        Command::List { place } => {
            let line = |user: crate::features::auth::UserView| {
                let state = if user.is_active { "active" } else { "inactive" };
                format!("{}\t{}\t{}\t{}\t{state}", user.id, user.name, user.email, user.role.as_str())
            };
            Ok(place.open().await?.list().await?.into_iter().map(line).collect())
        }
        Command::Passwd { who, password, place } => {
            let password = password.read()?;
            let people = place.open().await?;
            let user = people.find(&who).await?;
            people.set_password(&user, password).await?;
            Ok(vec![format!("Set the password of {}", user.name)])
        }
        Command::Deactivate { who, place } => switch(place, &who, false).await,
        Command::Activate { who, place } => switch(place, &who, true).await,
    }
}

async fn switch(place: Place, who: &str, is_active: bool) -> Result<Vec<String>> {
    let people = place.open().await?;
    let user = people.find(who).await?;
    people.update(&user, UserChange { is_active: Some(is_active), ..UserChange::default() }).await?;
    Ok(vec![format!("{} {}", if is_active { "Activated" } else { "Deactivated" }, user.name)])
}

impl Password {
    /// Reads at most a little more than a password may have.
    fn read(&self) -> Result<Secret> {
        let mut text = String::new();
        std::io::stdin().take(4096).read_to_string(&mut text).context("cannot read the password")?;
        let password = text.strip_suffix('\n').map_or(text.as_str(), |line| line.strip_suffix('\r').unwrap_or(line));
        if password.is_empty() {
            return Err(Error::invalid("standard input held no password"));
        }
        Ok(Secret::new(password))
    }
}

impl Place {
    async fn open(self) -> Result<People> {
        People::open(&DataDir::open(self.data_dir)?).await
    }
}

#[expect(clippy::print_stdout, reason = "the command line speaks to its user")]
fn say(line: &str) {
    println!("{line}");
}
