//! The command line: one file per subcommand, which reads its flags and calls one function.

mod backup;
mod bench;
mod config;
mod demo;
mod doctor;
mod engine;
mod erase;
mod folder;
mod kb;
mod lab;
mod lab_ai;
mod lab_load;
mod lab_phone;
mod lab_replay;
mod openapi;
mod parse_worker;
mod people;
mod restore;
mod schema;
mod serve;
mod speech_worker;
mod tls;
mod upgrade;
mod user;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::base::{Error, Result};
use crate::platform::config::BAD_CONFIG;

/// Exit code for a faulty configuration (`EX_CONFIG` of sysexits).
const EX_CONFIG: u8 = 78;

/// An appliance for AI phone calls.
#[derive(Parser)]
#[command(name = "cxbox", version, propagate_version = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

/// To add a subcommand: a file with `Args` and `run(args) -> Result<ExitCode>`, one line here and one in `dispatch`.
#[derive(Subcommand)]
enum Command {
    /// Run the main job once in a temporary folder: two real calls, with proof of everything that follows.
    Demo(demo::Args),
    /// Measure this machine.
    #[command(subcommand)]
    Bench(bench::Command),
    /// How well the knowledge bases of a running box find what they should.
    #[command(subcommand)]
    Kb(kb::Command),
    /// Peers for development and tests.
    #[command(subcommand)]
    Lab(lab::Command),
    /// Run the live-media process: SIP, RTP, speech. `serve` starts one itself.
    Engine(engine::Args),
    /// Read one document for the control plane, which starts this.
    #[command(hide = true)]
    ParseWorker(parse_worker::Args),
    /// Speak and recognise for the engine, which starts this.
    #[command(hide = true)]
    SpeechWorker,
    /// Run the appliance: API, console, webhooks, and the engine that it starts and watches.
    Serve(Box<serve::Args>),
    /// The box's own certificate authority: its fingerprint, and certificates for engines on other machines.
    #[command(subcommand)]
    Tls(tls::Command),
    /// Add, list and change people.
    User(user::Args),
    /// Make a backup: one file with everything the box needs to come back. Works while it serves.
    Backup(backup::Args),
    /// Put a backup in the place of a data folder.
    Restore(restore::Args),
    /// Look the box over and say how to mend what is wrong. Ends with 0 (well), 1 (something to watch) or 2 (something is broken).
    Doctor(doctor::Args),
    /// Put a newer release in the place of this one, and go back by itself if that fails.
    Upgrade(upgrade::Args),
    /// Print the newest schema of the database that this program knows.
    #[command(hide = true)]
    Schema,
    /// Forget a person: transcripts, recordings, orders; calls become anonymous.
    Erase(erase::Args),
    /// Show or check the configuration.
    #[command(subcommand)]
    Config(config::Command),
    /// Print the OpenAPI description of every route.
    Openapi,
}

/// Reads the arguments, runs the subcommand and turns its outcome into an exit code.
pub fn main() -> ExitCode {
    dispatch(Cli::parse().command).unwrap_or_else(|error| fail(&error))
}

fn dispatch(command: Command) -> Result<ExitCode> {
    match command {
        Command::Backup(args) => backup::run(&args),
        Command::Restore(args) => restore::run(&args),
        Command::Doctor(args) => doctor::run(&args),
        Command::Upgrade(args) => upgrade::run(&args),
        Command::Bench(command) => bench::run(command),
        Command::Demo(args) => demo::run(&args),
        Command::Kb(command) => kb::run(command),
        Command::Lab(command) => lab::run(command),
        Command::Engine(args) => engine::run(args),
        Command::ParseWorker(args) => parse_worker::run(&args),
        Command::SpeechWorker => speech_worker::run(),
        Command::Erase(args) => erase::run(&args),
        Command::Config(command) => config::run(command),
        Command::Openapi => openapi::run(),
        Command::Schema => schema::run(),
        Command::Serve(args) => serve::run(*args),
        Command::Tls(command) => tls::run(command),
        Command::User(args) => user::run(args),
    }
}

#[expect(clippy::print_stderr, reason = "the command line speaks to its user")]
fn fail(error: &Error) -> ExitCode {
    eprintln!("cxbox: {error}");
    if error.stable_code() == BAD_CONFIG { ExitCode::from(EX_CONFIG) } else { ExitCode::FAILURE }
}
