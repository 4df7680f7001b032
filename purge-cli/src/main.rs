//! The binary `cdn-purge`.

use std::process::ExitCode;

fn main() -> ExitCode {
    purge_cli::main()
}
