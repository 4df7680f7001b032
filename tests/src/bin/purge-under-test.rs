//! The binary `cdn-purge`, for the tests of this package.

use std::process::ExitCode;

fn main() -> ExitCode {
    purge_cli::main()
}
