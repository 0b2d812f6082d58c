//! `cxbox schema`: which schema this program knows. `cxbox upgrade` asks the program of a release before it takes its place.

use std::process::ExitCode;

use crate::base::Result;
use crate::platform::db;

/// Prints a number.
#[expect(clippy::print_stdout, reason = "the answer to the question")]
pub(super) fn run() -> Result<ExitCode> {
    println!("{}", db::newest_schema()?);
    Ok(ExitCode::SUCCESS)
}
