//! The one program. It only dispatches; each subcommand has its own file in `cli`.

fn main() {}
