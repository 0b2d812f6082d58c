//! `cxbox openapi`: the description of every route, from the routes' own registration.

use std::process::ExitCode;

use crate::app;
use crate::base::{Context, Result};

/// Prints OpenAPI 3.1 as JSON.
#[expect(clippy::print_stdout, reason = "the answer to the user's question")]
pub(super) fn run() -> Result<ExitCode> {
    print!("{}", app::openapi_text().context("cannot describe the routes")?);
    Ok(ExitCode::SUCCESS)
}
