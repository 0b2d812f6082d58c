//! `cxbox lab …`: peers for development and tests, one file each.

use std::process::ExitCode;

use clap::Subcommand;

use super::{lab_ai, lab_load, lab_phone, lab_replay};
use crate::base::Result;

/// The peers. To add one: its file, one line here and one in [`run`].
#[derive(Subcommand)]
pub(super) enum Command {
    /// A stand-in for model providers: chat, transcription and speech, always the same, with fixed delays.
    Ai(lab_ai::Args),
    /// A scripted SIP telephone, caller or called: speaks, presses keys, measures what it hears.
    Phone(Box<lab_phone::Args>),
    /// Many calls at once against a SIP address, and their figures.
    Load(lab_load::Args),
    /// A stored call once more, with another version of its bot: the caller's side of its recording is played, and both are compared.
    Replay(lab_replay::Args),
}

/// Runs a peer.
pub(super) fn run(command: Command) -> Result<ExitCode> {
    match command {
        Command::Ai(args) => lab_ai::run(args),
        Command::Phone(args) => lab_phone::run(*args),
        Command::Load(args) => lab_load::run(args),
        Command::Replay(args) => lab_replay::run(&args),
    }
}
