//! The one program. It only dispatches; each subcommand has its own file in `cli`.

use std::process::ExitCode;

fn main() -> ExitCode {
    cxbox::cli::main()
}
